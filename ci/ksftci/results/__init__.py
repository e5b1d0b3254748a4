# SPDX-License-Identifier: GPL-2.0-only
"""What came out of tests: verdicts, results, runs, and what is done with them without running anything.

Merging of runs, known issues, the history of measurements, shards, unique names. It imports only host and below.
"""
