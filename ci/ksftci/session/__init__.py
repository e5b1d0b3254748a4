# SPDX-License-Identifier: GPL-2.0-only
"""From jobs and machines to results: which tests run, in which boot, and again after a failure.

`Session` is everything that one command runs, `Collector` makes a Run of the events of one machine; the
progress display and the rounds of `ksftci watch` are here, too. Imports from the rooms below: programs,
kernel, machine, report, formats, ktap, results, host, arch and errors.
"""
