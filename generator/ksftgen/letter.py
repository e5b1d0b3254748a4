# SPDX-License-Identifier: GPL-2.0-only
"""What a patch series says: the message of each commit, and the cover letter."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Sequence
from email.utils import formataddr, parseaddr
from itertools import groupby

from ksftgen import __version__, template
from ksftgen.cases import cases
from ksftgen.phrases import counted
from ksftgen.records import Record, Run
from ksftgen.render import paragraphs
from ksftgen.scenario import Scenario
from ksftgen.series import Change

COLUMNS = 72  # so that a message is below 80 columns when git log or a reply indents it
_UTF_8 = ("MIME-Version: 1.0", "Content-Type: text/plain; charset=UTF-8", "Content-Transfer-Encoding: 8bit")
_ABOUT = {"QEMU": "QEMU without KVM", "native": "native"}


def message(change: Change, scenarios: Sequence[Scenario], record: Record | None, is_small: bool) -> str:
    """The message of the commit that makes `change`."""
    if change.kind != "program":
        return _expand(change.kind, is_small=is_small, is_moved=len(change.files) > 2)
    scenario = next(scenario for scenario in scenarios if scenario.name == change.program)
    return _expand(
        "program",
        scenario=scenario,
        description=paragraphs(scenario.description, COLUMNS),
        cases=case_count(scenario),
        tests=counted(len(scenario.tests), "test"),
        results=_results(scenario.name, record) if record else [],
    )


def cover(scenarios: Sequence[Scenario], record: Record | None, is_small: bool, changes: str) -> str:
    """The cover letter: its subject, an empty line, and its text."""
    runs = record.runs if record else ()
    return _expand(
        "cover",
        table=_table(
            ["test", "cases", "tests"],
            [[s.name, str(case_count(s)), str(case_count(s) * len(s.tests))] for s in scenarios],
        ),
        kernels=_kernels(runs) if runs else "",
        mutants=_mutants(record) if record and record.mutants else "",
        none_failed=all(not run.failed for run in runs) and bool(runs),
        changes=changes.strip(),
        version=__version__,
        specs=[f"scenarios/{scenario.name}.yaml" for scenario in scenarios],
        is_small=is_small,
    )


def mail(text: str, headers: str) -> str:
    """The mail `text` with more `headers` before its subject, and with those that a mail in UTF-8 needs.

    git encodes the headers of patches, but not those of a cover letter.
    """
    head, _, body = text.partition("\n\n")
    lines = [_encoded_from(line) for line in head.split("\n")]
    if not body.isascii() and not any(line.startswith("MIME-Version:") for line in lines):
        lines += _UTF_8
    place = next(index for index, line in enumerate(lines) if line.startswith("Subject: "))
    lines[place:place] = headers.splitlines()
    return "\n".join(lines) + f"\n\n{body}"


def _encoded_from(line: str) -> str:
    key, _, address = line.partition(": ")
    return line if line.isascii() or key != "From" else f"From: {formataddr(parseaddr(address))}"


def case_count(scenario: Scenario) -> int:
    """The number of cases that a series has of `scenario`."""
    return sum(scenario.is_submitted(case.values) for case in cases(scenario))


def _expand(name: str, **context: object) -> str:
    return template.expand(f"series/{name}.txt.j2", **context).strip("\n") + "\n"


def _results(program: str, record: Record) -> list[str]:
    """What was measured of a program, as lines of a message; the first one is empty."""
    good = [run for run in record.runs if run.program == program and not run.failed]
    text = []
    if good:
        places = [
            f"{', '.join(dict.fromkeys(map(_version, runs)))} ({arch}, {pages}K pages)"
            for (arch, pages), runs in _by_place(good).items()
        ]
        text.append(f"It passes on Linux {_listed(places)}.")
    found = record.detected(program)
    if found:
        text.append(
            f"When one line of the kernel is broken, it fails: it was the first of the series to detect "
            f"{len(found)} of {len(record.mutants)} such kernels. Among them:"
        )
    lines = [line for part in text for line in ["", *textwrap.wrap(part, COLUMNS)]]
    chosen = [mutant for mutant in found if " -> " not in mutant.bug][:6]
    if chosen:
        lines.append("")
    for mutant in chosen:
        lines += textwrap.wrap(
            f"{mutant.function}(): {mutant.bug}", COLUMNS, initial_indent="- ", subsequent_indent="  "
        )
    return lines


def _kernels(measured: Sequence[Run]) -> str:
    """The results of all programs, a line for each kernel."""
    programs = list(dict.fromkeys(run.program for run in measured))
    rows = []
    for kernel, runs in groupby(measured, lambda run: (_kernel(run), run.where)):
        by_program = {run.program: run for run in runs}
        cells = [
            f"{run.passed}/{run.failed}/{run.skipped}" if (run := by_program.get(program)) else "-"
            for program in programs
        ]
        seconds = sum(run.seconds for run in by_program.values())
        rows.append([kernel[0], _ABOUT[kernel[1]], *cells, f"{seconds:.1f}"])
    return _table(["kernel", "machine", *programs, "seconds"], rows)


def _mutants(record: Record) -> str:
    """How many broken kernels the series detects, and how many the tests that the tree has."""
    found = record.detected()
    text = (
        f"To see whether the tests can fail, one line of Linux {record.mutants_of} was broken at a time, most of "
        f"them in mm/mprotect.c: by hand, and at random. The series detects {len(found)} of {len(record.mutants)} "
        "such kernels that a test could tell from a right one"
    )
    both = [mutant for mutant in record.mutants if mutant.upstream is not None]
    if both:
        tree, ours = sum(bool(m.upstream) for m in both), sum(bool(m.program) for m in both)
        text += f". Of the {len(both)} that the tree's own tests were tried on, they detect {tree}, this series {ours}"
    if record.seconds:
        text += f". It takes {record.seconds:.1f} s in the median, in an emulated machine, to detect one"
    return "\n".join(textwrap.wrap(f"{text}.", COLUMNS))


def _by_place(runs: Iterable[Run]) -> dict[tuple[str, int], list[Run]]:
    """The runs by architecture and KB of a page."""
    places: dict[tuple[str, int], list[Run]] = {}
    for run in runs:
        places.setdefault((run.arch, run.page_size // 1024), []).append(run)
    return places


def _version(run: Run) -> str:
    """The kernel's version without what a distribution adds to it."""
    version = re.match(r"\d+\.\d+(\.\d+)?", run.kernel)
    return version.group() if version else run.kernel


def _kernel(run: Run) -> str:
    return f"{_version(run)} {run.arch}, {run.page_size // 1024}K pages"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return "\n".join(
        "  " + "  ".join(f"{cell:{width}}" for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{'; '.join(words[:-1])}; and {words[-1]}"
