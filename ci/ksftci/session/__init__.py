# SPDX-License-Identifier: GPL-2.0-only
"""Everything that one command runs: machines and repeats, parts and shards, retries, watching for saves, progress.

It turns the events of machines into results. It imports only programs and below.
"""
