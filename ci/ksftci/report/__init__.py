# SPDX-License-Identifier: GPL-2.0-only
"""What people see of results: tables in a terminal, an HTML page, a Markdown summary and annotations on GitHub.

`findings` decides what is worth showing, and one module for each kind of report shows it. A new kind of report or
page belongs here; the modules import from formats and the rooms below it.
"""
