# SPDX-License-Identifier: GPL-2.0-only
"""Fuzz what users write: scenarios with random edits, and command lines of random words.

    python -m tests.fuzz.mistakes --seconds 600 --seed 1

Whatever is wrong must end in a message that says what to do, and in an exit status of the command, never in another
exception. Nothing is fetched, built or booted. The same seed gives the same mistakes. Exit status 1: one did not.
"""

import argparse
import os
import random
import re
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from pathlib import Path

import typer
from tests.mistakes import files
from tests.mistakes.transcript import main_of

from ksftci import cli as ksftci
from ksftgen import cli as ksftgen
from ksftgen import paths, spec
from ksftgen.errors import GenError

SPECS = Path(__file__).parents[1] / "specs"
MARKS = [
    "{",
    "}",
    "[",
    "]",
    ":",
    "- ",
    "$",
    "''",
    "~",
    "null",
    "-1",
    "1.5",
    "|\n",
    "&a",
    "*a",
    "!!str",
    "\t",
    "\r\n",
    "é",
]
WORDS = [
    *(
        "",
        "-",
        "--",
        "-1",
        "0",
        "1",
        "3/2",
        "a b",
        "(",
        "not",
        "debian:",
        "build:linux",
        "build:",
        "git:x@y",
        "..",
        "~",
    ),
    *("linux", "empty", "gnu", "partial", "taken", "out", "nosuch", "nosuch.yaml", "mprotect_mine.yaml", *files.FILES),
    *(
        "mm:",
        "mm:cow",
        "mm:cow -t",
        "x=cow",
        "=",
        "x=@nosuch",
        "mm/x.c:a",
        "arm64",
        "mips",
        "64k",
        "all",
        "none",
        "inf",
    ),
    *("mprotect_ksm.x", "a" * 300, "a/" * 200, "\udcff", "\n", "[bold]", "{x}", "%s", "/dev/null", "/proc/x", "--help"),
]
NOT_TRIED = {"--native", "--install", "--install-completion", "--show-completion"}
ADVICE = re.compile(r"; \S|\? ")


def edited(text: str, words: list[str], rnd: random.Random) -> str:
    """The text with some of its words and lines replaced, moved, repeated, left out or indented otherwise."""
    for _ in range(rnd.choice((1, 1, 1, 2, 4))):
        tokens, lines = re.split(r"(\s+|[\[\]{},:])", text), text.split("\n")
        token, line, other = (rnd.randrange(len(part)) for part in (tokens, lines, lines))
        match rnd.randrange(6):
            case 0:
                tokens[token] = rnd.choice(words)
                text = "".join(tokens)
            case 1:
                tokens.insert(token, rnd.choice(words))
                text = "".join(tokens)
            case 2:
                lines[line], lines[other] = lines[other], lines[line]
                text = "\n".join(lines)
            case 3:
                lines.insert(line, lines[other])
                text = "\n".join(lines)
            case 4:
                del lines[line]
                text = "\n".join(lines)
            case 5:
                lines[line] = " " * rnd.randrange(6) + lines[line].lstrip()
                text = "\n".join(lines)
    return text


def scenarios(rnd: random.Random) -> Iterator[tuple[str, str]]:
    """What spec.load() says of edited scenarios: the text, and the message."""
    texts = [path.read_text(errors="replace") for path in (*paths.scenarios(), *sorted(SPECS.glob("*.yaml")))]
    words = [*MARKS, *sorted({word for text in texts for word in re.findall(r"\$?\w+", text)})]
    while True:
        text = edited(rnd.choice(texts), words, rnd)
        name = re.search(r"^scenario: *([a-z]\w{0,50})", text, re.MULTILINE | re.ASCII)
        path = Path(f"{name[1] if name else 'x'}.yaml")
        path.write_text(text)
        try:
            spec.load(path)
        except GenError as error:
            for message in str(error).splitlines():
                yield text, message
        path.unlink()


def commands(rnd: random.Random) -> Iterator[tuple[str, str]]:
    """What commands of random words print: the words, and the message, if it is a mistake."""
    programs = {"ksftci": (ksftci.app, ksftci.main), "ksftgen": (ksftgen.app, ksftgen.main)}
    known = [(name, words) for name, (app, _) in programs.items() for words in _commands(typer.main.get_command(app))]
    while True:
        name, (words, options) = rnd.choice(known)
        arguments = list(words)
        for _ in range(rnd.randrange(5)):
            arguments += [rnd.choice(options)] if rnd.random() < 0.5 else []
            arguments += [rnd.choice(WORDS)] if rnd.random() < 0.8 else []
        status, printed = main_of(name, programs[name][1])(arguments)
        assert status in (0, 1, 2, 3), (status, printed)
        if status == 2 and printed.strip():
            yield f"{name} {arguments}", printed


def _commands(command: object, before: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], list[str]]]:
    """The words of each command, and its options."""
    for name, inner in getattr(command, "commands", {}).items():
        yield from _commands(inner, (*before, name))
    if not hasattr(command, "commands") and before != ("setup",):
        names = [name for parameter in getattr(command, "params", []) for name in parameter.opts]
        yield before, ["--nosuch", *(name for name in names if name.startswith("-") and name not in NOT_TRIED)]


def main() -> int:
    """The exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        files.make(Path(folder))
        os.environ |= {"PATH": f"{folder}/bin", "KSFTCI_CACHE": f"{folder}/cache", "KSFTCI_MIRROR": "http://x/debian"}
        for kind in (scenarios, commands):
            end, count = time.monotonic() + options.seconds / 2, 0
            try:
                for what, message in kind(random.Random(options.seed)):
                    count += 1
                    if not ADVICE.search(message):
                        wrong += 1
                        print(f"no advice: {message}\n    of {what[:300]!r}")
                    if time.monotonic() > end:
                        break
            except Exception:
                wrong += 1
                traceback.print_exc()
            print(f"{kind.__name__}: {count} messages")
        os.chdir("/")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
