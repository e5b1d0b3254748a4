# SPDX-License-Identifier: GPL-2.0-only
"""Services of the machine on which ksftci runs: files, commands, installed packages, the cache, Debian's archive.

YAML files are read here too, with errors by line and column (through the package plainyaml). Nothing in here knows of
selftests. Of ksftci it imports only arch and errors.
"""
