# SPDX-License-Identifier: GPL-2.0-only
"""Which lines and branches of a kernel's source the suites of selftests execute, by gcov.

It imports only assembly and below.
"""
