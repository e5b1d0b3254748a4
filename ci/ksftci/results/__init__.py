# SPDX-License-Identifier: GPL-2.0-only
"""What tests reported, whatever ran them: runs, results and verdicts, and all that is decided from results alone.

That is unique names, merging parts and attempts of a run, shards, known issues and usual measurements. Modules of this
room import only `ksftci.host`, `ksftci.arch` and `ksftci.errors`.
"""
