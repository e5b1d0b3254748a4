# SPDX-License-Identifier: GPL-2.0-only
"""Rows, figures, comparisons and topics of a hunt, and the page."""

import json
from dataclasses import replace
from pathlib import Path

from tests.ksftci.mutants.fakes import JOB, OTHER, FakeForge, FakeMachine, hunt, mutant

from ksftci.machine.machine import Limits
from ksftci.mutants import board, page
from ksftci.mutants.plan import Judgement
from ksftci.mutants.trial import Suite


def test_rows_and_figures_of_a_hunt(tmp_path: Path) -> None:
    machines = {"killed": FakeMachine({"prog.a"}), "dead": FakeMachine(set(), boots=False)}
    finished = hunt(tmp_path, machines, FakeForge(tmp_path, statuses={"s0": "same code", "s1": "not compiled"}))
    finished.run()
    judgement = Judgement(name="survives", verdict="equivalent", why="the same")
    rows = board.rows(finished, {"survives": judgement})
    assert [(row.mutant.name, row.status, row.killed("ours")) for row in rows] == [
        ("killed", "tried", True),
        ("survives", "tried", False),
        ("dead", "does not boot", None),
        ("s2", "tried", False),
        ("s3", "tried", False),
    ]
    curated, sample = board.figures(rows, finished.suites)
    assert (curated.killed, curated.tried, curated.unlike, curated.left) == (1, 2, 1, 0)
    assert (sample.killed, sample.tried) == (0, 2)
    assert board.not_built(finished) == {"same code": 1, "not compiled": 1}
    data = json.loads(json.dumps(board.data(finished, rows, "7.3.4")))
    assert data["mutants"][0]["outcomes"]["ours"] == {
        **{"killed": True, "asked": 2, "seconds": 1.0, "by": "prog.a", "verdict": "fail"},
    }
    text = page.render(data)
    assert "killed</span>" in text
    assert "equivalent: the same" in text


def test_suites_are_compared_on_mutants_that_all_of_them_have_tried(tmp_path: Path) -> None:
    machines = {"killed": FakeMachine({"prog.a"}), "survives": FakeMachine({"other.a"})}
    finished = hunt(tmp_path, machines, FakeForge(tmp_path))
    finished.suites = [Suite("ours", [JOB, OTHER], Limits(9, 9)), Suite("theirs", [OTHER], Limits(9, 9))]
    finished.run()
    rows = board.rows(finished, {})
    curated, sample = board.compare_groups(rows, finished.suites)
    assert (curated.tried, curated.killed, curated.nobody) == (3, {"ours": 2, "theirs": 1}, 1)
    assert curated.alone == {"ours": 1, "theirs": 0}
    assert (sample.tried, sample.nobody) == (2, 2)
    text = page.render(board.data(finished, rows, "7.3.4"))
    assert "of 3 mutants that all suites have tried, ours killed <b>2</b> (1 alone)" in text
    assert board.compare_groups(rows, finished.suites[:1]) == []
    assert board.topics(rows, finished.suites) == [
        board.Topic("runs", False, 1, {"ours": 1, "theirs": 0}),
        board.Topic("mm/x.c", False, 1, {"ours": 1, "theirs": 1}),
        board.Topic("a state", True, 1, {"ours": 0, "theirs": 0}),
    ]
    judged = board.rows(finished, {"survives": Judgement(name="survives", verdict="slower", why="the same")})
    assert [topic.about for topic in board.topics(judged, finished.suites)] == ["runs", "a state"]


def test_runs_of_every_test_give_the_fewest_cases(tmp_path: Path) -> None:
    machines = {"killed": FakeMachine({"prog.a", "other.b"}), "survives": FakeMachine({"other.a"})}
    finished = hunt(tmp_path, machines, FakeForge(tmp_path))
    finished.ledger = replace(finished.ledger, every_test=True)
    finished.run()
    data = board.data(finished, board.rows(finished, {}), "7.3.4")
    assert data["fewest"] == {"ours": {"other": ["killed", "survives"]}}


def test_hostile_text_is_only_text_on_the_page(tmp_path: Path) -> None:
    waiting = hunt(tmp_path, {}, FakeForge(tmp_path))
    waiting.curated = [mutant("x", before="<script>", after="a && b < c", bug="<b>")]
    text = page.render(board.data(waiting, board.rows(waiting, {}), "7.3.4"))
    assert "<script>" not in text
