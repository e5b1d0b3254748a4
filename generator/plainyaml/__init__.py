# SPDX-License-Identifier: GPL-2.0-only
"""Plain YAML: one document of mappings, lists and scalars, each of which knows its line and column.

YAML 1.2 without tags, anchors and aliases, so that the nodes never hold more than the file does. ksftgen reads
scenarios with it, ksftci its own files; the two share nothing else. This package imports neither of them.
"""
