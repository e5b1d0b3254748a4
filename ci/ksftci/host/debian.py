# SPDX-License-Identifier: GPL-2.0-only
"""Debian's archive, read through apt with a configuration of its own, without root.

apt gets its own folder for lists, sources and downloads. From the machine's own configuration comes only the address
of the mirror.
"""

import os
import re
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from ksftci.arch import Arch
from ksftci.errors import CiError
from ksftci.host.cache import Cache
from ksftci.host.command import run

_SECURITY = "-security"  # the end of a suite's name if the suite is in the security archive
_LISTS_ARE_OLD_AFTER = 24 * 3600.0  # seconds
_FORCED_LISTS_ARE_OLD_AFTER = 60.0  # seconds, when newer lists are needed
DEBOOTSTRAP = Path("/usr/sbin/debootstrap")
KEYRINGS = ("debian-archive-keyring.gpg", "debian-archive-keyring.pgp")


def mirrors(
    chosen: str | None = None, configured: str | None = None, debootstrap: Path = DEBOOTSTRAP
) -> tuple[str, str]:
    """The addresses of the main archive and of the security archive, without a slash at the end.

    The main archive is `chosen`, else KSFTCI_MIRROR, else the first Debian mirror of this machine's apt, else
    the default mirror in the script `debootstrap`. `configured` replaces the output of `apt-get indextargets`
    in tests. Raises CiError if there is no mirror.
    """
    main = chosen or os.environ.get("KSFTCI_MIRROR")
    if main:
        main = main.rstrip("/")
        security = os.environ.get("KSFTCI_SECURITY_MIRROR") or f"{main}-security"
        return main, security.rstrip("/")
    if configured is None:
        configured = run(["apt-get", "indextargets", "--format", "$(REPO_URI)"], what="listing the mirrors of apt")
    addresses = sorted(set(configured.split()))
    main_archives = [a.rstrip("/") for a in addresses if re.search(r"/debian/", a)] or _default_mirror(debootstrap)
    if not main_archives:
        raise CiError(
            "apt has no Debian mirror on this machine; install the package debootstrap, which comes with the "
            "address of a mirror, or give an address that ends in /debian with --mirror URL or KSFTCI_MIRROR=URL"
        )
    security_archives = [a.rstrip("/") for a in addresses if "debian-security" in a]
    return main_archives[0], security_archives[0] if security_archives else f"{main_archives[0]}-security"


def _default_mirror(script: Path) -> list[str]:
    """The mirror that the script debootstrap uses by default; [] if there is no such script."""
    try:
        return re.findall(r'^DEF_MIRROR="(\S+)"$', script.read_text(encoding="utf-8"), re.MULTILINE)
    except OSError:
        return []


def version_key(version: str) -> tuple[int, ...]:
    """The numbers of a package's version, for comparisons: 6.1.0-30 gives (6, 1, 0, 30)."""
    return tuple(int(n) for n in re.findall(r"\d+", version.split("+")[0]))


class Debian:
    """The packages of one architecture in `arch.suites`. The methods raise CiError when apt fails.

    `say` gets a line of progress before each download.
    """

    def __init__(
        self,
        cache: Cache,
        arch: Arch,
        mirror: str | None = None,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.cache, self.arch, self.mirror, self.say = cache, arch, mirror, say
        self.root = cache.folder("apt", arch.debian)

    def names(self, pattern: str) -> list[str]:
        """The names of packages that the regular expression matches from start to end, sorted."""
        self.refresh()
        expression = re.compile(pattern)
        names = self._apt("apt-cache", "pkgnames").split()
        return sorted(name for name in names if expression.fullmatch(name))

    def suites(self, packages: list[str]) -> dict[str, str]:
        """Each package's name to the suite that holds its newest version."""
        suites: dict[str, str] = {}
        if packages:
            for line in self._apt("apt-cache", "madison", *packages).splitlines():
                name, _version, origin = (part.strip() for part in line.split("|"))
                suites.setdefault(name, origin.split()[1].split("/")[0])
        return suites

    def unpack(self, package: str, into: Path) -> None:
        """Download a package and unpack its files into a folder. Raises CiError if there is no such package."""
        self.refresh()
        with tempfile.TemporaryDirectory(dir=self.root) as folder:
            self.say(f"fetching {package}")
            try:
                self._apt("apt-get", "-q", "download", package, cwd=Path(folder))
            except CiError:  # the lists may name a version that has left the archive
                self.refresh(force=True)
                self._apt("apt-get", "-q", "download", package, cwd=Path(folder))
            (deb,) = Path(folder).glob("*.deb")
            run(["dpkg-deb", "-x", deb, into], what=f"unpacking {package}")

    def refresh(self, force: bool = False) -> None:
        """Download the package lists if they are missing or older than a day; with `force`, than a minute.

        Without a network the old lists stay in use. Raises CiError if there are no lists at all.
        """
        stamp = self.root / "refreshed"
        with self.cache.lock(f"apt-{self.arch.debian}"):
            self._configure()
            age = time.time() - stamp.stat().st_mtime if stamp.exists() else float("inf")
            if age < (_FORCED_LISTS_ARE_OLD_AFTER if force else _LISTS_ARE_OLD_AFTER):
                return
            self.say(f"refreshing Debian's package lists for {self.arch.debian}")
            try:
                self._apt("apt-get", "-q", "update")
            except CiError as err:
                if not any(self.root.glob("lists/*Packages*")):
                    raise  # without the stamp, so that the next call tries again
                self.say(f"package lists not refreshed, going on with the old lists: {err}")
            stamp.touch()

    def _configure(self) -> None:
        for folder in ("lists/partial", "archives/partial"):
            (self.root / folder).mkdir(parents=True, exist_ok=True)
        sources = self.root / "sources.list"
        present = sources.read_text() if sources.exists() else ""
        complete = all(f" {suite} main\n" in present for suite in self.arch.suites)
        if complete and not (self.mirror or os.environ.get("KSFTCI_MIRROR")):
            return
        main, security = mirrors(self.mirror)
        signed = f"[signed-by={keyring()}]"
        archives = [(security if suite.endswith(_SECURITY) else main, suite) for suite in self.arch.suites]
        text = "".join(f"deb {signed} {archive} {suite} main\n" for archive, suite in archives)
        if text == present:
            return
        sources.write_text(text)
        (self.root / "refreshed").unlink(missing_ok=True)

    def _apt(self, program: str, *args: str, cwd: Path | None = None) -> str:
        settings = {
            "Dir::State": self.root,
            "Dir::State::Lists": self.root / "lists",
            "Dir::State::status": "/dev/null",
            "Dir::Cache": self.root,
            "Dir::Etc::SourceList": self.root / "sources.list",
            "Dir::Etc::SourceParts": "-",
            "Dir::Etc::Preferences": "-",
            "Dir::Etc::PreferencesParts": "-",
            "APT::Architecture": self.arch.debian,
            "APT::Architectures": self.arch.debian,
            "Acquire::Languages": "none",
            "APT::Update::Error-Mode": "any",  # by default an update without a network succeeds
        }
        if os.geteuid() == 0:
            settings["APT::Sandbox::User"] = "root"
        options = [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]
        what = f"{program} {' '.join(args[:3])} for Debian {self.arch.debian}"
        return run([program, *options, *args], what=what, cwd=cwd)


def keyring() -> Path:
    """The file with the keys of Debian's archive. Raises CiError with its package if it is missing."""
    for name in KEYRINGS:
        if (path := Path("/usr/share/keyrings") / name).exists():
            return path
    raise CiError("the keys of Debian's archive are missing: install the package debian-archive-keyring")
