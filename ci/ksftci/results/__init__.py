# SPDX-License-Identifier: GPL-2.0-only
"""Verdicts, results and runs, and everything that can be done with them without running anything.

That is merging the runs of shards and retries, known issues, the history of what tests measured, unique names of
results. It imports only host and below.
"""
