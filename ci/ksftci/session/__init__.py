# SPDX-License-Identifier: GPL-2.0-only
"""Runs programs on machines and turns the events into results (`Session`, `Collector`).

Which tests a run chooses, how it is cut into parts and shards, how often it repeats, which tests it retries, progress,
and the rounds of `ksftci watch` are decided here. It imports only programs and below.
"""
