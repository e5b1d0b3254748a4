# SPDX-License-Identifier: GPL-2.0-only
"""The plugin proper: what it does at each of pytest's steps."""

from collections.abc import Generator, Iterable
from contextlib import nullcontext
from functools import cached_property
from pathlib import Path

import pytest

from ksftci.errors import CiError
from ksftci.host.elf import elf_arch
from ksftci.plugin import reports, sources
from ksftci.plugin.boots import Boots
from ksftci.plugin.items import Case, Program
from ksftci.plugin.settings import Settings
from ksftci.plugin.tools import Tools
from ksftci.programs import csource
from ksftci.programs.csource import Test

_LIBRARY = ".so"


class Suite:
    """One pytest session, or one worker's part of it."""

    def __init__(self, config: pytest.Config, settings: Settings) -> None:
        self.config, self.settings = config, settings
        self.labels = settings.labels
        self.worker = hasattr(config, "workerinput")
        self.tools = Tools(config, settings, self._say)
        self.boots = Boots(self.tools, by_program=self.worker)
        self.programs: dict[Program, list[Test] | None] = {}  # None: not known yet
        self.elsewhere: list[Path] = []  # programs of another architecture
        self.session: pytest.Session | None = None

    @classmethod
    def of(cls, config: pytest.Config) -> "Suite":
        """Raises UsageError for options that cannot be."""
        try:
            return cls(config, Settings.read(config))
        except CiError as problem:
            raise pytest.UsageError(str(problem)) from None

    # What the nodes ask for.

    def in_id(self, name: str, label: str) -> str:
        """A case's name in ids: with its kernel if there are several."""
        return f"{name}[{label}]" if len(self.labels) > 1 else name

    def marker(self, name: str) -> str:
        """A marker, made known to --strict-markers."""
        if name not in self._markers:
            self._markers.add(name)
            what = f"kernels must have {name[6:]}" if name.startswith("needs_") else f"cases of the program {name}"
            self.config.addinivalue_line("markers", f"{name}: {what}")
        return name

    @cached_property
    def _markers(self) -> set[str]:
        return {"ksft"}

    @cached_property
    def source_folders(self) -> list[Path]:
        """Where sources lie when the programs were built elsewhere."""
        tree = Path(self.settings.tree)
        return sorted((tree / "tools/testing/selftests").glob("*/")) if tree.is_dir() else []

    def tests_of(self, program: Program) -> list[Test]:
        """The tests that a program will run; none if that is not known. Raises CiError."""
        known = self.programs.get(program)
        if known is not None:
            return known
        if not program.is_source and (arch := elf_arch(program.path)) != self.settings.arch.name:
            raise CiError(f"{program.path}: a program for {arch}, but --ksft-arch is {self.settings.arch.name}")
        if program.is_source and (found := csource.tests(program.path)):
            self.programs[program] = found
            return found
        self._ask(program)
        return self.programs[program] or []

    def size_of(self, program: Program) -> int:
        """How many tests it has in all."""
        return len(self.programs[program] or ())

    def _ask(self, program: Program) -> None:
        """Ask this program, and with it all others that would have to be asked."""
        unknown = [other for other, tests in self.programs.items() if tests is None and self._has_to_be_asked(other)]
        built = self.tools.sources.build(other.path for other in unknown if other.is_source)
        paths = {other: built.get(other.path, other.path) for other in unknown}
        if isinstance(problem := paths[program], CiError):
            raise problem
        able = {other: path for other, path in paths.items() if isinstance(path, Path)}
        told = self.tools.list_tests(list(able.values()), self.labels[0])
        for other, names in zip(able, told, strict=True):
            self.programs[other] = [Test(name, 0) for name in names]

    def _has_to_be_asked(self, program: Program) -> bool:
        if program.is_source:
            return csource.tests(program.path) is None
        return elf_arch(program.path) == self.settings.arch.name

    def _say(self, text: str) -> None:
        manager = self.config.pluginmanager
        reporter, capture = manager.get_plugin("terminalreporter"), manager.get_plugin("capturemanager")
        if reporter is not None and not self.worker and self.config.get_verbosity() >= 0:
            with capture.global_and_fixture_disabled() if capture else nullcontext():
                reporter.ensure_newline()
                reporter.write_line(f"ksft: {text}")

    # pytest's steps.

    def pytest_report_header(self) -> str:
        """Where the tests run."""
        return f"ksft: {', '.join(self.labels)} ({self.settings.arch.name})"

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Remember the session."""
        self.session = session

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
        """A node for each program and each test's source."""
        if self.config.args_source is pytest.Config.ArgsSource.INVOCATION_DIR:
            return None
        named = parent.session.isinitpath(file_path)
        try:
            if not self._is_test(file_path, named):
                return None
        except CiError:  # unreadable; the node will say so
            if not named:
                return None
        program: Program = Program.from_parent(parent, path=file_path)
        program.suite = self
        self.programs[program] = None
        return program

    def _is_test(self, path: Path, named: bool) -> bool:
        if path.suffix == ".c":
            if named:
                return True
            built = path.with_suffix("")
            beside = built.is_file() and elf_arch(built) == self.settings.arch.name
            return not beside and (csource.has_main(path) or sources.is_listed(path))
        if not path.is_file() or _LIBRARY in path.suffixes or (arch := elf_arch(path)) is None:
            return False
        if named or arch == self.settings.arch.name:
            return True
        self.elsewhere.append(path)
        return False

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Kernel after kernel, so that one machine runs at a time; other items stay in their places."""
        places = [n for n, item in enumerate(items) if isinstance(item, Case)]
        cases = [item for item in items if isinstance(item, Case)]
        cases.sort(key=lambda case: self.labels.index(case.label))
        for place, case in zip(places, cases, strict=True):
            items[place] = case

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """What is selected is known now."""
        self.boots.selected = [item for item in session.items if isinstance(item, Case)]

    def pytest_report_collectionfinish(self) -> Iterable[str]:
        """Say what was left out."""
        if self.elsewhere:
            names = ", ".join(path.name for path in self.elsewhere[:5])
            yield f"ksft: left out, as not for {self.settings.arch.name}: {len(self.elsewhere)} programs, {names}"

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
