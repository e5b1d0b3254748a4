# SPDX-License-Identifier: GPL-2.0-only
"""Runs all jobs of a reusable workflow, in the order of their `needs`."""

import itertools
import shutil
from pathlib import Path
from typing import Any

from tests.github.runner import Job, as_text, load


class Workflow:
    """A reusable workflow with its inputs; `jobs` are those that ran, by name, one for each entry of the matrix."""

    def __init__(self, path: Path, folder: Path, repositories: dict[str, Path], inputs: dict[str, Any]) -> None:
        self.yaml, self.folder, self.repositories = load(path), folder, repositories
        declared = self.yaml["on"]["workflow_call"]["inputs"]
        assert inputs.keys() <= declared.keys()
        self.inputs = {name: inputs.get(name, declaration["default"]) for name, declaration in declared.items()}
        self.jobs: dict[str, list[Job]] = {}
        self.needs: dict[str, Any] = {}

    def run(self, content: Path | None = None) -> "Workflow":
        """Run all jobs; the temporary folder of each starts as a copy of `content`."""
        pending = dict(self.yaml["jobs"])
        while pending:
            name = next(name for name, job in pending.items() if _needs(job).isdisjoint(pending))
            self._run_job(name, pending.pop(name), content)
        return self

    @property
    def failed(self) -> set[str]:
        return {name for name, jobs in self.jobs.items() if any(job.failed for job in jobs)}

    def _run_job(self, name: str, job: dict[str, Any], content: Path | None) -> None:
        needs = {needed: self.needs[needed] for needed in _needs(job)}
        evaluator = self._new_job(f"{name}-if", {"needs": needs})
        evaluator.failed = any(need["result"] != "success" for need in needs.values())
        self.needs[name] = {"result": "skipped", "outputs": {}}
        if not evaluator.holds(job.get("if", "success()")):
            return
        evaluator.failed = False
        runs = []
        for number, matrix in enumerate(_matrix(job, evaluator)):
            run = self._new_job(f"{name}-{number}", {"needs": needs, "matrix": matrix})
            if content is not None:
                shutil.copytree(content, run.temp, dirs_exist_ok=True)
            env = {**self.yaml.get("env", {}), **job.get("env", {})}
            run.env = {key: as_text(run.value(value)) for key, value in env.items()}
            run.run(job["steps"])
            runs.append(run)
        self.jobs[name] = runs
        failed = any(run.failed for run in runs)
        outputs = {key: "" if failed else runs[-1].value(value) for key, value in job.get("outputs", {}).items()}
        self.needs[name] = {"result": "failure" if failed else "success", "outputs": outputs}

    def _new_job(self, name: str, contexts: dict[str, Any]) -> Job:
        workspace = str(self.folder / name / "workspace")
        common = {
            "inputs": self.inputs,
            "github": {"workspace": workspace, "sha": "0" * 40, "workflow": "caller", "ref": "refs/heads/main"},
            "runner": {"arch": "ARM64"},
            "job": {"workflow_repository": "ksftci", "workflow_sha": "1" * 40},
        }
        return Job(self.folder / name, self.folder / "artifacts", self.repositories, {**common, **contexts})


def _needs(job: dict[str, Any]) -> set[str]:
    needs = job.get("needs", [])
    return {needs} if isinstance(needs, str) else set(needs)


def _matrix(job: dict[str, Any], evaluator: Job) -> list[dict[str, Any]]:
    """The entries of the job's matrix; a single empty one without a matrix."""
    matrix = {key: evaluator.value(value) for key, value in job.get("strategy", {}).get("matrix", {}).items()}
    if "include" in matrix:
        return list(matrix["include"])
    return [dict(zip(matrix, values, strict=True)) for values in itertools.product(*matrix.values())]
