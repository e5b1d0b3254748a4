# SPDX-License-Identifier: GPL-2.0-only
"""The machine on which ksftci runs: its files, programs and packages, the cache folder, Debian's archive.

Nothing here knows tests or results. Modules of this room import only `ksftci.arch`, `ksftci.errors` and `plainyaml`.
"""
