# SPDX-License-Identifier: GPL-2.0-only
"""Runs that are parts of one: the boots of a batch each, the shards of a matrix."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from ksftci.results import OF_PROGRAM, Run, TestResult, Verdict
from ksftci.shard import Shard

_WORST_LAST = (
    Verdict.PASS,
    Verdict.SKIP,
    Verdict.XFAIL,
    Verdict.XPASS,
    Verdict.NOT_RUN,
    Verdict.FAIL,
    Verdict.TIMEOUT,
    Verdict.ERROR,
    Verdict.CRASH,
)
_SAME = ("release", "page_size")  # of the environment, in all parts
_PROGRAM_ENDS = re.compile(r"(?P<word>ok|not ok) \d+ (?P<rest>selftests: (?P<program>[^#]*?)(?: #.*)?)$")
_NAMED = 5  # tests that an anomaly names
KNOWN_ISSUES = "known-issues"  # the program of results about the file of known issues


def merge(runs: Iterable[Run]) -> list[Run]:
    """Runs of the same kernel, arch and repeat as one, where the first of them was.

    A shard that is missing is told, if the others say which they are. Runs of a kernel that nobody
    named stay by themselves.
    """
    groups: dict[tuple[object, ...], list[Run]] = {}
    for number, run in enumerate(runs):
        key = (run.kernel, run.arch, run.repeat) if run.kernel else (number,)
        groups.setdefault(key, []).append(run)
    merged = []
    for parts in groups.values():
        run = join(parts)
        _tell_missing(run, [part.environment.get("shard", "") for part in parts])
        merged.append(run)
    return merged


def join(parts: Sequence[Run]) -> Run:
    """One run of them all, part by part; `seconds` is the sum.

    A test in two parts keeps its worse verdict, and that is told.
    """
    if len(parts) == 1:
        return parts[0]
    first, *others = parts
    run = replace(
        first,
        environment=dict(first.environment),
        results=[],
        anomalies=list(dict.fromkeys(note for part in parts for note in part.anomalies)),
        splats=[splat for part in parts for splat in part.splats],
        console=gathered([line for part in parts for line in part.console]),
        interrupted=any(part.interrupted for part in parts),
        seconds=sum(part.seconds for part in parts),
    )
    for fact in _SAME:
        values = dict.fromkeys(part.environment[fact] for part in parts if fact in part.environment)
        if len(values) > 1:
            run.anomalies.append(f"parts differ in {fact}: {', '.join(values)}")
    for part in others:
        run.environment = part.environment | run.environment
    _join_results(run, parts)
    return run


def _join_results(run: Run, parts: Sequence[Run]) -> None:
    found: dict[str, TestResult] = {}
    twice: list[str] = []
    for result in (result for part in parts for result in part.results):
        test = result.id
        if test in found and result.name in OF_PROGRAM:
            number = 2
            while f"{test}#{number}" in found:
                number += 1
            result = replace(result, name=f"{result.name}#{number}")
        elif test in found:
            if result.program != KNOWN_ISSUES:
                twice.append(test)
            result = max(found[test], result, key=lambda result: _WORST_LAST.index(result.verdict))
        found[result.id] = result
    run.results = list(found.values())
    if twice:
        more = f" and {len(twice) - _NAMED} more" if len(twice) > _NAMED else ""
        run.anomalies.append(f"in more than one part, the worse verdict is kept: {', '.join(twice[:_NAMED])}{more}")


def _tell_missing(run: Run, texts: Sequence[str]) -> None:
    """Say which shards are not there; those that are stay in the environment unless they are all."""
    shards = [shard for text in texts if (shard := Shard.find(text))]
    if not shards:
        return
    of = max(shard.of for shard in shards)
    missing = set(range(1, of + 1)) - {shard.number for shard in shards}
    if missing:
        run.environment["shard"] = ", ".join(dict.fromkeys(map(str, shards)))
        run.anomalies.append(f"missing shards: {', '.join(f'{number}/{of}' for number in sorted(missing))}")
    else:
        del run.environment["shard"]


def gathered(console: Iterable[str]) -> list[str]:
    """A record in which each program comes once, where it came first, with what all parts have of it.

    Its result is that of the first part that failed, else of the last.
    """
    lines: dict[str, list[str]] = {}  # of a program
    ends: dict[str, tuple[str, str]] = {}  # a program's "ok" or "not ok", and what follows the number
    waiting: list[str] = []
    for line in console:
        match = _PROGRAM_ENDS.match(line)
        if match is None:
            waiting.append(line)
            continue
        program = match["program"]
        of = lines.setdefault(program, [])
        of += waiting if not of else [line for line in waiting if not line.startswith("# selftests: ")]
        waiting = []
        if ends.get(program, ("ok", ""))[0] == "ok":
            ends[program] = match["word"], match["rest"]
    found = []
    for number, (program, (word, rest)) in enumerate(ends.items(), 1):
        found += [*lines[program], f"{word} {number} {rest}"]
    return [*found, *waiting]
