# SPDX-License-Identifier: GPL-2.0-only
"""Whole files of results: JUnit XML, written and read; records, KTAP logs of whole runs that ksftci reads back.

A new file format is a module in here. It imports only ktap and below.
"""
