# SPDX-License-Identifier: GPL-2.0-only
"""What people look at: tables in a terminal, the HTML page, GitHub's job summary and annotations.

A new report is a module in here. All reports take what they show from the module `findings`, so that they agree. It
imports only formats and below.
"""
