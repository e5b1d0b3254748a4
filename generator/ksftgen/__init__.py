# SPDX-License-Identifier: GPL-2.0-only
"""ksftgen: generates kselftest programs in C from YAML scenarios.

source.py reads a scenario, spec.py checks it, cases.py chooses combinations of its matrix, render.py fills the
templates of the folder templates, helpers.py adds the C that programs share, and output.py or install.py writes the
files.  Of the scenario language a new step (verb) belongs in vocabulary.py, a value in words.py, a state of memory in
rooms.py, where a step may stand in orders.py, a new layout of folios in memory in layouts.yaml; schema.py and
reference.py explain it.  explain.py draws a case: account.py tells each step, story.py in words and memory.py page by
page.  ksftgen imports plainyaml, and never ksftci.
"""

__version__ = "0.1.0"
