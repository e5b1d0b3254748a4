# SPDX-License-Identifier: GPL-2.0-only
"""Which modules a guest gets, from packages that are folders of a few bytes."""

import gzip
import lzma
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from ksftci.arch import ARM64
from ksftci.errors import CiError
from ksftci.host.cache import Cache
from ksftci.host.debian import Debian
from ksftci.kernel.modules import Modules, load, order

DEPENDS: Mapping[str, str] = {
    "zram": "zsmalloc lz4_compress lz4hc_compress",
    "ext4": "jbd2 mbcache",
    "jbd2": "crc",
    "mbcache": "",
    "xfs": "crc",
}


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("", ""),
        ("loop", "loop"),
        ("zram", "zsmalloc lz4_compress lz4hc_compress zram"),
        ("ext4", "crc jbd2 mbcache ext4"),
        ("xfs ext4", "crc xfs jbd2 mbcache ext4"),
        ("ext4 jbd2", "crc jbd2 mbcache ext4"),
        ("jbd2 loop ext4", "crc jbd2 loop mbcache ext4"),
    ],
)
def test_a_module_comes_once_and_after_those_that_it_depends_on(wanted: str, expected: str) -> None:
    assert order(wanted.split(), lambda name: DEPENDS.get(name, "").split()) == expected.split()


def module(depends: str) -> bytes:
    """As much of a module as is read: the end of its section .modinfo."""
    return b"\x7fELF license=GPL\0depends=" + depends.encode() + b"\0name=x\0vermagic=7.3.4 SMP\0"


def plain(content: bytes) -> bytes:
    return content


@pytest.mark.parametrize(("suffix", "pack"), [("", plain), (".xz", lzma.compress), (".gz", gzip.compress)])
def test_modules_are_read_with_all_that_they_depend_on(
    suffix: str, pack: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    files = {"block/zram/zram": "zsmalloc,lz4-x", "mm/zsmalloc": "", "lib/lz4-x": "", "crypto/lzo-rle": ""}
    for name, depends in files.items():
        path = tmp_path / f"{name}.ko{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(pack(module(depends)))
    contents = load(tmp_path, ["lzo_rle", "zram"])
    assert list(contents) == ["lzo_rle", "zsmalloc", "lz4_x", "zram"]
    assert contents["zram"] == module("zsmalloc,lz4-x")


def test_a_module_that_a_kernel_does_not_have_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "zram.ko").write_bytes(module("zsmalloc"))
    assert list(load(tmp_path, ["lzo_rle", "zram"])) == ["zram"]
    assert not load(tmp_path, ["loop"])


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("zram.ko.lz9", b"", "{path}: files that end in .lz9 are not understood"),
        ("zram.ko.xz", b"no archive", "{path} is damaged: {error}; remove {folder}, then it is fetched again"),
        ("zram.ko.xz", lzma.compress(b"x" * 1000)[:-20], "{path} is damaged: {error}; remove {folder}, "),
        ("zram.ko.gz", b"no archive", "{path} is damaged: {error}; remove {folder}, "),
    ],
)
def test_a_module_that_cannot_be_read_is_an_error(name: str, content: bytes, problem: str, tmp_path: Path) -> None:
    path = tmp_path / "block" / name
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(CiError, match=problem.format(path=path, folder=tmp_path, error="[^;]*")):
        load(tmp_path, ["zram"])


class Archive(Debian):
    """An archive that has the modules of two of three kernels."""

    packages: Sequence[str] = (
        "linux-binary-7.3.4+deb13-cloud-arm64",
        "linux-binary-7.1.4+deb13-cloud-arm64",
        "linux-image-7.1.4+deb13-cloud-arm64",  # depends on the others and has no files
        "linux-modules-7.3.4+deb13-cloud-arm64",
        "linux-image-6.12.9+deb13-arm64-16k",
    )

    def names(self, pattern: str) -> list[str]:
        return list(self.packages)

    def unpack(self, package: str, into: Path) -> None:
        self.say(package)
        prefix = "usr/lib" if "7.3" in package else "lib"
        folder = into / prefix / "modules/1.2.3/kernel/drivers"
        folder.mkdir(parents=True)
        (folder / "zram.ko").write_bytes(module(""))


@pytest.fixture
def fetched() -> list[str]:
    return []


@pytest.fixture
def modules(tmp_path: Path, fetched: list[str]) -> Modules:
    cache = Cache(tmp_path)
    return Modules(cache, Archive(cache, ARM64, say=fetched.append))


@pytest.mark.parametrize(
    ("image", "package"),
    [
        ("linux-binary-7.3.4+deb13-cloud-arm64", "linux-modules-7.3.4+deb13-cloud-arm64"),
        ("linux-image-6.12.9+deb13-arm64-16k", "linux-image-6.12.9+deb13-arm64-16k"),
    ],
)
def test_the_package_is_fetched_once_when_it_is_needed(
    image: str, package: str, modules: Modules, fetched: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "kernels" / image / "vmlinuz"
    assert not modules.get(path, [])
    assert not fetched
    assert list(modules.get(path, ["swap"])) == list(modules.get(path, ["swap"])) == ["zram"]
    assert fetched == [package]
    assert [p.name for p in (tmp_path / "modules" / image).iterdir()] == ["kernel"]


def test_other_images_have_no_modules(modules: Modules, fetched: list[str], tmp_path: Path) -> None:
    for path in ("linux/Image", "linux-binary-7.3.4+deb13-cloud-arm64/vmlinuz", "kernels/mine/vmlinuz"):
        assert not modules.get(tmp_path / path, ["swap"])
    assert not fetched


def test_modules_that_are_in_the_archive_no_longer_are_an_error(modules: Modules, tmp_path: Path) -> None:
    image = tmp_path / "kernels/linux-binary-7.1.4+deb13-cloud-arm64/vmlinuz"
    with pytest.raises(CiError) as raised:
        modules.get(image, ["swap"])
    assert str(raised.value) == (
        "swap on linux-binary-7.1.4+deb13-cloud-arm64 needs modules: Debian's archive no longer has "
        "linux-modules-7.1.4+deb13-cloud-arm64; it has those of debian:7.3, debian:6.12-16k"
    )
