# SPDX-License-Identifier: GPL-2.0-only
"""Programs that know the token and print what only the guest's first process prints."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ksftci.formats import record
from ksftci.machine.machine import Cause, Event, Job, Limits, Line, Machine, Stopped
from ksftci.machine.protocol import GuestOutput
from ksftci.machine.resume import Resume
from ksftci.results.model import Run
from ksftci.session.collect import Collector

JOBS = [Job(name, Path(f"/{name}")) for name in "abcd"]
FINE = ("TAP version 13", "1..2", "ok 1 x", "not ok 2 y")
RIGHT = {"x": "pass", "y": "fail"}


@dataclass
class Guest:
    """A guest whose jobs print FINE, and what `forged` says: (its line is a forgery, or not; its text)."""

    forged: dict[str, Sequence[tuple[bool, str]]]
    starts: list[str] = field(default_factory=list)
    label: str = "fake"

    def console(self, jobs: Sequence[Job]) -> Iterator[str]:
        yield "@@t boot"
        for number, job in enumerate(jobs):
            yield f"@@t begin {number} 1.5"
            for forgery, text in [
                *((False, line) for line in FINE[:3]),
                *self.forged.get(job.name, ()),
                (False, FINE[3]),
            ]:
                yield f"@@t {text}" if forgery else text
            yield f"@@t end {number} 1"
        yield "@@t done"

    def run(self, jobs: Sequence[Job], stop: threading.Event) -> Iterator[Event]:
        self.starts.append("".join(job.name for job in jobs))
        output = GuestOutput(jobs, "t", {})
        for text in self.console(jobs):
            yield from output.events(1, text)
            if output.forged:
                yield Line(1, f"@@ {output.forged}")
                yield Stopped(1, Cause.FORGED)
                return
        assert output.done

    def start(self, _limits: Limits) -> Machine:
        return self


def run(guest: Guest) -> Run:
    machine = Resume("fake", Limits(1000, 7), guest.start)
    return Collector(Run("fake"), JOBS).take(machine.run(JOBS, threading.Event()))


def verdicts(run: Run) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for result in run.results:
        found.setdefault(result.program, {})[result.name] = result.verdict.value
    return found


SCENES = {
    "a fact": ["fact release 6.\x1b[31m<b>"],
    "a path": ["counted ../../../../tmp/x"],
    "another end": ["end 7 0"],
    "its own end": ["end 1 0"],
    "its own end, and the others": ["end 1 0", "begin 2", "end 2 0", "begin 3", "end 3 0"],
    "all, up to done": ["end 1 0", "begin 2", "end 2 0", "begin 3", "end 3 0", "done"],
    "its end alone": ["end 0 0"],
    "a boot": ["boot"],
    "a begin": ["begin 2"],
    "garbage": ["\ufffd\ufffd", "x \ufffd"],
    "huge": [f"end {'9' * 5000} 1", f"end 1 {'9' * 5000}"],
}


@pytest.mark.parametrize("scene", SCENES.values(), ids=SCENES)
def test_only_the_program_that_forges_fails(scene: Sequence[str], tmp_path: Path) -> None:
    guest = Guest({"b": [(True, line) for line in scene]})
    result = run(guest)
    found = verdicts(result)
    assert {name: found[name] for name in "acd"} == dict.fromkeys("acd", RIGHT), guest.starts
    assert found["b"]["protocol"] == "fail"
    assert "pass" in found["b"].values()
    assert [text for text in result.anomalies if "each runs again in a boot of its own" in text]
    log = tmp_path / "x.log"
    log.write_text(record.write([result]))
    (again,) = record.read(log)
    read = verdicts(again)
    assert {name: read[name] for name in "acd"} == dict.fromkeys("acd", RIGHT)
    assert {"fail", "error", "not_run"} & set(read["b"].values())


def test_others_are_retracted_and_run_alone() -> None:
    guest = Guest({"b": [(True, "end 1 0"), (True, "begin 2"), (False, "ok 1 invented"), (True, "end 2 0")]})
    result = run(guest)
    assert guest.starts == ["abcd", "a", "b", "c", "d"]
    assert "invented" not in verdicts(result)["c"]
    assert not [line for line in result.console if "invented" in line]
    text = "one of a, b, c printed what only the guest's first process prints: each runs again in a boot of its own"
    assert text in result.anomalies


def test_two_that_forge() -> None:
    guest = Guest({"a": [(True, "fact x y")], "d": [(True, "end 3 0"), (True, "done")]})
    found = verdicts(run(guest))
    assert {name: found[name] for name in "bc"} == dict.fromkeys("bc", RIGHT)
    assert found["a"]["protocol"] == found["d"]["protocol"] == "fail"


LINES = st.one_of(
    st.sampled_from(
        [f"{word} {number}{rest}" for word in ("begin", "end") for number in range(4) for rest in ("", " 0")]
    ),
    st.sampled_from(["done", "boot", "fact a b", "splat BUG: x", "data eA==", "counted /a.gcda", "counted ../x"]),
    st.text(),
)
FORGERIES = st.lists(st.tuples(st.booleans(), LINES), max_size=8)


@settings(deadline=None)
@given(FORGERIES)
def test_whatever_a_program_forges_the_others_have_their_results(forged: list[tuple[bool, str]]) -> None:
    found = verdicts(run(Guest({"b": forged})))
    assert {name: found[name] for name in "acd"} == dict.fromkeys("acd", RIGHT)
    assert "fail" in found["b"].values()
