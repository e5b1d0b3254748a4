# SPDX-License-Identifier: GPL-2.0-only
"""Runs all jobs of a workflow that is called, in the order of their needs."""

import itertools
import shutil
from pathlib import Path
from typing import Any

from tests.github.runner import Job, as_text, load


class Workflow:
    """A called workflow with its inputs; `jobs` are those that ran, by name of the job and number in its matrix."""

    def __init__(self, path: Path, folder: Path, repositories: dict[str, Path], inputs: dict[str, Any]) -> None:
        self.yaml, self.folder, self.repositories = load(path), folder, repositories
        known = self.yaml["on"]["workflow_call"]["inputs"]
        assert inputs.keys() <= known.keys()
        self.inputs = {name: inputs.get(name, one["default"]) for name, one in known.items()}
        self.jobs: dict[str, list[Job]] = {}
        self.needs: dict[str, Any] = {}

    def run(self, content: Path | None = None) -> "Workflow":
        """Run all of it; each job's temporary folder is a copy of `content` at first."""
        todo = dict(self.yaml["jobs"])
        while todo:
            name = next(name for name, job in todo.items() if _needs(job).isdisjoint(todo))
            self._job(name, todo.pop(name), content)
        return self

    @property
    def failed(self) -> set[str]:
        return {name for name, jobs in self.jobs.items() if any(job.failed for job in jobs)}

    def _job(self, name: str, job: dict[str, Any], content: Path | None) -> None:
        needs = {of: self.needs[of] for of in _needs(job)}
        first = self._fresh(f"{name}-if", {"needs": needs})
        first.failed = any(one["result"] != "success" for one in needs.values())
        self.needs[name] = {"result": "skipped", "outputs": {}}
        if not first.holds(job.get("if", "success()")):
            return
        first.failed = False
        done = []
        for number, matrix in enumerate(_matrix(job, first)):
            one = self._fresh(f"{name}-{number}", {"needs": needs, "matrix": matrix})
            if content is not None:
                shutil.copytree(content, one.temp, dirs_exist_ok=True)
            env = {**self.yaml.get("env", {}), **job.get("env", {})}
            one.env = {key: as_text(one.value(value)) for key, value in env.items()}
            one.run(job["steps"])
            done.append(one)
        self.jobs[name] = done
        failed = any(one.failed for one in done)
        outputs = {key: "" if failed else done[-1].value(value) for key, value in job.get("outputs", {}).items()}
        self.needs[name] = {"result": "failure" if failed else "success", "outputs": outputs}

    def _fresh(self, name: str, contexts: dict[str, Any]) -> Job:
        workspace = str(self.folder / name / "workspace")
        everywhere = {
            "inputs": self.inputs,
            "github": {"workspace": workspace, "sha": "0" * 40, "workflow": "caller", "ref": "refs/heads/main"},
            "runner": {"arch": "ARM64"},
            "job": {"workflow_repository": "ksftci", "workflow_sha": "1" * 40},
        }
        return Job(self.folder / name, self.folder / "artifacts", self.repositories, {**everywhere, **contexts})


def _needs(job: dict[str, Any]) -> set[str]:
    needs = job.get("needs", [])
    return {needs} if isinstance(needs, str) else set(needs)


def _matrix(job: dict[str, Any], evaluate: Job) -> list[dict[str, Any]]:
    matrix = {key: evaluate.value(value) for key, value in job.get("strategy", {}).get("matrix", {}).items()}
    if "include" in matrix:
        return list(matrix["include"])
    return [dict(zip(matrix, values, strict=True)) for values in itertools.product(*matrix.values())]
