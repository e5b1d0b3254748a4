# SPDX-License-Identifier: GPL-2.0-only
"""The programs to run: found by path or name, listed by a Makefile or a YAML file, built in a kernel tree by its make.

How selftests are compiled, and when they are compiled again, is decided here. It imports only kernel and below.
"""
