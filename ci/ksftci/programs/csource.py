# SPDX-License-Identifier: GPL-2.0-only
"""The tests of a kselftest_harness.h program, read from its C source without a compiler or a boot."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from ksftci.host.files import read_text

_MAIN = re.compile(r"\bTEST_HARNESS_MAIN\b|\btest_harness_run\s*\(")
_MACRO = re.compile(
    r"\b(?P<macro>FIXTURE|FIXTURE_VARIANT_ADD|FIXTURE_SETUP|TEST|TEST_SIGNAL|TEST_F|TEST_F_SIGNAL|TEST_F_TIMEOUT)"
    r"[ \t]*\(\s*(?P<first>\w+)\s*(?:,\s*(?P<second>\w+))?"
)
# A main() that passes its arguments on, and every use of the arguments.
_OWN_MAIN = re.compile(r"\bmain\s*\(int argc, char \*\*argv\)|\btest_harness_run\s*\(argc, argv\)")
_ARGUMENTS = re.compile(r"\bargv\b|\btest_harness_run\b")
_COMMENT_OR_TEXT = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|' + r"'(?:\\.|[^'\\\n])*'", re.DOTALL)
_DIRECTIVE = re.compile(r"^[ \t]*#[ \t]*(?P<word>\w+)(?P<rest>(?:[^\n]*\\\n)*[^\n]*)", re.MULTILINE)
_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*"(?P<name>[^"\n]+)"', re.MULTILINE)
_NEED = re.compile(r"\b[A-Z]+_NEED_([A-Z_]+)\b")
_HARNESS_HEADERS = ("kselftest.h", "kselftest_harness.h")


@dataclass(frozen=True)
class Test:
    """A test: its name in KTAP, its line in the source, from 1, and what it needs, such as ksm or numa_nodes."""

    __test__ = False  # pytest collects no test case here

    name: str
    line: int
    needs: tuple[str, ...] = ()


@dataclass
class _Fixture:
    variants: list[str] = field(default_factory=list)
    tests: list[tuple[str, int]] = field(default_factory=list)
    needs: tuple[str, ...] = ()


def has_main(path: Path) -> bool:
    """Whether a source has the harness's main(). Raises CiError when the file cannot be read."""
    return _MAIN.search(read_text(path)) is not None


def tests(path: Path) -> list[Test] | None:
    """The tests in the order in which the harness runs them; None when only the program itself can list them.

    That is so when the preprocessor may add or drop tests (macros of the harness inside #if, #define or an
    included file, or an included file that is not beside the source), and when main() uses the arguments for
    something else, so that -r may have another meaning. Raises CiError when the file cannot be read.
    """
    text = read_text(path)
    if any(_hides_tests(path.parent / name) for name in _INCLUDE.findall(text)):
        return None
    plain = _without_comments(text)
    if not _MAIN.search(plain) or _ARGUMENTS.search(_OWN_MAIN.sub("", plain)):
        return None
    fixtures = {"global": _Fixture()}
    conditional = _conditional_spans(plain)
    for match in _MACRO.finditer(plain):
        macro, first, second = match.group("macro", "first", "second")
        if any(start <= match.start() < end for start, end in conditional):
            return None
        line = plain.count("\n", 0, match.start()) + 1
        if macro == "FIXTURE":
            fixtures[first] = _Fixture()
        elif macro in ("TEST", "TEST_SIGNAL"):
            fixtures["global"].tests.append((first, line))
        elif first not in fixtures:
            return None
        elif macro == "FIXTURE_SETUP":
            body = plain[match.end() : plain.find("\n}", match.end())]
            fixtures[first].needs = tuple(dict.fromkeys(need.lower() for need in _NEED.findall(body)))
        elif second is None:
            return None
        elif macro == "FIXTURE_VARIANT_ADD":
            fixtures[first].variants.append(second)
        else:
            fixtures[first].tests.append((second, line))
    all_tests = [
        Test(".".join(filter(None, (name, variant, test))), line, fixture.needs)
        for name, fixture in fixtures.items()
        for variant in fixture.variants or [""]
        for test, line in fixture.tests
    ]
    return all_tests or None


def _hides_tests(included: Path) -> bool:
    if included.name in _HARNESS_HEADERS:
        return False
    return not included.is_file() or _MACRO.search(_without_comments(read_text(included))) is not None


def _without_comments(text: str) -> str:
    """The text without comments and string literals; every line keeps its number."""
    return _COMMENT_OR_TEXT.sub(lambda match: "\n" * match[0].count("\n") or " ", text)


def _conditional_spans(text: str) -> list[tuple[int, int]]:
    """The spans (start, end) of directives of the preprocessor and of text between #if and #endif."""
    spans: list[tuple[int, int]] = []
    opened: list[int] = []
    for match in _DIRECTIVE.finditer(text):
        spans.append(match.span())
        if match["word"] in ("if", "ifdef", "ifndef"):
            opened.append(match.start())
        elif match["word"] == "endif" and opened:
            spans.append((opened.pop(), match.end()))
    return spans
