# SPDX-License-Identifier: GPL-2.0-only
"""The machine that ksftci runs on: its cache, files, commands and packages, Debian's archive, YAML files of users.

Nothing in here knows of kernels or tests. It imports only `arch` and `errors`.
"""
