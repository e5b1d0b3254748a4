# SPDX-License-Identifier: GPL-2.0-only
"""The tests of a kselftest_harness.h program, read from its C source: no compiler, no boot."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from ksftci.host.files import read_text

_MAIN = re.compile(r"\bTEST_HARNESS_MAIN\b|\btest_harness_run\s*\(")
_WORDS = re.compile(
    r"\b(?P<word>FIXTURE|FIXTURE_VARIANT_ADD|FIXTURE_SETUP|TEST|TEST_SIGNAL|TEST_F|TEST_F_SIGNAL|TEST_F_TIMEOUT)"
    r"[ \t]*\(\s*(?P<first>\w+)\s*(?:,\s*(?P<second>\w+))?"
)
_OWN_MAIN = re.compile(r"\bmain\s*\(int argc, char \*\*argv\)|\btest_harness_run\s*\(argc, argv\)")
_ARGUMENTS = re.compile(r"\bargv\b|\btest_harness_run\b")
_SPARE = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|' + r"'(?:\\.|[^'\\\n])*'", re.DOTALL)
_DIRECTIVE = re.compile(r"^[ \t]*#[ \t]*(?P<word>\w+)(?P<rest>(?:[^\n]*\\\n)*[^\n]*)", re.MULTILINE)
_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*"(?P<name>[^"\n]+)"', re.MULTILINE)
_NEED = re.compile(r"\b[A-Z]+_NEED_([A-Z_]+)\b")
_OF_ALL = ("kselftest.h", "kselftest_harness.h")


@dataclass(frozen=True)
class Test:
    """`name` is what KTAP calls it; `line` counts from 1; `needs` such as ksm, numa_nodes."""

    __test__ = False  # not a test case of pytest's

    name: str
    line: int
    needs: tuple[str, ...] = ()


@dataclass
class _Fixture:
    variants: list[str] = field(default_factory=list)
    tests: list[tuple[str, int]] = field(default_factory=list)
    needs: tuple[str, ...] = ()


def has_main(path: Path) -> bool:
    """Whether a source has the harness's main(). Raises CiError when it cannot be read."""
    return _MAIN.search(read_text(path)) is not None


def tests(path: Path) -> list[Test] | None:
    """The tests in the order in which the harness runs them; None when the program has to be asked.

    That is when the preprocessor has a say: words of the harness inside #if, #define or an included
    file, or a file included from elsewhere, which may hold some; and when main() does something of
    its own with the arguments, so that -r may not mean what it should. Raises CiError.
    """
    text = read_text(path)
    if any(_hides_tests(path.parent / name) for name in _INCLUDE.findall(text)):
        return None
    plain = _without_spare(text)
    if not _MAIN.search(plain) or _ARGUMENTS.search(_OWN_MAIN.sub("", plain)):
        return None
    fixtures = {"global": _Fixture()}
    conditional = _conditional(plain)
    for match in _WORDS.finditer(plain):
        word, first, second = match.group("word", "first", "second")
        if any(start <= match.start() < end for start, end in conditional):
            return None
        line = plain.count("\n", 0, match.start()) + 1
        if word == "FIXTURE":
            fixtures[first] = _Fixture()
        elif word in ("TEST", "TEST_SIGNAL"):
            fixtures["global"].tests.append((first, line))
        elif first not in fixtures:
            return None
        elif word == "FIXTURE_SETUP":
            body = plain[match.end() : plain.find("\n}", match.end())]
            fixtures[first].needs = tuple(dict.fromkeys(need.lower() for need in _NEED.findall(body)))
        elif second is None:
            return None
        elif word == "FIXTURE_VARIANT_ADD":
            fixtures[first].variants.append(second)
        else:
            fixtures[first].tests.append((second, line))
    found = [
        Test(".".join(filter(None, (name, variant, test))), line, fixture.needs)
        for name, fixture in fixtures.items()
        for variant in fixture.variants or [""]
        for test, line in fixture.tests
    ]
    return found or None


def _hides_tests(included: Path) -> bool:
    if included.name in _OF_ALL:
        return False
    return not included.is_file() or _WORDS.search(_without_spare(read_text(included))) is not None


def _without_spare(text: str) -> str:
    """The text without comments and strings, every line where it was."""
    return _SPARE.sub(lambda spare: "\n" * spare[0].count("\n") or " ", text)


def _conditional(text: str) -> list[tuple[int, int]]:
    """The spans that the preprocessor may leave out, and its own lines."""
    spans: list[tuple[int, int]] = []
    opened: list[int] = []
    for match in _DIRECTIVE.finditer(text):
        spans.append(match.span())
        if match["word"] in ("if", "ifdef", "ifndef"):
            opened.append(match.start())
        elif match["word"] == "endif" and opened:
            spans.append((opened.pop(), match.end()))
    return spans
