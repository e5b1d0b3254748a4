# SPDX-License-Identifier: GPL-2.0-only
"""What runners print is read through whatever stands around it; and sentences are no results."""

from pathlib import Path

import pytest
from tests.ksftci.ktap.wrapping import RUNNERS, WRAPPERS, wrapped

from ksftci.formats import record
from ksftci.ktap.parser import Parser
from ksftci.results.model import Run


def results(run: Run) -> list[str]:
    return [f"{result.verdict.value} {result.id}" for result in run.results]


def read(text: str) -> Run:
    (run,) = record.parse(text, "log")
    return run


@pytest.mark.parametrize("wrapper", WRAPPERS)
@pytest.mark.parametrize("runner", RUNNERS)
def test_a_runner_in_a_wrapper(runner: str, wrapper: str) -> None:
    text, expected = RUNNERS[runner]
    run = read(wrapped(text, WRAPPERS[wrapper]))
    assert (results(run), run.unread) == (expected, False)


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_a_console_that_comes_line_by_line(wrapper: str) -> None:
    text, expected = RUNNERS["KUnit"]
    parser = Parser("log")
    for number, line in enumerate(wrapped(text, WRAPPERS[wrapper]).split("\n")):
        parser.feed(line, float(number))
    parser.finish()
    assert [f"{result.verdict.value} {result.id}" for result in parser.results] == expected


# Each program that speaks KTAP in its own way, a version and a plan alone, and names that have quotes and escapes.
IN_PAIRS = {
    **RUNNERS,
    "version and plan": ("TAP version 13\n1..2", ["not_run log.test 1", "not_run log.test 2"]),
    "quotes": (
        'TAP version 13\n1..2\nnot ok 1 it\'s "b" \\u0041\\\nok 2 <c>',
        ['fail log.it\'s "b" \\u0041\\', "pass log.<c>"],
    ),
}
# What these put before a line, and a stamp of the kernel's, may be the line that the kernel tore apart: read at once.
STAMPED = {name for name in WRAPPERS if name.startswith(("dmesg", "console", "IGT", "journalctl -o short"))}


@pytest.mark.parametrize("outer", WRAPPERS)
def test_a_wrapper_in_a_wrapper(outer: str) -> None:
    for number, inner in enumerate(WRAPPERS):
        runner = list(IN_PAIRS)[(number + list(WRAPPERS).index(outer)) % len(IN_PAIRS)]
        if runner == "one program, no version" and STAMPED & {inner, outer}:
            runner = "one program"
        text, expected = IN_PAIRS[runner]
        log = wrapped(wrapped(text, WRAPPERS[inner]).removesuffix("\n"), WRAPPERS[outer])
        assert (runner, inner, results(read(log))) == (runner, inner, expected)


@pytest.mark.parametrize("first", ["none", "autotest", "GitLab"])
@pytest.mark.parametrize("then", ["none", "LAVA, YAML", "gh run view --log", "kubectl logs --prefix"])
def test_a_wrapper_that_begins_in_the_middle(first: str, then: str) -> None:
    text, expected = RUNNERS["runner.sh"]
    lines = text.split("\n")
    log = wrapped("\n".join(lines[:9]), WRAPPERS[first]) + wrapped("\n".join(lines[9:]), WRAPPERS[then])
    assert results(read(log)) == expected


def test_several_devices() -> None:
    lines = ["TAP version 13", "1..2", "ok 1 a", "not ok 2 b"]
    log = "".join(f"{device}: {line}\n" for device in ("rpi4", "qemu") for line in lines)
    assert results(read(log)) == ["pass log.a", "fail log.b", "pass log.a#2", "fail log.b#2"]


def test_lines_of_the_kernel_behind_a_tab_in_a_quote() -> None:
    """The beginning of such a line is no half of the next one."""
    lines = ["[   40.4][   T61] a", "TAP version 13", "1..1", "[   40.5][   T61] b", "  ok 1 a", "  1..1", "not ok 1 p"]
    log = "".join(f'{{"msg": "{number}\\t{line}"}}\n' for number, line in enumerate(lines, 1))
    assert results(read(log)) == ["pass log.p/a", "fail log.p"]


def test_a_nested_result_that_comes_first() -> None:
    """What is between wrapper and line in some lines, and not in others, is nesting."""
    log = "98:1..1\n99:\t1..1\n100:\tnot ok 1 a\n101:not ok 1 p\n"
    assert results(read(log)) == ["fail log.p/a"]


def test_a_level_for_failures() -> None:
    log = "INFO: ok 1 a\nINFO: ok 2 b\nINFO: a line\nERROR: not ok 3 c\nINFO: ok 4 d\n"
    assert results(read(log)) == ["pass log.a", "pass log.b", "fail log.c", "pass log.d"]


@pytest.mark.parametrize("wrapper", ["grep -n", "grep -nH", "autotest, levels", "Python's logging", "JSON lines"])
def test_a_plan_of_a_log_that_ends_too_early(wrapper: str) -> None:
    log = wrapped("TAP version 13\n1..2\nok 1 a", WRAPPERS[wrapper])
    assert results(read(log)) == ["pass log.a", "not_run log.test 2"]


@pytest.mark.parametrize("lines", [1, 10, 1000, 3000])
def test_lines_that_come_before_the_proof(lines: int) -> None:
    """The first result is proof of nothing, and the second one is far away."""
    noise = "runner> some chatter\n" * lines
    log = f"runner> # demo.c:7:a:Expected 1\nrunner> not ok 1 a\n{noise}runner> ok 2 b\n{noise}runner> 1..2\n"
    run = read(log)
    assert results(run) == ["fail log.a", "pass log.b"]
    if lines < 100:
        (failed, passed) = run.results
        assert (failed.file, failed.line, failed.log) == ("demo.c", 7, ["# demo.c:7:a:Expected 1"])
        assert passed.log == ["some chatter"] * lines


def test_the_time_of_a_test_is_what_nipa_shows() -> None:
    run = read(
        "TAP version 13\n1..2\n# selftests: net: a\n# 0.00 [+0.00] TAP version 13\n# 0.01 [+0.01] ok 1 x\n"
        "# 8.93 [+8.92] ok 2 y\n# 8.93 [+0.00] 1..2\nok 1 selftests: net: a\n"
        "# selftests: net: b\n# 0.50 [+0.50] ok 1 z\n# 1.75 [+1.25] # a comment\n# 2.50 [+0.75] not ok 2 w\n"
        "not ok 2 selftests: net: b # exit=1\n"
    )
    assert [result.seconds for result in run.results] == [0.01, pytest.approx(8.92), 0.0, 2.0]


def test_the_documented_wrappers_are_these() -> None:
    lines = (Path(__file__).parents[3] / "docs/ktap.md").read_text().split("\n")
    rows = [line.split(" | ")[0].removeprefix("| ") for line in lines if line.startswith("| ")]
    assert rows == ["wrapper", *WRAPPERS]


PROSE = [
    "this is not ok 1 of",
    "this is not ok 1 of\nthat is not ok 2 of",
    "it is not ok 1 time\nit is not ok 1 time",
    "The output must begin with TAP version 13",
    "TAP version 13 is what it prints, then 1..3",
    "use a value in 1..3",
    "pins: 1..8",
    '+ echo "ok 1 a"\n+ echo "not ok 2 b"',
    "++ echo 'ok 1 a'\n++ echo 'ok 2 b'",
    'ksft_print("ok 1 a");\nksft_print("not ok 2 b");',
    "as in `ok 1 a` and `ok 2 b`",
    "everything ok 1.5 seconds later",
    "load: ok 3/5",
    "eth0: 1..4: ok",
    "checked, ok 1 of 2",
    "selftests: mm: cow is what I ran",
    "# Test: ok 3 packets",
    "# eth0: not ok 1 a",
]


@pytest.mark.parametrize("prose", PROSE)
def test_a_sentence_is_no_result(prose: str) -> None:
    for log in (prose, f"TAP version 13\n1..1\n{prose}\nok 1 a\n"):
        run = read(log)
        assert results(run) in ([], ["pass log.a"])
        assert not run.unread


UNREAD = [
    "host| not ok 1 a",
    "12: ok 3 a",
    "[stdout] not ok 2 - b",
    '{"msg": "not ok 1 a"}',
    "a> ok 1 x\nb< ok 1 y",
    "x-1 ## not ok 7",
    "# 8.93 [+8.92] not ok 3 x",
]


@pytest.mark.parametrize("line", UNREAD)
def test_what_looks_like_a_result_and_is_not_read_is_said(line: str) -> None:
    run = read(f"TAP version 13\n1..1\nok 1 fine\n{line}\n")
    assert results(run) == ["pass log.fine"]
    assert run.unread
    assert (
        f"not read: {line.count('ok')}, the first is {line.partition(chr(10))[0].partition(': ok')[0]}"
        in run.anomalies[0]
    )


def test_more_lines_than_are_kept() -> None:
    """Shapes and lines are forgotten at some time, and counted."""
    words = [f"{chr(97 + a)}{chr(97 + b)}" for a in range(26) for b in range(26)] * 2
    run = read("".join(f"<{'>' * (n % 60)}{word}{'=' * (n // 60)} not ok {n + 5} x\n" for n, word in enumerate(words)))
    assert "not read: 1352" in run.anomalies[0]


def test_splats_in_a_wrapper() -> None:
    lines = [
        "TAP version 13",
        "1..1",
        "[   10.000000] WARNING: CPU: 1 PID: 77 at mm/rmap.c:1234 folio_add+0x1c/0x90",
        "[   10.000001] Modules linked in:",
        "[   10.000002] ---[ end trace 0000000000000000 ]---",
        "ok 1 a",
    ]
    run = read(wrapped("\n".join(lines), WRAPPERS["gh run view --log"]))
    assert results(run) == ["pass log.a", "fail log.a/kernel_log"]
