# SPDX-License-Identifier: GPL-2.0-only
"""The guest's initramfs: a static busybox, /init, the programs, and a static bash when a job is a script."""

import gzip
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path

from ksftci.errors import CiError
from ksftci.host.cache import Cache
from ksftci.host.command import need
from ksftci.host.debian import Debian
from ksftci.ktap import splat
from ksftci.machine.machine import Job
from plainprint.reason import reason

TESTS = "/tests"
# The one form that run_vmtests.sh uses, sudo -u USER COMMAND...; without sudo it skips on-fault-limit.
_SUDO = """#!/bin/sh
[ "$1" = -u ] || exit 1
user=$2
shift 2
exec su -s /bin/sh "$user" -c 'exec "$0" "$@"' "$@"
"""
# run_vmtests.sh pipes all output through sed -e "s/^/# /" (tap_prefix()). busybox's sed prints a line only when it has
# read the next one: the last line before a panic would be lost, and the time of every line would be wrong.
_SED = """#!/bin/sh
case "$# $1 $2" in
"2 -e s/^/"*/)
	prefix=${2#s/^/}
	exec awk -v prefix="${prefix%/}" '{ print prefix $0; fflush() }'
	;;
esac
exec busybox sed "$@"
"""
# kselftest/runner.sh runs a test by timeout --foreground; busybox's timeout knows no options but -s and -k.
_TIMEOUT = """#!/bin/sh
[ "$1" = --foreground ] && shift
exec busybox timeout "$@"
"""
_USERS = "root:x:0:0::/tmp:/bin/sh\nnobody:x:65534:65534::/tmp:/bin/sh\n"


def busybox(cache: Cache, debian: Debian) -> Path:
    """A static busybox of the guest's architecture. Raises CiError when it cannot be fetched."""
    return _tool(cache, debian, "busybox-static", "busybox", "busybox")


def bash(cache: Cache, debian: Debian) -> Path:
    """A static bash, the shell of the kernel's scripts. Raises CiError when it cannot be fetched."""
    return _tool(cache, debian, "bash-static", "bash-static", "bash")


def _tool(cache: Cache, debian: Debian, package: str, program: str, name: str) -> Path:
    path = cache.path(name, debian.arch.debian) / name
    with cache.lock(f"{name}-{debian.arch.debian}"):
        if not cache.intact(name, debian.arch.debian):
            if path.exists():
                debian.say(f"{name} is damaged in the cache, it is fetched again")
            with cache.sealed(name, debian.arch.debian) as folder:
                debian.unpack(package, folder / "package")
                programs = [p for p in folder.glob(f"package/**/bin/{program}") if p.is_file()]
                if not programs:
                    raise CiError(f"the package {package} does not contain {program}")
                programs[0].rename(folder / name)
                shutil.rmtree(folder / "package")
    return path


def init_script(jobs: Sequence[Job], load: bool = False, swap_mb: int = 0, gcov: bool = False) -> str:
    """The guest's /init, which runs the jobs. Each line that it prints for the host starts with the token of a file.

    `load` keeps every processor busy. With `gcov` it sends the kernel's gcov counters after each job.
    """
    script = files("ksftci.machine").joinpath("init.sh").read_text("utf-8")
    values = {"@SWAP@": str(swap_mb), "@SPLAT@": splat.GREP}
    values |= {name: "yes" if on else "no" for name, on in (("@LOAD@", load), ("@GCOV@", gcov))}
    for name, value in values.items():
        script = script.replace(name, value)
    lines = [script.rstrip()]
    for number, (job, path) in enumerate(zip(jobs, _guest_paths(jobs), strict=True)):
        words = [str(number), f"{job.limit or 0:.0f}", path, *job.args]
        lines.append(f"run {' '.join(shlex.quote(word) for word in words)}")
    return "\n".join([*lines, "finish", ""])


def build(
    jobs: Sequence[Job],
    busybox_path: Path,
    script: str,
    bash_path: Path | None = None,
    token: str = "",
    modules: Mapping[str, bytes] | None = None,
) -> bytes:
    """The gzipped cpio archive, with the token in a file that /init removes; the guest loads the modules in order.

    Raises CiError when a program or cpio is missing, or the disk is full.
    """
    with tempfile.TemporaryDirectory(prefix="ksftci-") as name:
        root = Path(name)
        root.chmod(0o755)  # the guest's /, which users other than root read, too
        try:
            _place_system(root, busybox_path, script, bash_path)
            _place_modules(root / "modules", modules or {})
            (root / "token").write_text(f"{token}\n")
            (root / "token").chmod(0o400)
            placed: dict[Path, Path] = {}
            for job, path in zip(jobs, _guest_paths(jobs), strict=True):
                _place_job(job, root / path[1:], placed)
        except shutil.Error as err:  # copytree() lists every file that failed; the first is enough
            raise CiError(f"{err.args[0][0][0]}: {err.args[0][0][2]}") from err
        except OSError as err:
            raise CiError(
                f"packing the guest's files: {err.filename or root}: {reason(err, err.filename or root)}"
            ) from err
        return gzip.compress(_archive(root), compresslevel=1, mtime=0)


def _guest_paths(jobs: Sequence[Job]) -> list[str]:
    """The path of each job's program in the guest. Jobs with the same folder share one copy of it."""
    first_jobs: dict[Path, int] = {}  # folder to the number of the first job that needs it
    paths = []
    for number, job in enumerate(jobs):
        if job.folder is None:
            paths.append(f"{TESTS}/{number}/{job.program.name}")
        else:
            first = first_jobs.setdefault(job.folder, number)
            paths.append(f"{TESTS}/{first}/{job.program.relative_to(job.folder)}")
    return paths


def _place_system(root: Path, busybox_path: Path, script: str, bash_path: Path | None) -> None:
    for folder in ("bin", "dev", "etc", "proc", "run", "sys", "tmp", "usr"):
        (root / folder).mkdir()
    for link in ("sbin", "usr/bin", "usr/sbin"):
        (root / link).symlink_to("/bin")
    shutil.copy(busybox_path, root / "bin/busybox")
    texts = {"init": script}
    if bash_path is not None:
        shutil.copy(bash_path, root / "bin/bash")
        texts |= {"bin/sudo": _SUDO, "bin/sed": _SED, "bin/timeout": _TIMEOUT}
    (root / "etc/passwd").write_text(_USERS)
    for path, text in texts.items():
        (root / path).write_text(text)
        (root / path).chmod(0o755)


def _place_modules(folder: Path, modules: Mapping[str, bytes]) -> None:
    """Files that init.sh, which takes them in the order of their names, loads in the order of `modules`."""
    folder.mkdir()
    for number, (name, content) in enumerate(modules.items()):
        (folder / f"{number:03}-{name}.ko").write_bytes(content)


def _place_job(job: Job, target: Path, placed: dict[Path, Path]) -> None:
    """Copy the program, or the whole folder, of a job. `placed` is what has been copied before, and where it is."""
    source = job.folder or job.program
    if source in placed and job.folder is None:  # cpio stores a hard link once
        target.parent.mkdir(parents=True)
        target.hardlink_to(placed[source])
    elif source not in placed and job.folder is not None:
        top = target.parents[len(job.program.relative_to(job.folder).parts) - 1]
        shutil.copytree(job.folder, top, symlinks=True)
    elif source not in placed:
        target.parent.mkdir(parents=True)
        shutil.copyfile(source, target)
        target.chmod(0o755)
    placed.setdefault(source, target)


def _archive(root: Path) -> bytes:
    names = sorted(str(p.relative_to(root)) for p in root.rglob("*"))
    done = subprocess.run(
        [need("cpio"), "--create", "--format=newc", "--owner=0:0", "--reproducible", "--quiet"],
        cwd=root,
        input="\n".join([".", *names, ""]).encode(),
        capture_output=True,
        check=False,
    )
    if done.returncode != 0:
        raise CiError(f"cpio could not pack the initramfs: {done.stderr.decode(errors='replace')}")
    return done.stdout
