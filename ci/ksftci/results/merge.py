# SPDX-License-Identifier: GPL-2.0-only
"""Runs that belong together as one run: several boots, the shards of a matrix, several attempts."""

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
_SAME_IN_ALL_PARTS = ("release", "page_size")  # keys of the environment
_NAMED = 5  # how many tests an anomaly names at most


def merge(runs: Iterable[Run]) -> list[Run]:
    """One run for each kernel, architecture and repeat, in the order of their first parts.

    Parts of later attempts are added by `add_attempt`. If the parts are shards, an anomaly names the missing shards.
    A run that does not name its kernel is not merged.
    """
    groups: dict[tuple[object, ...], list[Run]] = {}
    for number, run in enumerate(runs):
        key = (run.kernel, run.arch, run.repeat) if run.kernel else (number,)
        groups.setdefault(key, []).append(run)
    return [_merge_group(parts) for parts in groups.values()]


def _merge_group(parts: Sequence[Run]) -> Run:
    attempts: dict[int, list[Run]] = {}
    for part in parts:
        attempt = part.environment.get("attempt", "1")
        attempts.setdefault(int(attempt) if attempt.isdecimal() and len(attempt) < 4 else 1, []).append(part)
    first, *others = (join(attempts[number]) for number in sorted(attempts))
    for other in others:
        add_attempt(first, other)
    _note_missing_shards(first, [part.environment.get("shard", "") for part in parts])
    return first


def join(parts: Sequence[Run]) -> Run:
    """One run with the results of all parts, in the order of the parts; `seconds` is the sum.

    A test that is in two parts keeps its worse verdict. Anomalies name such tests, and keys of the environment that
    should be the same in all parts and are not.
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
    for key in _SAME_IN_ALL_PARTS:
        values = dict.fromkeys(part.environment[key] for part in parts if key in part.environment)
        if len(values) > 1:
            run.anomalies.append(f"parts differ in {key}: {', '.join(values)}")
    for part in others:
        run.environment = part.environment | run.environment
    _join_results(run, parts)
    return run


def _join_results(run: Run, parts: Sequence[Run]) -> None:
    merged: dict[str, TestResult] = {}  # by id
    in_two_parts: list[str] = []
    for result in (result for part in parts for result in part.results):
        other = merged.get(result.id)
        if other is not None and other.verdict.bad and result.verdict.bad and result.of_program:
            result = replace(result, name=free_name(result.id, merged).removeprefix(f"{result.program}."))
        elif other is not None:
            expected = result.of_program or result.program == KNOWN_ISSUES  # every part may have such a result
            if not expected or result.verdict is not other.verdict:
                in_two_parts.append(result.id)
            result = max(other, result, key=lambda result: _WORST_LAST.index(result.verdict))
        merged[result.id] = result
    run.results = list(merged.values())
    if in_two_parts:
        names = ", ".join(in_two_parts[:_NAMED])
        more = f" and {len(in_two_parts) - _NAMED} more" if len(in_two_parts) > _NAMED else ""
        run.anomalies.append(f"in more than one part, the worse verdict is kept: {names}{more}")


def _note_missing_shards(run: Run, texts: Sequence[str]) -> None:
    """Add an anomaly that names the missing shards; the environment then keeps the shards that are present.

    `texts` holds the parts' environment["shard"].
    """
    shards = [shard for text in texts if (shard := Shard.try_parse(text))]
    if not shards:
        return
    total = max(shard.total for shard in shards)
    missing = set(range(1, total + 1)) - {shard.number for shard in shards}
    if missing:
        run.environment["shard"] = ", ".join(dict.fromkeys(map(str, shards)))
        run.anomalies.append(f"missing shards: {', '.join(f'{number}/{total}' for number in sorted(missing))}")
    else:
        del run.environment["shard"]


def add_attempt(run: Run, attempt: Run) -> None:
    """Add the results of another attempt, a retry of some tests, to the run.

    The attempt's verdicts replace the earlier verdicts, which stay in `earlier`. A test that the attempt did not run
    keeps its result.
    """
    broken = {result.program for result in attempt.results if result.verdict.infrastructure}
    completed = {result.program for result in attempt.results} - broken
    new_results = {result.id: result for result in attempt.results if result.verdict is not Verdict.NOT_RUN}
    results: list[TestResult] = []
    for old in run.results:
        new = new_results.pop(old.id, None)
        if new is None and old.program in completed:
            if old.verdict is Verdict.NOT_RUN:
                continue  # a result without a test's name: the attempt has the program's tests by name
            if old.verdict.bad and old.of_program:
                new = TestResult(old.program, old.name, Verdict.PASS)
        results.append(old if new is None else _after(old, new))
    for new in new_results.values():
        new.earlier = [Verdict.NOT_RUN]
        results.append(new)
    run.results = results
    run.anomalies = list(dict.fromkeys([*run.anomalies, *attempt.anomalies]))
    run.splats = [*run.splats, *attempt.splats]
    run.interrupted |= attempt.interrupted


def _after(old: TestResult, new: TestResult) -> TestResult:
    """The new result with the verdicts of earlier attempts, and with the logs of all attempts if it is flaky."""
    new.earlier = [*old.earlier, old.verdict]
    if new.flaky:
        number = len(new.earlier)
        earlier_log = old.log if old.flaky else [_heading(number, old), *old.log]
        new.log = [*earlier_log, _heading(number + 1, new), *new.log]
    return new


def _heading(number: int, result: TestResult) -> str:
    return f"attempt {number}: {result.verdict.value} {result.reason}".rstrip()
