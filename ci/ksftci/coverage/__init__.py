# SPDX-License-Identifier: GPL-2.0-only
"""Which lines and branches of a kernel's source are executed by suites of selftests.

A kernel is built that counts them with gcov (`measure`, `gcov`), suites are compared line by line (`compare`,
`notes`), and a comparison is written as tables, JSON or a page (`table`, `data`, `page`). This package imports from
ksftci.assembly and the packages below it, not from ksftci.cli, ksftci.plugin or ksftci.mutants.
"""
