# SPDX-License-Identifier: GPL-2.0-only
"""The system's packages that running needs, on Debian and Ubuntu."""

import os
import shutil
import subprocess
from pathlib import Path

from ksftci.arch import Arch, Board
from ksftci.errors import CiError

# Package to what shows that it is there: a program, or a file by its path.
_ALWAYS = {
    "bc": "bc",
    "bison": "bison",
    "cpio": "cpio",
    "debian-archive-keyring": "/usr/share/keyrings/debian-archive-keyring.*",
    "dpkg": "dpkg-deb",
    "flex": "flex",
    "gcc": "gcc",
    "libelf-dev": "/usr/include/libelf.h",
    "libssl-dev": "/usr/include/openssl/opensslv.h",
    "libc6-dev": "/usr/include/*/sys/mman.h|/usr/include/sys/mman.h",
    "make": "make",
    "perl": "perl",
    "rsync": "rsync",
    "xz-utils": "xz",
}
# What building a kernel needs of all this, besides the compiler.
_OF_KERNEL = {"bc", "bison", "flex", "gcc", "libc6-dev", "libelf-dev", "libssl-dev", "make", "perl"}


def needed(arch: Arch) -> dict[str, bool]:
    """Every package for building and running on a guest of arch, and whether it is there."""
    probes = {**_of_board(arch.board), **_ALWAYS, **({} if arch.native else arch.cross_packages)}
    if not Path("/etc/debian_version").exists() or "ubuntu" in _os_release():
        probes["debootstrap"] = "debootstrap"  # knows a Debian mirror, as Ubuntu's apt does not
    return {package: _there(probe) for package, probe in probes.items()}


def missing_for_kernel(arch: Arch) -> list[str]:
    """The packages that building a kernel of arch needs and that are not there."""
    wanted = _OF_KERNEL | (set() if arch.native else arch.cross_packages.keys())
    return [package for package, there in needed(arch).items() if package in wanted and not there]


def _of_board(board: Board) -> dict[str, str]:
    """QEMU's package and the firmware's, each with what shows that it is there."""
    package = next((name for name in board.packages[:-1] if _is_known(name)), board.packages[-1])
    firmware, file = board.firmware
    return {package: board.program} | ({firmware: file} if firmware else {})


def _is_known(package: str) -> bool:
    """Whether apt can install a package here."""
    try:
        return subprocess.run(["apt-cache", "show", package], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _os_release() -> str:
    try:
        return Path("/etc/os-release").read_text(encoding="utf-8").lower()
    except OSError:
        return ""


def command(packages: list[str]) -> list[str]:
    """The command that installs packages."""
    return ["apt-get", "install", "--yes", "--no-install-recommends", *packages]


def install(packages: list[str]) -> None:
    """Install packages, as root or through sudo.

    Raises CiError with exactly what to run when neither is possible, or when apt-get fails.
    """
    argv = command(packages)
    if os.geteuid() != 0:
        argv = ["sudo", *argv]
        asks = ["sudo", "--non-interactive", "true"]
        if shutil.which("sudo") is None or _fails(asks):
            raise CiError(f"installing needs root; run\n    sudo {' '.join(argv[1:])}")
    update = [*argv[: argv.index("apt-get")], "apt-get", "update"]
    if _fails(update) or _fails(argv):
        raise CiError(f"{' '.join(argv)} failed")


def _fails(argv: list[str]) -> bool:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    return subprocess.run(argv, env=environment, check=False).returncode != 0


def _there(probe: str) -> bool:
    if not probe.startswith("/"):
        return shutil.which(probe, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin") is not None
    return any(any(Path("/").glob(pattern[1:])) for pattern in probe.split("|"))
