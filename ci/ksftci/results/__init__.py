# SPDX-License-Identifier: GPL-2.0-only
"""The results of tests: runs, results, verdicts and measurements, and everything that is computed from them alone.

That is: unique names, merging the parts and attempts of a run, shards, known issues, usual measurements. Reading logs
and writing reports is elsewhere. Modules of this room import only `ksftci.host`, `ksftci.arch` and `ksftci.errors`.
"""
