# SPDX-License-Identifier: GPL-2.0-only
"""Plain YAML: one document of mappings, lists and scalars, each of which knows its line and column.

YAML 1.2 without tags, anchors and aliases, so that a small file stays small in memory. ksftgen reads scenarios with
it, ksftci the YAML files of its users. This package imports neither of them.
"""
