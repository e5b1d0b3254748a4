# SPDX-License-Identifier: GPL-2.0-only
"""The exceptions that end a command: a problem that the user can solve, and an interruption."""


class CiError(Exception):
    """A problem that the user can solve; the message says what is wrong and what to do.

    The command line prints the message and exits with status 2. Other code catches a CiError only to add details,
    or where it can go on without the thing that failed.
    """


class Interrupted(BaseException):
    """Ctrl-C, SIGTERM or SIGHUP. The results so far are still reported, and the exit status is 130."""


class Cancelled(Interrupted):
    """A build was ended by its caller, who no longer needs the result; the next build goes on from what is built."""
