# SPDX-License-Identifier: GPL-2.0-only
"""Machines that run programs: the host with its own kernel, and guests in QEMU with all that they boot from.

`machine` has the types that all machines share: jobs, limits and events. The room may import ktap, results, host, arch
and errors, which are below it.
"""
