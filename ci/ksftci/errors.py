# SPDX-License-Identifier: GPL-2.0-only
"""The one kind of error that a user gets to see."""


class CiError(Exception):
    """Something that a person can put right; the message says what and how.

    The command line prints it and exits with 2. Nothing below the command line catches it, except
    to add what it knows and raise it again.
    """


class Interrupted(BaseException):
    """Ctrl-C or SIGTERM. What was reached by then is still reported, and the exit status is 130."""


class Cancelled(Interrupted):
    """Who asked for it wants it no longer; it has been ended, and what there is of it can be used again."""
