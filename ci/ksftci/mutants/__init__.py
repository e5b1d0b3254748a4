# SPDX-License-Identifier: GPL-2.0-only
"""Kernels with one planted bug each, and which suites of selftests detect the bug.

The bugs and the recorded outcomes are in the folder ci/mutants. It imports only assembly and below.
"""
