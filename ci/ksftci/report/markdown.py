# SPDX-License-Identifier: GPL-2.0-only
"""Results as Markdown for the summary of a job on GitHub.

Texts that tests print cannot become markup. They stand in <pre>, inside which Markdown has no meaning, or in <code>
with a character reference for every character that has one. In both GitHub makes no links of mentions and issues.
"""

import html
import os
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ksftci.errors import CiError
from ksftci.host.files import STANDARD
from ksftci.report import findings
from ksftci.report.findings import COLUMNS, Finding, first_names, first_url
from ksftci.results.model import Run, TestResult, Verdict, exit_status
from plainprint.reason import reason
from plainprint.text import visible

LIMIT = 1024 * 1024  # bytes of a step's summary; GitHub shows nothing of a larger one
_RESERVE = 1024  # bytes for the sentence about what was left out
_LOG_LINES = 40
_LONGEST_LINE = 300  # characters
_KERNELS_SHOWN = 50
_SPECIAL = re.compile(r"[^A-Za-z0-9 -]")  # may have a meaning in Markdown, in HTML or on GitHub


@dataclass
class _Section:
    """A part of the summary. When it does not fit, its last blocks are left out."""

    title: str
    blocks: list[str]  # each is shown as a whole or left out
    noun: str  # for the blocks that are left out


def append(path: Path, runs: Sequence[Run]) -> None:
    """Append the summary to a file, such as $GITHUB_STEP_SUMMARY, which does not grow beyond LIMIT.

    Raises CiError when the file cannot be written.
    """
    try:
        if path == STANDARD:
            print(render(runs), end="")
            return
        size = path.stat().st_size if path.is_file() else 0
        text = render(runs, LIMIT - size)
        try:
            with path.open("ab") as file:
                file.write(f"\n{text}".encode() if size else text.encode())
        except OSError:
            if path.is_file():
                os.truncate(path, size)  # no part of a summary stays on a full disk
            raise
    except OSError as err:
        raise CiError(f"{path}: cannot write there: {reason(err, path)}") from err


def render(runs: Sequence[Run], limit: int = LIMIT) -> str:
    """The summary, at most `limit` bytes of UTF-8. The headline, and a note of what was left out, always stay."""
    head = f"## {_mark(runs)} {_escape(findings.headline(runs))}\n\n"
    table, logs = _kernels(runs), _failures(runs)
    others = [_not_run(runs), _skips(runs), _unsteady(runs), _known_issues(runs), _expected(runs), _unexpected(runs)]
    others.append(_unusual(runs))
    free = limit - _RESERVE - len(head.encode())
    left_out: list[str] = []
    texts: dict[int, str] = {}
    for section in (table, *others, logs):  # logs come last, as they may fill all the rest
        text, free, dropped = _fit(section, free)
        texts[id(section)] = text
        if dropped:
            left_out.append(f"{dropped} {section.noun}{'' if dropped == 1 else 's'}")
    text = head + "".join(texts[id(section)] for section in (table, logs, *others))
    if left_out:
        text += f"\n**Left out**, as GitHub shows no more than 1 MiB of a step: {', '.join(left_out)}.\n"
    return text


def _fit(section: _Section, free: int) -> tuple[str, int, int]:
    """(text of a section within `free` bytes, bytes that stay free, number of blocks that did not fit)."""
    head = f"{section.title}\n\n" if section.title else ""
    text, used = head, len(head.encode()) + 1
    for number, block in enumerate(section.blocks):
        used += len(block.encode())
        if used > free:
            dropped = len(section.blocks) - number
            return (text + "\n", free - len(text.encode()) - 1, dropped) if number else ("", free, dropped)
        text += block
    return (text + "\n", free - used, 0) if section.blocks else ("", free, 0)


def _mark(runs: Sequence[Run]) -> str:
    return {0: "✅", 3: "⚠️"}.get(exit_status(runs), "❌")


def _kernels(runs: Sequence[Run]) -> _Section:
    """A row for each kernel; when there are too many, kernels with failures first and a row for all the others."""
    ordered = list(runs)
    if len(ordered) > _KERNELS_SHOWN:
        ordered.sort(key=lambda run: not findings.has_failures(run))
    shown, rest = ordered[:_KERNELS_SHOWN], ordered[_KERNELS_SHOWN:]
    lines = [
        f"| kernel | {' | '.join(title for title, _ in COLUMNS)} | seconds |\n|---|{'--:|' * (len(COLUMNS) + 1)}\n"
    ]
    lines += [_row(_code(run.label), run.counts, f"{findings.duration(run):.1f}") for run in shown]
    if rest:
        total = sum((run.counts for run in rest), Counter[Verdict]())
        lines.append(_row(f"{len(rest)} more kernels together", total, f"{sum(map(findings.duration, rest)):.1f}"))
    return _Section("", lines, "kernel")


def _row(name: str, counts: Counter[Verdict], seconds: str) -> str:
    cells = [str(sum(counts[v] for v in verdicts) or "") for _, verdicts in COLUMNS]
    return f"| {name} | {' | '.join(cells)} | {seconds} |\n"


def _failures(runs: Sequence[Run]) -> _Section:
    return _Section("### Failures", [_failure(finding) for finding in findings.failures(runs)], "failure")


def _failure(finding: Finding) -> str:
    result = finding.first
    place = f"<br>at {_code(f'{result.file}:{result.line}')}" if result.file else ""
    earlier = f", earlier attempts: {', '.join(v.value for v in result.earlier)}" if result.flaky else ""
    kernels = _code(first_names(finding.kernels))
    head = f"<b>{result.verdict.value}</b> {_code(result.id)} on {kernels}{earlier}{place}"
    reason = f"<br>{_code(result.reason)}" if result.reason else ""
    # An HTML block ends at an empty line (CommonMark 0.30, 4.6): with these two <pre> is a block of its own.
    return f"<details><summary>{head}{reason}</summary>\n\n{_pre(result)}\n\n</details>\n"


def _pre(result: TestResult) -> str:
    text = "\n".join(visible(line)[:_LONGEST_LINE] for line in findings.excerpt(result, _LOG_LINES))
    return f"<pre>\n{html.escape(text, quote=False)}\n</pre>"


def _not_run(runs: Sequence[Run]) -> _Section:
    return _list("### Not run", findings.not_run(runs), "not-run reason")


def _skips(runs: Sequence[Run]) -> _Section:
    lines = []
    for finding in findings.missing_capabilities(runs):
        reasons = finding.reasons
        text = reasons[0][0] if len(reasons) == 1 else finding.title
        where = "" if len(finding.kernels) == len(runs) else f" on {_code(first_names(finding.kernels))}"
        lines.append(f"- {len(finding.results)}: {_code(text or finding.title)}{where}\n")
    return _Section("### Skipped", lines, "skip reason")


def _unsteady(runs: Sequence[Run]) -> _Section:
    lines = []
    for unsteady in findings.unsteady_tests(runs):
        retried = ", retried" if unsteady.retried else ""
        lines.append(f"- {_code(unsteady.test)} on {_code(unsteady.kernel)}: {unsteady.text}{retried}\n")
    return _Section("### Flaky", lines, "flaky test")


def _known_issues(runs: Sequence[Run]) -> _Section:
    return _list("### Known issues", findings.known_issues(runs), "known issue")


def _expected(runs: Sequence[Run]) -> _Section:
    return _list("### Complaints of the kernel, as expected", findings.expected_complaints(runs), "expected complaint")


def _unexpected(runs: Sequence[Run]) -> _Section:
    return _list("### Passed although a failure was expected", findings.unexpected_passes(runs), "unexpected pass")


def _unusual(runs: Sequence[Run]) -> _Section:
    return _list("### Unusual measurements", findings.unusual_measurements(runs), "unusual measurement")


def _list(title: str, entries: Sequence[Finding], noun: str) -> _Section:
    lines = []
    for finding in entries:
        url = first_url(finding.title)
        link = f' (<a href="{html.escape(url)}">link</a>)' if url else ""
        kernels = _code(first_names(finding.kernels))
        lines.append(f"- {len(finding.results)}: {_code(finding.title)}{link} on {kernels}\n")
    return _Section(title, lines, noun)


def _code(text: str) -> str:
    return f"<code>{_escape(text)}</code>"


def _escape(text: str) -> str:
    """The text in one line, with character references for all that may have a meaning in Markdown or HTML."""
    line = " ".join(visible(text).split())[: 3 * _LONGEST_LINE]
    escaped = _SPECIAL.sub(lambda match: f"&#{ord(match[0])};", line)
    return escaped.replace("&#64;", "&#64;<!-- -->")  # without it name@host becomes a link, even in <code>
