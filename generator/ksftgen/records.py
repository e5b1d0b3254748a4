# SPDX-License-Identifier: GPL-2.0-only
"""What was measured of a patch series: its results on kernels, and the broken kernels that its tests detect.

A record is made of JUnit files of ``ksftci run --junit`` and of the ``mutants.json`` of ``ksftci mutants``.  It names
the sources that were measured by a hash: a message never quotes figures of other tests.
"""

from __future__ import annotations

import hashlib
import json
import statistics
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ksftgen.errors import GenError

_PASSED = ("passed", "failed", "skipped")


@dataclass(frozen=True)
class Run:
    """The results of one program on one kernel: numbers of tests, and seconds."""

    program: str
    kernel: str
    arch: str
    page_size: int
    where: str
    passed: int
    failed: int
    skipped: int
    seconds: float


@dataclass(frozen=True)
class Mutant:
    """A broken kernel: the bug, and the program of the series that detects it, "" if none does.

    `upstream` is whether a test that the tree has already detects it, None if that was not tried.
    """

    name: str
    bug: str
    file: str
    function: str
    program: str
    upstream: bool | None


@dataclass(frozen=True)
class Record:
    """What was measured of the C files with the hash `sources`; `mutants_of` is the kernel that was broken."""

    sources: str
    runs: tuple[Run, ...] = ()
    mutants: tuple[Mutant, ...] = ()
    mutants_of: str = ""
    seconds: float = field(default=0)  # median of the time to detect a mutant

    @property
    def kernels(self) -> list[tuple[str, str, int, str]]:
        """The kernels that the series ran on: release, architecture, bytes of a page, "QEMU" or "native"."""
        return list(dict.fromkeys((run.kernel, run.arch, run.page_size, run.where) for run in self.runs))

    def detected(self, program: str = "") -> list[Mutant]:
        """The mutants that `program`, or any program, detects."""
        return [mutant for mutant in self.mutants if mutant.program and program in ("", mutant.program)]


def digest(sources: Iterable[str]) -> str:
    """The hash that names the C files of a series."""
    return hashlib.sha256("\0".join(sources).encode("utf-8", "surrogateescape")).hexdigest()


def measured(sources: str, results: Sequence[Path], mutants: Path | None) -> Record:
    """The record of the files that ksftci wrote; raises GenError for one that is none of these."""
    runs = [run for path in results for run in _runs(path)]
    if not mutants:
        return Record(sources, tuple(runs))
    data = _json(mutants)
    try:
        found = [_mutant(item, outcome) for item, outcome in _tried(data)]
        times = [outcome["seconds"] for _, outcome in _tried(data) if outcome["killed"]]
        return Record(sources, tuple(runs), tuple(found), data["linux"], statistics.median(times) if times else 0)
    except (KeyError, TypeError, AttributeError):
        raise GenError(f"{mutants}: is no mutants.json; give the one that ksftci mutants wrote") from None


def read(path: Path) -> Record:
    """The record in a file that `write` has written."""
    data = _json(path)
    try:
        runs = tuple(Run(**run) for run in data.pop("runs"))
        return Record(**{**data, "runs": runs, "mutants": tuple(Mutant(**mutant) for mutant in data["mutants"])})
    except (KeyError, TypeError, AttributeError):
        raise GenError(f"{path}: is no record of a series; make one with --record") from None


def text(record: Record) -> str:
    """The record as JSON."""
    return json.dumps(asdict(record), indent=1) + "\n"


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise GenError(f"{path}: is not JSON: {error}; give the file as it was written") from None


def _runs(path: Path) -> list[Run]:
    try:
        root = ET.parse(path).getroot()
    except ET.ParseError as error:
        raise GenError(f"{path}: is not XML: {error}; give a file of ksftci run --junit") from None
    runs = [_run(suite) for suite in root.iter("testsuite")]
    if not runs:
        raise GenError(f"{path}: has no result; give a file of ksftci run --junit")
    return runs


def _run(suite: ET.Element) -> Run:
    has = {item.get("name", ""): item.get("value", "") for item in suite.iter("property")}
    number = {name: int(suite.get(name, 0)) for name in ("tests", "failures", "errors", "skipped")}
    failed = number["failures"] + number["errors"]
    return Run(
        program=has.get("program", suite.get("name", "")),
        kernel=has.get("release", has.get("kernel", "")),
        arch=has.get("arch", has.get("machine", "")),
        page_size=int(has.get("page_size", 0)),
        where="QEMU" if has.get("accel") else "native",
        passed=number["tests"] - failed - number["skipped"],
        failed=failed,
        skipped=number["skipped"],
        seconds=round(float(suite.get("time", 0)), 1),
    )


def _tried(data: Mapping[str, Any]) -> list[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """The mutants that were tried with the series and that a test can detect, each with its outcome."""
    return [
        (item, item["outcomes"]["series"])
        for item in data["mutants"]
        if "series" in item.get("outcomes", {})
        and item.get("survivor", {}).get("verdict") not in ("equivalent", "slower")
    ]


def _mutant(item: Mapping[str, Any], outcome: Mapping[str, Any]) -> Mutant:
    upstream = item["outcomes"].get("upstream")
    return Mutant(
        name=item["name"],
        bug=item.get("bug") or f"{item['before']} -> {item['after']}",
        file=item["file"],
        function=item["function"],
        program=outcome["by"].partition(".")[0] if outcome["killed"] else "",
        upstream=upstream["killed"] if upstream else None,
    )
