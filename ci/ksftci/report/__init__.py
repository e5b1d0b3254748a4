# SPDX-License-Identifier: GPL-2.0-only
"""What people look at: the tables of a terminal, the HTML page, GitHub's job summary and annotations.

Every report draws from `findings`, so that all of them say the same; a new one is a module in here. It imports only
formats and below.
"""
