# SPDX-License-Identifier: GPL-2.0-only
"""Git: the repository of a kernel tree, which is only read, and a scratch repository in which commits are made.

The scratch repository borrows the objects of the tree (``objects/info/alternates``), and has a configuration of its
own: nothing that a user has configured changes a patch, and nothing is written into the tree.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ksftgen.errors import TreeError

_PROMISOR = r"^(extensions\.partialclone|remote\..*\.(url|promisor|partialclonefilter))$"
# Variables that lead git to another repository than that of the tree, as a git hook has them.
_ELSEWHERE = (
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_COMMON_DIR",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_PREFIX",
)
# Text of a file by path, relative to the top of a tree; None deletes the file.
Files = Mapping[str, str]


@dataclass(frozen=True)
class Person:
    """Who has made a commit, and when: ``seconds since 1970, offset from UTC``, such as ``1700000000 +0100``."""

    name: str
    email: str
    date: str

    def __str__(self) -> str:
        return f"{self.name} <{self.email}>"


@dataclass(frozen=True)
class Repo:
    """The repository at the top of a kernel tree, and its HEAD."""

    tree: Path
    head: str
    author: Person

    @classmethod
    def open(cls, tree: Path) -> Repo:
        """The repository of `tree`; raises TreeError if it has none, no commit, or nobody who could be the author."""
        if not tree.is_dir():
            raise TreeError(f"{tree}: is not a directory; give the top of a kernel tree")
        try:
            top = _git(tree, "rev-parse", "--show-toplevel")
        except TreeError as error:
            if "not a git repository" not in str(error):
                raise
            raise TreeError(f"{tree}: is no git repository; there: git init && git add -A && git commit") from None
        if Path(top).resolve() != tree.resolve():
            raise TreeError(f"{tree}: is inside of the repository {top}; give the top of a kernel tree")
        try:
            head = _git(tree, "rev-parse", "--verify", "HEAD^{commit}")
        except TreeError:
            raise TreeError(f"{tree}: has no commit yet; there: git add -A && git commit") from None
        return cls(tree, head, _author(tree))

    def export(self, folder: Path, paths: Sequence[str]) -> None:
        """Write those of `paths` that HEAD has into `folder`, whatever the working tree has."""
        there = [path for path in paths if _git(self.tree, "ls-tree", self.head, "--", path)]
        if not there:
            return
        as_committed = ("-c", "core.autocrlf=false", "-c", "core.eol=lf")
        archive = _run(self.tree, *as_committed, "archive", "--format=tar", self.head, "--", *there)
        with tarfile.open(fileobj=io.BytesIO(archive)) as files:
            files.extraction_filter = getattr(tarfile, "data_filter", lambda member, _: member)  # Python 3.11.4
            files.extractall(folder)


def _author(tree: Path) -> Person:
    try:
        text = _git(tree, "var", "GIT_AUTHOR_IDENT")
    except TreeError as error:
        if "date" in str(error):
            raise TreeError(f"{error}; see GIT_AUTHOR_DATE") from None
        raise TreeError(
            f"{tree}: git does not know who you are, and each patch has an author; there: "
            'git config user.name "Your Name" && git config user.email you@example.org'
        ) from None
    match = re.fullmatch(r"(.*) <(.*)> (\d+ [-+]\d{4})", text)
    if not match:
        raise TreeError(f"{tree}: git gives an author that cannot be used: {text}")
    return Person(*match.groups())


class Scratch:
    """A repository in `folder` with the objects of `repo`, and with HEAD at the same commit."""

    def __init__(self, repo: Repo, folder: Path) -> None:
        self.folder = folder
        self.author = repo.author
        self._env = _clean_environment(repo.author)
        folder.mkdir()
        self.git("init", "--quiet", *(["--object-format=sha256"] if len(repo.head) == 64 else []))
        objects = Path(_git(repo.tree, "rev-parse", "--git-path", "objects"))
        (folder / ".git/objects/info/alternates").write_text(f"{(repo.tree / objects).resolve()}\n")
        shallow = repo.tree / _git(repo.tree, "rev-parse", "--git-path", "shallow")
        if shallow.is_file():
            (folder / ".git/shallow").write_bytes(shallow.read_bytes())
        for key, value in _promisor(repo.tree):  # what a partial clone lacks is fetched as it would be there
            self.git("config", "--add", key, value)
        self.git("update-ref", "HEAD", repo.head)

    def git(self, *arguments: str, text: str = "") -> str:
        """The output of a git command; raises TreeError with its messages if it fails."""
        return _decoded(_call(self.folder, arguments, text.encode("utf-8", "surrogateescape"), self._env))

    def commit(self, files: Files, modes: Mapping[str, str], message: str) -> str:
        """Commit `files` on top of HEAD; a new file is 100644, or has its mode of `modes`.  Returns the commit."""
        self.git("read-tree", "HEAD")
        for path, text in files.items():
            blob = self.git("hash-object", "-w", "--stdin", text=text)
            there = self.git("ls-tree", "HEAD", "--", path).partition(" ")[0]
            if there == "120000":
                raise TreeError(f"{path}: is a symbolic link in the tree; a series changes files only")
            mode = modes.get(path) or there or "100644"
            self.git("update-index", "--add", "--cacheinfo", f"{mode},{blob},{path}")
        tree = self.git("write-tree")
        commit = self.git("commit-tree", "-p", "HEAD", tree, text=message)
        self.git("update-ref", "HEAD", commit)
        return commit


def _clean_environment(author: Person) -> dict[str, str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    person = {"NAME": author.name, "EMAIL": author.email, "DATE": f"@{author.date}"}
    roles = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in person.items()}
    return {**env, **roles, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C.UTF-8"}


def _promisor(tree: Path) -> list[tuple[str, str]]:
    """The configuration of the remote from which a partial clone fetches what it lacks."""
    try:
        found = _git(
            tree,
            "config",
            "--get-regexp",
            r"^(extensions\.partialclone|remote\..*\.(url|promisor|partialclonefilter))$",
        )
    except TreeError:
        return []
    pairs = [(key, value) for key, _, value in (line.partition(" ") for line in found.splitlines())]
    return pairs if any(key.endswith("promisor") or key.startswith("extensions") for key, _ in pairs) else []


def _git(tree: Path, *arguments: str) -> str:
    return _decoded(_run(tree, *arguments))


def _run(tree: Path, *arguments: str) -> bytes:
    env = {name: value for name, value in os.environ.items() if name not in _ELSEWHERE}
    return _call(tree, arguments, b"", {**env, "LC_ALL": "C.UTF-8"})


def _decoded(output: bytes) -> str:
    return output.decode("utf-8", "surrogateescape").rstrip("\n")


def _call(folder: Path, arguments: Sequence[str], text: bytes, env: Mapping[str, str]) -> bytes:
    try:
        done = subprocess.run(["git", *arguments], cwd=folder, input=text, capture_output=True, env=env, check=False)
    except FileNotFoundError:
        raise TreeError("git is not installed; a patch series needs it") from None
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip() or f"exit status {done.returncode}"
        raise TreeError(f"{folder}: git {arguments[0]}: {said}")
    return done.stdout
