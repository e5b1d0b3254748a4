# SPDX-License-Identifier: GPL-2.0-only
"""The nodes of pytest's collection tree: a program, and its cases."""

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
    """The result is bad, or an expected failure."""


class ProgramFile(pytest.File):
    """A program, or the C source of one."""

    context: Context

    @property
    def program(self) -> str:
        """The program's name."""
        return program_of(self.path)

    @property
    def folders(self) -> list[Path]:
        """Folders in which the sources that its log names may lie."""
        return [self.path.parent, *self.context.source_folders]

    def collect(self) -> Iterable[pytest.Item]:
        """A case for each kernel and test; one for each kernel if the program cannot list its tests."""
        try:
            tests: Sequence[Test] = self.context.catalog.tests_of(self.path) or [Test("", 0)]
        except CiError as problem:
            raise self.CollectError(str(problem)) from None
        for label in self.context.settings.labels:
            for test in tests:
                name = self.context.item_name(test.name or self.program, label)
                case: Case = Case.from_parent(self, name=name)
                case.set_test(self, label, test)
                yield case


class Case(pytest.Item):
    """One test on one kernel; the whole program when `key.test` is empty."""

    program: ProgramFile
    key: CaseKey
    line: int  # of the test in its source, 0 when it is not known
    result: CaseResult | None = None

    def set_test(self, program: ProgramFile, label: str, test: Test) -> None:
        """Set the test that this case runs on the kernel with this label, and add its markers."""
        self.program, self.line = program, test.line
        self.key = CaseKey(label, program.path, test.name)
        for mark in ("ksft", program.program, *(f"needs_{need}" for need in test.needs)):
            self.add_marker(program.context.marker(mark))
        if self.config.pluginmanager.hasplugin("xdist"):
            self.add_marker(pytest.mark.xdist_group(f"{program.program} {label}"))

    def setup(self) -> None:
        """Wait until the kernel has booted. The first case of a kernel starts the boot."""
        self.result = None
        self.program.context.boots.boot_of(self.key).wait_until_booted()

    def runtest(self) -> None:
        """Wait for the result, and raise what pytest expects of a case that did not pass."""
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
        """The reason and the log of the test, without a traceback."""
        if isinstance(excinfo.value, CiError):
            message = str(excinfo.value)
            return failure.pytest_repr(message.split("\n", 1)[0], message, str(self.path), self.line)
        if isinstance(excinfo.value, Failed) and self.result is not None:
            return self.repr_result(self.result.result)
        return super().repr_failure(excinfo, style)

    def repr_result(self, result: TestResult) -> TerminalRepr:
        """The text about a bad result of this case, or about an extra result of its program."""
        source = failure.find_source(result.file, self.program.folders)
        facts = dict(self.user_properties)
        text = failure.describe(result, self.key.label, {k: str(v) for k, v in facts.items()}, source)
        path = str(source or result.file or self.path)
        return failure.pytest_repr(failure.headline(result), text, path, result.line or self.line)

    def reportinfo(self) -> tuple[os.PathLike[str], int | None, str]:
        """File, line from 0, and title. The title is not the end of the id: -v would turn its dots into "::"."""
        return self.path, self.line - 1 if self.line else None, f"{self.program.program}: {self.name}"


def properties(result: TestResult, label: str, facts: dict[str, str]) -> list[tuple[str, object]]:
    """The user_properties of a report."""
    values = {
        "kernel": label,
        "release": facts.get("release"),
        "page_size": facts.get("page_size"),
        "verdict": result.verdict.value,
        "known": result.known,
        "expected": "\n".join(result.expected),
        "file": result.file,
        "line": result.line,
    }
    return [(name, value) for name, value in (values | measurement_properties(result)).items() if value]
