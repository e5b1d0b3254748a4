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
from ksftci.kernel.build import KernelBuilder, dropped_settings, is_configured
from ksftci.kernel.image import KernelRef, labels
from ksftci.kernel.make import make
from ksftci.kernel.tree import Tree

# Stands for the kernel's Makefile: O= is the build folder, and a setting with LACKS in its name is dropped.
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
    parts = [*kbuild._REQUIRED, "arch/arm64/Makefile", "arch/x86/Makefile", "tools/testing/selftests/lib.mk"]
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


class Build:
    """A builder for one tree, and the messages that it reported."""

    def __init__(self, source: Path, arch: Arch = ARM64) -> None:
        self.messages: list[str] = []
        self.source = source
        self.builder = KernelBuilder(Cache(source.parent / "cache"), arch, jobs=1, say=self.messages.append)

    def __call__(self, *config: str) -> Path:
        return self.builder.build(Tree.open(self.source), config)

    def calls(self, image: Path) -> list[str]:
        """What make has done in the build folder."""
        folder = next(parent for parent in image.parents if parent.parent.name == "kbuilds")
        return (folder / "calls").read_text().splitlines()


def test_the_image_follows_its_source_and_is_configured_once(source: Path) -> None:
    build = Build(source)
    image = build()
    assert image.read_text() == "first\n"
    (source / "mm/mprotect.c").write_text("second\n")
    assert build() == image
    assert image.read_text() == "second\n"
    assert build.calls(image).count("tiny") == 1


def test_the_configuration_is_made_again_only_when_its_sources_have_changed(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = Build(source)

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


def test_without_one_of_its_kconfig_files_a_configuration_is_not_complete(source: Path, tmp_path: Path) -> None:
    Build(source)()
    (folder,) = tmp_path.glob("cache/kbuilds/*")
    assert is_configured(source, folder)
    (source / "fs/Kconfig").unlink()
    assert not is_configured(source, folder)


def test_a_configuration_that_was_not_finished_is_made_again(source: Path, tmp_path: Path) -> None:
    build, fragment = Build(source), tmp_path / "my.config"
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


def test_settings_and_fragments_win_and_have_a_build_folder_of_their_own(source: Path, tmp_path: Path) -> None:
    fragment = tmp_path / "debug.config"
    fragment.write_text("CONFIG_DEBUG_LIST=y\n")
    build = Build(source)
    plain, other = build(), build(str(fragment), "SMP=n", 'CONFIG_CMDLINE="a b"')
    assert plain != other
    lines = (other.parents[3] / ".config").read_text().splitlines()
    assert lines[-3:] == ["CONFIG_DEBUG_LIST=y", "CONFIG_SMP=n", 'CONFIG_CMDLINE="a b"']
    fragment.write_text("CONFIG_DEBUG_LIST=n\n")
    assert build(str(fragment), "SMP=n", 'CONFIG_CMDLINE="a b"') == other
    assert "CONFIG_DEBUG_LIST=n" in (other.parents[3] / ".config").read_text()


def test_variables_of_make_reach_it_and_need_no_build_folder_of_their_own(source: Path) -> None:
    build = Build(source)
    image = build()
    assert "counts=" in build.calls(image)
    assert build.builder.build(Tree.open(source), (), ["GCOV_PROFILE_mprotect.o=y"]) == image
    assert "counts=y" in build.calls(image)


def test_dropped_settings_are_reported(source: Path) -> None:
    build = Build(source)
    build("LACKS_THIS=y")
    assert "settings that are not in the finished configuration: LACKS_THIS=y" in build.messages


@pytest.mark.parametrize(
    ("fragments", "config", "dropped"),
    [
        (["CONFIG_A=y\n# CONFIG_B is not set\nCONFIG_C=n\n"], "CONFIG_A=y\n# CONFIG_C is not set\n", []),
        (["CONFIG_A=y\n", "CONFIG_A=n\n"], "", []),
        (["CONFIG_A=y\n"], "# CONFIG_A is not set\n", ["A=y"]),
        (["CONFIG_HZ=1000\nCONFIG_B=n\n"], "CONFIG_HZ=250\nCONFIG_B=y\n", ["B=n", "HZ=1000"]),
        (["# CONFIG_A=y for the sake of it\n"], "", []),
    ],
)
def test_a_setting_with_another_value_is_dropped(fragments: list[str], config: str, dropped: list[str]) -> None:
    assert dropped_settings(fragments, config) == dropped


@pytest.mark.parametrize("text", ["SMP", "SMP=maybe", "SMP=m", "/absent/file", "A=y\nB", "-x", 'X="a"b"'])
def test_other_texts_are_no_configuration(source: Path, text: str) -> None:
    with pytest.raises(CiError, match="allowed: a file, debug, or a setting"):
        Build(source)(text)


@pytest.mark.parametrize("part", ["drivers/Kconfig", "arch/arm64/Makefile"])
def test_a_tree_without_one_of_its_parts_is_refused(source: Path, part: str) -> None:
    (source / part).unlink()
    with pytest.raises(CiError, match=rf"there is no {part} in it; a kernel needs a whole tree"):
        Build(source)()


@pytest.mark.parametrize("trace", [".config", "include/config/auto.conf", "arch/arm64/include/generated/asm/a.h"])
def test_a_tree_with_a_build_in_it_is_refused(source: Path, trace: str) -> None:
    (source / trace).parent.mkdir(parents=True, exist_ok=True)
    (source / trace).write_text("")
    with pytest.raises(CiError, match=r"a kernel was built in it.*arch/arm64/boot/Image"):
        Build(source)()


def test_an_error_shows_the_compilers_line_and_keeps_the_log(source: Path) -> None:
    (source / "mm/mprotect.c").write_text("broken\n")
    with pytest.raises(CiError, match=r"mm/mprotect\.c:7:2: error: 'pte' undeclared") as caught:
        Build(source)()
    log = Path(str(caught.value).removeprefix("the build failed; ").partition(" has all of this:")[0])
    assert "CC      mm/mprotect.o" in log.read_text()


def test_missing_packages_are_named_all_at_once(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(packages, "_is_installed", lambda probe: probe not in ("flex", "bc", "/usr/include/libelf.h"))
    with pytest.raises(CiError, match=r"without bc, flex, libelf-dev; [\s\S]*apt-get install .* bc flex libelf-dev"):
        Build(source)()


def test_qemu_is_not_needed_to_build(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(packages, "_is_installed", lambda probe: "qemu" not in probe)
    assert packages.missing_for_kernel(ARM64) == packages.missing_for_kernel(X86_64) == []


def test_ccache_is_used_when_it_is_there(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build = Build(source)
    assert "ccache" not in build.calls(build())[-1]
    monkeypatch.setattr("ksftci.kernel.build.which", lambda name: f"/usr/bin/{name}")
    assert build.calls(build())[-1].startswith("CC=ccache ")


def test_variables_of_a_build_around_ksftci_do_not_matter(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAKEFLAGS", "n")
    monkeypatch.setenv("ARCH", "mips")
    monkeypatch.setenv("CROSS_COMPILE", "mips-linux-gnu-")
    build = Build(source, X86_64)
    image = build()
    assert image.name == "bzImage"
    cross = "" if X86_64.native else X86_64.compiler
    assert build.calls(image)[-1].endswith(f"ARCH=x86_64 CROSS={cross}")


def test_progress_is_reported(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kbuild, "_PROGRESS_INTERVAL", 0.0)
    build = Build(source)
    build()
    assert "kernel: 1 steps, mm/mprotect.o" in build.messages


def test_an_interrupted_build_leaves_no_compiler_and_nothing_half_written(tmp_path: Path) -> None:
    recipe = "@echo half > half.o; echo $$$$ > pid; echo begun; sleep 600"
    (tmp_path / "Makefile").write_text(f".DELETE_ON_ERROR:\nhalf.o:\n\t{recipe}\n")

    def interrupt(line: str) -> None:
        if line == "begun":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make(ARM64, 1, ["-C", str(tmp_path), "half.o"], tmp_path / "log", print, interrupt)
    assert not (tmp_path / "half.o").exists()
    compiler = Path(f"/proc/{(tmp_path / 'pid').read_text().strip()}/status")
    assert not compiler.exists() or "State:\tZ" in compiler.read_text()


def test_a_build_without_output_can_be_stopped(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text(".DELETE_ON_ERROR:\nhalf.o:\n\t@echo half > half.o; sleep 600\n")
    stop = threading.Event()
    threading.Timer(1, stop.set).start()
    began = time.monotonic()
    with pytest.raises(Cancelled):
        make(ARM64, 1, ["-C", str(tmp_path), "half.o"], tmp_path / "log", stop=stop)
    assert time.monotonic() - began < 300
    assert not (tmp_path / "half.o").exists()


def test_a_log_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CiError, match="No such file"):
        make(ARM64, 1, ["--version"], tmp_path / "absent/log", print)


def test_build_is_a_kernel_reference() -> None:
    texts = ("build:debian:7.3", "build:a/linux", "build:b/linux", "debian:7.3")
    references = [KernelRef.parse(text) for text in texts]
    assert references[0].tree == "debian:7.3"
    assert labels(references) == list(texts)
    assert labels(references[1:2]) == ["build:linux"]


def test_the_debug_fragment_is_part_of_what_a_kernel_is(source: Path) -> None:
    build = Build(source)
    folder = next(parent for parent in build("debug").parents if parent.parent.name == "kbuilds")
    assert "CONFIG_PAGE_TABLE_CHECK=y" in (folder / "ksftci-1.config").read_text()
    tree = Tree.open(source)
    assert build.builder.identity(tree, ["debug"]) != build.builder.identity(tree)


@pytest.mark.parametrize("name", [ARM64.name, X86_64.name, "debug"])
def test_the_shipped_fragments_hold_each_setting_once(name: str) -> None:
    lines = [line for line in kbuild._shipped(name).splitlines() if not line.startswith("#")]
    assert len(lines) > 10
    assert all(kbuild._SYMBOL.fullmatch(line) for line in lines)
    assert len({line.partition("=")[0] for line in lines}) == len(lines)


# One build serves all tests on real kernels, those of coverage too.
CONFIG = ("--config", "GCOV_KERNEL=y")


def ksftci(*args: object) -> str:
    argv = [sys.executable, "-m", "ksftci", *map(str, args)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=3000, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.qemu
def test_a_kernel_that_was_built_boots_with_two_nodes(
    tree: Callable[[str], Path], kernel_tree: str, tmp_path: Path
) -> None:
    xml = tmp_path / "out.xml"
    image = Path(ksftci("kernel", "build", kernel_tree, *CONFIG).strip())
    assert image.name == "Image"
    ksftci("run", "--tree", tree("debian:7.3"), "--kernel", image, "--junit", xml)
    cases = list(ET.parse(xml).getroot().iter("testcase"))
    ran = [case for case in cases if case.find("skipped") is None]
    assert [case for case in ran if "numa" in (case.get("classname") or "")]
    assert len(ran) >= 290


@pytest.mark.qemu
@pytest.mark.nightly
@pytest.mark.parametrize("name", ["arm64", "x86_64", "riscv64"])
def test_a_small_kernel_of_each_architecture(name: str, kernel_tree: str, tree: Callable[[str], Path]) -> None:
    options = ("--arch", name, "--kernel", f"build:{kernel_tree}", "-k", "protnone and base")
    assert "none failed" in ksftci("run", "--tree", tree("debian:7.3"), *options)


@pytest.mark.qemu
def test_a_guest_has_swap_on_request(kernel_tree: str, tmp_path: Path) -> None:
    script = tmp_path / "swap.sh"
    script.write_text(
        "#!/bin/sh\ngrep -q '^SwapTotal: *65532 kB' /proc/meminfo && echo ok 1 swap || echo not ok 1 swap\n"
    )
    options = ("--kernel", ksftci("kernel", "build", kernel_tree, *CONFIG).strip())
    ksftci("run", script, *options, "--swap", 64)
    argv = [sys.executable, "-m", "ksftci", "run", str(script), *options]
    assert subprocess.run(argv, capture_output=True, timeout=3000, check=False).returncode == 1


@pytest.mark.qemu
def test_watch_builds_and_tests_a_saved_file(kernel_tree: str) -> None:
    tree = Path(ksftci("tree", "get", "--full", kernel_tree).strip())
    argv = [sys.executable, "-u", "-m", "ksftci", "watch", "--tree", str(tree), *CONFIG, "mm:mkdirty"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as watch:
        assert watch.stdout is not None
        lines: list[str] = []
        for _ in range(2):
            for line in watch.stdout:
                lines.append(line)
                if line.startswith("watching"):
                    break
            os.utime(tree / "mm/mprotect.c")
        watch.send_signal(signal.SIGINT)
        watch.stdout.read()
    assert watch.returncode == 130, lines
    rounds = [line for line in lines if "kernel " in line and "boot " in line]
    assert len(rounds) == 2 and all("nothing failed" in line for line in rounds), lines
    assert "saved: mm/mprotect.c\n" in lines
