# SPDX-License-Identifier: GPL-2.0-only
"""Runs kernel selftests natively or in QEMU, reads their KTAP and reports the results.

The packages ("rooms") lie in layers. A module imports only from layers below its own; `lint-imports` checks that.
From the top:

    cli         the commands: options in, printing out
    plugin      pytest: each test of a selftest is an item
    coverage    which lines of a kernel the selftests execute (beside plugin)
    mutants     which bugs, planted in a kernel, the selftests detect (beside plugin)
    assembly    a module: makes the cache, trees, kernels, builders and machines that the layers above use
    session     runs programs on machines: parts, repeats, retries; turns events into results
    programs    the programs to run: finds, lists and builds them
    kernel      kernel trees and kernel images: fetches and builds them
    machine     guests in QEMU, and the local kernel: run programs and yield events
    report      what people look at: tables, the HTML page, GitHub's summary
    formats     what other programs read: JUnit XML; and records, which keep whole runs
    ktap        what programs and the kernel print, line by line, into results
    results     verdicts, results, runs, and known issues
    host        the local machine's files, commands, packages and cache
    arch        a module: everything that differs between architectures, one entry for each
    errors      a module: the error that a user sees

The work of a new command goes into the room that it is about, or into a room of its own beside coverage and mutants.
"""

__version__ = "0.1.0"
