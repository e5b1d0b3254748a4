# SPDX-License-Identifier: GPL-2.0-only
"""The file formats of results: JUnit XML (`junit` writes, `junitread` reads) and KTAP logs (`record`).

A reader or writer of another file format belongs here; texts for people belong to `report`. The modules import from
the rooms ktap, results, host, arch and errors.
"""
