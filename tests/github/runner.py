# SPDX-License-Identifier: GPL-2.0-only
"""Runs the steps of workflows and composite actions as GitHub's runner does, as far as this project uses it.

A name that a context does not have, an input that an action does not have and a function that is not known here are
errors, where GitHub takes them for nothing.
"""

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<name>[A-Za-z_][\w.-]*)(?P<call>\()?|(?P<sign>&&|\|\||==|!=|[!(),]))"
)
_SIGNS = {"&&": " and ", "||": " or ", "!": " not "}
_EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
_STATUS = re.compile(r"\b(?:always|cancelled|success|failure)\(\)")


def load(path: Path) -> Any:
    """A workflow or an action; `on` stays a word, as in YAML 1.2."""
    return YAML(typ="safe", pure=True).load(path)


@dataclass
class Job:
    """One job: a workspace and a temporary folder of its own, as on a fresh runner."""

    folder: Path
    artifacts: Path  # what all jobs of a workflow share
    repositories: dict[str, Path]  # name to the folder that checking it out copies
    contexts: dict[str, Any]
    env: dict[str, str] = field(default_factory=dict)
    log: str = ""
    failed: bool = False

    def __post_init__(self) -> None:
        self.workspace, self.temp = self.folder / "workspace", self.folder / "temp"
        for made in (self.workspace, self.temp, self.artifacts):
            made.mkdir(parents=True, exist_ok=True)
        self.contexts = {"github": {"workspace": str(self.workspace)}, "steps": {}, **self.contexts}

    @property
    def summary(self) -> str:
        """What the steps wrote to GITHUB_STEP_SUMMARY."""
        path = self.temp / "summary"
        return path.read_text() if path.exists() else ""

    def run(self, steps: list[dict[str, Any]]) -> None:
        """All steps in order; after one that failed, those whose condition wants to be run all the same."""
        self._steps(steps, self.contexts, {})

    def value(self, text: object, contexts: dict[str, Any] | None = None) -> Any:
        """A text with its expressions filled in; one that is nothing but an expression keeps its type."""
        contexts = contexts or self.contexts
        if not isinstance(text, str):
            return text
        if (whole := _EXPRESSION.fullmatch(text)) and "${{" not in whole[1]:
            return self._evaluate(whole[1], contexts)
        return _EXPRESSION.sub(lambda found: as_text(self._evaluate(found[1], contexts)), text)

    def holds(self, condition: object, contexts: dict[str, Any] | None = None) -> bool:
        """Whether an `if:` holds; one that does not ask for the status wants success."""
        text = str(condition).strip()
        inner = found[1] if (found := _EXPRESSION.fullmatch(text)) else text
        wanted = inner if _STATUS.search(inner) else f"success() && ({inner})"
        return bool(self._evaluate(wanted, contexts or self.contexts))

    def _evaluate(self, expression: str, contexts: dict[str, Any]) -> Any:
        functions = {
            "always": lambda: True,
            "cancelled": lambda: False,
            "success": lambda: not self.failed,
            "format": lambda text, *args: text.format(*map(as_text, args)),
            "startsWith": lambda text, start: text.lower().startswith(start.lower()),
            "fromJSON": json.loads,
        }
        python, at = "", 0
        while expression[at:].strip():
            token = _TOKEN.match(expression, at)
            assert token, f"not understood: {expression[at:]}"
            at = token.end()
            if token["text"]:
                python += repr(token["text"][1:-1].replace("''", "'"))
            elif token["call"]:
                python += f"{token['name']}("
            elif token["name"]:
                python += f"({_look_up(token['name'], contexts)!r})"
            else:
                python += _SIGNS.get(token["sign"], token["sign"])
        return eval(python.strip(), {"__builtins__": {}}, functions)

    def _steps(self, steps: list[dict[str, Any]], contexts: dict[str, Any], more: dict[str, str]) -> None:
        for step in steps:
            if not self.holds(step.get("if", "success()"), contexts):
                continue
            env = {**more, **{k: as_text(self.value(v, contexts)) for k, v in step.get("env", {}).items()}}
            if "run" in step:
                assert "${{" not in step["run"], "text of an input in a command"
                outputs, status = self._shell(step, env)
                self.failed |= status != 0
            else:
                given = {k: as_text(self.value(v, contexts)) for k, v in step.get("with", {}).items()}
                outputs = self._uses(step["uses"], given, env)
            if "id" in step:
                contexts["steps"][step["id"]] = {"outputs": outputs}

    def _shell(self, step: dict[str, Any], env: dict[str, str]) -> tuple[dict[str, str], int]:
        script, output = self.temp / "step.sh", self.temp / "output"
        script.write_text(step["run"])
        output.write_text("")
        options = ["--noprofile", "--norc", "-eo", "pipefail"] if "shell" in step else ["-e"]
        outside = {k: v for k, v in os.environ.items() if not k.startswith(("GITHUB_", "KSFT_", "PYTHON", "RUNNER_"))}
        github = {
            "GITHUB_ACTIONS": "true",
            "GITHUB_ENV": str(self.temp / "env"),
            "GITHUB_OUTPUT": str(output),
            "GITHUB_PATH": str(self.temp / "path"),
            "GITHUB_STEP_SUMMARY": str(self.temp / "summary"),
            "GITHUB_WORKSPACE": str(self.workspace),
            "RUNNER_TEMP": str(self.temp),
        }
        done = subprocess.run(
            ["bash", *options, str(script)],
            cwd=self.workspace,
            env={**outside, **github, **self.env, **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=1800,
            check=False,
        )
        self.log += done.stdout
        return dict(line.split("=", 1) for line in output.read_text().splitlines()), done.returncode

    def _uses(self, action: str, given: dict[str, str], env: dict[str, str]) -> dict[str, str]:
        if action.startswith("./"):
            return self._composite(self.workspace / action, given, env)
        name, _, commit = action.partition("@")
        assert re.fullmatch(r"[0-9a-f]{40}", commit), f"{action} is not pinned by its commit"
        match name:
            case "actions/checkout":
                assert given["persist-credentials"] == "false"
                source = self.repositories[given.get("repository", "caller")]
                shutil.copytree(source, self.workspace / given.get("path", "."), dirs_exist_ok=True, symlinks=True)
            case "actions/cache":
                pass
            case "actions/upload-artifact":
                self._upload(given)
            case "actions/download-artifact":
                self._download(given)
            case _:
                raise AssertionError(f"{action}: nothing stands in for it here")
        return {}

    def _composite(self, folder: Path, given: dict[str, str], env: dict[str, str]) -> dict[str, str]:
        action = load(folder / "action.yml")
        assert given.keys() <= action["inputs"].keys(), "an input that the action does not have"
        inputs = {name: given.get(name, one.get("default", "")) for name, one in action["inputs"].items()}
        contexts = {**self.contexts, "inputs": inputs, "steps": {}}
        assert all("shell" in step for step in action["runs"]["steps"] if "run" in step)
        self._steps(action["runs"]["steps"], contexts, {**env, "GITHUB_ACTION_PATH": str(folder)})
        return {name: as_text(self.value(one["value"], contexts)) for name, one in action.get("outputs", {}).items()}

    def _upload(self, given: dict[str, str]) -> None:
        """Below the folder that all of the paths share, as the action does."""
        patterns = [line.rstrip("/") for line in given["path"].split("\n") if line]
        fixed = [re.split(r"[^/]*\*", pattern)[0] for pattern in patterns]
        root = Path(os.path.commonpath([str(Path(part).parent) if "." in Path(part).name else part for part in fixed]))
        found = [path for pattern in patterns for path in sorted(self.workspace.glob(pattern))]
        found += [inside for path in found if path.is_dir() for inside in path.rglob("*")]
        for path in found:
            if path.is_file():
                target = self.artifacts / given["name"] / path.relative_to(self.workspace / root)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, target)
        if not found and given.get("if-no-files-found") == "error":
            self.failed = True

    def _download(self, given: dict[str, str]) -> None:
        into = self.workspace / given["path"]
        if "name" in given:
            if (self.artifacts / given["name"]).is_dir():
                shutil.copytree(self.artifacts / given["name"], into, dirs_exist_ok=True)
            else:
                self.failed = True
            return
        for artifact in self.artifacts.glob(given["pattern"]):
            shutil.copytree(artifact, into / artifact.name, dirs_exist_ok=True)


def as_text(value: object) -> str:
    """A value as GitHub prints it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _look_up(name: str, contexts: dict[str, Any]) -> Any:
    value: Any = contexts
    for part in name.split("."):
        value = value[part]
    return value
