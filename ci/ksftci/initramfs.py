# SPDX-License-Identifier: GPL-2.0-only
"""The guest's whole world: a static busybox, an init script and the programs."""

import gzip
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from ksftci import splat
from ksftci.cache import Cache
from ksftci.command import need
from ksftci.debian import Debian
from ksftci.errors import CiError
from ksftci.machine import Job

TESTS = "/tests"


def busybox(cache: Cache, debian: Debian) -> Path:
    """A static busybox of the guest's architecture. Raises CiError when it cannot be fetched."""
    name = f"busybox-{debian.arch.debian}"
    path = cache.path("busybox", debian.arch.debian) / "busybox"
    with cache.lock(name):
        if not path.exists():
            with cache.fresh("busybox", debian.arch.debian) as folder:
                debian.unpack("busybox-static", folder / "package")
                found = [p for p in folder.glob("package/**/bin/busybox") if p.is_file()]
                if not found:
                    raise CiError("the package busybox-static holds no busybox")
                found[0].rename(folder / "busybox")
                shutil.rmtree(folder / "package")
    return path


def init_script(jobs: Sequence[Job], token: str, load: bool = False) -> str:
    """The guest's /init, which runs the jobs and marks everything it says with the token."""
    script = files("ksftci").joinpath("init.sh").read_text("utf-8")
    values = {"@TOKEN@": token, "@LOAD@": "yes" if load else "no", "@SPLAT@": splat.GREP}
    for name, value in values.items():
        script = script.replace(name, value)
    lines = [script.rstrip()]
    for number, job in enumerate(jobs):
        command = [f"{TESTS}/{number}/{job.program.name}", *job.args]
        lines.append(f"run {number} {' '.join(shlex.quote(word) for word in command)}")
    return "\n".join([*lines, "finish", ""])


def build(jobs: Sequence[Job], busybox_path: Path, script: str) -> bytes:
    """The gzipped cpio archive. Raises CiError when a program is missing or cpio is."""
    with tempfile.TemporaryDirectory(prefix="ksftci-") as name:
        root = Path(name)
        for folder in ("bin", "dev", "proc", "run", "sys", "tmp"):
            (root / folder).mkdir()
        _place(busybox_path, root / "bin/busybox")
        (root / "init").write_text(script)
        (root / "init").chmod(0o755)
        placed: dict[Path, Path] = {}
        for number, job in enumerate(jobs):
            target = root / f"{TESTS[1:]}/{number}/{job.program.name}"
            target.parent.mkdir(parents=True)
            if job.program in placed:  # cpio stores a hard link once
                target.hardlink_to(placed[job.program])
            else:
                _place(job.program, target)
                placed[job.program] = target
        return gzip.compress(_archive(root), compresslevel=1, mtime=0)


def _place(source: Path, target: Path) -> None:
    try:
        shutil.copyfile(source, target)
    except OSError as err:
        raise CiError(f"{source}: {err.strerror}") from err
    target.chmod(0o755)


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
