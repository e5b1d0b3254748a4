# SPDX-License-Identifier: GPL-2.0-only
"""Files that other programs read and write: JUnit XML, and logs of whole runs as KTAP.

A new file format is a module in here. It imports only ktap, results and below.
"""
