# SPDX-License-Identifier: GPL-2.0-only
"""Trees of results that are not as ktap.rst has them: what is read, what is an anomaly, and that nothing is lost."""

import pytest

from ksftci.ktap.parser import Parser


def parsed(text: str) -> Parser:
    """The same results, whether the lines come one by one or at once."""
    parser, at_once = Parser("p"), Parser("p")
    for line in text.split("\n"):
        parser.feed(line)
    at_once.feed(text)
    for each in (parser, at_once):
        each.finish()
    assert parser.results == at_once.results
    return parser


JUMPS = "p: the nesting of its results jumps"
# Name: (lines, results, anomalies).
TREES = {
    "results deeper than their plan, as in kunit's failure-nested.log": (
        """
KTAP version 1
1..2
    KTAP version 1
    1..1
        ok 1 one
not ok 1 first
    KTAP version 1
    1..1
        not ok 1 two
not ok 2 second""",
        "pass first/one, fail first, fail second/two",
        [JUMPS],
    ),
    "results less deep than their plan": (
        """
KTAP version 1
1..1
    KTAP version 1
    1..2
  ok 1 one
  not ok 2 two
not ok 1 suite""",
        "pass suite/one, fail suite/two",
        [JUMPS],
    ),
    "results of one list at two depths": (
        """
1..1
    1..4
        ok 1 one
        ok 2 two
    not ok 3 three
        ok 4 four
not ok 1 suite""",
        "pass suite/one, pass suite/two, fail suite/three, pass suite/four",
        ["p: no plan", JUMPS],
    ),
    "no plan, no version line, and a jump": (
        """
    not ok 1 one
ok 2 two""",
        "fail one, pass two",
        ["p: no plan", JUMPS],
    ),
    "a program that reports nothing of what it planned": (
        """
1..1
    # Subtest: suite
    1..2
not ok 1 suite""",
        "not_run suite/test 1, not_run suite/test 2",
        ["p: suite: 2 tests planned, 0 reported"],
    ),
    "a program that reports nothing, before any result around it": (
        """
# # # Subtest: cow
# # 1..1
# not ok 1 cow
# ok 2 ksm
not ok 1 mm""",
        "not_run mm/cow/test 1, pass mm/ksm",
        ["p: cow: 1 tests planned, 0 reported", "p: no plan"],
    ),
    "a test that fails though all tests inside it pass": (
        """
1..2
    1..1
    ok 1 one
not ok 1 first
    1..1
    ok 1 one
not ok 2 second # exit=1""",
        "pass first/one, fail first (failed, and no test inside it did), pass second/one, fail second (exit=1)",
        [],
    ),
    "a test that passes though a test inside it fails": (
        """
1..1
    1..1
    not ok 1 one
ok 1 suite""",
        "fail suite/one",
        ["p: suite says pass, a test inside it failed"],
    ),
    "no numbers, no version line, and the plan last": (
        """
ok - one
not ok - two
1..2""",
        "pass one, fail two",
        [],
    ),
    "no numbers inside a program": (
        """
# TAP version 13
# 1..2
# ok one
# not ok two
not ok 1 program""",
        "pass program/one, fail program/two",
        ["p: no plan"],
    ),
    "chatter among numbered results": (
        """
# 1..2
# ok 1 one
# ok let us see
# ok 2 two
ok 1 program""",
        "pass program/one, pass program/two",
        ["p: no plan"],
    ),
    "tests that are announced at the depth of their results, as node and TAP 14 do": (
        """
TAP version 14
# Subtest: outer
    # Subtest: one
    ok 1 - one
    # Subtest: two
        # Subtest: deep
        not ok 1 - deep
        1..1
    not ok 2 - two
    1..2
not ok 1 - outer
# Subtest: last
ok 2 - last
1..2""",
        "pass outer/one, fail outer/two/deep, pass last",
        [],
    ),
    "such a test is cut": (
        """
TAP version 14
1..1
# Subtest: outer
    ok 1 - one
    # Subtest: two""",
        "pass outer/one, not_run outer (its result never came), not_run two (its result never came)",
        ["p: outer: no plan"],
    ),
    "KUnit's suite whose result is lost": (
        """
KTAP version 1
1..2
    # Subtest: first
    ok 1 one
    # Subtest: second
    1..1
    not ok 1 two
not ok 2 second""",
        "pass first/one, not_run first (its result never came), fail second/two",
        ["p: first: no plan"],
    ),
    "plans first and last": (
        """
1..2
ok 1 one
ok 2 two
1..2""",
        "pass one, pass two",
        ["p: a second plan"],
    ),
    "a second stream whose plan is the same": (
        """
1..1
ok 1 one
1..1
not ok 1 one""",
        "pass one, fail one#2",
        [],
    ),
    "two plans before the results": (
        """
1..1
1..2
ok 1 one
not ok 2 two""",
        "pass one, fail two",
        ["p: a second plan"],
    ),
    "numbers that repeat": (
        """
ok 1 one
not ok 1 two
1..2""",
        "pass one, fail two",
        ["p: number 1 comes twice", "p: numbers 2 are missing"],
    ),
}


@pytest.mark.parametrize("tree", TREES)
def test_trees(tree: str) -> None:
    text, expected, anomalies = TREES[tree]
    parser = parsed(text.lstrip("\n"))
    reasons = [f" ({result.reason})" if f"{result.name} (" in expected else "" for result in parser.results]
    results = [
        f"{result.verdict.value} {result.name}{reason}" for result, reason in zip(parser.results, reasons, strict=True)
    ]
    assert ", ".join(results) == expected
    assert parser.anomalies == anomalies


NO_ROOT = "Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(98,0)"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["1..1", "    1..1", "    ok 1 one", "ok 1 suite", NO_ROOT], {"suite/one": "pass"}),
        (["1..1", "not ok 1 one", "List of all partitions:", NO_ROOT, "Call Trace:"], {"one": "fail"}),
        (["1..2", "ok 1 one", NO_ROOT], {"one": "pass", "crash": "crash"}),
        (["    # Subtest: suite", "    ok 1 one", NO_ROOT], {"suite/one": "pass", "suite/crash": "crash"}),
        (["1..1", "ok 1 one", "Linux version 7.3.4", NO_ROOT], {"one": "pass", "crash": "crash"}),
        (["1..1", "ok 1 one", "BUG: unable to handle", NO_ROOT], {"one": "pass", "crash": "crash"}),
        (["1..1", "ok 1 one", "Kernel panic - not syncing: Oops"], {"one": "pass", "crash": "crash"}),
        (["1..0", NO_ROOT], {"crash": "crash"}),
    ],
)
def test_a_kernel_without_a_root_ends_with_kunits_tests(lines: list[str], expected: dict[str, str]) -> None:
    assert {result.name: result.verdict.value for result in parsed("\n".join(lines)).results} == expected


def test_a_time_that_a_line_names_is_the_tests() -> None:
    parser = Parser("p")
    for at, line in enumerate(["1..2", "ok 1 one # time=250ms", "ok 2 two"]):
        parser.feed(line, float(at))
    parser.finish()
    assert [result.seconds for result in parser.results] == [0.25, 1.0]
