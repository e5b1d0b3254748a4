# SPDX-License-Identifier: GPL-2.0-only
"""Mutants: kernels with one changed line, built and booted to see which suites of tests fail on them.

`plan`, `curated` and `sample` say what to try, `campaign` makes a hunt of that, `forge` builds, `trial` boots and
runs, `journal` and `ledger` remember, `board`, `table` and `page` report. This package imports from ksftci.assembly
and the packages below it, not from ksftci.cli, ksftci.plugin or ksftci.coverage.
"""
