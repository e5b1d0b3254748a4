# SPDX-License-Identifier: GPL-2.0-only
"""Where a test failed and why, as its lines say: assertions, tracebacks and panics in the languages of tests.

Sources, as of v7.3: lib/kunit/assert.c and try-catch.c, and in tools/testing/selftests kselftest_harness.h,
kvm/lib/assert.c and net/lib/py/ksft.py. The other forms are those of Python, pytest, Rust, glibc, the sanitizers of gcc
and clang, and shells.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ksftci.ktap.prefix import NESTING

_MOST_LINES = 60  # of one message or traceback
_LONGEST = 1000  # characters of a message

_LINE = r"(?P<line>\d{1,9})"
_FILE = r"(?P<file>[^\s:\"']{1,250})"
_SOURCE = r"(?P<file>[\w./+-]{1,250}\.(?:[ch]|cc|cpp))"
_SCRIPT = r"(?P<file>(?!(?:[\w./+-]*/)?\w{0,3}sh:)(?=[\w./+-]*[./])[\w./+-]{1,250})"  # a shell's own name is none

# The line that begins each form, without nesting and margin.
_KUNIT = re.compile(rf"\S.*: (?:EXPECTATION|ASSERTION) FAILED at {_FILE}:{_LINE}\s*")
_FAULT = re.compile(rf"\S.*: (?P<text>try faulted): last line seen {_FILE}:{_LINE}\s*")
_RUST = re.compile(rf"(?:.*\s)?panicked at (?:'(?P<text>.*)', )?{_FILE}:{_LINE}:\d{{1,9}}:?\s*")
_PYTEST = re.compile(rf"(?P<file>[^\s:]{{1,250}}\.py):{_LINE}: (?P<text>[A-Z]\w*)")
_ASSERT = re.compile(rf"(?:[^\s:]+: )?{_SOURCE}:{_LINE}: [^'`]*: (?P<text>Assertion .* failed\.?)\s*")
_PLAIN = re.compile(rf"{_SOURCE}:{_LINE}:(?:\w+:)?(?P<text>(?!.{{0,8}}SKIP).*)")
_CHECK = re.compile(rf"At (?P<file>.{{1,250}}), line {_LINE}, in .*:")
_TRACEBACK = re.compile(r"Traceback \(most recent call last\):")
_SANITIZER = re.compile(r"=+\d+=+\s*ERROR: (?P<text>\w+Sanitizer: .*?)(?: on (?:unknown )?address .*)?")
_SHELL = re.compile(rf"{_SCRIPT}: (?:line |(?<=\.sh: )){_LINE}: (?P<text>\D.*)")

_FRAME = re.compile(rf'File "(?P<file>[^"]{{1,250}})", line {_LINE}(?:, in .*)?')
_SHORT_FRAME = re.compile(rf"(?P<file>[^\s:]{{1,250}}\.py):{_LINE}: in \S.*")
_STACK_FRAME = re.compile(rf"\d+ 0x[0-9a-f]+ in .*\s{_FILE}:{_LINE}(?::\d+)?")
_LIBRARY = re.compile(r"(?:^|/)(?:lib/py|site-packages|dist-packages|python3[.\d]*|libsanitizer|sysdeps)/|^<")

_IN_LINE = "line "
_IN_FILE = re.compile(r"\.[a-zA-Z]+: ?\d")
_WORTH_A_LOOK = re.compile(rf"{_IN_FILE.pattern}|{_IN_LINE}\d")  # much slower than the first by itself
_STAMP = re.compile(r"\[ *\d+\.\d+\] ")  # as the parser puts it before a line of the kernel's
_MARGIN = re.compile(r"(?:(?:Defer )?Exception|Check)\| ?")  # of ksft.py
_END = re.compile(r"-{2}|={2}|\[|(?:not )?ok\b|note: run with|stack backtrace|BUG: |WARNING: ")


class Place(NamedTuple):
    """A line of a source file, and what is wrong there."""

    file: str
    line: int
    text: str
    sure: bool = True  # False: what is wrong there may have been of no matter


def find(lines: Sequence[str]) -> Place | None:
    """The place of the first assertion in lines, else of the first error of a shell script, which may have gone on."""
    unsure = None
    text = "\n".join(lines)
    number = end = 0
    for match in (_WORTH_A_LOOK if _IN_LINE in text else _IN_FILE).finditer(text):
        if match.start() < end:
            continue  # of the same line as the match before
        number += text.count("\n", end, match.start())
        end = text.find("\n", match.end())
        place = _read(lines, number)
        if place and place.sure:
            return place
        unsure = unsure or place
        if end < 0:
            break
    return unsure


def best(*places: Place | None) -> Place | None:
    """The first of some places that is sure, else the first one."""
    found = [place for place in places if place]
    return next((place for place in found if place.sure), found[0] if found else None)


def _read(lines: Sequence[str], number: int) -> Place | None:
    """The place that a line begins to tell; the lines around it tell the rest."""
    text = _bare(lines[number])
    after = lines[number : number + _MOST_LINES]
    if match := _PLAIN.fullmatch(text) or _ASSERT.fullmatch(text) or _FAULT.fullmatch(text):
        return _place(match, match["text"])
    if match := _KUNIT.fullmatch(text):
        return _place(match, _message(after, _hashes(after[0]) - 1))
    if match := _RUST.fullmatch(text):
        return _place(match, match["text"] or _message(after, _hashes(after[0])))
    if match := _PYTEST.match(text):
        return _place(match, _pytest(lines[max(number - _MOST_LINES, 0) : number]) or text[match.start("text") :])
    if _CHECK.fullmatch(text):
        return _check(after)
    if number and _FRAME.fullmatch(text) and _TRACEBACK.match(_bare(lines[number - 1])):
        return _traceback(lines[number - 1 : number + _MOST_LINES])
    if _SHORT_FRAME.fullmatch(text):
        frames = list(_frames(_SHORT_FRAME, after))
        return _place(_of_test(frames[::-1]), _pytest(after))
    if _STACK_FRAME.fullmatch(text):
        headlines = [_SANITIZER.fullmatch(_bare(line)) for line in lines[max(number - _MOST_LINES, 0) : number]]
        said = next((match["text"] for match in reversed(headlines) if match), None)
        return _place(_of_test(list(_frames(_STACK_FRAME, after))), said) if said else None
    if match := _SHELL.fullmatch(text):
        return _place(match, match["text"])._replace(sure=False)
    return None


def _place(match: re.Match[str], text: str) -> Place:
    return Place(match["file"], int(match["line"]), text.strip()[:_LONGEST])


def _message(lines: Sequence[str], hashes: int) -> str:
    """The message after the first line: a sentence, values that stand deeper, and what the test's author adds."""
    stamp = _stamp(lines[0])
    sentence = remark = ""
    values: list[str] = []
    depth = 0
    for line in lines[1:]:
        text = _bare(line)
        if not text or _stamp(line) != stamp or _hashes(line) != hashes or _END.match(text):
            break
        if not sentence:
            sentence, depth = text, _depth(line)
        elif _depth(line) > depth or (values and values[-1].endswith("==")):
            values.append(text)
        else:
            remark = text
            break
    if values:
        sentence += f"{' ' if sentence.endswith('but') else ': '}{', '.join(values)}".replace("==, ", "== ")
    return ": ".join(filter(None, (sentence, remark)))


def _check(lines: Sequence[str]) -> Place:
    """The place that _fail() of ksft.py prints: frames from the test inwards, and the message without their margin."""
    end = next((n for n, line in enumerate(lines) if "Check|" not in line), len(lines))
    return _place(_of_test(list(_frames(_CHECK, lines[:end]))[::-1]), _bare("".join(lines[end : end + 1])))


def _traceback(lines: Sequence[str]) -> Place:
    """The place that a traceback of Python shows; the exception stands as deep as the first line."""
    end = next(
        (n for n, line in enumerate(lines) if n and _depth(line) <= _depth(lines[0]) and _bare(line)), len(lines)
    )
    frames = list(_frames(_FRAME, lines[:end]))
    return _place(_of_test(frames[::-1]), _bare("".join(lines[end : end + 1])))


def _pytest(lines: Sequence[str]) -> str:
    """The first of the last lines that pytest marks with E."""
    marked = ""
    before = False
    for line in lines:
        is_marked = _bare(line).startswith("E  ")
        if is_marked and not before:
            marked = _bare(line)[1:].strip()
        before = is_marked
    return marked


def _frames(form: re.Pattern[str], lines: Sequence[str]) -> Iterator[re.Match[str]]:
    return (match for line in lines if (match := form.fullmatch(_bare(line))))


def _of_test(frames: Sequence[re.Match[str]]) -> re.Match[str]:
    """The first frame that is in no library, of frames from the inmost outwards."""
    return next((frame for frame in frames if not _LIBRARY.search(frame["file"])), frames[0])


def _bare(line: str) -> str:
    """A line without stamp, nesting and margin."""
    text = line[len(_stamp(line)) :].lstrip(NESTING)
    if "| " in text[:20] and (margin := _MARGIN.match(text)):
        text = text[margin.end() :].lstrip()
    return text.rstrip()


def _stamp(line: str) -> str:
    match = _STAMP.match(line)
    return match[0] if match else ""


def _depth(line: str) -> int:
    """The number of characters before the text of a line."""
    return len(line.rstrip()) - len(_bare(line))


def _hashes(line: str) -> int:
    """The number of "#" before the text of a line."""
    return line[: _depth(line)].count("#")
