# SPDX-License-Identifier: GPL-2.0-only
"""The whole workflow, run step by step as on GitHub: with a stand-in for ksftci, and with ksftci itself."""

import html
import json
import os
import re
import shutil
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from tests.conftest import TOP
from tests.github.conftest import StandIn
from tests.github.runner import Job, load
from tests.github.workflow import Workflow

FILE = TOP / ".github/workflows/kselftest.yml"
ACTION = TOP / "action.yml"
Run = Callable[..., Workflow]


@pytest.fixture
def workflow(tmp_path: Path, checkout: Path) -> Run:
    """Runs the workflow with the given inputs, called from a repository with the files that the inputs may name."""
    caller = tmp_path / "caller"
    caller.mkdir()
    for name in ("known.yaml", "debug.config", "last.xml"):
        (caller / name).write_text("")

    def run(content: Path | None = None, **inputs: Any) -> Workflow:
        flow = Workflow(FILE, tmp_path / "run", {"ksftci": checkout, "caller": caller}, inputs)
        return flow.run(content)

    return run


def calls(job: Job, *words: str) -> list[list[str]]:
    """The calls of a job's stand-ins that begin with `words`."""
    path = job.temp / "ksftci-venv/calls"
    recorded = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    return [call for call in recorded if call[: len(words)] == list(words)]


def calls_of(flow: Workflow, name: str, *words: str) -> list[list[str]]:
    """The calls that begin with `words`, of all jobs of this name."""
    return [call for job in flow.jobs.get(name, []) for call in calls(job, *words)]


def test_every_job_gets_its_inputs(workflow: Run, stand_in: StandIn) -> None:
    flow = workflow(
        stand_in.temp,
        kernels='["debian:7.3-16k", "build"]',
        shards=2,
        programs="mm:cow",
        known="known.yaml",
        config="debug.config",
        durations="last.xml",
        retries=1,
    )
    assert flow.failed == set()
    counts = {name: len(jobs) for name, jobs in flow.jobs.items()}
    assert counts == {"plan": 1, "native": 1, "build": 1, "qemu": 4, "report": 1}
    (build,) = calls_of(flow, "build", "ksftci", "kernel")
    assert build[3:] == ["--arch=arm64", "--config=caller/debug.config", "--", "caller"]
    runs = calls_of(flow, "qemu", "ksftci", "run")
    for part in ("--shard=1/2", "--shard=2/2"):
        assert len([call for call in runs if part in call]) == 2
    assert len([call for call in runs if "--kernel=kernels/build" in call]) == 2
    for call in runs:
        assert {"--durations=caller/last.xml", "--known=caller/known.yaml", "--retries=1", "--tree=caller"} <= {*call}
    for job in flow.jobs["qemu"][2:]:
        assert "kernel build" in (job.workspace / "kernels/build").read_text()
    (native,) = [call for job in flow.jobs["native"] for call in calls(job) if "--native" in call]
    assert "--known=caller/known.yaml" in native


def test_report_has_all_shards(workflow: Run, stand_in: StandIn, tmp_path: Path) -> None:
    flow = workflow(stand_in.temp, kernels='["debian:6.12"]', shards=2, known="known.yaml")
    (report,) = calls_of(flow, "report", "ksftci", "report")
    names = ("debian-6.12-1of2", "debian-6.12-2of2", "native")
    assert report[-3:] == [f"results/ksft-results-{name}/{name}.xml" for name in names]
    assert {"--annotations", "--html=report.html"} <= {*report}
    assert flow.jobs["report"][0].summary == "the summary\n"
    uploaded = sorted(path.name for path in (tmp_path / "run/artifacts/ksft-report").iterdir())
    assert uploaded == ["junit.xml", "report.html"]


def test_kernel_that_does_not_build_fails_only_its_own_jobs(workflow: Run, stand_in: StandIn) -> None:
    stand_in.set_status({"kernel build": 2})
    flow = workflow(stand_in.temp, kernels='["build", "debian:7.3"]', native=False)
    assert flow.failed == {"build", "qemu", "report"}
    assert [job.failed for job in flow.jobs["qemu"]] == [True, False]
    assert "**build left no results**" in flow.jobs["report"][0].summary


def test_failing_test_fails_job_and_report_and_results_are_uploaded(
    workflow: Run, stand_in: StandIn, tmp_path: Path
) -> None:
    stand_in.set_status({"ksftci run": 1, "ksftci report": 1})
    flow = workflow(stand_in.temp, kernels='["debian:7.3"]', native=False)
    assert flow.failed == {"qemu", "report"}
    uploaded = sorted(path.name for path in (tmp_path / "run/artifacts/ksft-results-debian-7.3").iterdir())
    assert uploaded == [f"debian-7.3.{ending}" for ending in ("html", "log", "xml")]
    assert (tmp_path / "run/artifacts/ksft-report/report.html").exists()


@pytest.mark.parametrize("kernels", ['["debian:7.3; touch x"]', "$(touch x)", "[]"])
def test_invalid_plan_runs_no_job(kernels: str, workflow: Run, stand_in: StandIn) -> None:
    flow = workflow(stand_in.temp, kernels=kernels, native=False)
    assert flow.failed == {"plan"} and list(flow.jobs) == ["plan"]
    assert "::error::kernels: " in flow.jobs["plan"][0].log


def test_action_reports_and_uploads(stand_in: StandIn, checkout: Path, tmp_path: Path) -> None:
    stand_in.set_status({"ksftci run": 3})
    job = Job(tmp_path / "job", tmp_path / "artifacts", {"ksftci": checkout, "caller": checkout}, {})
    shutil.copytree(stand_in.temp, job.temp, dirs_exist_ok=True)
    inputs = {"programs": "mm:cow", "artifact": "uploaded", "expression": "$(touch x) and cow"}
    job.run([{"uses": f"actions/checkout@{'0' * 40}", "with": {"persist-credentials": "false"}}])
    job.run([{"id": "tests", "uses": "./", "with": inputs}])
    assert job.failed
    assert job.contexts["steps"]["tests"]["outputs"] == {
        "status": "3",
        **{
            name: f"results/kselftest.{ending}"
            for name, ending in (("junit", "xml"), ("html", "html"), ("ktap", "log"))
        },
    }
    assert job.summary == "the summary\n"
    assert sorted(path.name for path in (tmp_path / "artifacts/uploaded").iterdir())[0] == "kselftest.html"
    assert not list(job.workspace.rglob("x"))


def test_examples_in_docs_use_declared_inputs() -> None:
    declared = {
        "OWNER/REPOSITORY/.github/workflows/kselftest.yml": load(FILE)["on"]["workflow_call"]["inputs"],
        "OWNER/REPOSITORY": load(ACTION)["inputs"],
    }
    blocks = re.findall(r"```yaml\n(.*?)```", (TOP / "docs/github.md").read_text(), re.DOTALL)
    jobs = [job for block in blocks for job in YAML(typ="safe").load(block)["jobs"].values()]
    used = [step for job in jobs for step in [job, *job.get("steps", [])] if "OWNER" in step.get("uses", "")]
    assert len(used) == 3
    for step in used:
        assert step["with"].keys() <= declared[step["uses"].partition("@")[0]].keys()


def test_the_marketplace_takes_the_action() -> None:
    """It wants these keys, and at most so many characters of description."""
    action = load(ACTION)
    assert {"name", "author", "inputs", "outputs", "runs"} <= action.keys()
    assert action["branding"].keys() == {"icon", "color"}
    assert len(action["description"]) <= 125
    for declared in (*action["inputs"].values(), *action["outputs"].values()):
        assert declared["description"]


def used_actions() -> list[str]:
    """The actions of others that workflows and the action use, with their versions."""
    files = [ACTION, *sorted(FILE.parent.glob("*.yml"))]
    return [use for file in files for use in re.findall(r"uses: (\S+@.*)$", file.read_text(), re.MULTILINE)]


def test_foreign_actions_are_pinned_by_commit() -> None:
    assert used_actions()
    assert [use for use in used_actions() if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", use)] == []


# What a job may do, if it may do more than read.
MORE = {
    ("docs.yml", "deploy"): {"pages": "write", "id-token": "write"},
    ("release.yml", "publish"): {"id-token": "write"},
    ("release.yml", "release"): {"attestations": "write", "contents": "write", "id-token": "write"},
}


@pytest.mark.parametrize("path", sorted(FILE.parent.glob("*.yml")), ids=lambda path: path.name)
def test_jobs_only_read_and_have_a_timeout(path: Path) -> None:
    workflow = load(path)
    assert workflow["permissions"] == {}
    for name, job in workflow["jobs"].items():
        assert job["permissions"] == MORE.get((path.name, name), {"contents": "read"})
        assert "uses" in job or job["timeout-minutes"] <= 90


def test_ci_uses_declared_inputs() -> None:
    inputs = load(TOP / ".github/workflows/ci.yml")["jobs"]["kselftest"]["with"]
    assert inputs.keys() <= load(FILE)["on"]["workflow_call"]["inputs"].keys()


@pytest.mark.qemu
@pytest.mark.parametrize(
    "kernels",
    [["debian:7.3"], pytest.param(["debian:7.3", "build"], marks=pytest.mark.nightly)],
    ids=["debian", "build"],
)
def test_workflow_with_real_kernels(workflow: Run, kernel_tree: str, kernels: list[str]) -> None:
    native = os.geteuid() == 0
    flow = workflow(kernels=json.dumps(kernels), tree=kernel_tree, programs="mm:mkdirty", shards=2, native=native)
    assert flow.failed == set(), "\n".join(job.log for jobs in flow.jobs.values() for job in jobs)
    (report,) = flow.jobs["report"]
    summary = html.unescape(report.summary)
    assert [name for name in [*kernels, *(["native"] if native else [])] if name not in summary] == []
    cases = list(ET.parse(report.workspace / "junit.xml").getroot().iter("testcase"))
    assert len(cases) == 6 * (len(kernels) + native), "each of mkdirty's tests once on every kernel"
    assert not [case for case in cases if case.find("failure") is not None or case.find("error") is not None]
    assert "mkdirty" in (report.workspace / "report.html").read_text()
