# SPDX-License-Identifier: GPL-2.0-only
"""The packages of Debian and Ubuntu that building and running need: which are missing, and their installation."""

import os
import shutil
import subprocess
from pathlib import Path

from ksftci.arch import Arch, Board
from ksftci.errors import CiError
from plainprint.text import visible

# Package to its probe, which shows that the package is installed: the name of a program, or a pattern for the path of a
# file, several patterns with | between them.
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
# The packages that building a kernel needs, besides a cross compiler.
_KERNEL_BUILD = {"bc", "bison", "flex", "gcc", "libc6-dev", "libelf-dev", "libssl-dev", "make", "perl"}


def needed(arch: Arch) -> dict[str, bool]:
    """Each package that building and running guests of `arch` need, and whether it is installed."""
    probes = {**_board_probes(arch.board), **_build_probes(arch)}
    if not _is_debian():
        probes["debootstrap"] = "debootstrap"  # has a Debian mirror, which Ubuntu's apt does not have
    return {package: _is_installed(probe) for package, probe in probes.items()}


def missing_for_kernel(arch: Arch) -> list[str]:
    """The packages that building a kernel of `arch` needs and that are not installed."""
    kernel_build = _KERNEL_BUILD | (set() if arch.native else arch.cross_packages.keys())
    probes = _build_probes(arch).items()
    return [package for package, probe in probes if package in kernel_build and not _is_installed(probe)]


def _build_probes(arch: Arch) -> dict[str, str]:
    """The packages of building, each with its probe."""
    return {**_ALWAYS, **({} if arch.native else arch.cross_packages)}


def _board_probes(board: Board) -> dict[str, str]:
    """The packages of QEMU and of the firmware, each with its probe."""
    package = next((name for name in board.packages[:-1] if _is_available(name)), board.packages[-1])
    firmware, file = board.firmware
    return {package: board.program} | ({firmware: file} if firmware else {})


def _is_available(package: str) -> bool:
    """Whether apt has the package in its lists."""
    try:
        return subprocess.run(["apt-cache", "show", package], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _is_debian() -> bool:
    """Whether this machine has Debian, and no distribution that is derived from it."""
    try:
        release = Path("/etc/os-release").read_text(encoding="utf-8").lower()
    except OSError:
        release = ""
    return Path("/etc/debian_version").exists() and "ubuntu" not in release


def command(packages: list[str]) -> list[str]:
    """The command that installs packages."""
    return ["apt-get", "install", "--yes", "--no-install-recommends", *packages]


def install(packages: list[str]) -> None:
    """Install packages, as root or through sudo without a password.

    Raises CiError with the command to run if neither is possible, and CiError if apt-get fails.
    """
    argv = command(packages)
    if os.geteuid() != 0:
        argv = ["sudo", *argv]
        if shutil.which("sudo") is None or _fails(["sudo", "--non-interactive", "true"]):
            raise CiError(f"installing needs root; run\n    sudo {' '.join(argv[1:])}")
    update = [*argv[: argv.index("apt-get")], "apt-get", "update"]
    if _fails(update) or _fails(argv):
        raise CiError(f"{' '.join(argv)} failed; what it prints above says why")


def _fails(argv: list[str]) -> bool:
    """Run a command, and print what it prints as text."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with subprocess.Popen(argv, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(visible(line.decode("utf-8", "replace").rstrip("\r\n")), flush=True)
    return process.returncode != 0


def _is_installed(probe: str) -> bool:
    if not probe.startswith("/"):
        return shutil.which(probe, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin") is not None
    return any(any(Path("/").glob(pattern[1:])) for pattern in probe.split("|"))
