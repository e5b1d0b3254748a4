# SPDX-License-Identifier: GPL-2.0-only
"""The kernel of a run: version, architecture, page size."""

import pytest

from ksftci.results.model import Run
from ksftci.results.release import kernel_version, matches_machine, version_numbers


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("6.12", (6, 12)), ("7", (7,)), ("6.12.117", (6, 12, 117)), ("9" * 5000 + ".1", (10**9 - 1, 1))],
)
def test_versions_are_numbers(text: str, numbers: tuple[int, ...]) -> None:
    assert version_numbers(text) == numbers


def test_versions_compare_by_number() -> None:
    assert version_numbers("6.9") < version_numbers("6.10") < version_numbers("6.10.1") < version_numbers("7.0")


@pytest.mark.parametrize(
    ("release", "label", "version"),
    [
        ("6.12.117+deb13-cloud-arm64", "debian:6.1", (6, 12, 117)),
        ("7.3.0-rc2", "build:linux", (7, 3, 0)),
        ("7.3-custom", "build:linux", (7, 3)),
        ("", "debian:6.12-16k", (6, 12)),
        ("", "build:v7.3-rc2", (7, 3)),
        ("unknown 6.1", "debian:7.3", (7, 3)),  # a release starts with its number
        ("", "arch/arm64/boot/Image", None),
        ("", "build:linux-7", None),
        ("", "", None),
    ],
)
def test_the_kernels_own_release_comes_before_its_label(
    release: str, label: str, version: tuple[int, ...] | None
) -> None:
    assert kernel_version(Run(label, environment={"release": release})) == version
    if not release:
        assert kernel_version(Run(label)) == version


@pytest.mark.parametrize(
    ("arch", "page_size", "matches"),
    [
        (None, None, True),
        ("arm64", None, True),
        ("x86_64", None, False),
        (None, "16K", True),
        (None, "4K", False),
        ("arm64", "16K", True),
        ("arm64", "64K", False),
        ("x86_64", "16K", False),
    ],
)
def test_none_stands_for_any_architecture_and_page_size(arch: str | None, page_size: str | None, matches: bool) -> None:
    assert matches_machine(Run("k", "arm64", {"page_size": "16384"}), arch, page_size) is matches


@pytest.mark.parametrize(
    ("recorded", "page_size"), [("4096", "4K"), ("16384", "16K"), ("65536", "64K"), ("8192", "8192"), ("64K", "64K")]
)
def test_a_page_size_is_recorded_in_bytes(recorded: str, page_size: str) -> None:
    assert matches_machine(Run("k", "arm64", {"page_size": recorded}), None, page_size)


def test_a_run_without_a_page_size_matches_none_in_particular() -> None:
    assert matches_machine(Run("k", "arm64"), "arm64", None)
    assert not any(matches_machine(Run("k", "arm64"), None, size) for size in ("4K", "16K", "64K"))
