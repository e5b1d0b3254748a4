# SPDX-License-Identifier: GPL-2.0-only
"""The manual page of a command line, in roff: what --help of the command and of all commands below it says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer
from rich.text import Text

# As they are these are other characters in a page: quotation marks, hyphens and accents, and a word is not found.
_PLAIN = str.maketrans({"\\": r"\e", "-": r"\-", "'": r"\(aq", "`": r"\(ga", "^": r"\(ha", "~": r"\(ti"})


def page(app: typer.Typer, name: str, version: str, date: str, other: str) -> str:
    """The page NAME(1) of an application in this version, of this date, 2026-12-31; `other` is a page to see, too."""
    command: Any = typer.main.get_command(app)
    context = command.make_context(name, [], resilient_parsing=True)
    about, _, rest = command.help.partition("\n\n")
    lines = [
        f'.TH {name.upper()} 1 {date} "{name} {version}" "User Commands"',
        ".nh",  # no name is broken
        ".SH NAME",
        f"{name} \\- {_text(about).rstrip('.')}",
        ".SH SYNOPSIS",
        f".B {name}",
        "[OPTION]... COMMAND [ARGUMENT]...",
        ".SH DESCRIPTION",
        *_paragraphs(rest),
        ".SH OPTIONS",
        *_parameters(context),
        ".SH COMMANDS",
    ]
    for below in _commands(context):
        words = [below.command_path, "[OPTION]...", *(_name(each) for each in _arguments(below))]
        lines += [f".SS {_text(' '.join(words))}", *_paragraphs(below.command.help), *_parameters(below)]
    return "\n".join([*lines, ".SH SEE ALSO", f".BR {other} (1)", ""])


def _commands(context: Any) -> Iterator[Any]:
    """The contexts of all commands below this one that do something."""
    for name, command in context.command.commands.items():
        below = command.make_context(name, [], parent=context, resilient_parsing=True)
        if hasattr(command, "commands"):
            yield from _commands(below)
        elif not command.hidden:
            yield below


def _arguments(context: Any) -> list[Any]:
    return [each for each in context.command.params if each.param_type_name == "argument"]


def _name(argument: Any) -> str:
    return argument.metavar or f"[{argument.name.upper()}]"


def _parameters(context: Any) -> Iterator[str]:
    """What arguments and options mean; --help of every command is among those of the application only."""
    arguments = _arguments(context)
    for each in context.command.get_params(context):
        record = each.get_help_record(context)
        if record is None or (context.parent and "--help" in each.opts):
            continue
        yield from (".TP", f".B {_text(_name(each) if each in arguments else record[0])}", _text(record[1]))


def _paragraphs(text: str) -> Iterator[str]:
    """A help text. In it \\b begins lines that stay as they are, and so do spaces."""
    for number, paragraph in enumerate(text.split("\n\n")):
        if number:
            yield ".PP"
        lines = Text.from_markup(paragraph).plain.strip("\b\n").splitlines()
        if paragraph.startswith(("\b", " ")):
            yield from (".RS 4", ".EX", *(_text(line.strip()) for line in lines), ".EE", ".RE")
        else:
            yield _text(" ".join(lines))


def _text(text: str) -> str:
    """Text that is no request of roff, on one line."""
    return f"\\&{text.translate(_PLAIN)}" if text.startswith((".", "'")) else text.translate(_PLAIN)
