# SPDX-License-Identifier: GPL-2.0-only
"""Broken kernels: each is a kernel with one line changed, and suites of tests that should notice it."""
