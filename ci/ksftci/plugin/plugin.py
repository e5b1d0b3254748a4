# SPDX-License-Identifier: GPL-2.0-only
"""The plugin proper: what it does at each of pytest's steps."""

from collections.abc import Generator, Iterable
from contextlib import nullcontext
from pathlib import Path

import pytest

from ksftci.errors import CiError
from ksftci.plugin import reports
from ksftci.plugin.boots import Boots
from ksftci.plugin.catalog import Catalog
from ksftci.plugin.context import Context
from ksftci.plugin.items import Case, ProgramFile
from ksftci.plugin.settings import Settings
from ksftci.plugin.tools import SessionTools

_SHOWN = 5  # programs of another architecture


class Plugin:
    """One pytest session, or one worker's part of it."""

    def __init__(self, config: pytest.Config, settings: Settings) -> None:
        self.config, self.settings = config, settings
        self.worker = hasattr(config, "workerinput")
        self.session: pytest.Session | None = None
        tools = SessionTools(config, settings, self._say)
        self.catalog = Catalog(settings.arch.name, tools.build, tools.list_tests)
        self.boots = Boots(settings.arch.name, self.catalog, tools.build, tools.machine, by_program=self.worker)
        self.context = Context(config, settings, self.catalog, self.boots)

    @classmethod
    def of(cls, config: pytest.Config) -> "Plugin":
        """Raises UsageError for options that cannot be."""
        try:
            return cls(config, Settings.read(config))
        except CiError as problem:
            raise pytest.UsageError(str(problem)) from None

    def _say(self, text: str) -> None:
        manager = self.config.pluginmanager
        reporter, capture = manager.get_plugin("terminalreporter"), manager.get_plugin("capturemanager")
        if reporter is not None and not self.worker and self.config.get_verbosity() >= 0:
            with capture.global_and_fixture_disabled() if capture else nullcontext():
                reporter.ensure_newline()
                reporter.write_line(f"ksft: {text}")

    def pytest_report_header(self) -> str:
        """Where the tests run."""
        return f"ksft: {', '.join(self.settings.labels)} ({self.settings.arch.name})"

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Remember the session."""
        self.session = session

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
        """A node for each program and each test's source."""
        if self.config.args_source is pytest.Config.ArgsSource.INVOCATION_DIR:
            return None
        named = parent.session.isinitpath(file_path)
        try:
            if not self.catalog.is_test(file_path, named):
                return None
        except CiError:  # unreadable; the node will say so
            if not named:
                return None
        program: ProgramFile = ProgramFile.from_parent(parent, path=file_path)
        program.context = self.context
        self.catalog.add(file_path)
        return program

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Kernel after kernel, so that one machine runs at a time; other items stay in their places."""
        places = [n for n, item in enumerate(items) if isinstance(item, Case)]
        cases = [item for item in items if isinstance(item, Case)]
        cases.sort(key=lambda case: self.settings.labels.index(case.key.label))
        for place, case in zip(places, cases, strict=True):
            items[place] = case

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """What is selected is known now."""
        self.boots.selected = [item.key for item in session.items if isinstance(item, Case)]

    def pytest_report_collectionfinish(self) -> Iterable[str]:
        """Say which programs are not run."""
        if left_out := self.catalog.left_out:
            names = ", ".join(path.name for path in left_out[:_SHOWN])
            yield f"ksft: left out, as not for {self.settings.arch.name}: {len(left_out)} programs, {names}"

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """The report of a case says what its result does."""
        report = yield
        if isinstance(item, Case):
            reports.amend(report, item, call)
        return report

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Parts of a program get reports of their own, where reports are shown."""
        if self.worker or self.session is None:
            return
        leaves = reports.take_leaves(report, self.config)
        self.session.testscollected += len({leaf.nodeid for leaf in leaves})
        for leaf in leaves:
            self.config.hook.pytest_runtest_logreport(report=leaf)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """After -x or Ctrl-C machines still run."""
        self.boots.close()

    def pytest_unconfigure(self) -> None:
        """As above, when the session ended otherwise."""
        self.boots.close()
