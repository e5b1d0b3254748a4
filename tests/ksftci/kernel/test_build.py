# SPDX-License-Identifier: GPL-2.0-only
"""Building kernels: with a Makefile of four targets, and for real."""

import os
import signal
import subprocess
import sys
import threading
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest

from ksftci.arch import ARM64, X86_64, Arch
from ksftci.errors import Cancelled, CiError
from ksftci.host import packages
from ksftci.host.cache import Cache
from ksftci.kernel import build as kbuild
from ksftci.kernel.build import KernelBuilder, is_configured, not_taken
from ksftci.kernel.image import KernelRef, labels
from ksftci.kernel.make import make
from ksftci.kernel.tree import Tree

# Does what the kernel's does, as far as anyone here looks: O= is where things go, LACKS is not configurable.
MAKEFILE = r"""
VERSION = 7
PATCHLEVEL = 3
SUBLEVEL = 4
tinyconfig:
	@echo '# CONFIG_SMP is not set' > $(O)/.config
	@echo tiny >> $(O)/calls
olddefconfig:
	@echo olddefconfig >> $(O)/calls
	@grep -v LACKS $(O)/.config > $(O)/.new; mv $(O)/.new $(O)/.config
Image bzImage:
	@mkdir -p $(O)/arch/arm64/boot $(O)/arch/x86/boot $(O)/include/config
	@printf 'deps_config := \\\n\tmm/Kconfig \\\n\tfs/Kconfig\n\nend:\n' > $(O)/include/config/auto.conf.cmd
	@touch $(O)/include/config/auto.conf
	@echo '  CC      mm/mprotect.o'
	@echo "counts=$(GCOV_PROFILE_mprotect.o)" >> $(O)/calls
	@echo "CC=$(CC) ARCH=$(ARCH) CROSS=$(CROSS_COMPILE)" >> $(O)/calls
	@cat mm/mprotect.c > $(O)/arch/arm64/boot/Image
	@cp $(O)/arch/arm64/boot/Image $(O)/arch/x86/boot/bzImage
	@if grep -q broken mm/mprotect.c; then echo "mm/mprotect.c:7:2: error: 'pte' undeclared"; exit 1; fi
"""
MERGE = '#!/bin/sh\nout=$3; base=$4; shift 4; cat "$base" "$@" > "$out/.merged" && mv "$out/.merged" "$base"\n'


@pytest.fixture
def source(tmp_path: Path) -> Path:
    root = tmp_path / "linux"
    parts = [*kbuild._WHOLE, "arch/arm64/Makefile", "arch/x86/Makefile", "tools/testing/selftests/lib.mk"]
    for part in parts:
        (root / part).parent.mkdir(parents=True, exist_ok=True)
        (root / part).write_text("")
    (root / "Makefile").write_text(MAKEFILE)
    (root / "scripts/kconfig/merge_config.sh").write_text(MERGE)
    (root / "mm/mprotect.c").write_text("first\n")
    return root


@pytest.fixture(autouse=True)
def nothing_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "missing_for_kernel", lambda arch: [])
    monkeypatch.setattr("ksftci.kernel.build.which", lambda name: None)
    monkeypatch.setattr("ksftci.kernel.build.version", lambda compiler: "gcc 12")


class Built:
    """A builder with what it said, and its folder."""

    def __init__(self, source: Path, arch: Arch = ARM64) -> None:
        self.said: list[str] = []
        self.source = source
        self.builder = KernelBuilder(Cache(source.parent / "cache"), arch, jobs=1, say=self.said.append)

    def __call__(self, *config: str) -> Path:
        return self.builder.build(Tree.open(self.source), config)

    def calls(self, image: Path) -> list[str]:
        folder = next(parent for parent in image.parents if parent.parent.name == "kbuilds")
        return (folder / "calls").read_text().splitlines()


def test_the_image_follows_its_source_and_is_configured_once(source: Path) -> None:
    build = Built(source)
    image = build()
    assert image.read_text() == "first\n"
    (source / "mm/mprotect.c").write_text("second\n")
    assert build() == image
    assert image.read_text() == "second\n"
    assert build.calls(image).count("tiny") == 1


def test_symbols_are_asked_for_only_when_they_may_be_others(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = Built(source)

    def configured() -> int:
        return build.calls(build()).count("olddefconfig")

    assert (configured(), configured()) == (1, 1)
    (source / "mm/mprotect.c").write_text("second\n")
    assert configured() == 1
    later = time.time() + 10
    os.utime(source / "fs/Kconfig", (later, later))
    assert configured() == 2
    os.utime(source / "fs/Kconfig", (1, 1))
    assert configured() == 2
    (folder,) = tmp_path.glob("cache/kbuilds/*")
    (folder / ".config").write_text("by hand\n")
    os.utime(folder / ".config", (later, later))
    assert configured() == 3
    monkeypatch.setattr("ksftci.kernel.build.version", lambda compiler: "gcc 13")
    assert configured() == 4


def test_a_kconfig_file_that_has_gone_is_noticed(source: Path, tmp_path: Path) -> None:
    Built(source)()
    (folder,) = tmp_path.glob("cache/kbuilds/*")
    assert is_configured(source, folder)
    (source / "fs/Kconfig").unlink()
    assert not is_configured(source, folder)


def test_a_configuration_that_was_not_finished_is_made_again(source: Path, tmp_path: Path) -> None:
    build, fragment = Built(source), tmp_path / "my.config"
    merge = source / "scripts/kconfig/merge_config.sh"
    fragment.write_text("CONFIG_A=y\n")
    image = build(str(fragment))
    fragment.write_text("CONFIG_A=n\n")
    merge.write_text("exit 1\n")
    with pytest.raises(CiError, match="merging the configuration"):
        build(str(fragment))
    fragment.write_text("CONFIG_A=y\n")
    merge.write_text(MERGE)
    assert build(str(fragment)) == image
    assert "CONFIG_A=y" in (image.parents[3] / ".config").read_text()


def test_settings_and_fragments_come_last_and_have_a_build_of_their_own(source: Path, tmp_path: Path) -> None:
    fragment = tmp_path / "debug.config"
    fragment.write_text("CONFIG_DEBUG_LIST=y\n")
    build = Built(source)
    plain, other = build(), build(str(fragment), "SMP=n", 'CONFIG_CMDLINE="a b"')
    assert plain != other
    lines = (other.parents[3] / ".config").read_text().splitlines()
    assert lines[-3:] == ["CONFIG_DEBUG_LIST=y", "CONFIG_SMP=n", 'CONFIG_CMDLINE="a b"']
    fragment.write_text("CONFIG_DEBUG_LIST=n\n")
    assert build(str(fragment), "SMP=n", 'CONFIG_CMDLINE="a b"') == other
    assert "CONFIG_DEBUG_LIST=n" in (other.parents[3] / ".config").read_text()


def test_makes_variables_have_a_build_of_their_own(source: Path) -> None:
    build = Built(source)
    counting = build.builder.build(Tree.open(source), (), ["GCOV_PROFILE_mprotect.o=y"])
    assert "counts=y" in build.calls(counting)
    assert kbuild.folder_of(counting) != kbuild.folder_of(build())
    assert "counts=" in build.calls(build())


def test_settings_that_did_not_get_in_are_told(source: Path) -> None:
    build = Built(source)
    build("LACKS_THIS=y")
    assert [line for line in build.said if "LACKS_THIS=y" in line and "KSM" not in line]


@pytest.mark.parametrize(
    ("fragments", "config", "lost"),
    [
        (["CONFIG_A=y\n# CONFIG_B is not set\nCONFIG_C=n\n"], "CONFIG_A=y\n# CONFIG_C is not set\n", []),
        (["CONFIG_A=y\n", "CONFIG_A=n\n"], "", []),
        (["CONFIG_A=y\n"], "# CONFIG_A is not set\n", ["A=y"]),
        (["CONFIG_HZ=1000\nCONFIG_B=n\n"], "CONFIG_HZ=250\nCONFIG_B=y\n", ["B=n", "HZ=1000"]),
        (["# CONFIG_A=y for the sake of it\n"], "", []),
    ],
)
def test_what_counts_as_not_taken(fragments: list[str], config: str, lost: list[str]) -> None:
    assert not_taken(fragments, config) == lost


@pytest.mark.parametrize("text", ["SMP", "SMP=maybe", "SMP=m", "/absent/file", "A=y\nB", "-x", 'X="a"b"'])
def test_what_is_no_configuration(source: Path, text: str) -> None:
    with pytest.raises(CiError, match="neither a file nor a setting"):
        Built(source)(text)


@pytest.mark.parametrize("part", ["drivers/Kconfig", "arch/arm64/Makefile"])
def test_a_part_of_a_tree_is_not_enough(source: Path, part: str) -> None:
    (source / part).unlink()
    with pytest.raises(CiError, match=rf"there is no {part} in it; a kernel needs a whole tree"):
        Built(source)()


@pytest.mark.parametrize("trace", [".config", "include/config/auto.conf", "arch/arm64/include/generated/asm/a.h"])
def test_a_tree_that_was_built_in_is_told_before_make_trips_over_it(source: Path, trace: str) -> None:
    (source / trace).parent.mkdir(parents=True, exist_ok=True)
    (source / trace).write_text("")
    with pytest.raises(CiError, match=r"somebody has built in it.*arch/arm64/boot/Image"):
        Built(source)()


def test_an_error_shows_the_compilers_line_and_keeps_the_log(source: Path) -> None:
    (source / "mm/mprotect.c").write_text("broken\n")
    with pytest.raises(CiError, match=r"mm/mprotect\.c:7:2: error: 'pte' undeclared") as caught:
        Built(source)()
    log = Path(str(caught.value).rpartition("the whole log is ")[2])
    assert "CC      mm/mprotect.o" in log.read_text()


def test_missing_packages_are_named_all_at_once(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(packages, "_is_installed", lambda probe: probe not in ("flex", "bc", "/usr/include/libelf.h"))
    with pytest.raises(CiError, match=r"without bc, flex, libelf-dev: [\s\S]*apt-get install .* bc flex libelf-dev"):
        Built(source)()


def test_qemu_is_not_needed_to_build(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(packages, "_is_installed", lambda probe: "qemu" not in probe)
    assert packages.missing_for_kernel(ARM64) == packages.missing_for_kernel(X86_64) == []


def test_ccache_is_used_when_it_is_there(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build = Built(source)
    assert "ccache" not in build.calls(build())[-1]
    monkeypatch.setattr("ksftci.kernel.build.which", lambda name: f"/usr/bin/{name}")
    assert build.calls(build())[-1].startswith("CC=ccache ")


def test_a_build_around_this_one_has_no_say(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAKEFLAGS", "n")
    monkeypatch.setenv("ARCH", "mips")
    monkeypatch.setenv("CROSS_COMPILE", "mips-linux-gnu-")
    build = Built(source, X86_64)
    image = build()
    assert image.name == "bzImage"
    cross = "" if X86_64.native else X86_64.compiler
    assert build.calls(image)[-1].endswith(f"ARCH=x86_64 CROSS={cross}")


def test_progress_is_said_now_and_then(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kbuild, "_EVERY", 0.0)
    build = Built(source)
    build()
    assert "kernel: 1 steps, mm/mprotect.o" in build.said


def test_an_interrupted_build_leaves_no_compiler_and_nothing_half_written(tmp_path: Path) -> None:
    recipe = "@echo half > half.o; echo begun; sh -c 'sleep 4; touch late'"
    (tmp_path / "Makefile").write_text(f".DELETE_ON_ERROR:\nhalf.o:\n\t{recipe}\n")

    def interrupt(line: str) -> None:
        if line == "begun":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make(ARM64, 1, ["-C", str(tmp_path), "half.o"], tmp_path / "log", print, interrupt)
    assert not (tmp_path / "half.o").exists()
    time.sleep(5)
    assert not (tmp_path / "late").exists()


def test_a_build_that_is_stopped_ends_although_it_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text(".DELETE_ON_ERROR:\nhalf.o:\n\t@echo half > half.o; sleep 60\n")
    stop = threading.Event()
    threading.Timer(1, stop.set).start()
    began = time.monotonic()
    with pytest.raises(Cancelled):
        make(ARM64, 1, ["-C", str(tmp_path), "half.o"], tmp_path / "log", stop=stop)
    assert time.monotonic() - began < 10
    assert not (tmp_path / "half.o").exists()


def test_a_log_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(CiError, match="No such file"):
        make(ARM64, 1, ["--version"], tmp_path / "absent/log", print)


def test_build_is_a_kernel_reference() -> None:
    texts = ("build:debian:7.3", "build:a/linux", "build:b/linux", "debian:7.3")
    references = [KernelRef.parse(text) for text in texts]
    assert references[0].tree == "debian:7.3"
    assert labels(references) == list(texts)
    assert labels(references[1:2]) == ["build:linux"]


@pytest.mark.parametrize("arch", [ARM64, X86_64])
def test_what_is_shipped_is_a_fragment(arch: Arch) -> None:
    lines = [line for line in kbuild._ours(arch).splitlines() if not line.startswith("#")]
    assert len(lines) > 50
    assert all(kbuild._SYMBOL.fullmatch(line) for line in lines)
    assert len({line.partition("=")[0] for line in lines}) == len(lines)


def ksftci(*args: object) -> str:
    argv = [sys.executable, "-m", "ksftci", *map(str, args)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=3000, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.qemu
def test_a_real_one_boots_with_two_nodes(tree: Callable[[str], Path], kernel_tree: str, tmp_path: Path) -> None:
    xml = tmp_path / "out.xml"
    image = Path(ksftci("kernel", "build", kernel_tree).strip())
    assert image.name == "Image"
    options = ("--kernel", f"build:{kernel_tree}", "--junit", xml)
    assert "build:" in ksftci("run", "--tree", tree("debian:7.3"), *options)
    found = list(ET.parse(xml).getroot().iter("testcase"))
    ran = [case for case in found if case.find("skipped") is None]
    assert [case for case in ran if "numa" in (case.get("classname") or "")]
    assert len(ran) >= 290


@pytest.mark.qemu
def test_it_has_swap_when_asked(kernel_tree: str, tmp_path: Path) -> None:
    script = tmp_path / "swap.sh"
    script.write_text(
        "#!/bin/sh\ngrep -q '^SwapTotal: *65532 kB' /proc/meminfo && echo ok 1 swap || echo not ok 1 swap\n"
    )
    options = ("--kernel", f"build:{kernel_tree}")
    ksftci("run", script, *options, "--swap", 64)
    argv = [sys.executable, "-m", "ksftci", "run", str(script), *options]
    assert subprocess.run(argv, capture_output=True, timeout=3000, check=False).returncode == 1


@pytest.mark.qemu
def test_a_save_becomes_a_tested_boot(kernel_tree: str) -> None:
    tree = Path(ksftci("tree", "get", "--full", kernel_tree).strip())
    argv = [sys.executable, "-u", "-m", "ksftci", "watch", "--tree", str(tree), "mm:mkdirty"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as watch:
        assert watch.stdout is not None
        rounds: list[str] = []
        for _ in range(2):
            for line in watch.stdout:
                rounds.append(line)
                if line.startswith("watching"):
                    break
            os.utime(tree / "mm/mprotect.c")
        watch.send_signal(signal.SIGINT)
        watch.stdout.read()
    assert watch.returncode == 130, rounds
    told = [line for line in rounds if "kernel " in line and "boot " in line]
    assert len(told) == 2 and all("nothing failed" in line for line in told), rounds
    assert "saved: mm/mprotect.c\n" in rounds
