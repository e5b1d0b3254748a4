# SPDX-License-Identifier: GPL-2.0-only
"""Plain YAML: one document of mappings, lists and scalars, each of which knows its line and column.

YAML 1.2 without tags, anchors and aliases, so that what is read is never larger than its file. ksftgen reads scenarios
with it, ksftci its lists; they share nothing else.
"""
