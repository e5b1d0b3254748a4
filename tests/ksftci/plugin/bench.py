# SPDX-License-Identifier: GPL-2.0-only
"""Pytest runs inside of tests, with the machine of fake_board.py."""

from pathlib import Path

import pytest

from ksftci.plugin import plugin

BOARD = Path(__file__).with_name("fake_board.py")
# Hypothesis's plugin takes a second to import in every run.
PLUGINS = (
    "-p",
    "ksftci.plugin",
    "-p",
    "no:hypothesispytest",
    "--strict-markers",
)
KERNEL = ("--ksft-kernel", "debian:7.3")
PLUGIN = plugin  # imported here once, rather than in every pytest run of the tests
PASSING = {"f.a": ["ok"], "f.b": ["ok"], "f.c": ["ok"]}


class Bench:
    """A folder with programs, and pytest runs in it."""

    def __init__(self, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
        self.pytester, self.top = pytester, pytester.path
        pytester.makeconftest(BOARD.read_text())
        self.notes = self.top / "boots.log"
        monkeypatch.setenv("KSFT_FAKE_NOTES", str(self.notes))
        monkeypatch.setenv("KSFTCI_CACHE", str(self.top / "cache"))
        monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)  # of the run that this test is in
        monkeypatch.setenv("COLUMNS", "160")  # so that no headline is cut

    def run(self, *args: object, status: int | None = None) -> pytest.RunResult:
        """Run pytest in this process, and assert its exit status."""
        done = self.pytester.runpytest_inprocess(*PLUGINS, *map(str, args), no_reraise_ctrlc=True)
        assert "Traceback" not in done.stdout.str() + done.stderr.str()
        assert status is None or done.ret == status, done.stdout.str() + done.stderr.str()
        return done

    def boots(self) -> list[str]:
        """The notes about boots, except those for listings."""
        lines = self.notes.read_text().splitlines() if self.notes.exists() else []
        return [line for line in lines if "boot " in line and " -l" not in line]

    def ids(self, *args: object) -> list[str]:
        """The node ids that are collected."""
        done = self.run("--collect-only", "-q", *args)
        return [line for line in done.outlines if "::" in line]
