# SPDX-License-Identifier: GPL-2.0-only
"""The package that a kernel reference stands for."""

from pathlib import Path

import pytest

from ksftci.arch import ARM64, X86_64
from ksftci.errors import CiError
from ksftci.host.cache import Cache
from ksftci.host.debian import Debian
from ksftci.kernel.build import KernelBuilder
from ksftci.kernel.image import KernelPackage, KernelRef, Kernels, choose, find_image, labels, packages
from ksftci.kernel.tree import Trees

NAMES = [
    "linux-binary-7.3.4+deb13-cloud-arm64",
    "linux-binary-7.3.4+deb13-arm64",
    "linux-binary-7.3.10+deb13-arm64",
    "linux-binary-7.3.10+deb13-cloud-arm64",
    "linux-binary-7.3.10+deb13-arm64-16k",
    "linux-image-7.3.10+deb13-cloud-arm64",
    "linux-image-7.3.10+deb13-cloud-arm64-dbg",
    "linux-image-6.1.0-9-cloud-arm64",
    "linux-image-6.1.0-40-cloud-arm64",
    "linux-image-6.1.0-40-arm64",
    "linux-image-6.1.0-40-cloud-arm64-unsigned",
    "linux-image-6.1.0-40-rt-arm64",
    "linux-image-6.1-arm64",
    "linux-image-6.12.9+bpo-cloud-amd64",
    "linux-image-6.12.57+deb13-cloud-amd64",
    "linux-image-arm64",
    "linux-image-6.12.57+deb13-rt-amd64",
    "linux-image-6.12.57+deb13-arm64-16k",
    "linux-image-cloud-arm64",
    "linux-image-6.12.57+deb13-arm64",
]


@pytest.mark.parametrize(
    ("reference", "arch", "expected"),
    [
        ("debian:7.3", ARM64, "linux-binary-7.3.10+deb13-cloud-arm64"),
        ("debian:7.3.4", ARM64, "linux-binary-7.3.4+deb13-cloud-arm64"),
        ("debian:7.3-16k", ARM64, "linux-binary-7.3.10+deb13-arm64-16k"),
        ("debian:6.1", ARM64, "linux-image-6.1.0-40-cloud-arm64"),
        ("debian:6.12", X86_64, "linux-image-6.12.57+deb13-cloud-amd64"),
        ("debian:6.12", ARM64, "linux-image-6.12.57+deb13-arm64"),
        ("debian:6.12-16k", ARM64, "linux-image-6.12.57+deb13-arm64-16k"),
    ],
)
def test_the_newest_package_that_fits_is_chosen(reference: str, arch: object, expected: str) -> None:
    assert choose(KernelRef.parse(reference), NAMES, arch).name == expected  # type: ignore[arg-type]


def test_packages_without_an_image_are_left_out() -> None:
    names = [name for name in NAMES if KernelPackage.parse(name)]
    for word in (
        "dbg",
        "unsigned",
        "-rt-",
        "linux-image-arm64",
        "linux-image-cloud-arm64",
        "6.1-arm64",
    ):
        assert not [name for name in names if word in name]
    assert {p.arch for p in packages(NAMES, X86_64)} == {"amd64"}


@pytest.mark.parametrize("reference", ["debian:7.4", "debian:7", "debian:7.3.40"])
def test_versions_match_number_by_number(reference: str) -> None:
    if reference == "debian:7":
        assert choose(KernelRef.parse(reference), NAMES, ARM64).version.startswith("7.3.10")
        return
    with pytest.raises(CiError, match=r"there are debian:7\.3"):
        choose(KernelRef.parse(reference), NAMES, ARM64)


@pytest.mark.parametrize("text", ["debian:", "debian:x", "debian:7.3-64k", "build:", "nowhere", "."])
def test_other_texts_are_no_reference(text: str) -> None:
    with pytest.raises(CiError, match="a kernel is a path"):
        KernelRef.parse(text)


def test_a_file_is_a_kernel(tmp_path: Path) -> None:
    image = tmp_path / "Image"
    image.write_bytes(b"")
    assert KernelRef.parse(str(image)).path == image


@pytest.mark.parametrize("place", ["boot/vmlinuz-6.1", "usr/lib/modules/7.3/vmlinuz"])
def test_the_image_of_an_unpacked_package(place: str, tmp_path: Path) -> None:
    image = tmp_path / place
    image.parent.mkdir(parents=True)
    image.write_bytes(b"")
    assert find_image(tmp_path) == image
    image.unlink()
    with pytest.raises(CiError, match="no kernel image"):
        find_image(tmp_path)


def test_labels_are_short_and_differ(tmp_path: Path) -> None:
    for folder in ("a/boot", "b/boot", "c"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "Image").write_bytes(b"")
    paths = [KernelRef.parse(str(tmp_path / folder / "Image")) for folder in ("a/boot", "b/boot", "c")]
    assert labels(paths) == ["a/boot/Image", "b/boot/Image", "c/Image"]
    assert labels([KernelRef.parse("debian:7.3"), paths[0]]) == ["debian:7.3", "Image"]


class Offline(Debian):
    """Debian's archive, out of reach."""

    def names(self, pattern: str) -> list[str]:
        raise CiError("no network")


def test_without_a_network_the_newest_image_in_the_cache_is_used(tmp_path: Path) -> None:
    cache, messages = Cache(tmp_path), list[str]()
    debian = Offline(cache, ARM64, say=messages.append)
    kernels = Kernels(cache, debian, Trees(cache, debian, ARM64), KernelBuilder(cache, ARM64))
    for version in ("7.3.4", "7.3.10", "6.12.1"):
        with cache.sealed("kernels", f"linux-binary-{version}+deb13-arm64") as folder:
            (folder / "vmlinuz").write_text(version)
    assert kernels.get(KernelRef.parse("debian:7.3")).read_text() == "7.3.10"
    assert messages == ["using linux-binary-7.3.10+deb13-arm64 from the cache: no network"]
    with pytest.raises(CiError, match="no network"):
        kernels.get(KernelRef.parse("debian:6.1"))


class Online(Debian):
    """Debian's archive with one kernel, which counts how often it is fetched."""

    fetched = 0

    def names(self, pattern: str) -> list[str]:
        return ["linux-binary-7.3.4+deb13-arm64"]

    def unpack(self, package: str, into: Path) -> None:
        self.fetched += 1
        (into / "boot").mkdir(parents=True)
        (into / "boot/vmlinuz-7.3").write_text("image")


@pytest.mark.parametrize("content", [None, "", "imag", "other"])
def test_a_damaged_image_is_fetched_again(content: str | None, tmp_path: Path) -> None:
    cache, messages = Cache(tmp_path), list[str]()
    debian = Online(cache, ARM64, say=messages.append)
    kernels = Kernels(cache, debian, Trees(cache, debian, ARM64), KernelBuilder(cache, ARM64))
    for _ in range(2):
        image = kernels.get(KernelRef.parse("debian:7.3"))
    assert (image.read_text(), debian.fetched, messages) == ("image", 1, [])
    image.unlink()
    if content is not None:
        image.write_text(content)
        assert kernels.available()[0][2] is False
    for _ in range(2):
        assert kernels.get(KernelRef.parse("debian:7.3")).read_text() == "image"
    assert debian.fetched == 2
    assert all("is damaged in the cache" in message for message in messages)


def test_a_damaged_image_is_not_used_without_a_network(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    debian = Offline(cache, ARM64)
    kernels = Kernels(cache, debian, Trees(cache, debian, ARM64), KernelBuilder(cache, ARM64))
    with cache.sealed("kernels", "linux-binary-7.3.4+deb13-arm64") as folder:
        (folder / "vmlinuz").write_text("image")
    (tmp_path / "kernels/linux-binary-7.3.4+deb13-arm64/vmlinuz").write_text("ima")
    with pytest.raises(CiError, match="no network"):
        kernels.get(KernelRef.parse("debian:7.3"))
