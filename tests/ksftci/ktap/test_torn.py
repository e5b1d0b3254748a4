# SPDX-License-Identifier: GPL-2.0-only
"""The kernel logs in the middle of a program's line: both are read."""

from itertools import cycle

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.ksftci.ktap.dialects import Branch, expected, print_tree, trees

from ksftci.formats import record
from ksftci.ktap.parser import Parser

K = "[   40.438055][   T61] "
PLAIN = "[   40.438055] "

# Name to a log and its results; {} is a stamp of the kernel's.
TORN = {
    "chatter, and a result of the kernel's": (
        "TAP version 13\nok 1 first\nStarted some serv{}not ok 2 second\nice.\nok 3 third",
        ["pass first", "fail second", "pass third"],
    ),
    "nested in the kernel's": (
        "{}KTAP version 1\n{}1..1\n{}    KTAP version 1\n{}    # Subtest: demo\n{}    1..3\n{}    ok 1 first\n"
        "Started some serv{}    not ok 2 second\nice.\n{}    ok 3 third\n{}not ok 1 demo",
        ["pass demo/first", "fail demo/second", "pass demo/third"],
    ),
    "a name": ("1..2\nok 1 sec{}foo\nond\nnot ok 2 x", ["pass second", "fail x"]),
    "a name, by two lines": ("1..2\nnot ok 1 sec{}foo\n{}bar\nond\nok 2 x", ["fail second", "pass x"]),
    "a name, twice": ("1..2\nnot ok 1 s{}foo\nec{}bar\nond\nok 2 x", ["fail second", "pass x"]),
    "before a directive": ("1..1\nok 1 a {}foo\n# SKIP no swap", ["skip a"]),
    "in a directive": ("1..1\nok 1 a # SK{}foo\nIP no swap", ["skip a"]),
    "before the runner's note": ("1..1\n# ok 1 a\nnot ok 1 p {}foo\n# exit=139", ["pass p/a", "crash p"]),
    "in its words": ("1..2\nno{}foo\nt ok 1 a\nok 2 b", ["fail a", "pass b"]),
    "between its words": ("1..2\nnot {}foo\nok 1 a\nok 2 b", ["fail a", "pass b"]),
    "between its words, nested": ("1..1\n# 1..1\n# not {}foo\nok 1 a\nnot ok 1 p", ["fail p/a"]),
    "before its number": ("1..2\nnot ok{}foo\n 1 a\nok 2 b", ["fail a", "pass b"]),
    "in its number": ("1..12\n" + "ok 1 a\n" * 10 + "ok 1{}foo\n1 b\nnot ok 12 c", None),
    "at its end": ("1..2\nnot ok 1 a{}foo\n\nchatter\nok 2 b", ["fail a", "pass b"]),
    "at its end, and a comment": ("1..2\nnot ok 1 a{}foo\n# comment\nok 2 b", ["fail a", "pass b"]),
    "at its end, and the next": ("1..2\nnot ok 1 a{}foo\nok 2 b", ["fail a", "pass b"]),
    "at the end": ("1..2\nok 1 a\nnot ok 2 b{}foo", ["pass a", "fail b"]),
    "a plan": ("1.{}foo\n.2\nok 1 a", ["pass a", "not_run test 2"]),
    "a version": ("TAP ver{}foo\nsion 13\n1..1\nnot ok 1 a", ["fail a"]),
    "a version, nested": ("1..1\n  K{}foo\nTAP version 1\n  1..1\n  not ok 1 a\nnot ok 1 p", ["fail p/a"]),
    "after a stamp of LAVA's": (
        "2026-01-01T12:00:01.000001 1..2\n2026-01-01T12:00:01.000002 not ok 1 sec{}foo\n"
        "2026-01-01T12:00:01.000003 ond\n2026-01-01T12:00:01.000004 ok 2 b",
        ["fail second", "pass b"],
    ),
    "in a wrapper": (
        "x | TAP version 13\nx | 1..2\nx | not ok 1 sec{}foo\nx | ond\nx | Started{}ok 2 b\nx |  it",
        ["fail second", "pass b"],
    ),
    "in a wrapper that ends like nesting": (
        "".join(f"|  ## {line}\n" for line in ("1..2", "ok 1 a", "not ok{}foo", " 2 b")),
        ["pass a", "fail b"],
    ),
    "at the end of a plan behind a number": ("98:1..1{}foo\n99:\n100:ok 1 a\n", ["pass a"]),
    "behind a wrapper of words": ("stdout F {}foo\nstdout F 1..1\nstdout F not ok 1 a\n", ["fail a"]),
    "in a wrapper of other words": (
        "- INFO - ok 1 - a\n- DEBUG - not ok{}foo\n- INFO -  2 - b\n- INFO - ok 3 - c\n- INFO - 1..3",
        ["pass a", "fail b", "pass c"],
    ),
    "before a number, in a wrapper of numbers": (
        "0.1 TAP version 13\n0.2 1..2\n0.3 ok 1 a\n0.4 not ok{}foo\n0.5  2 b",
        ["pass a", "fail b"],
    ),
    "at its end, in a wrapper": ("x | 1..2\nx | ok 1 a\nx | not ok 2 b{}foo\nx | \nx | text", ["pass a", "fail b"]),
    "a blank more than the wrapper's": (
        "23:59:57  1..2\n23:59:58  ok 1 a\n23:59:59  not ok 2 fi{}foo\n23:59:59  rst",
        ["pass a", "fail first"],
    ),
    "in a wrapper that is not known yet": (
        "71 T{}foo\n72 AP version 13\n73 {}foo\n74 {}foo\n75 1..2\n76 not ok 1 a\n77 ok 2 b",
        ["fail a", "pass b"],
    ),
    "behind words that are padded, and not known yet": (
        "INFO | [out] {}foo\nDEBUG| [out] {}foo\nDEBUG| [out] TAP version 13\n"
        "INFO | [out] 1..1\nINFO | [out] not ok 1 a",
        ["fail a"],
    ),
    "a rule, behind ids": (
        "00000001-12ab-0001-9f00-0123456789ab TAP version 13\n00000002-12ab-0001-9f00-0123456789ab 1..1\n"
        "00000003-12ab-0001-9f00-0123456789ab # --{}foo\n00000004-12ab-0001-9f00-0123456789ab --\n"
        "00000005-12ab-0001-9f00-0123456789ab # running ./x",
        ["not_run x"],
    ),
    "serial console": ("1..2\r\r\nnot ok 1 sec{}foo\r\r\nond\r\r\nok 2 b\r\r\n", ["fail second", "pass b"]),
}


def parsed(lines: list[str]) -> list[str]:
    parser = Parser("p")
    for line in lines:
        parser.feed(line)
    parser.finish()
    return [f"{result.verdict.value} {result.name}" for result in parser.results]


@pytest.mark.parametrize("stamp", [K, PLAIN, "[12345.678901] ", "[    1.000000][ C1] ", "[   40.4][ T61] "])
@pytest.mark.parametrize("name", TORN)
def test_a_line_that_the_kernel_tore_apart(name: str, stamp: str) -> None:
    log, results = TORN[name]
    log = log.replace("{}", stamp)
    if results is None:
        results = [f"pass a{f'#{n}' if n > 1 else ''}" for n in range(1, 11)] + ["pass b", "fail c"]
    (run,) = record.parse(log, "p")
    assert [f"{result.verdict.value} {result.name}" for result in run.results] == results
    assert not run.unread
    assert parsed(log.split("\n")) == results


def test_both_halves_are_in_the_log() -> None:
    (run,) = record.parse(f"1..1\nStarted some serv{PLAIN}usb 1-1: new device\nice.\nok 1 a\n", "p")
    assert run.results[0].log == [f"{PLAIN}usb 1-1: new device", "Started some service."]


def test_a_splat_in_a_line_of_a_program() -> None:
    splat = [f"{PLAIN}WARNING: CPU: 1 PID: 77 at mm/rmap.c:1234 f+0x1/0x2", "[   40.438056] ---[ end trace 0 ]---"]
    (run,) = record.parse("\n".join(["1..2", f"ok 1 na{splat[0]}", splat[1], "me", "ok 2 b"]), "p")
    assert [result.id for result in run.results] == ["p.name", "p.name/kernel_log", "p.b"]


@pytest.mark.parametrize("line", ["# expected '[   40.438055] x'", 'grep "[   40.438055] x"', "took [1.5] s", "a[12]"])
def test_what_tears_nothing(line: str) -> None:
    (run,) = record.parse(f"1..1\n{line}\nok 1 a\n", "p")
    assert run.results[0].log == [line]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.none() | st.integers(0, 99), min_size=1, max_size=5), trees())
def test_a_tree_with_lines_of_the_kernel_in_it(places: list[int | None], root: Branch) -> None:
    """A line of the kernel's is after any character of any line, and nothing changes."""
    lines: list[str] = []
    for line, place in zip(print_tree(root).lines, cycle(places), strict=False):
        text = line.lstrip("# \t")
        if place is None or not text.startswith(("ok", "not ok")):
            lines.append(line)
            continue
        cut = len(line) - len(text) + 1 + place % len(text)
        lines += [f"{line[:cut]}{PLAIN}a line of the kernel's", line[cut:]]
    (run,) = record.parse("\n".join(lines), "p")
    names = {result.id.removeprefix("p."): result.verdict.value for result in run.results}
    assert names == expected(root)
