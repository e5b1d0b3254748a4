# SPDX-License-Identifier: GPL-2.0-only
"""Runs the steps of workflows and composite actions like GitHub's runner, for the features that this project uses.

Names that are missing from a context, inputs that an action does not have and unknown functions are errors here; GitHub
replaces them by an empty text.
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
    """The content of a workflow or an action; `on` is a word, as in YAML 1.2."""
    return YAML(typ="safe", pure=True).load(path)


@dataclass
class Job:
    """One job, with a workspace and a temporary folder of its own, as on a fresh runner."""

    folder: Path
    artifacts: Path  # shared by all jobs of a workflow
    repositories: dict[str, Path]  # by name; a checkout copies the folder
    contexts: dict[str, Any]
    env: dict[str, str] = field(default_factory=dict)
    log: str = ""
    failed: bool = False

    def __post_init__(self) -> None:
        self.workspace, self.temp = self.folder / "workspace", self.folder / "temp"
        for folder in (self.workspace, self.temp, self.artifacts):
            folder.mkdir(parents=True, exist_ok=True)
        self.contexts = {"github": {"workspace": str(self.workspace)}, "steps": {}, **self.contexts}

    @property
    def summary(self) -> str:
        """The text that steps have written to GITHUB_STEP_SUMMARY."""
        path = self.temp / "summary"
        return path.read_text() if path.exists() else ""

    def run(self, steps: list[dict[str, Any]]) -> None:
        """Run the steps in order; after a failed step, only those with a condition such as `always()`."""
        self._steps(steps, self.contexts, {})

    def value(self, text: object, contexts: dict[str, Any] | None = None) -> Any:
        """`text` with its expressions evaluated; a text that is a single expression keeps the type of its value."""
        contexts = contexts or self.contexts
        if not isinstance(text, str):
            return text
        if (match := _EXPRESSION.fullmatch(text)) and "${{" not in match[1]:
            return self._evaluate(match[1], contexts)
        return _EXPRESSION.sub(lambda match: as_text(self._evaluate(match[1], contexts)), text)

    def holds(self, condition: object, contexts: dict[str, Any] | None = None) -> bool:
        """Whether an `if:` holds; without a function of the job's status it also requires success()."""
        text = str(condition).strip()
        expression = match[1] if (match := _EXPRESSION.fullmatch(text)) else text
        if not _STATUS.search(expression):
            expression = f"success() && ({expression})"
        return bool(self._evaluate(expression, contexts or self.contexts))

    def _evaluate(self, expression: str, contexts: dict[str, Any]) -> Any:
        functions = {
            "always": lambda: True,
            "cancelled": lambda: False,
            "success": lambda: not self.failed,
            "format": lambda text, *args: text.format(*map(as_text, args)),
            "startsWith": lambda text, start: text.lower().startswith(start.lower()),
            "fromJSON": json.loads,
        }
        python, position = "", 0
        while expression[position:].strip():
            token = _TOKEN.match(expression, position)
            assert token, f"unknown syntax: {expression[position:]}"
            position = token.end()
            if token["text"]:
                python += repr(token["text"][1:-1].replace("''", "'"))
            elif token["call"]:
                python += f"{token['name']}("
            elif token["name"]:
                python += f"({_look_up(token['name'], contexts)!r})"
            else:
                python += _SIGNS.get(token["sign"], token["sign"])
        return eval(python.strip(), {"__builtins__": {}}, functions)

    def _steps(self, steps: list[dict[str, Any]], contexts: dict[str, Any], outer_env: dict[str, str]) -> None:
        for step in steps:
            if not self.holds(step.get("if", "success()"), contexts):
                continue
            env = {**outer_env, **{k: as_text(self.value(v, contexts)) for k, v in step.get("env", {}).items()}}
            if "run" in step:
                assert "${{" not in step["run"], "a command must not contain an expression"
                outputs, status = self._shell(step, env)
                self.failed |= status != 0
            else:
                inputs = {k: as_text(self.value(v, contexts)) for k, v in step.get("with", {}).items()}
                outputs = self._uses(step["uses"], inputs, env)
            if "id" in step:
                contexts["steps"][step["id"]] = {"outputs": outputs}

    def _shell(self, step: dict[str, Any], env: dict[str, str]) -> tuple[dict[str, str], int]:
        script, output = self.temp / "step.sh", self.temp / "output"
        script.write_text(step["run"])
        output.write_text("")
        options = ["--noprofile", "--norc", "-eo", "pipefail"] if "shell" in step else ["-e"]
        outer_env = {k: v for k, v in os.environ.items() if not k.startswith(("GITHUB_", "KSFT_", "PYTHON", "RUNNER_"))}
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
            env={**outer_env, **github, **self.env, **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=1800,
            check=False,
        )
        self.log += done.stdout
        return dict(line.split("=", 1) for line in output.read_text().splitlines()), done.returncode

    def _uses(self, action: str, inputs: dict[str, str], env: dict[str, str]) -> dict[str, str]:
        if action.startswith("./"):
            return self._composite(self.workspace / action, inputs, env)
        name, _, commit = action.partition("@")
        assert re.fullmatch(r"[0-9a-f]{40}", commit), f"{action} is not pinned by its commit"
        match name:
            case "actions/checkout":
                assert inputs["persist-credentials"] == "false"
                source = self.repositories[inputs.get("repository", "caller")]
                shutil.copytree(source, self.workspace / inputs.get("path", "."), dirs_exist_ok=True, symlinks=True)
            case "actions/cache":
                pass
            case "actions/upload-artifact":
                self._upload(inputs)
            case "actions/download-artifact":
                self._download(inputs)
            case _:
                raise AssertionError(f"{action}: this runner has no such action")
        return {}

    def _composite(self, folder: Path, inputs: dict[str, str], env: dict[str, str]) -> dict[str, str]:
        action = load(folder / "action.yml")
        assert inputs.keys() <= action["inputs"].keys(), "the action has no such input"
        defaults = {name: declared.get("default", "") for name, declared in action["inputs"].items()}
        contexts = {**self.contexts, "inputs": {**defaults, **inputs}, "steps": {}}
        assert all("shell" in step for step in action["runs"]["steps"] if "run" in step)
        self._steps(action["runs"]["steps"], contexts, {**env, "GITHUB_ACTION_PATH": str(folder)})
        outputs = action.get("outputs", {})
        return {name: as_text(self.value(output["value"], contexts)) for name, output in outputs.items()}

    def _upload(self, inputs: dict[str, str]) -> None:
        """Copy files into the artifact, by their paths below the deepest folder that all patterns share."""
        patterns = [line.rstrip("/") for line in inputs["path"].split("\n") if line]
        fixed = [re.split(r"[^/]*\*", pattern)[0] for pattern in patterns]
        root = Path(os.path.commonpath([str(Path(part).parent) if "." in Path(part).name else part for part in fixed]))
        paths = [path for pattern in patterns for path in sorted(self.workspace.glob(pattern))]
        paths += [inside for path in paths if path.is_dir() for inside in path.rglob("*")]
        for path in paths:
            if path.is_file():
                target = self.artifacts / inputs["name"] / path.relative_to(self.workspace / root)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, target)
        if not paths and inputs.get("if-no-files-found") == "error":
            self.failed = True

    def _download(self, inputs: dict[str, str]) -> None:
        folder = self.workspace / inputs["path"]
        if "name" in inputs:
            if (self.artifacts / inputs["name"]).is_dir():
                shutil.copytree(self.artifacts / inputs["name"], folder, dirs_exist_ok=True)
            else:
                self.failed = True
            return
        for artifact in self.artifacts.glob(inputs["pattern"]):
            shutil.copytree(artifact, folder / artifact.name, dirs_exist_ok=True)


def as_text(value: object) -> str:
    """A value as GitHub puts it into a text: booleans are true and false."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _look_up(name: str, contexts: dict[str, Any]) -> Any:
    value: Any = contexts
    for part in name.split("."):
        value = value[part]
    return value
