# SPDX-License-Identifier: GPL-2.0-only
"""Runs that are parts of one: the boots of a batch each, the shards of a matrix."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ksftci.results.model import KNOWN_ISSUES, Run, TestResult, Verdict
from ksftci.results.names import free_name
from ksftci.results.shard import Shard

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
_NAMED = 5  # tests that an anomaly names


def merge(runs: Iterable[Run]) -> list[Run]:
    """Runs of the same kernel, arch and repeat as one, where the first of them was.

    Attempts after the first are taken for what they are. A shard that is missing is told, if the
    others say which they are. Runs of a kernel that nobody named stay by themselves.
    """
    groups: dict[tuple[object, ...], list[Run]] = {}
    for number, run in enumerate(runs):
        key = (run.kernel, run.arch, run.repeat) if run.kernel else (number,)
        groups.setdefault(key, []).append(run)
    return [_one(parts) for parts in groups.values()]


def _one(parts: Sequence[Run]) -> Run:
    attempts: dict[int, list[Run]] = {}
    for part in parts:
        attempt = part.environment.get("attempt", "1")
        attempts.setdefault(int(attempt) if attempt.isdecimal() and len(attempt) < 4 else 1, []).append(part)
    first, *others = (join(attempts[number]) for number in sorted(attempts))
    for other in others:
        add_attempt(first, other)
    _tell_missing(first, [part.environment.get("shard", "") for part in parts])
    return first


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
        console=[line for part in parts for line in part.console],
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
        other = found.get(result.id)
        if other is not None and other.verdict.bad and result.verdict.bad and result.of_program:
            result = replace(result, name=free_name(result.id, found).removeprefix(f"{result.program}."))
        elif other is not None:
            once = result.of_program or result.program == KNOWN_ISSUES
            if not once or result.verdict is not other.verdict:
                twice.append(result.id)
            result = max(other, result, key=lambda result: _WORST_LAST.index(result.verdict))
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
    of = max(shard.total for shard in shards)
    missing = set(range(1, of + 1)) - {shard.number for shard in shards}
    if missing:
        run.environment["shard"] = ", ".join(dict.fromkeys(map(str, shards)))
        run.anomalies.append(f"missing shards: {', '.join(f'{number}/{of}' for number in sorted(missing))}")
    else:
        del run.environment["shard"]


def add_attempt(run: Run, attempt: Run) -> None:
    """Put the results of another attempt, at what `again` gave, into the run.

    Its verdicts count, those before are recorded. A test that did not run again stays as it was.
    """
    broken = {result.program for result in attempt.results if result.verdict.infrastructure}
    completed = {result.program for result in attempt.results} - broken
    fresh = {result.id: result for result in attempt.results if result.verdict is not Verdict.NOT_RUN}
    results: list[TestResult] = []
    for old in run.results:
        new = fresh.pop(old.id, None)
        if new is None and old.program in completed:
            if old.verdict is Verdict.NOT_RUN:
                continue  # a test without a name, which has one now
            if old.verdict.bad and old.of_program:
                new = TestResult(old.program, old.name, Verdict.PASS)
        results.append(old if new is None else _after(old, new))
    for new in fresh.values():
        new.earlier = [Verdict.NOT_RUN]
        results.append(new)
    run.results = results
    run.anomalies = list(dict.fromkeys([*run.anomalies, *attempt.anomalies]))
    run.splats = [*run.splats, *attempt.splats]
    run.interrupted |= attempt.interrupted


def _after(old: TestResult, new: TestResult) -> TestResult:
    """The new result, with what was before it; the logs of both when they differ."""
    new.earlier = [*old.earlier, old.verdict]
    if new.flaky:
        number = len(new.earlier)
        before = old.log if old.flaky else [_heading(number, old), *old.log]
        new.log = [*before, _heading(number + 1, new), *new.log]
    return new


def _heading(number: int, result: TestResult) -> str:
    return f"attempt {number}: {result.verdict.value} {result.reason}".rstrip()
