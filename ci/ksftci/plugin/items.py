# SPDX-License-Identifier: GPL-2.0-only
"""The nodes that pytest sees: a program, and its cases."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from _pytest._code.code import TerminalRepr

from ksftci.errors import CiError
from ksftci.formats.junit import measurement_properties
from ksftci.plugin import failure
from ksftci.plugin.boot import CaseResult
from ksftci.plugin.boots import CaseKey
from ksftci.plugin.catalog import program_of
from ksftci.plugin.context import Context
from ksftci.programs.csource import Test
from ksftci.results.model import TestResult, Verdict

if TYPE_CHECKING:
    from _pytest._code.code import TracebackStyle


class Failed(Exception):
    """A result that is bad, or was expected to be."""


class ProgramFile(pytest.File):
    """A program, or the C source of one."""

    context: Context

    @property
    def program(self) -> str:
        """The program's name."""
        return program_of(self.path)

    @property
    def folders(self) -> list[Path]:
        """Where the sources that its log names may lie."""
        return [self.path.parent, *self.context.source_folders]

    def collect(self) -> Iterable[pytest.Item]:
        """Its cases, kernel by kernel; one for the whole of it where it cannot tell."""
        try:
            tests: Sequence[Test] = self.context.catalog.tests_of(self.path) or [Test("", 0)]
        except CiError as problem:
            raise self.CollectError(str(problem)) from None
        for label in self.context.settings.labels:
            for test in tests:
                name = self.context.in_id(test.name or self.program, label)
                case: Case = Case.from_parent(self, name=name)
                case.describe(self, label, test)
                yield case


class Case(pytest.Item):
    """One test on one kernel; a program as a whole when `test.name` is empty."""

    program: ProgramFile
    key: CaseKey
    line: int  # of the test in its source, 0 when it is not known
    result: CaseResult | None = None

    def describe(self, program: ProgramFile, label: str, test: Test) -> None:
        """Say what it is, in markers too."""
        self.program, self.line = program, test.line
        self.key = CaseKey(label, program.path, test.name)
        for mark in ("ksft", program.program, *(f"needs_{need}" for need in test.needs)):
            self.add_marker(program.context.marker(mark))
        if self.config.pluginmanager.hasplugin("xdist"):
            self.add_marker(pytest.mark.xdist_group(f"{program.program} {label}"))

    def setup(self) -> None:
        """Wait until its kernel has booted, or start it, with everything that is to run there."""
        self.result = None
        self.program.context.boots.of(self.key).wait_until_up()

    def runtest(self) -> None:
        """Wait for its result."""
        self.result, facts = self.program.context.boots.result(self.key)
        result = self.result.result
        self.user_properties[:] = properties(result, self.key.label, facts)
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
            return failure.shown(message.split("\n", 1)[0], message, str(self.path), self.line)
        if isinstance(excinfo.value, Failed) and self.result is not None:
            return self.shown(self.result.result)
        return super().repr_failure(excinfo, style)

    def shown(self, result: TestResult) -> TerminalRepr:
        """What is shown of a bad result of this case, or of a part of it."""
        source = failure.find_source(result.file, self.program.folders)
        facts = dict(self.user_properties)
        text = failure.text(result, self.key.label, {k: str(v) for k, v in facts.items()}, source)
        path = str(source or result.file or self.path)
        return failure.shown(failure.headline(result), text, path, result.line or self.line)

    def reportinfo(self) -> tuple[os.PathLike[str], int | None, str]:
        """File, line from 0, and a title that is not the end of the id: -v would make "::" of its dots."""
        return self.path, self.line - 1 if self.line else None, f"{self.program.program}: {self.name}"


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
    return [(name, value) for name, value in (about | measurement_properties(result)).items() if value]
