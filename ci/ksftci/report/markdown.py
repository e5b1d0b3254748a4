# SPDX-License-Identifier: GPL-2.0-only
"""Results as Markdown for a job's summary on GitHub.

What tests print is only ever text there: in <pre>, where nothing is Markdown, or in <code> with every
sign that could mean something written as a number. Mentions and issue numbers are no links in these.
"""

import html
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ksftci.errors import CiError
from ksftci.formats.junittext import legal
from ksftci.report import findings
from ksftci.report.findings import COLUMNS, Finding, link, some
from ksftci.results.model import Run, TestResult, Verdict, exit_status

LIMIT = 1024 * 1024  # bytes of one step's summary; GitHub shows none of a larger one
_RESERVE = 1024  # for what is not counted, such as the sentence that says what was left out
_LOG_LINES = 40
_LONGEST_LINE = 300  # characters
_KERNELS_SHOWN = 50
_MEANS_SOMETHING = re.compile(r"[^A-Za-z0-9 -]")


@dataclass
class _Section:
    """A part of the summary; from a section that does not fit, blocks are left out at the end."""

    title: str
    blocks: list[str]  # each is whole or not there
    noun: str  # what a block is, if one is left out


def append(path: Path, runs: Sequence[Run]) -> None:
    """Add the summary to a file, such as $GITHUB_STEP_SUMMARY; with what is there it stays within LIMIT.

    Raises CiError when the file cannot be written.
    """
    try:
        there = path.stat().st_size if path.is_file() else 0
        with path.open("ab") as file:
            text = render(runs, LIMIT - there)
            file.write(f"\n{text}".encode() if there else text.encode())
    except OSError as err:
        raise CiError(f"{path}: cannot write there: {err.strerror}") from err


def render(runs: Sequence[Run], limit: int = LIMIT) -> str:
    """The summary, at most `limit` bytes of UTF-8 (but never less than the sentence of what was left out)."""
    head = f"## {_mark(runs)} {_escape(findings.headline(runs))}\n\n"
    table, logs = _kernels(runs), _failures(runs)
    others = [_not_run(runs), _skips(runs), _unsteady(runs), _known(runs), _unexpected(runs), _unusual(runs)]
    left = limit - _RESERVE - len(head.encode())
    left_out: list[str] = []
    texts: dict[int, str] = {}
    for section in (table, *others, logs):  # logs come last, as they may take all that is left
        text, left, dropped = _fit(section, left)
        texts[id(section)] = text
        if dropped:
            left_out.append(f"{dropped} {section.noun}{'' if dropped == 1 else 's'}")
    text = head + "".join(texts[id(section)] for section in (table, logs, *others))
    if left_out:
        text += f"\n**Left out**, as GitHub shows no more than 1 MiB of a step: {', '.join(left_out)}.\n"
    return text


def _fit(section: _Section, left: int) -> tuple[str, int, int]:
    """(text, bytes left after it, how many blocks did not fit)."""
    head = f"{section.title}\n\n" if section.title else ""
    text, used = head, len(head.encode()) + 1
    for number, block in enumerate(section.blocks):
        used += len(block.encode())
        if used > left:
            dropped = len(section.blocks) - number
            return (text + "\n", left - len(text.encode()) - 1, dropped) if number else ("", left, dropped)
        text += block
    return (text + "\n", left - used, 0) if section.blocks else ("", left, 0)


def _mark(runs: Sequence[Run]) -> str:
    return {0: "✅", 3: "⚠️"}.get(exit_status(runs), "❌")


def _kernels(runs: Sequence[Run]) -> _Section:
    """Rows of kernels; when there are too many, those with failures first."""
    ordered = list(runs)
    if len(ordered) > _KERNELS_SHOWN:
        ordered.sort(key=lambda run: not findings.bad(run))
    shown, rest = ordered[:_KERNELS_SHOWN], ordered[_KERNELS_SHOWN:]
    lines = [
        f"| kernel | {' | '.join(title for title, _ in COLUMNS)} | seconds |\n|---|{'--:|' * (len(COLUMNS) + 1)}\n"
    ]
    lines += [_row(_code(run.label), run.counts, f"{findings.seconds(run):.1f}") for run in shown]
    if rest:
        total = sum((run.counts for run in rest), Counter[Verdict]())
        lines.append(_row(f"{len(rest)} kernels more, together", total, f"{sum(map(findings.seconds, rest)):.1f}"))
    return _Section("", lines, "kernel")


def _row(name: str, counts: Counter[Verdict], seconds: str) -> str:
    cells = [str(sum(counts[v] for v in verdicts) or "") for _, verdicts in COLUMNS]
    return f"| {name} | {' | '.join(cells)} | {seconds} |\n"


def _failures(runs: Sequence[Run]) -> _Section:
    return _Section("### Failures", [_failure(finding) for finding in findings.failures(runs)], "failure")


def _failure(finding: Finding) -> str:
    result = finding.first
    place = f"<br>at {_code(f'{result.file}:{result.line}')}" if result.file else ""
    before = f", before: {', '.join(v.value for v in result.earlier)}" if result.flaky else ""
    head = f"<b>{result.verdict.value}</b> {_code(result.id)} on {_code(some(finding.kernels))}{before}{place}"
    reason = f"<br>{_code(result.reason)}" if result.reason else ""
    # The empty lines end the raw HTML around <pre>, which then is a block of its own.
    return f"<details><summary>{head}{reason}</summary>\n\n{_pre(result)}\n\n</details>\n"


def _pre(result: TestResult) -> str:
    text = "\n".join(legal(line)[:_LONGEST_LINE] for line in findings.excerpt(result, _LOG_LINES))
    return f"<pre>\n{html.escape(text, quote=False)}\n</pre>"


def _not_run(runs: Sequence[Run]) -> _Section:
    return _list("### Not run", findings.not_run(runs), "not-run reason")


def _skips(runs: Sequence[Run]) -> _Section:
    lines = []
    for finding in findings.missing(runs):
        reasons = finding.reasons
        text = reasons[0][0] if len(reasons) == 1 else finding.title
        where = "" if len(finding.kernels) == len(runs) else f" on {_code(some(finding.kernels))}"
        lines.append(f"- {len(finding.found)}: {_code(text or finding.title)}{where}\n")
    return _Section("### Skipped", lines, "skip reason")


def _unsteady(runs: Sequence[Run]) -> _Section:
    lines = [
        f"- {_code(one.test)} on {_code(one.kernel)}: {one.words}{', retried' if one.retried else ''}\n"
        for one in findings.unsteady(runs)
    ]
    return _Section("### Flaky", lines, "flaky test")


def _known(runs: Sequence[Run]) -> _Section:
    return _list("### Known issues", findings.known(runs), "known issue")


def _unexpected(runs: Sequence[Run]) -> _Section:
    return _list("### Passed although a failure was expected", findings.unexpected(runs), "unexpected pass")


def _unusual(runs: Sequence[Run]) -> _Section:
    return _list("### Measured far from what is usual", findings.unusual(runs), "unusual measurement")


def _list(title: str, found: Sequence[Finding], noun: str) -> _Section:
    lines = []
    for finding in found:
        address = link(finding.title)
        more = f' (<a href="{html.escape(address)}">link</a>)' if address else ""
        lines.append(f"- {len(finding.found)}: {_code(finding.title)}{more} on {_code(some(finding.kernels))}\n")
    return _Section(title, lines, noun)


def _code(text: str) -> str:
    return f"<code>{_escape(text)}</code>"


def _escape(text: str) -> str:
    """Text of one line in which nothing means anything to Markdown, to HTML or to GitHub."""
    line = " ".join(legal(text).split())[: 3 * _LONGEST_LINE]
    numbers = _MEANS_SOMETHING.sub(lambda match: f"&#{ord(match[0])};", line)
    return numbers.replace("&#64;", "&#64;<!-- -->")  # else name@host is made a link, even in <code>
