# SPDX-License-Identifier: GPL-2.0-only
"""Debian's archive, through an apt of our own.

The private root has its own lists, sources and cache; the machine's configuration is read for the
mirror's address and otherwise left alone, and nothing here needs root.
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

_SECURITY = "-security"  # what the names of suites end with that are in an archive of their own
LISTS_ARE_OLD_AFTER = 24 * 3600.0  # seconds
DEBOOTSTRAP = Path("/usr/sbin/debootstrap")
KEYRINGS = ("debian-archive-keyring.gpg", "debian-archive-keyring.pgp")


def mirrors(
    chosen: str | None = None, configured: str | None = None, debootstrap: Path = DEBOOTSTRAP
) -> tuple[str, str]:
    """The addresses of the main and of the security archive.

    chosen, else KSFTCI_MIRROR, else what `apt-get indextargets` says about this machine
    (`configured` stands in for that in tests), else, on an Ubuntu, the default of the package
    debootstrap. Raises CiError where there is none.
    """
    main = chosen or os.environ.get("KSFTCI_MIRROR")
    if main:
        main = main.rstrip("/")
        security = os.environ.get("KSFTCI_SECURITY_MIRROR") or f"{main}-security"
        return main, security.rstrip("/")
    if configured is None:
        configured = run(["apt-get", "indextargets", "--format", "$(REPO_URI)"], what="asking apt for its mirror")
    addresses = sorted(set(configured.split()))
    found = [a.rstrip("/") for a in addresses if re.search(r"/debian/", a)] or _default_of(debootstrap)
    if not found:
        raise CiError(
            "apt knows no Debian mirror on this machine; install the package debootstrap, which "
            "knows one, or name one with --mirror URL or KSFTCI_MIRROR=URL (it ends in /debian)"
        )
    secure = [a.rstrip("/") for a in addresses if "debian-security" in a]
    return found[0], secure[0] if secure else f"{found[0]}-security"


def _default_of(script: Path) -> list[str]:
    """The mirror that debootstrap uses when none is named, or nothing."""
    try:
        return re.findall(r'^DEF_MIRROR="(\S+)"$', script.read_text(encoding="utf-8"), re.MULTILINE)
    except OSError:
        return []


def version_key(version: str) -> tuple[int, ...]:
    """The numbers of a version, to compare kernel packages by: 6.1.0-30 gives (6, 1, 0, 30)."""
    return tuple(int(n) for n in re.findall(r"\d+", version.split("+")[0]))


class Debian:
    """Packages of one architecture, from the suites that carry kernels."""

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
        """Every package whose name the regular expression matches from start to end, sorted."""
        self.refresh()
        wanted = re.compile(pattern)
        listed = self._apt("apt-cache", "pkgnames").split()
        return sorted(name for name in listed if wanted.fullmatch(name))

    def suites(self, packages: list[str]) -> dict[str, str]:
        """Package name to the suite that its newest version comes from."""
        suites: dict[str, str] = {}
        if packages:
            for line in self._apt("apt-cache", "madison", *packages).splitlines():
                name, _version, origin = (part.strip() for part in line.split("|"))
                suites.setdefault(name, origin.split()[1].split("/")[0])
        return suites

    def unpack(self, package: str, into: Path) -> None:
        """Fetch a package and unpack its files into a folder. Raises CiError when it is not there."""
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
        """Fetch the lists of packages when there are none or they are older than a day.

        Without a network old lists stay in use. Raises CiError when there are no lists at all.
        """
        stamp = self.root / "refreshed"
        with self.cache.lock(f"apt-{self.arch.debian}"):
            self._configure()
            age = time.time() - stamp.stat().st_mtime if stamp.exists() else float("inf")
            if age < (60 if force else LISTS_ARE_OLD_AFTER):
                return
            self.say(f"refreshing Debian's package lists for {self.arch.debian}")
            try:
                self._apt("apt-get", "-q", "update")
            except CiError as err:
                if not any(self.root.glob("lists/*Packages*")):
                    raise  # and try again the next time
                self.say(f"package lists not refreshed, going on with what there is: {err}")
            stamp.touch()

    def _configure(self) -> None:
        for folder in ("lists/partial", "archives/partial"):
            (self.root / folder).mkdir(parents=True, exist_ok=True)
        sources = self.root / "sources.list"
        if sources.exists() and not (self.mirror or os.environ.get("KSFTCI_MIRROR")):
            return
        main, security = mirrors(self.mirror)
        signed = f"[signed-by={keyring()}]"
        archives = [(security if suite.endswith(_SECURITY) else main, suite) for suite in self.arch.suites]
        text = "".join(f"deb {signed} {archive} {suite} main\n" for archive, suite in archives)
        if sources.exists() and sources.read_text() == text:
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
            "APT::Update::Error-Mode": "any",  # else being offline is a success
        }
        if os.geteuid() == 0:
            settings["APT::Sandbox::User"] = "root"
        options = [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]
        what = f"{program} {' '.join(args[:3])} for Debian {self.arch.debian}"
        return run([program, *options, *args], what=what, cwd=cwd)


def keyring() -> Path:
    """The keys that Debian signs with. Raises CiError naming the package when they are missing."""
    for name in KEYRINGS:
        if (path := Path("/usr/share/keyrings") / name).exists():
            return path
    raise CiError("Debian's keys are missing: install the package debian-archive-keyring")
