# SPDX-License-Identifier: GPL-2.0-only
"""The data from which the scripts of the page draw, as JSON.

A cell of the grid is one character, which stands for an outcome: verdict, reason, known issue, earlier attempts and
expected complaints of the kernel. Equal rows and equal logs are stored once. Most rows are equal, so that 400 kernels
and 1716 tests take some hundred kilobytes. page/data.js decodes the data.
"""

import json
from collections.abc import Sequence
from typing import Any

from ksftci.formats.junit import split_name
from ksftci.report.findings import excerpt
from ksftci.report.pagemap import page_map
from ksftci.results.model import Run, TestResult, Verdict
from plainprint.text import visible

MARKS = {
    Verdict.PASS: "✓",
    Verdict.FAIL: "✗",
    Verdict.SKIP: "-",
    Verdict.XFAIL: "x",
    Verdict.XPASS: "!",
    Verdict.TIMEOUT: "T",
    Verdict.CRASH: "C",
    Verdict.ERROR: "E",
    Verdict.NOT_RUN: "·",
}
_ABSENT = " "  # the cell of a kernel without a result of the test
_OUTCOMES = 0xD000  # how many outcomes have a character: the surrogates begin at 0xd800
_LOG_LINES = 200  # of one test
_LONGEST_LINE = 2000  # characters
_LOGS = 4 * 1024 * 1024  # characters of all logs; logs beyond that are left out
# "<", ">" and "&" might end the <script>; U+2028 and U+2029 are line ends in older JavaScript.
_ESCAPES = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}


class _Numbers:
    """Numbers for values, counted from 0; equal values have the same number."""

    def __init__(self) -> None:
        self.numbers: dict[Any, int] = {}

    def number(self, value: Any) -> int:
        return self.numbers.setdefault(value, len(self.numbers))


def encode(runs: Sequence[Run]) -> str:
    """The data as JSON for a <script>, which no text in it can end."""
    return json.dumps(_data(runs), ensure_ascii=False, separators=(",", ":")).translate(_ESCAPES)


def _data(runs: Sequence[Run]) -> dict[str, Any]:
    by_run = [{result.id: result for result in run.results} for run in runs]
    tests: dict[str, TestResult] = {}
    for results in by_run:
        for test, result in results.items():
            tests.setdefault(test, result)
    outcomes, cells, logs = _Outcomes(), _Numbers(), _Logs()
    programs: dict[str, dict[str, list[list[Any]]]] = {}  # program to group to rows
    for test, first in tests.items():
        columns = [results.get(test) for results in by_run]
        cells_number = cells.number("".join(map(outcomes.character, columns)))
        slowest = max((result.seconds or 0 for result in columns if result), default=0)
        program, group, name = _split_id(first)
        row = [name, cells_number, round(slowest, 2), _records(columns, logs)]
        programs.setdefault(program, {}).setdefault(group, []).append(row)
    verdicts = list(Verdict)
    return {
        "kernels": [visible(run.label) for run in runs],
        "verdicts": [verdict.value for verdict in verdicts],
        "marks": [MARKS[verdict] for verdict in verdicts],
        "bad": [verdict.bad for verdict in verdicts],
        "outcomes": [
            [verdicts.index(verdict), reason, known, [verdicts.index(attempt) for attempt in earlier], expected]
            for verdict, reason, known, earlier, expected in outcomes.outcomes.numbers
        ],
        "programs": [[program, list(map(list, groups.items()))] for program, groups in programs.items()],
        "cells": list(cells.numbers),
        "logs": list(map(list, logs.texts.numbers)),
    }


def _records(results: Sequence[TestResult | None], logs: "_Logs") -> list[list[Any]]:
    """The logs of a test: [file:line, number of the log, columns], with all columns that have the same two."""
    columns: dict[tuple[str, int], list[int]] = {}
    for column, result in enumerate(results):
        if result and (result.log or result.file) and _is_interesting(result):
            place = f"{visible(result.file)}:{result.line or 1}" if result.file else ""
            columns.setdefault((place, logs.number(result)), []).append(column)
    return [[place, log, equal] for (place, log), equal in columns.items()]


def _split_id(result: TestResult) -> tuple[str, str, str]:
    """(program, group, name); the group is fixture and variant of kselftest_harness.h, else ""."""
    classname, name = split_name(result)
    return visible(result.program), visible(classname[len(result.program) + 1 :]), visible(name)


class _Outcomes:
    """The outcomes and their characters. The first outcomes are the bare verdicts."""

    def __init__(self) -> None:
        self.outcomes = _Numbers()
        self._characters: dict[Any, str] = {}  # by outcome before `visible`
        for verdict in Verdict:
            self.character(TestResult("", "", verdict))

    def character(self, result: TestResult | None) -> str:
        """The character of a result's outcome; when none is left, that of the bare verdict."""
        if result is None:
            return _ABSENT
        raw = (result.verdict, result.reason, result.known, tuple(result.earlier), result.expected)
        if raw not in self._characters:
            texts = (visible(result.reason), visible(result.known))
            outcome = (result.verdict, *texts, tuple(result.earlier), visible("; ".join(result.expected)))
            if len(self.outcomes.numbers) >= _OUTCOMES:
                outcome = (result.verdict, "", "", (), "")
            number = self.outcomes.number(outcome)
            self._characters[raw] = chr((0x30 if number < 0x40 else 0x100) + number)
        return self._characters[raw]


def _is_interesting(result: TestResult) -> bool:
    """Whether a reader may need the log; nobody does of an ordinary pass or skip."""
    noted = result.known or result.expected or result.flaky
    return result.verdict.bad or bool(noted) or result.verdict is Verdict.XPASS


class _Logs:
    """(text, page map) of each log, within the limits at the top of this module."""

    def __init__(self) -> None:
        self.texts = _Numbers()
        self.size = 0

    def number(self, result: TestResult) -> int:
        """The number of a result's log; -1 when the log is left out."""
        lines = excerpt(result, _LOG_LINES)
        text = "\n".join(visible(line)[:_LONGEST_LINE] for line in lines)
        key = (text, "\n".join(map(visible, page_map(result.log))))
        if key not in self.texts.numbers:
            if self.size + len(text) > _LOGS:
                return -1
            self.size += len(text)
        return self.texts.number(key)
