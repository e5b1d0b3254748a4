# SPDX-License-Identifier: GPL-2.0-only
"""The plugin itself: its hooks, in the order in which pytest calls them."""

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
from plainprint.github import shown

_NAMES_SHOWN = 5  # of programs that are left out


class Plugin:
    """The state of one pytest session, or of one worker of xdist."""

    def __init__(self, config: pytest.Config, settings: Settings) -> None:
        self.config, self.settings = config, settings
        self.is_worker = hasattr(config, "workerinput")
        self.session: pytest.Session | None = None
        tools = SessionTools(config, settings, self._say)
        self.catalog = Catalog(settings.arch.name, tools.build, tools.list_tests, native=not settings.kernels)
        self.boots = Boots(settings.arch.name, tools.build, tools.machine, by_program=self.is_worker)
        self.context = Context(config, settings, self.catalog, self.boots)

    @classmethod
    def from_config(cls, config: pytest.Config) -> "Plugin":
        """Raises UsageError for invalid options."""
        try:
            return cls(config, Settings.read(config))
        except CiError as problem:
            raise pytest.UsageError(str(problem)) from None

    def _say(self, text: str) -> None:
        """Print a line about what takes long, even while pytest captures the output; not with -q."""
        manager = self.config.pluginmanager
        reporter, capture = manager.get_plugin("terminalreporter"), manager.get_plugin("capturemanager")
        if reporter is not None and not self.is_worker and self.config.get_verbosity() >= 0:
            with capture.global_and_fixture_disabled() if capture else nullcontext():
                reporter.ensure_newline()
                reporter.write_line(f"ksft: {shown(text)}")

    def pytest_report_header(self) -> str:
        """Print the kernels and the architecture."""
        return f"ksft: {', '.join(self.settings.labels)} ({self.settings.arch.name})"

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Keep the session, in which reports are counted."""
        self.session = session

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
        """A node for each program and each test's source."""
        if self.config.args_source is pytest.Config.ArgsSource.INVOCATION_DIR:
            return None
        session = parent.session
        named = session.isinitpath(file_path)
        if not named and not any(map(session.isinitpath, file_path.parents)):
            return None  # pytest collects what lies beside a file that is named, too
        try:
            if not self.catalog.is_test(file_path, named):
                return None
        except CiError:  # it cannot be read, as ProgramFile.collect will report
            if not named:
                return None
        program: ProgramFile = ProgramFile.from_parent(parent, path=file_path)
        program.context = self.context
        self.catalog.add(file_path)
        return program

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Sort the cases by kernel, so that one machine runs at a time. Other items keep their places."""
        places = [n for n, item in enumerate(items) if isinstance(item, Case)]
        cases = [item for item in items if isinstance(item, Case)]
        cases.sort(key=lambda case: self.settings.labels.index(case.key.label))
        for place, case in zip(places, cases, strict=True):
            items[place] = case

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Pass the selected cases on: a boot runs all of them."""
        self.boots.selected = [item.key for item in session.items if isinstance(item, Case)]

    def pytest_report_collectionfinish(self) -> Iterable[str]:
        """Print which programs are left out, and why."""
        for paths, reason in (
            (self.catalog.left_out, f"not for {self.settings.arch.name}"),
            (self.catalog.unlike, "unlike selftests, they run as root on this machine only if you name each"),
        ):
            if paths:
                names = ", ".join(path.name for path in paths[:_NAMES_SHOWN])
                yield shown(f"ksft: {len(paths)} programs left out, {reason}: {names}")

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Give the report of a case the outcome of its result."""
        report = yield
        if isinstance(item, Case):
            reports.amend(report, item, call)
        return report

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Report the extra results that came with a case; only where reports are shown, not in workers."""
        if self.is_worker or self.session is None:
            return
        extra_reports = reports.take_extra_reports(report, self.config)
        self.session.testscollected += len({extra.nodeid for extra in extra_reports})
        for extra in extra_reports:
            self.config.hook.pytest_runtest_logreport(report=extra)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """End the machines that still run, after -x or Ctrl-C."""
        self.boots.close()

    def pytest_unconfigure(self) -> None:
        """End them, too, when pytest did not finish the session."""
        self.boots.close()
