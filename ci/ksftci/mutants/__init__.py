# SPDX-License-Identifier: GPL-2.0-only
"""Kernels with a bug in one line each, and which suites of tests detect the bug.

It imports only assembly, session and below.
"""
