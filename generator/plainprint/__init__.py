# SPDX-License-Identifier: GPL-2.0-only
"""What both commands print through: no text of a test, a file or a user becomes an escape or a command.

`text` is for terminals, `github` for the log of GitHub's runner, `usage` for mistakes in the command line, `man` makes
a manual page of the help.
"""
