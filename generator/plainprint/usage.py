# SPDX-License-Identifier: GPL-2.0-only
"""The ends of a command: mistakes in the command line, as typer finds them, and an output that cannot be written."""

from __future__ import annotations

import difflib
import errno
import os
import re
import sys
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from plainprint.reason import reason
from plainprint.text import visible

# The class whose message is for the user; click's, or in newer versions of typer its own copy of it.
_PROBLEM: Any = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")


OUTPUT = "the standard output cannot be written"
NO_FOLDER = "the current folder is not there any more; change to another one"


def file_problem(error: OSError, advice: str = "") -> str:
    """What is wrong with which file; an error that names none is of the standard output, which has no name."""
    name = error.filename2 or error.filename
    if error.errno == errno.ENOENT and name is None:
        return NO_FOLDER
    if name is None:
        return f"{OUTPUT}: {reason(error)}"
    shown = os.fsdecode(name)
    return f"{shown}: {f'{error.strerror}{advice}' if advice else reason(error, shown)}"


def flush() -> str:
    """Write what is left of the standard output. Gives what is wrong if that cannot be done, else ""."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError as error:
        # Nothing can be written any more, and Python would complain of it at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return f"{OUTPUT}: {reason(error)}"
    return ""


def app(about: str) -> typer.Typer:
    """An application whose mistakes `run` describes; `about` is its help."""
    return _App(
        cls=_Commands,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
        context_settings={"help_option_names": ["-h", "--help"]},
        help=about,
    )


def run(app: typer.Typer, name: str) -> int:
    """Run a command line of the program `name`. Gives its exit status, 2 after a mistake, which is printed safely."""
    try:
        return app(prog_name=name, standalone_mode=False) or 0
    except typer.Abort:
        return 1
    except _PROBLEM as problem:
        if text := _described(problem):
            print(visible(text), file=sys.stderr)
        return 2


class _Command(TyperCommand):
    """A command of which each problem says that it is about it."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except _PROBLEM as problem:
            if getattr(problem, "ctx", None) is None:
                problem.ctx = ctx
            raise


class _Commands(TyperGroup):
    """A group of commands that says which there are."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        names = self.list_commands(ctx)
        if args and not args[0].startswith("-") and args[0] not in names:
            close = difflib.get_close_matches(args[0], names, n=1)
            hint = f"did you mean {close[0]}? " if close else ""
            ctx.fail(f'there is no command "{args[0]}"; {hint}allowed: {", ".join(names)}')
        return super().resolve_command(ctx, args)


class _App(typer.Typer):
    """Typer with our own commands."""

    def command(self, name: str | None = None, **options: Any) -> Any:
        """As Typer's."""
        return super().command(name, **{"cls": _Command, **options})


def _described(problem: Any) -> str:
    """What is wrong, and what to do. "" of a command without arguments, which has printed its help already."""
    message, context = problem.format_message(), getattr(problem, "ctx", None)
    if not message.strip():
        return ""
    if context is None:
        return f"{message.rstrip('.')}; --help says what is allowed"
    more = f'"{context.command_path} --help" says more'
    kind, option = type(problem).__name__, getattr(problem, "option_name", "")
    parameter = getattr(problem, "param", None) or _parameter(context, option)
    about = f"; the help says: {parameter.help}" if getattr(parameter, "help", None) else f"; {more}"
    match kind:
        case "NoSuchOption":
            close = difflib.get_close_matches(option, _options(context), n=1)
            hint = f"did you mean {close[0]}? " if close else ""
            message = f"there is no option {option}; {hint}{more}"
        case "BadOptionUsage" if "not take" in problem.message:
            message = f"{option} takes no value{about}"
        case "BadOptionUsage":
            message = f"{option} needs a value{about}"
        case "MissingParameter" if parameter is not None:
            what = parameter.opts[0] if parameter.param_type_name == "option" else parameter.metavar or parameter.name
            message = f"{what} is missing{about}"
        case "BadParameter" if parameter is not None:
            message = f"{parameter.opts[-1]}: {problem.message}"
        case "UsageError" if extra := re.search(r"extra argument\S* \((.*)\)", message):
            message = f"there is no place for {extra[1]}; {more}"
        case _ if ";" not in message:
            message = f"{message.rstrip('.')}; {more}"
    return f"{context.command_path}: {message}"


def _parameter(context: Any, option: str) -> Any:
    return next((p for p in context.command.params if option and option in (*p.opts, *p.secondary_opts)), None)


def _options(context: Any) -> list[str]:
    return [name for parameter in context.command.params for name in parameter.opts if name.startswith("-")]
