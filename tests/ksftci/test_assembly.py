# SPDX-License-Identifier: GPL-2.0-only
"""How the tools are put together, and the jobs and machines that they make. Nothing is fetched or built."""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from ksftci.arch import DEFAULT, RISCV64, Arch
from ksftci.assembly import Options, Tools, assemble
from ksftci.errors import CiError
from ksftci.kernel.image import KernelRef
from ksftci.machine import initramfs
from ksftci.machine.machine import Job, Limits
from ksftci.machine.native import Native
from ksftci.machine.qemu import GuestOptions, Qemu
from ksftci.machine.resume import Resume
from ksftci.programs import find


def assemble_in(folder: Path, **options: Any) -> Tools:
    return assemble(Options(cache=folder, **options))


def references(*texts: str) -> dict[str, KernelRef]:
    return {text: KernelRef.parse(text) for text in texts}


def test_all_tools_have_the_same_cache_and_architecture(tmp_path: Path) -> None:
    tools = assemble_in(tmp_path, arch=RISCV64)
    assert tools.cache.root == tmp_path
    assert tools.builder.libraries is not None
    users: list[Any] = [tools.debian, tools.trees, tools.kernel_builder, tools.kernels, tools.builder]
    users += [tools.modules, tools.builder.libraries, tools.guests, tools.lister]
    assert all(user.cache is tools.cache for user in users)
    assert {user.arch for user in users[:5]} == {RISCV64}
    assert tools.guests.debian is tools.kernels.debian is tools.builder.libraries.debian is tools.debian
    assert tools.modules.debian is tools.debian
    assert (tools.kernels.trees, tools.kernels.builder) == (tools.trees, tools.kernel_builder)


def test_trees_come_from_the_suites_of_the_default_architecture(tmp_path: Path) -> None:
    tools = assemble_in(tmp_path, arch=RISCV64, mirror="http://m.example/debian")
    assert tools.trees.debian.arch is DEFAULT
    assert tools.trees.debian.mirror == tools.debian.mirror == "http://m.example/debian"


def test_guests_have_the_limits_and_the_hardware_of_the_options(tmp_path: Path) -> None:
    limits, guest = Limits(5, 2), GuestOptions(memory_mb=512, load=True)
    tools = assemble_in(tmp_path, limits=limits, guest=guest)
    assert (tools.guests.limits, tools.guests.options) == (limits, guest)


def test_both_builders_share_the_compilers_and_the_stop(tmp_path: Path) -> None:
    stop = threading.Event()
    tools = assemble(Options(cache=tmp_path, compilers=3), stop=stop)
    assert (tools.builder.jobs, tools.kernel_builder.jobs) == (3, 3)
    assert tools.builder.stop is stop
    assert tools.kernel_builder.stop is stop


def test_every_tool_reports_its_progress(tmp_path: Path) -> None:
    lines: list[str] = []
    tools = assemble(Options(cache=tmp_path), lines.append)
    for user in (tools.debian, tools.trees.debian, tools.builder, tools.kernel_builder):
        user.say("a line")
    assert len(lines) == 4


class Requests:
    """Takes the place of Trees.get and find.jobs, and keeps what they are called with."""

    def __init__(self, tools: Tools, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sources: list[str] = []
        self.tree: object = None
        monkeypatch.setattr(tools.trees, "get", self.get)
        monkeypatch.setattr(find, "jobs", self.jobs)

    def get(self, source: str) -> str:
        self.sources.append(source)
        return f"tree of {source}"

    def jobs(self, names: Sequence[str], tree: object, arch: Arch, builder: object, native: bool) -> list[Job]:
        self.tree = tree
        return [Job(name, Path(name)) for name in names]


@pytest.mark.parametrize(
    ("names", "tree", "expected"),
    [
        (["mm:cow"], None, "debian:7.3"),
        (["mm:cow"], "linux", "linux"),
        (["./cow"], None, None),
        ([], None, None),
        ([], "linux", "linux"),
    ],
)
def test_programs_are_built_in_the_tree_of_the_newest_kernel(
    names: list[str], tree: str | None, expected: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = assemble_in(tmp_path)
    requests = Requests(tools, monkeypatch)
    jobs = tools.jobs(names, tree, references("debian:6.12", "debian:7.3.4", "build:linux", "debian:7.1"))
    assert [job.name for job in jobs] == names
    assert requests.sources == ([expected] if expected else [])
    assert requests.tree == (f"tree of {expected}" if expected else None)


def test_a_machine_for_each_kernel_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tools = assemble_in(tmp_path, guest=GuestOptions(swap_mb=64))
    images: dict[str, str] = {}  # of each machine, by its label
    monkeypatch.setattr(tools.kernels, "get", lambda ref: Path(f"image of {ref.text}"))
    monkeypatch.setattr(tools.modules, "get", lambda image, needs: {f"{needs[0]} of {image}": b""})
    monkeypatch.setattr(initramfs, "busybox", lambda cache, debian: tmp_path / "busybox")
    for machine in tools.machines(references("debian:7.3", "debian:6.12"), []):
        assert isinstance(machine, Resume)
        guest = machine.start(machine.limits)
        assert isinstance(guest, Qemu)
        images[machine.label] = str(guest.image)
        assert list(guest.modules) == [f"swap of {guest.image}"]
    assert list(images.items()) == [
        ("debian:7.3", "image of debian:7.3"),
        ("debian:6.12", "image of debian:6.12"),
    ]


def test_without_a_kernel_this_machine_runs_the_jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[Arch] = []
    monkeypatch.setattr(Native, "check", checked.append)
    limits = Limits(5, 2)
    tools = assemble_in(tmp_path, arch=RISCV64, limits=limits, guest=GuestOptions(load=True))
    assert tools.machines({}, []) == [Native(limits, load=True)]
    assert checked == [RISCV64]


def test_this_machine_must_be_able_to_run_the_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "vax")
    with pytest.raises(CiError, match="--native runs programs of vax"):
        assemble_in(tmp_path).machines({}, [])
