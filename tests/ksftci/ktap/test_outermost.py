# SPDX-License-Identifier: GPL-2.0-only
"""Programs that runner.sh reports, each of which is given when it has ended."""

from ksftci.ktap.nesting import Group, Level
from ksftci.ktap.outermost import Outermost
from ksftci.results.model import KERNEL_LOG, TestResult, Verdict


def result(name: str) -> TestResult:
    return TestResult("p", name, Verdict.PASS)


def taken(outermost: Outermost) -> list[tuple[str, list[str]]]:
    return [(ended.name, [result.name for result in ended.results]) for ended in outermost.take()]


def test_each_program_is_given_once() -> None:
    level = Level(0)
    outermost = Outermost(level, "selftests: ")
    assert taken(outermost) == []
    level.items += [result("other"), result("selftests: mm: a"), result("another")]
    assert taken(outermost) == [("selftests: mm: a", [""])]
    level.items += [Group("selftests: mm: b", [result("x"), Group("y", [result("z")])], result("own"))]
    assert taken(outermost) == [("selftests: mm: b", ["x", "y/z", ""])]
    assert taken(outermost) == []
    assert [item.name for item in level.items] == ["other", "another"]


def test_a_splat_is_of_the_program_before() -> None:
    level = Level(0, items=[result(f"selftests: mm: a{end}") for end in ("", f"/{KERNEL_LOG}", "b")])
    assert taken(Outermost(level, "selftests: ")) == [
        ("selftests: mm: a", ["", KERNEL_LOG]),
        ("selftests: mm: ab", [""]),
    ]
