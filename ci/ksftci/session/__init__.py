# SPDX-License-Identifier: GPL-2.0-only
"""Everything that one command runs: machines and repeats, parts and shards, retries, rounds of `watch`, progress.

`Session` decides which tests run in which boot; `Collector` turns the events of a machine into results. It imports
only programs and below.
"""
