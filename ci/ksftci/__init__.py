# SPDX-License-Identifier: GPL-2.0-only
"""Runs kernel selftests natively or on a kernel in QEMU, reads their KTAP and reports the results.

Each package is a room. From the ground up: host, results, ktap, formats, report, machine, kernel, programs, session;
coverage, mutants and plugin; cli. A room imports only from rooms below it. `assembly` puts everything together, `arch`
has what is known of each architecture.
"""
