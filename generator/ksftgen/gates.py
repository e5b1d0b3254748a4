# SPDX-License-Identifier: GPL-2.0-only
"""What a patch series must pass before it is sent: applied, built, checked and run, in a checkout of its own."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from ksftgen.bench import Bench, FailureError, MissingError, call
from ksftgen.makefile import CATEGORY, WRAPPER
from ksftgen.tree import SELFTESTS

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"
_MM = SELFTESTS / "mm"
_CROSS = "aarch64-linux-gnu-"
_THP = "/sys/kernel/mm/transparent_hugepage"
_STARTER = "mprotect.sh"
_WORDS = "damon"  # which codespell does not know
# What the compilers are asked to warn of; W=1 means nothing to the selftests' Makefiles.
_WARNINGS = "-Wall -Wextra -Wmissing-prototypes -Wstrict-prototypes -Wshadow"
_BUILTIN = "undefined identifier '__builtin_"  # sparse does not know each of them
# Functions that FIXTURE_SETUP() and FIXTURE_TEARDOWN() define without "static" before Linux 6.13 or so.
_OF_HARNESS = re.compile(r"\b\w+_(?:setup|teardown)\b")


@dataclass(frozen=True)
class Outcome:
    """What came of a gate: "passed", "failed" or "skipped", the seconds, and why it did not pass."""

    gate: str
    result: str
    seconds: float
    why: str = ""


def run(bench: Bench, chosen: Sequence[str], show: Callable[[str], None]) -> list[Outcome]:
    """Run the gates `chosen`, in their order; `show` gets a line before each of them."""
    outcomes = []
    for name in (name for name in GATES if name in chosen):
        show(f"gate {name}: {GATES[name].__doc__}")
        start, result, why = time.monotonic(), PASSED, ""
        try:
            bench.checkout(bench.commits[-1])
            GATES[name](bench)
        except FailureError as failure:
            result, why = FAILED, str(failure)
        except MissingError as missing:
            result, why = SKIPPED, str(missing)
        outcomes.append(Outcome(name, result, round(time.monotonic() - start, 1), why))
    return outcomes


def table(outcomes: Sequence[Outcome]) -> str:
    """The outcomes as text, a line each; below them why those that are not passed are not."""
    width = max(len(outcome.gate) for outcome in outcomes)
    lines = [f"{o.gate:{width}}  {o.result:7}  {o.seconds:6.1f} s" for o in outcomes]
    whys = [f"\n{o.gate} {o.result}: {o.why}" for o in outcomes if o.why]
    return "\n".join(lines + whys)


def as_json(outcomes: Sequence[Outcome]) -> str:
    """The outcomes as JSON."""
    return json.dumps([asdict(outcome) for outcome in outcomes], indent=1) + "\n"


def _am(bench: Bench) -> None:
    """git am applies the mails to the base, and their reverse restores it."""
    bench.checkout(bench.base)
    mails = [str(path) for path in bench.patches[1:]]
    bench.scratch.git("am", "--quiet", *mails)
    if bench.scratch.git("rev-parse", "HEAD^{tree}") != bench.scratch.git("rev-parse", f"{bench.commits[-1]}^{{tree}}"):
        raise FailureError("the applied mails make another tree than the commits")
    for mail in reversed(mails):
        bench.scratch.git("apply", "--index", "--reverse", mail)
    if bench.scratch.git("write-tree") != bench.scratch.git("rev-parse", f"{bench.base}^{{tree}}"):
        raise FailureError("the reverse of the mails does not restore the base")


def _checkpatch(bench: Bench) -> None:
    """scripts/checkpatch.pl --strict says nothing about any mail."""
    script = bench.tree / "scripts/checkpatch.pl"
    if not script.is_file():
        raise MissingError("the tree has no scripts/checkpatch.pl")
    options = ["--strict", "--terse"]
    if "Signed-off-by:" not in bench.patches[1].read_text(encoding="utf-8", errors="replace"):
        options.append("--no-signoff")
    if "MAINTAINERS" not in bench.scratch.git("diff", "--name-only", bench.base, bench.commits[-1]).splitlines():
        options += ["--ignore", "FILE_PATH_CHANGES"]  # the tree has no section but the one of the whole folder
    for patch in bench.patches[1:]:
        said = call(["perl", script, *options, patch], bench.tree, good=(0, 1))
        found = [line for line in said.splitlines() if re.search(r"\b(ERROR|WARNING|CHECK): ", line)]
        if found:
            raise FailureError("\n".join(found))


def _builds(bench: Bench) -> None:
    """Each commit builds, for this machine and arm64, with gcc and clang, without a warning about its files."""
    warnings: list[str] = []
    for arch, compilers in _toolchains():
        _headers(bench, arch)
        for commit in bench.commits:
            bench.checkout(commit)
            for compiler in compilers:
                warnings += _warnings(bench, _build(bench, arch, compiler))
    if warnings:
        raise FailureError("\n".join(sorted(set(warnings))))


def _toolchains() -> list[tuple[str, list[str]]]:
    host = "arm64" if os.uname().machine == "aarch64" else os.uname().machine
    compilers = [name for name in ("gcc", "clang") if shutil.which(name)]
    if not compilers:
        raise MissingError("neither gcc nor clang is installed")
    found = [(host, compilers)]
    if host != "arm64" and shutil.which(f"{_CROSS}gcc"):
        found.append(("arm64", [f"{_CROSS}gcc", *(["clang"] if "clang" in compilers else [])]))
    return found


def _headers(bench: Bench, arch: str) -> Path:
    """The headers that user space of `arch` needs, made by the tree itself."""
    where = bench.folder / f"headers-{arch}"
    if not where.exists():
        call(["make", "-s", "headers", f"ARCH={arch}", f"O={where}"], bench.tree)
    return where / "usr/include"


def _build(bench: Bench, arch: str, compiler: str) -> str:
    """What make says while it builds those programs of the checkout that are new or have changed."""
    output = bench.folder / f"build-{arch}-{compiler}"
    output.mkdir(parents=True, exist_ok=True)
    makefile = (bench.tree / _MM / "Makefile").read_text(encoding="utf-8")
    programs = [
        name for name in (*bench.programs, "split_huge_page_test") if re.search(rf"\+= {name}$", makefile, re.M)
    ]
    target = ["-target", "aarch64-linux-gnu"] if compiler == "clang" and arch == "arm64" else []
    return call(
        [
            "make",
            "-C",
            bench.tree / _MM,
            f"ARCH={arch}",
            f"CC={' '.join([compiler, *target])}",
            f"OUTPUT={output}",
            f"KHDR_INCLUDES=-isystem {_headers(bench, arch)}",
            f"EXTRA_CFLAGS={_WARNINGS}",
            *(str(output / name) for name in programs),
        ],
        bench.tree,
    )


def _warnings(bench: Bench, said: str) -> list[str]:
    names = {Path(path).name for path in bench.files}
    return [
        line
        for line in said.splitlines()
        if re.search(r": (warning|error): ", line)
        and Path(line.partition(":")[0]).name in names
        and not _OF_HARNESS.search(line)
    ]


def _sparse(bench: Bench) -> None:
    """sparse and kernel-doc say nothing about the files."""
    include = _headers(bench, _toolchains()[0][0])
    for path in bench.files:
        if not path.endswith(".c"):
            continue
        flags: list[str | Path] = [f"-I{folder}" for folder in (bench.tree, bench.tree / SELFTESTS)]
        flags += ["-isystem", include, "-D_GNU_SOURCE="]
        said = call(["sparse", "-gcc-base-dir", _gcc_folder(), *flags, bench.tree / path], bench.tree, good=(0, 1))
        place = re.compile(rf"{re.escape(Path(path).name)}:\d+:\d+: (warning|error)")
        found = [
            line
            for line in said.splitlines()
            if place.search(line) and not _OF_HARNESS.search(line) and _BUILTIN not in line
        ]
        if found:
            raise FailureError("\n".join(found[:10]))
    script = next((s for s in ("tools/docs/kernel-doc", "scripts/kernel-doc") if (bench.tree / s).exists()), None)
    if script and (said := call([bench.tree / script, "-none", *bench.files], bench.tree).strip()):
        raise FailureError(said)


def _gcc_folder() -> str:
    return str(Path(call(["gcc", "-print-libgcc-file-name"], Path.cwd()).strip()).parent)


def _spelling(bench: Bench) -> None:
    """codespell finds no mistake in the mails, shellcheck none in scripts."""
    added = bench.folder / "added"
    text = "".join(path.read_text(encoding="utf-8", errors="replace") for path in bench.patches)
    added.write_text("".join(line for line in text.splitlines(keepends=True) if line[:1] not in " -"))
    call(["codespell", f"--ignore-words-list={_WORDS}", added], bench.tree)
    for path in bench.files:
        if path.endswith(".sh"):
            call(["shellcheck", bench.tree / path], bench.tree)


def _without(bench: Bench) -> None:
    """Without root, and without THP, each test is skipped, and none fails (on this machine)."""
    if os.geteuid():
        raise MissingError("root, to take things away from a test")
    arch, (compiler, *_) = _toolchains()[0]
    _build(bench, arch, compiler)
    folder = bench.folder / f"build-{arch}-{compiler}"
    bench.folder.parent.chmod(0o755)  # one without root must get at the programs
    for name in bench.programs:
        program = folder / name
        ways: dict[str, list[str | Path]] = {
            "root": ["setpriv", "--reuid=65534", "--clear-groups", program],
            "THP": ["unshare", "--mount", "sh", "-c", f"mount -t tmpfs none {_THP} && exec {program}"],
        }
        for what, command in ways.items():
            said = call(command, folder, good=(0, 4))
            if not re.search(r"# Totals: pass:0 fail:0 .*skip:[1-9]", said):
                raise FailureError(f"{name} without {what}: {said.strip().splitlines()[-1]}")


def _guests(bench: Bench) -> None:
    """run_vmtests.sh -t mprotect passes on the chosen kernels in QEMU."""
    _run(bench, "--tree", bench.tree, f"mm:run_vmtests.sh -t {CATEGORY}")


def _run(bench: Bench, *arguments: str | Path) -> None:
    """Run programs on the chosen kernels."""
    if importlib.util.find_spec("ksftci") is None:
        raise MissingError("ksftci is not installed")
    kernels = [word for kernel in bench.kernels for word in ("--kernel", kernel)]
    call([sys.executable, "-m", "ksftci", "run", *kernels, *arguments], bench.tree)


def _tarball(bench: Bench) -> None:
    """The tarball of gen_tar has the tests, and its run_kselftest.sh runs them: here, and on the chosen kernels."""
    folder = _unpacked(bench, _toolchains()[0][0])
    if os.geteuid():
        raise MissingError("root, to run what is in the tarball")
    said = call([folder / _STARTER], folder)
    if not re.search(r"^ok 1 selftests: mm: ", said, re.MULTILINE):
        raise FailureError(said[-2000:])
    if not shutil.which(f"{_CROSS}gcc"):
        raise MissingError(f"{_CROSS}gcc, to build the tarball of a guest")
    _run(bench, _unpacked(bench, "arm64", f"CROSS_COMPILE={_CROSS}", "USERCFLAGS=-static") / _STARTER)


def _unpacked(bench: Bench, arch: str, *options: str) -> Path:
    """A folder with what the tarball of an architecture holds, and a script that runs the tests as it runs them."""
    bench.scratch.git("clean", "--quiet", "-d", "-x", "--force")
    call(["make", "-s", "headers", f"ARCH={arch}"], bench.tree)
    # Other programs may need libraries that are not here: go on without them.
    call(
        ["make", "-s", "-i", "-C", bench.tree / SELFTESTS, "gen_tar", "TARGETS=mm", f"ARCH={arch}", *options],
        bench.tree,
    )
    (tarball,) = (bench.tree / SELFTESTS).rglob("kselftest.tar.gz")
    folder = bench.folder / f"tarball-{arch}"
    folder.mkdir()
    call(["tar", "-x", "-f", tarball], folder)
    lacking = [name for name in bench.programs if not (folder / "mm" / name).is_file()]
    if lacking:
        raise FailureError(f"the tarball of {arch} lacks {', '.join(lacking)}")
    # Trees before the wrapper scripts list run_vmtests.sh only; runner.sh takes its arguments from the environment.
    test = WRAPPER if (folder / "mm" / WRAPPER).is_file() else "run_vmtests.sh"
    arguments = f"KSELFTEST_RUN_VMTESTS_SH_ARGS='-t {CATEGORY}'"
    starter = folder / _STARTER
    starter.write_text(f"#!/bin/sh\n{arguments} exec ./run_kselftest.sh -t mm:{test}\n", encoding="ascii")
    starter.chmod(0o755)
    return folder


GATES: Mapping[str, Callable[[Bench], None]] = {
    "am": _am,
    "checkpatch": _checkpatch,
    "build": _builds,
    "sparse": _sparse,
    "spelling": _spelling,
    "without": _without,
    "guests": _guests,
    "tarball": _tarball,
}
