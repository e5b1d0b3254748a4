# SPDX-License-Identifier: GPL-2.0-only
"""The nodes that pytest sees: a program, and its cases."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from _pytest._code.code import TerminalRepr

from ksftci.errors import CiError
from ksftci.formats.junit import measured
from ksftci.plugin import failure
from ksftci.plugin.boot import Outcome
from ksftci.programs.csource import Test
from ksftci.results.model import TestResult, Verdict

if TYPE_CHECKING:
    from _pytest._code.code import TracebackStyle

    from ksftci.plugin.suite import Suite


class Failed(Exception):
    """A result that is bad, or was expected to be."""


class Program(pytest.File):
    """A program, or the C source of one."""

    suite: "Suite"

    @property
    def is_source(self) -> bool:
        """Whether it has to be built."""
        return self.path.suffix == ".c"

    @property
    def program(self) -> str:
        """The program's name."""
        return self.path.stem if self.is_source else self.path.name

    @property
    def folders(self) -> list[Path]:
        """Where the sources that its log names may lie."""
        return [self.path.parent, *self.suite.source_folders]

    def collect(self) -> Iterable[pytest.Item]:
        """Its cases, kernel by kernel; one for the whole of it where it cannot tell."""
        try:
            tests: Sequence[Test] = self.suite.tests_of(self) or [Test("", 0)]
        except CiError as problem:
            raise self.CollectError(str(problem)) from None
        for label in self.suite.labels:
            for test in tests:
                name = self.suite.in_id(test.name or self.program, label)
                case: Case = Case.from_parent(self, name=name)
                case.describe(self, label, test)
                yield case


class Case(pytest.Item):
    """One test on one kernel; a program as a whole when `test.name` is empty."""

    program: Program
    label: str
    test: Test
    outcome: Outcome | None = None

    def describe(self, program: Program, label: str, test: Test) -> None:
        """Say what it is, in markers too."""
        self.program, self.label, self.test = program, label, test
        for mark in ("ksft", program.program, *(f"needs_{need}" for need in test.needs)):
            self.add_marker(program.suite.marker(mark))
        if self.config.pluginmanager.hasplugin("xdist"):
            self.add_marker(pytest.mark.xdist_group(f"{program.program} {label}"))

    def setup(self) -> None:
        """Wait until its kernel has booted, or start it, with everything that is to run there."""
        self.outcome = None
        self.program.suite.boots.of(self).wait_until_up()

    def runtest(self) -> None:
        """Wait for its result."""
        self.outcome, facts = self.program.suite.boots.outcome(self)
        result = self.outcome.result
        self.user_properties[:] = properties(result, self.label, facts)
        if result.verdict is Verdict.SKIP:
            raise pytest.skip.Exception(result.reason)
        if result.verdict.bad or result.verdict is Verdict.XFAIL:
            raise Failed

    def repr_failure(
        self, excinfo: pytest.ExceptionInfo[BaseException], style: "TracebackStyle | None" = None
    ) -> str | TerminalRepr:
        """The test's own words, without a traceback."""
        if isinstance(excinfo.value, CiError):
            message = str(excinfo.value)
            return failure.shown(message.split("\n", 1)[0], message, str(self.path), self.test.line)
        if isinstance(excinfo.value, Failed) and self.outcome is not None:
            return self.shown(self.outcome.result)
        return super().repr_failure(excinfo, style)

    def shown(self, result: TestResult) -> TerminalRepr:
        """What is shown of a bad result of this case, or of a part of it."""
        source = failure.find_source(result.file, self.program.folders)
        facts = dict(self.user_properties)
        text = failure.text(result, self.label, {k: str(v) for k, v in facts.items()}, source)
        path = str(source or result.file or self.path)
        return failure.shown(failure.headline(result), text, path, result.line or self.test.line)

    def reportinfo(self) -> tuple[os.PathLike[str], int | None, str]:
        """File, line from 0, and a title that is not the end of the id: -v would make "::" of its dots."""
        return self.path, self.test.line - 1 if self.test.line else None, f"{self.program.program}: {self.name}"


def properties(result: TestResult, label: str, facts: dict[str, str]) -> list[tuple[str, object]]:
    """What reports are told beside the outcome."""
    about = {
        "kernel": label,
        "release": facts.get("release"),
        "page_size": facts.get("page_size"),
        "verdict": result.verdict.value,
        "known": result.known,
        "file": result.file,
        "line": result.line,
    }
    return [(name, value) for name, value in (about | measured(result)).items() if value]
