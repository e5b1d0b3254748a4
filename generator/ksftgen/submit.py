# SPDX-License-Identifier: GPL-2.0-only
"""Makes a patch series on the HEAD of a kernel tree, and writes it as mail.  Nothing is sent, no tree is changed."""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ksftgen import letter, output, owned, paths, recipients, records, series
from ksftgen.bench import Bench
from ksftgen.errors import GenError, TreeError
from ksftgen.records import Record
from ksftgen.repo import Repo, Scratch
from ksftgen.scenario import Scenario
from ksftgen.tree import LINUX_7_3, probe

DEFAULT = ("mprotect_mixed_folio", "mprotect_cow_shared")
_STATE = "series.json"
_B4_COVER = "b4-cover.txt"
_CHANGE_ID = re.compile(r"\d{8}-[a-z0-9-]+-[0-9a-f]{12}")


@dataclass(frozen=True)
class Options:
    """What a user chooses: `version` counts from 1, `changes` tells what is new in it, `previous` has the last one."""

    version: int = 1
    changes: str = ""
    previous: Path | None = None
    signoff: bool = False
    record: Record | None = None


@dataclass(frozen=True)
class Series:
    """A series in a scratch repository: its commits, oldest first, on top of `base`, and its mails by name.

    `notes` are what a user should know, `state` is what the next version needs of this one.  `b4_cover` is the cover
    letter as `b4 prep --edit-cover` takes it: recipients are trailers.
    """

    scratch: Scratch
    base: str
    commits: Sequence[str]
    patches: dict[str, str]
    notes: list[str]
    programs: Sequence[str]
    state: dict[str, object]
    b4_cover: str


@contextmanager
def build(scenarios: Sequence[Scenario], specs: Sequence[str], tree: Path, options: Options) -> Iterator[Series]:
    """The series of `scenarios`, whose texts are `specs`, on the HEAD of `tree`.

    Raises TreeError if the tree has no commit, no author, an unknown structure or these files already.
    """
    repo = Repo.open(tree)
    with tempfile.TemporaryDirectory(prefix="ksftgen-series-") as folder:
        export = Path(folder, "export")
        export.mkdir()
        repo.export(export, series.PATHS)
        try:
            profile = probe(export)
            sources = owned.render(scenarios, specs, profile)
            changes = series.changes(sources, export, profile)
        except TreeError as error:
            raise TreeError(str(error).replace(str(export), str(tree))) from None
        scratch = Scratch(repo, Path(folder, "linux"))
        record = _fitting(options.record, scenarios, specs)
        commits = []
        for change in changes:
            text = letter.message(change, scenarios, record, sources.is_small)
            if options.signoff:
                text += f"\nSigned-off-by: {repo.author}\n"
            commits.append(scratch.commit(change.files, change.modes, text))
        cover = letter.cover(scenarios, record, sources.is_small, options.changes)
        yield _formatted(repo, scratch, commits, cover, options, [scenario.name for scenario in scenarios])


def write(made: Series, folder: Path) -> list[Path]:
    """Write the mails and the state of the series into `folder`, in place of an earlier series: all or nothing."""
    if folder.exists() and not folder.is_dir():
        raise GenError(f"{folder}: is no folder; give one, or a name that is free")
    folder.mkdir(parents=True, exist_ok=True)
    stale = [path for path in folder.glob("*.patch") if path.name not in made.patches]
    if stale and not (folder / _STATE).is_file():
        raise GenError(f"{folder}: has other patches; give an empty folder")
    files = {folder / name: text for name, text in made.patches.items()}
    files[folder / _B4_COVER] = made.b4_cover
    files[folder / _STATE] = json.dumps(made.state, indent=1) + "\n"
    output.write(files, remove=stale)
    return [folder / name for name in sorted(made.patches)]


def bench(made: Series, written: Sequence[Path], kernels: Sequence[str]) -> Bench:
    """What the gates of the series need; `written` are its mails."""
    names = made.scratch.git("diff", "--name-only", "--diff-filter=A", made.base, made.commits[-1]).splitlines()
    folder = made.scratch.folder.parent / "gates"
    folder.mkdir()
    return Bench(made.scratch, made.base, made.commits, written, made.programs, names, kernels, folder)


def default_record() -> Path:
    """The record of the default series, which comes with ksftgen."""
    return paths.folder("templates") / "series" / "record.json"


def _fitting(record: Record | None, scenarios: Sequence[Scenario], specs: Sequence[str]) -> Record | None:
    """The record, if it is about the C of these scenarios: as rendered for Linux 7.3."""
    return record if record and record.sources == fingerprint(scenarios, specs) else None


def fingerprint(scenarios: Sequence[Scenario], specs: Sequence[str]) -> str:
    """The hash of the C of a series, by which a record names it; the same for each tree."""
    sources = owned.render(scenarios, specs, LINUX_7_3)
    return records.digest([*sources.engine.values(), *sources.programs.values()])


def _formatted(
    repo: Repo, scratch: Scratch, commits: Sequence[str], cover: str, options: Options, names: Sequence[str]
) -> Series:
    folder = scratch.folder / ".git" / "series"
    change_id = _change_id(repo, options, names)
    scratch.git(
        "format-patch",
        "--quiet",
        "--cover-letter",
        "--no-signature",
        f"--base={repo.head}",
        *([f"--reroll-count={options.version}"] if options.version > 1 else []),
        f"--output-directory={folder}",
        f"{repo.head}..HEAD",
    )
    patches = {path.name: path.read_text(encoding="utf-8", errors="surrogateescape") for path in folder.iterdir()}
    notes: list[str] = []
    to: recipients.Recipients | None = None
    try:
        to = recipients.of_patches(repo.tree, sorted(folder.iterdir())[1:])
    except TreeError as error:
        notes.append(f"no recipients: {error}")
    letter_name = min(patches)
    subject, _, text = cover.partition("\n")
    mail = re.sub(r"\n*(\nbase-commit: .*)", rf"\n\n---\1\nchange-id: {change_id}", patches[letter_name])
    mail = mail.replace("*** SUBJECT HERE ***", subject, 1).replace("*** BLURB HERE ***", text.strip("\n"), 1)
    patches[letter_name] = letter.mail(mail, to.headers if to else "")
    state = {
        "version": options.version,
        "change-id": change_id,
        "base-commit": repo.head,
        "scenarios": list(names),
        "commits": list(commits),
    }
    b4_cover = f"{cover.rstrip()}\n\n{to.trailers}" if to else cover
    return Series(scratch, repo.head, commits, patches, notes, names, state, b4_cover)


def _change_id(repo: Repo, options: Options, names: Sequence[str]) -> str:
    """The name of the series, the same for each of its versions, in the form that b4 uses."""
    if options.previous:
        path = options.previous / _STATE
        try:
            state = json.loads(path.read_text(encoding="utf-8"))
            found, last, its_names = str(state["change-id"]), int(state["version"]), set(state["scenarios"])
        except (FileNotFoundError, NotADirectoryError, KeyError, TypeError, ValueError):
            raise GenError(
                f"{options.previous}: has no {_STATE} of an earlier version; name the folder that it was written to"
            ) from None
        if not _CHANGE_ID.fullmatch(found):
            raise GenError(f"{path}: change-id {found} is not valid; name the folder as ksftgen submit wrote it")
        if last >= options.version:
            raise GenError(f"{options.previous}: has version {last}; the next one is -v {last + 1}")
        if not its_names & set(names):
            raise GenError(
                f"{options.previous}: is another series, of {', '.join(sorted(map(str, its_names)))}; "
                "name the folder of this one"
            )
        return found
    day = time.strftime("%Y%m%d", time.gmtime(int(repo.author.date.split()[0])))
    slug = re.sub(r"[^a-z0-9]+", "-", names[0])
    seed = "\0".join([repo.author.email, repo.author.date, *names])
    return f"{day}-{slug}-{hashlib.sha256(seed.encode()).hexdigest()[:12]}"
