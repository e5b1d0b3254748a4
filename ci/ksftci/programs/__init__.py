# SPDX-License-Identifier: GPL-2.0-only
"""The programs to run: found by path or name, listed in a Makefile or a YAML file, built in a kernel tree.

It imports only kernel, machine and below.
"""
