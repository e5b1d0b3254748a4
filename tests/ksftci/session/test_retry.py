# SPDX-License-Identifier: GPL-2.0-only
"""What is run again after a failure, and what becomes of the results of all attempts."""

import io

from rich.console import Console
from tests.ksftci.session.fake_guest import ALL_IDS, TESTS, WARNING, FakeGuest, ids, run_on, verdicts

from ksftci.formats import record
from ksftci.machine.machine import Job
from ksftci.report import terminal
from ksftci.results.merge import add_attempt, merge
from ksftci.results.model import Run, TestResult, Verdict, exit_status
from ksftci.results.shard import Shard
from ksftci.session.retry import batches_to_retry
from ksftci.session.unit import Unit


def test_a_test_that_passes_in_a_retry_is_reported_as_flaky(jobs: list[Job]) -> None:
    guest = FakeGuest({"harness_a.f.two": ["not ok"], "harness_b.f.one": ["not ok"] * 9})
    run = run_on(guest, jobs, retries=2)
    flaky, failed = (next(r for r in run.results if r.id == test) for test in ("harness_a.f.two", "harness_b.f.one"))
    assert (flaky.verdict, flaky.earlier, flaky.flaky) == (Verdict.PASS, [Verdict.FAIL], True)
    assert (failed.verdict, failed.earlier, failed.flaky) == (Verdict.FAIL, [Verdict.FAIL] * 2, False)
    assert flaky.log == ["attempt 1: fail", "attempt 2: pass"]
    assert [[(job.name, job.args) for job in boot] for boot in guest.boots[1:]] == [
        [("harness_a", ("-r", "f.two")), ("harness_b", ("-r", "f.one"))],
        [("harness_b", ("-r", "f.one"))],
    ]
    assert ids(run) == ALL_IDS
    console = Console(width=200, file=io.StringIO(), record=True)
    terminal.show([run], console)
    text = console.export_text()
    assert "flaky" in text
    assert "harness_a.f.two on fake: fail, " in text


def test_a_flaky_test_fails_the_run_only_without_retries(jobs: list[Job]) -> None:
    for retries, status in ((1, 0), (0, 1)):
        guest = FakeGuest({"harness_a.f.two": ["not ok"]})
        assert exit_status([run_on(guest, jobs, retries=retries)]) == status


def test_a_test_that_panics_is_retried_after_the_others(jobs: list[Job]) -> None:
    guest = FakeGuest({"harness_a.f.two": ["panic"] * 9})
    run = run_on(guest, jobs, retries=1)
    assert ids(run) == ALL_IDS
    assert {test: verdict for test, verdict in verdicts(run).items() if verdict != "pass"} == {
        "harness_a.f.two": "crash"
    }
    assert not any(result.flaky for result in run.results)
    assert run.results[-1].earlier == [Verdict.NOT_RUN]


def test_a_program_that_cannot_list_its_tests_is_retried_as_a_whole(jobs: list[Job]) -> None:
    guest = FakeGuest({"plain.x": ["panic"]})
    run = run_on(guest, jobs[1:2], retries=1)
    assert verdicts(run) == {"plain.x": "pass", "plain.y": "pass"}
    assert run.results[0].earlier == [Verdict.CRASH]
    assert run.results[0].flaky
    assert not run.results[1].flaky


def test_a_test_that_a_retry_does_not_reach_keeps_its_result(jobs: list[Job]) -> None:
    ends = {"harness_a.f.one": ["not ok", "panic"], "harness_a.f.two": ["not ok"] * 2, "plain.x": ["panic"] * 2}
    guest = FakeGuest(ends)
    run = run_on(guest, jobs[:2], retries=1)
    one, two, *_, x, second = run.results
    assert (one.verdict, one.earlier) == (Verdict.CRASH, [Verdict.FAIL])
    assert (two.verdict, two.earlier) == (Verdict.FAIL, [])
    assert (x.verdict, x.earlier) == (Verdict.CRASH, [Verdict.CRASH])
    assert (second.id, second.verdict, second.earlier) == ("plain.test 2", Verdict.NOT_RUN, [])


def test_the_log_of_a_flaky_test_has_each_attempt_once(jobs: list[Job]) -> None:
    guest = FakeGuest({"plain.x": ["not ok", "ok", "ok"], "plain.y": ["not ok"] * 2 + ["ok"]})
    run = run_on(guest, jobs[1:2], retries=2)
    assert run.results[0].log == ["attempt 1: fail", "attempt 2: pass", "attempt 3: pass"]
    assert run.results[1].log == ["attempt 2: fail", "attempt 3: pass"]
    (read,) = merge(record.parse(record.write([run]), "x"))
    assert [(r.id, r.verdict, r.earlier) for r in read.results] == [(r.id, r.verdict, r.earlier) for r in run.results]
    assert (read.anomalies, read.environment) == ([], {"release": "7.3"})


def test_a_warning_of_a_retry_is_kept(jobs: list[Job]) -> None:
    guest = FakeGuest({"plain.x": ["not ok", "splat"]})
    run = run_on(guest, jobs[1:2], retries=1)
    assert verdicts(run) == {"plain.x": "pass", "plain.y": "pass", "plain.kernel_log": "fail"}
    assert run.splats == [("plain", WARNING)]
    assert run.results[-1].earlier == [Verdict.NOT_RUN]


def test_a_test_that_fails_only_in_the_retry_fails(jobs: list[Job]) -> None:
    guest = FakeGuest({"plain.x": ["not ok", "ok"], "plain.y": ["ok", "not ok"]})
    run = run_on(guest, jobs[1:2], retries=1)
    assert verdicts(run) == {"plain.x": "pass", "plain.y": "fail"}
    assert all(result.flaky for result in run.results)


def test_after_a_kernel_warning_the_program_is_retried_as_a_whole(jobs: list[Job]) -> None:
    guest = FakeGuest({"harness_a.f.two": ["splat"]})
    run = run_on(guest, jobs, retries=1)
    assert [job.name for job in guest.boots[1]] == ["harness_a"]
    (warning,) = [result for result in run.results if result.name == "kernel_log"]
    assert (warning.verdict, warning.flaky) == (Verdict.PASS, True)
    assert run.splats == [("harness_a", WARNING)]


def test_after_a_kernel_warning_during_a_test_that_test_is_retried(jobs: list[Job]) -> None:
    run = Run("k")
    run.results = [
        TestResult("harness_a", "f.two", Verdict.PASS),
        TestResult("harness_a", "f.two/kernel_log", Verdict.FAIL),
    ]
    units = [Unit(jobs[0], test) for test in TESTS]
    assert batches_to_retry(run, units) == [[Unit(jobs[0], "f.two")]]
    second = Run("k", results=[TestResult("harness_a", "f.two", Verdict.PASS)], anomalies=["odd"], interrupted=True)
    add_attempt(run, second)
    assert (run.anomalies, run.interrupted) == (["odd"], True)
    assert verdicts(run) == {"harness_a.f.two": "pass", "harness_a.f.two/kernel_log": "pass"}
    assert [result.flaky for result in run.results] == [False, True]


def test_records_of_shards_with_retries_become_one_run(jobs: list[Job]) -> None:
    logs = []
    for number in (1, 2):
        guest = FakeGuest({"harness_a.f.one": ["not ok"], "harness_b.f.two": ["not ok"], "plain.y": ["not ok"] * 2})
        logs.append(record.write([run_on(guest, jobs, at_once=2, shard=Shard(number, 2), retries=1)]))
    (run,) = merge(run for log in logs for run in record.parse(log, "x"))
    assert sorted(ids(run)) == sorted(ALL_IDS)
    assert {r.id: r.verdict.value for r in run.results if r.earlier} == {
        "harness_a.f.one": "pass",
        "harness_b.f.two": "pass",
        "plain.x": "pass",
        "plain.y": "fail",
    }
    assert run.anomalies == []


def test_known_failures_are_not_retried(jobs: list[Job]) -> None:
    def judge(run: Run) -> None:
        for result in run.results:
            if result.verdict is Verdict.FAIL:
                result.verdict, result.known = Verdict.XFAIL, "known"

    guest = FakeGuest({"harness_a.f.two": ["not ok"]})
    run = run_on(guest, jobs, retries=3, judge=judge)
    assert len(guest.boots) == 1
    assert verdicts(run)["harness_a.f.two"] == "xfail"
