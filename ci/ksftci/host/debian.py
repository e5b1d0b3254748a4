# SPDX-License-Identifier: GPL-2.0-only
"""Debian's archive, read through apt with a configuration of its own, without root.

apt gets its own folder for lists, sources and downloads. From the machine's own configuration comes only the address
of the mirror.
"""

import glob
import os
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from ksftci.arch import Arch
from ksftci.errors import CiError
from ksftci.host.cache import Cache
from ksftci.host.command import run
from ksftci.host.files import read_text, write_whole

_SOURCES = "sources.list"
_SECURITY = "-security"  # the end of a suite's name if the suite is in the security archive
_LEAST_ROOM = 32 << 20  # bytes
_LISTS_ARE_OLD_AFTER = 24 * 3600.0  # seconds
_FORCED_LISTS_ARE_OLD_AFTER = 60.0  # seconds, when newer lists are needed
DEBOOTSTRAP = Path("/usr/sbin/debootstrap")
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*:/[^\s\[\]#'\"<>|]+")  # of a mirror, as it may stand in a sources.list
# What apt says of a file that a mirror did not give, and of a mirror that is none.
_NOT_FETCHED = re.compile(
    r"^E: (?:Failed to fetch (?P<file>\S+) +(?P<why>.+)|The repository '(?P<archive>\S+) .*?' (?P<what>.+))$",
    re.MULTILINE,
)
KEYRINGS = ("debian-archive-keyring.gpg", "debian-archive-keyring.pgp")


def mirrors(
    chosen: str | None = None, configured: str | None = None, debootstrap: Path = DEBOOTSTRAP
) -> tuple[str, str]:
    """The addresses of the main archive and of the security archive, without a slash at the end.

    The main archive is `chosen`, else KSFTCI_MIRROR, else the first Debian mirror of this machine's apt, else
    the default mirror in the script `debootstrap`. `configured` replaces the output of `apt-get indextargets`
    in tests. Raises CiError if there is no mirror, or the address of one is none.
    """
    main = chosen or os.environ.get("KSFTCI_MIRROR")
    if main:
        main = main.rstrip("/")
        security = (os.environ.get("KSFTCI_SECURITY_MIRROR") or f"{main}-security").rstrip("/")
        for address in (main, security):
            if not _ADDRESS.fullmatch(address):
                raise CiError(f"mirror {address!r}: is no address; allowed: one such as http://HOST/debian")
        return main, security
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
    return tuple(int(n) for n in re.findall(r"\d{1,18}", version.split("+")[0]))


class Debian:
    """The packages of one architecture in `arch.suites`. The methods raise CiError when apt fails.

    `say` gets a line of progress before each download. Raises CiError if `mirror` or KSFTCI_MIRROR is no address.
    """

    def __init__(
        self,
        cache: Cache,
        arch: Arch,
        mirror: str | None = None,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.cache, self.arch, self.mirror, self.say = cache, arch, mirror, say
        if self._is_named:
            mirrors(mirror)
        self.root = cache.folder("apt", arch.debian)
        self._sources = self.root / _SOURCES

    @property
    def _is_named(self) -> bool:
        """Whether the user names a mirror."""
        return bool(self.mirror or os.environ.get("KSFTCI_MIRROR"))

    def names(self, pattern: str) -> list[str]:
        """The names of packages that the regular expression matches from start to end, sorted."""
        self.refresh()
        expression = re.compile(pattern)
        try:
            names = self._apt("apt-cache", "pkgnames").split()
        except CiError as err:
            self.say(f"the package lists are damaged, they are fetched again: {err}")
            shutil.rmtree(self.root / "lists", ignore_errors=True)
            self.refresh(force=True)
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
        self._need_room()
        with self.cache.draft("apt", self.arch.debian, "download") as folder:
            self.say(f"fetching {package}")
            try:
                self._apt("apt-get", "-q", "download", package, cwd=folder)
            except CiError:  # the lists may name a version that has left the archive
                self.refresh(force=True)
                self._apt("apt-get", "-q", "download", package, cwd=folder)
            (deb,) = folder.glob("*.deb")
            run(["dpkg-deb", "-x", deb, into], what=f"unpacking {package}")

    def refresh(self, force: bool = False) -> None:
        """Download the package lists if they are missing or older than a day; with `force`, than a minute.

        A mirror is kept, for the next time, when it has given lists. Without a network the old lists stay in use.
        Raises CiError if there are no lists at all, or the mirror that the user names gives none.
        """
        stamp = self.root / "refreshed"
        with self.cache.lock(f"apt-{self.arch.debian}"):
            for folder in ("lists/partial", "archives/partial"):
                (self.root / folder).mkdir(parents=True, exist_ok=True)
            kept = read_text(self._sources) if self._sources.exists() else ""
            is_complete = all(f" {suite} main\n" in kept for suite in self.arch.suites)
            wanted = kept if is_complete and not self._is_named else self._text()
            age = time.time() - stamp.stat().st_mtime if stamp.exists() else float("inf")
            has_lists = self._has_lists(wanted)
            if wanted == kept and has_lists and age < (_FORCED_LISTS_ARE_OLD_AFTER if force else _LISTS_ARE_OLD_AFTER):
                return
            self.say(f"refreshing Debian's package lists for {self.arch.debian}")
            try:
                self._update(wanted, kept)
            except CiError as err:
                if wanted != kept:
                    raise
                if not self._is_named and self._update_from_another(kept):
                    pass
                elif not has_lists:
                    raise  # without the stamp, so that the next call tries again
                else:
                    self.say(f"package lists not refreshed, going on with the old lists: {err}")
            stamp.touch()

    def _text(self) -> str:
        """The sources.list of the mirror that the user names, or of this machine's."""
        main, security = mirrors(self.mirror)
        signed = f"[signed-by={keyring()}]"
        archives = [(security if suite.endswith(_SECURITY) else main, suite) for suite in self.arch.suites]
        return "".join(f"deb {signed} {archive} {suite} main\n" for archive, suite in archives)

    def _need_room(self) -> None:
        """Raises CiError if the disk is as good as full: apt would not end there for minutes, or with a signal."""
        free = shutil.disk_usage(self.root).free
        if free < _LEAST_ROOM:
            raise CiError(
                f"{self.root}: only {free >> 20} MB are left on the disk; make room, or name another place with --cache"
            )

    def _update(self, wanted: str, kept: str) -> None:
        """Fetch the lists of a sources.list, and keep it. If that fails, the lists and the file of before are there."""
        self._need_room()
        if wanted == kept:
            self._apt("apt-get", "-q", "update")
            return
        final, self._sources = self._sources, self._sources.with_name(f"{_SOURCES}.new")
        try:
            write_whole(self._sources, wanted)
            self._apt("apt-get", "-q", "update")
            self._sources.replace(final)
        finally:
            self._sources.unlink(missing_ok=True)
            self._sources = final

    def _update_from_another(self, kept: str) -> bool:
        """Whether this machine's own mirror gives lists, when the one that was kept gives none."""
        try:
            own = self._text()
            if own != kept:
                self._update(own, kept)
            return own != kept
        except CiError:
            return False

    def _has_lists(self, sources: str) -> bool:
        """Whether lists of the mirrors of a sources.list are there; apt names them after the address."""
        hosts = {re.sub(r"^[\w+.-]+:/+", "", word).partition("/")[0] for word in sources.split() if ":/" in word}
        return any(True for host in hosts for _ in self.root.glob(f"lists/{glob.escape(host)}_*Packages*"))

    def _apt(self, program: str, *args: str, cwd: Path | None = None) -> str:
        settings = {
            "Dir::State": self.root,
            "Dir::State::Lists": self.root / "lists",
            "Dir::State::status": "/dev/null",
            "Dir::Cache": self.root,
            "Dir::Etc::SourceList": self._sources,
            "Dir::Etc::SourceParts": "-",
            "Dir::Etc::Preferences": "-",
            "Dir::Etc::PreferencesParts": "-",
            "APT::Architecture": self.arch.debian,
            "APT::Architectures": self.arch.debian,
            "Acquire::Languages": "none",
            "APT::Update::Error-Mode": "any",  # by default an update without a network succeeds
        }
        if self._sources.name != _SOURCES:
            settings["APT::Get::List-Cleanup"] = "false"  # the lists of the mirror of before are still needed
        if os.geteuid() == 0:
            settings["APT::Sandbox::User"] = "root"
        options = [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]
        what = f"{program} {' '.join(args[:3])} for Debian {self.arch.debian} in {self.root}"
        try:
            return run([program, *options, *args], what=what, cwd=cwd)
        except CiError as err:
            raise _in_a_sentence(err) from err


def _in_a_sentence(problem: CiError) -> CiError:
    """The problem of a mirror as one sentence, where apt has a line for each file; any other problem as it is."""
    match = _NOT_FETCHED.search(str(problem))
    if match is None:
        return problem
    address, reason = (match["file"], match["why"]) if match["file"] else (match["archive"], match["what"])
    return CiError(
        f"nothing could be fetched from {re.sub('/(?:dists|pool)/.*', '', address)}: {reason.strip(' :.')}; check the "
        "network, or name another mirror of Debian with --mirror URL or KSFTCI_MIRROR=URL"
    )


def keyring() -> Path:
    """The file with the keys of Debian's archive. Raises CiError with its package if it is missing."""
    for name in KEYRINGS:
        if (path := Path("/usr/share/keyrings") / name).exists():
            return path
    raise CiError("the keys of Debian's archive are missing; install the package debian-archive-keyring")
