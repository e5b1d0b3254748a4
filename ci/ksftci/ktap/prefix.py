# SPDX-License-Identifier: GPL-2.0-only
"""What terminals, kernels and log collectors put around a line: escapes, time stamps, host names."""

import re

NESTING = "# \t"  # the characters before a nested line, in any order

_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]_P^X][^\x07\x1b\n]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_SECTION = re.compile(
    r"section_(?:start|end):\d+:[^\s\[]+(?:\[[^\]\s]*\])?\r(?!\n)(?:\x1b\[0K)?"
)  # GitLab's, which shows no such text
_LAVA = "<LAVA_SIGNAL_[^<>]*>"
_MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_CLOCK = r"\d\d:\d\d:\d\d(?:[.,]\d+)?"
_HOST = r"(?:(?!ok |not |#)[^\s<\[]+ (?:kernel|[\w./@-]+\[\d+\]): ?)?"  # as syslog and the journal print it
_STAMP = re.compile(
    "|".join(
        (
            r"\[ *(?P<printk>\d+\.\d+)(?: *< *\d+\.\d+>)?\] ?",
            r"<\d{1,3}>",
            _LAVA,
            r"\[ *[TC]\d+\] ?",
            rf"\[?\d{{4}}-\d\d-\d\d[T ]{_CLOCK}(?: ?Z| ?[+-]\d\d:?\d\d)?\]?(?: {_HOST}|$)",
            rf"{_MONTH} [ \d]\d {_CLOCK}(?: {_HOST}|$)",
            rf"\[\w{{3}} {_MONTH} [ \d]\d {_CLOCK} \d{{4}}\] ?",
            rf"\[?{_CLOCK}\]?(?: |$)",
            r"kern *:\w+ *: ?",
        )
    )
)
_INSIDE = re.compile(  # a quoted line is no line of the kernel's
    rf"(?<![\"'`])(?:\[ *\d+\.(?:\d{{6}}\](?:\[ *[TC]\d+\])?|\d+\]\[ *[TC]\d+\])(?: |$)|{_LAVA})"
)

# What a line with a stamp begins with, as regular expressions, and the first characters of them all.
BEGINNINGS = (r"\[ *[\dA-Z]", r"<[\dL]", r"\d{4}-\d\d-", r"\d\d:\d\d:", rf"{_MONTH} [ \d]\d \d\d:", "kern *:")
FIRST = frozenset("[<0123456789JFMASONDk")

_DEEPEST = 4  # stamps of one line that have nesting between them: a record of a record has two


def tidy(text: str) -> str:
    """Lines without escapes, NUL, byte order marks and GitLab's marks. A carriage return ends a line, too."""
    if "\r" in text:
        if "section_" in text:
            text = _SECTION.sub("", text)
        text = text.rstrip("\r").replace("\r\r\n", "\n").replace("\r\n", "\n").replace("\r", "\n")
    if "\x1b" in text:
        text = _ESCAPE.sub("", text)
    for nothing in ("\0", "\ufeff"):
        if nothing in text:
            text = text.replace(nothing, "")
    return text


def strip(text: str) -> tuple[str, str | None]:
    """(the rest of a line after time stamps and host names, the kernel's own stamp: seconds since boot)."""
    printk = None
    start = 0
    while (match := _STAMP.match(text, start)) and match.end() > start:
        printk = match["printk"] or printk
        start = match.end()
    return text[start:], printk


def split(text: str) -> tuple[str, str]:
    """(what a program printed, the line of the kernel or of LAVA that is in the middle of it, or "")."""
    if ("[" in text or "<LAVA_" in text) and (match := _INSIDE.search(text, 1)):
        return text[: match.start()], text[match.start() :]
    return text, ""


def unstamped(line: str) -> tuple[str, str | None]:
    """(a line with its nesting and without stamps, the kernel's stamp as in `strip`)."""
    stamp = None
    for _ in range(_DEEPEST):
        text = line.lstrip(NESTING)
        if text[:1] not in FIRST:
            break
        bare, printk = strip(text)
        if len(bare) == len(text):
            break
        line, stamp = line[: len(line) - len(text)] + bare, printk or stamp
    return line, stamp
