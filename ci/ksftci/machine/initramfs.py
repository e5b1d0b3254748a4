# SPDX-License-Identifier: GPL-2.0-only
"""The guest's whole world: a static busybox, an init script and the programs; bash if there are scripts."""

import gzip
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from ksftci.errors import CiError
from ksftci.host.cache import Cache
from ksftci.host.command import need
from ksftci.host.debian import Debian
from ksftci.ktap import splat
from ksftci.machine.machine import Job

TESTS = "/tests"
# What run_vmtests.sh asks of sudo, without which it leaves a test out: sudo -u USER COMMAND...
_SUDO = """#!/bin/sh
[ "$1" = -u ] || exit 1
user=$2
shift 2
exec su -s /bin/sh "$user" -c 'exec "$0" "$@"' "$@"
"""
# busybox's sed is a line behind, so every test's time and the last line before a panic would be lost
# behind run_vmtests.sh, which sends all through sed -e "s/^/# /".
_SED = """#!/bin/sh
case "$# $1 $2" in
"2 -e s/^/"*/)
	prefix=${2#s/^/}
	exec awk -v prefix="${prefix%/}" '{ print prefix $0; fflush() }'
	;;
esac
exec busybox sed "$@"
"""
_USERS = "root:x:0:0::/tmp:/bin/sh\nnobody:x:65534:65534::/tmp:/bin/sh\n"


def busybox(cache: Cache, debian: Debian) -> Path:
    """A static busybox of the guest's architecture. Raises CiError when it cannot be fetched."""
    return _tool(cache, debian, "busybox-static", "busybox", "busybox")


def bash(cache: Cache, debian: Debian) -> Path:
    """A static bash, which the kernel's own scripts are written for. Raises CiError as busybox does."""
    return _tool(cache, debian, "bash-static", "bash-static", "bash")


def _tool(cache: Cache, debian: Debian, package: str, program: str, name: str) -> Path:
    path = cache.path(name, debian.arch.debian) / name
    with cache.lock(f"{name}-{debian.arch.debian}"):
        if not path.exists():
            with cache.fresh(name, debian.arch.debian) as folder:
                debian.unpack(package, folder / "package")
                found = [p for p in folder.glob(f"package/**/bin/{program}") if p.is_file()]
                if not found:
                    raise CiError(f"the package {package} holds no {program}")
                found[0].rename(folder / name)
                shutil.rmtree(folder / "package")
    return path


def init_script(jobs: Sequence[Job], token: str, load: bool = False, swap_mb: int = 0, gcov: bool = False) -> str:
    """The guest's /init, which runs the jobs and marks everything it says with the token.

    With `gcov` it hands out, after each job, what a kernel that was built for gcov counted.
    """
    script = files("ksftci.machine").joinpath("init.sh").read_text("utf-8")
    values = {"@TOKEN@": token, "@SWAP@": str(swap_mb), "@SPLAT@": splat.GREP}
    values |= {name: "yes" if on else "no" for name, on in (("@LOAD@", load), ("@GCOV@", gcov))}
    for name, value in values.items():
        script = script.replace(name, value)
    lines = [script.rstrip()]
    for number, (job, place) in enumerate(zip(jobs, _places(jobs), strict=True)):
        words = [str(number), f"{job.limit or 0:.0f}", place, *job.args]
        lines.append(f"run {' '.join(shlex.quote(word) for word in words)}")
    return "\n".join([*lines, "finish", ""])


def build(jobs: Sequence[Job], busybox_path: Path, script: str, bash_path: Path | None = None) -> bytes:
    """The gzipped cpio archive. Raises CiError when a program is missing, cpio is, or the disk is full."""
    with tempfile.TemporaryDirectory(prefix="ksftci-") as name:
        root = Path(name)
        root.chmod(0o755)  # it is the guest's /, and some tests are not root
        try:
            _system(root, busybox_path, script, bash_path)
            placed: dict[Path, Path] = {}
            for job, place in zip(jobs, _places(jobs), strict=True):
                _place_job(job, root / place[1:], placed)
        except shutil.Error as err:  # a folder's copy tells of all its files at once
            raise CiError(f"{err.args[0][0][0]}: {err.args[0][0][2]}") from err
        except OSError as err:
            raise CiError(f"packing the guest's files: {err.filename or root}: {err.strerror}") from err
        return gzip.compress(_archive(root), compresslevel=1, mtime=0)


def _places(jobs: Sequence[Job]) -> list[str]:
    """The path of each job's program in the guest; a folder that several jobs need is there once."""
    first: dict[Path, int] = {}
    places = []
    for number, job in enumerate(jobs):
        if job.folder is None:
            places.append(f"{TESTS}/{number}/{job.program.name}")
        else:
            places.append(f"{TESTS}/{first.setdefault(job.folder, number)}/{job.program.relative_to(job.folder)}")
    return places


def _system(root: Path, busybox_path: Path, script: str, bash_path: Path | None) -> None:
    for folder in ("bin", "dev", "etc", "proc", "run", "sys", "tmp", "usr"):
        (root / folder).mkdir()
    for link in ("sbin", "usr/bin", "usr/sbin"):
        (root / link).symlink_to("/bin")
    shutil.copy(busybox_path, root / "bin/busybox")
    texts = {"init": script}
    if bash_path is not None:
        shutil.copy(bash_path, root / "bin/bash")
        texts |= {"bin/sudo": _SUDO, "bin/sed": _SED}
    (root / "etc/passwd").write_text(_USERS)
    for path, text in texts.items():
        (root / path).write_text(text)
        (root / path).chmod(0o755)


def _place_job(job: Job, target: Path, placed: dict[Path, Path]) -> None:
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
