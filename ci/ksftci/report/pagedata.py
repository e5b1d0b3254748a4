# SPDX-License-Identifier: GPL-2.0-only
"""What the page's scripts draw from: a character for each cell, each row and each log only once.

A cell's character stands for an outcome: verdict, reason, known issue and earlier attempts. Rows of
many kernels are mostly alike, so 400 kernels and 1716 tests are some hundred kilobytes.
"""

import json
from collections.abc import Sequence
from typing import Any

from ksftci.formats.junit import split_name
from ksftci.formats.junittext import legal
from ksftci.report.findings import excerpt
from ksftci.report.pagemap import page_map
from ksftci.results.model import Run, TestResult, Verdict

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
_ABSENT = " "
_OUTCOMES = 0xD000  # characters there are before the surrogates
_LOG_LINES = 200  # of one test
_LONGEST_LINE = 2000  # characters
_LOGS = 4 * 1024 * 1024  # characters of all logs; later ones are left out
_ESCAPES = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}


class _Numbered:
    """Things in the order in which they first came, each once."""

    def __init__(self) -> None:
        self.numbers: dict[Any, int] = {}

    def __call__(self, thing: Any) -> int:
        return self.numbers.setdefault(thing, len(self.numbers))


def encode(runs: Sequence[Run]) -> str:
    """JSON that may stand in a <script>: no text in it can end that."""
    return json.dumps(_data(runs), ensure_ascii=False, separators=(",", ":")).translate(_ESCAPES)


def _data(runs: Sequence[Run]) -> dict[str, Any]:
    by_run = [{result.id: result for result in run.results} for run in runs]
    tests: dict[str, TestResult] = {}
    for results in by_run:
        for test, result in results.items():
            tests.setdefault(test, result)
    outcomes, cells, logs = _Outcomes(), _Numbered(), _Logs()
    programs: dict[str, dict[str, list[list[Any]]]] = {}
    for test, first in tests.items():
        found = [results.get(test) for results in by_run]
        line = cells("".join(map(outcomes, found)))
        slowest = max((result.seconds or 0 for result in found if result), default=0)
        program, group, name = _place(first)
        row = [name, line, round(slowest, 2), _records(found, logs)]
        programs.setdefault(program, {}).setdefault(group, []).append(row)
    verdicts = list(Verdict)
    return {
        "kernels": [legal(run.label) for run in runs],
        "verdicts": [verdict.value for verdict in verdicts],
        "marks": [MARKS[verdict] for verdict in verdicts],
        "bad": [verdict.bad for verdict in verdicts],
        "outcomes": [
            [verdicts.index(verdict), reason, known, [verdicts.index(one) for one in earlier]]
            for verdict, reason, known, earlier in outcomes.known.numbers
        ],
        "programs": [[program, list(map(list, groups.items()))] for program, groups in programs.items()],
        "cells": list(cells.numbers),
        "logs": list(map(list, logs.texts.numbers)),
    }


def _records(found: Sequence[TestResult | None], logs: "_Logs") -> list[list[Any]]:
    """[file:line, number of the log, columns], one for all columns that have both the same."""
    columns: dict[tuple[str, int], list[int]] = {}
    for column, result in enumerate(found):
        if result and (result.log or result.file) and _told(result):
            place = f"{legal(result.file)}:{result.line or 1}" if result.file else ""
            columns.setdefault((place, logs(result)), []).append(column)
    return [[place, log, of] for (place, log), of in columns.items()]


def _place(result: TestResult) -> tuple[str, str, str]:
    """(program, the harness's fixture and variant or nothing, name)."""
    classname, name = split_name(result)
    return legal(result.program), legal(classname[len(result.program) + 1 :]), legal(name)


class _Outcomes:
    """The character of each outcome; the first are the verdicts with nothing else."""

    def __init__(self) -> None:
        self.known = _Numbered()
        self._characters: dict[Any, str] = {}
        for verdict in Verdict:
            self(TestResult("", "", verdict))

    def __call__(self, result: TestResult | None) -> str:
        if result is None:
            return _ABSENT
        raw = (result.verdict, result.reason, result.known, tuple(result.earlier))
        if raw not in self._characters:
            outcome = (result.verdict, legal(result.reason), legal(result.known), tuple(result.earlier))
            if len(self.known.numbers) >= _OUTCOMES:
                outcome = (result.verdict, "", "", ())
            number = self.known(outcome)
            self._characters[raw] = chr((0x30 if number < 0x40 else 0x100) + number)
        return self._characters[raw]


def _told(result: TestResult) -> bool:
    """Whether a reader may want the log."""
    return result.verdict.bad or bool(result.known) or result.flaky or result.verdict is Verdict.XPASS


class _Logs:
    """(text, page map) of each log, within the limits above."""

    def __init__(self) -> None:
        self.texts = _Numbered()
        self.size = 0

    def __call__(self, result: TestResult) -> int:
        """The number of a result's log; -1 when it is left out."""
        lines = excerpt(result, _LOG_LINES)
        text = "\n".join(legal(line)[:_LONGEST_LINE] for line in lines)
        key = (text, "\n".join(map(legal, page_map(result.log))))
        if key not in self.texts.numbers:
            if self.size + len(text) > _LOGS:
                return -1
            self.size += len(text)
        return self.texts(key)
