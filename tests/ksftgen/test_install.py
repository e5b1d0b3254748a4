# SPDX-License-Identifier: GPL-2.0-only
"""install, in small copies of the mm selftests of Linux 7.3, 6.12 and 6.1."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from ksftgen import helpers, makefile, spec
from ksftgen.errors import TreeError
from ksftgen.install import install, remove
from ksftgen.scenario import Scenario
from ksftgen.tree import mm_dir, probe

MAKEFILE = """\
LOCAL_HDRS += $(selfdir)/mm/local_config.h

TEST_GEN_FILES = cow
TEST_GEN_FILES += mlock2-tests
TEST_GEN_FILES += mrelease_test
ifneq ($(ARCH),arm64)
TEST_GEN_FILES += soft-dirty
endif
@PROGS@
include ../lib.mk

$(TEST_GEN_FILES): vm_util.c @SETTINGS@.c

$(OUTPUT)/uffd-stress: uffd-common.c

ifeq ($(ARCH),x86_64)
$(OUTPUT)/protection_keys: pkey_util.c
endif
"""
RUN = """\
usage: run_vmtests.sh
- mmap
	tests for mmap(2)

example: ./run_vmtests.sh -t "hmm mmap ksm"

CATEGORY="mmap" run_test ./map_populate

echo "SUMMARY: PASS"
"""


def make_tree(top: Path, version: tuple[int, int]) -> Path:
    """A kernel tree with the files and lines that ksftgen reads or changes."""
    new = version >= (7, 3)
    folder = top / "tools/testing/selftests" / ("mm" if version >= (6, 3) else "vm")
    folder.mkdir(parents=True)
    (top / "Makefile").write_text(f"# x\nVERSION = {version[0]}\nPATCHLEVEL = {version[1]}\nSUBLEVEL = 4\n")
    progs = "\nTEST_PROGS += ksft_cow.sh\nTEST_PROGS += ksft_rmap.sh\n" if new else "\nTEST_PROGS := run_vmtests.sh\n"
    settings = "hugepage_settings" if new else "thp_settings"
    (folder / "Makefile").write_text(MAKEFILE.replace("@PROGS@", progs).replace("@SETTINGS@", settings))
    (folder / ".gitignore").write_text("*\n!*.c\n" if new else "cow\nmerge\n")
    (folder / "run_vmtests.sh").write_text(RUN if version >= (6, 3) else "run_test ./soft-dirty\n\nexit $exitcode\n")
    (folder / "run_vmtests.sh").chmod(0o755)
    (folder.parent / "kselftest_harness.h").write_text("KSFT_XFAIL\n" if version >= (6, 9) else "KSFT_SKIP\n")
    prefix = "" if new else "../"
    (folder / "merge.c").write_text(f'#include "{prefix}kselftest_harness.h"\n')
    (folder / "cow.c").write_text(f'#include "{prefix}kselftest.h"\n')
    (folder / "vm_util.h").write_text("/* not_this(void) */\nint read_sysfs(const char *path);\n#define PM_FILE 1\n")
    (folder / f"{settings}.h").write_text("bool thp_is_enabled(void);\n")
    return top


def contents(top: Path) -> dict[str, tuple[bytes, int]]:
    """The content and the mode of every file, by its path."""
    return {
        str(path.relative_to(top)): (path.read_bytes(), path.stat().st_mode & 0o777)
        for path in sorted(top.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(params=[(7, 3), (6, 12), (6, 1)], ids=["7.3", "6.12", "6.1"])
def kernel(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return make_tree(tmp_path / "linux", request.param)


def test_probe(tmp_path: Path) -> None:
    old, new = probe(make_tree(tmp_path / "old", (6, 12))), probe(make_tree(tmp_path / "new", (7, 3)))
    assert (old.version, new.version) == ((6, 12), (7, 3))
    assert (old.harness_include, new.harness_include) == ("../kselftest_harness.h", "kselftest_harness.h")
    assert (old.kselftest_include, new.kselftest_include) == ("../kselftest.h", "kselftest.h")
    assert (old.settings_header, new.settings_header) == ("thp_settings.h", "hugepage_settings.h")
    assert (old.has_wrappers, new.has_wrappers) == (False, True)
    assert (probe(make_tree(tmp_path / "oldest", (6, 1))).has_exit_code, old.has_exit_code) == (False, True)
    assert new.programs_variable == "TEST_GEN_FILES"
    assert [new.has(name) for name in ("read_sysfs", "PM_FILE", "thp_is_enabled")] == [True] * 3
    assert not any(new.has(name) for name in ("not_this", "read_sys"))


def test_folder_that_is_not_a_kernel_tree(tmp_path: Path) -> None:
    with pytest.raises(TreeError, match="is not a directory"):
        probe(tmp_path / "gone")
    with pytest.raises(TreeError, match="give the top of a kernel tree"):
        probe(tmp_path)


def test_install_writes_sources_and_lists_programs(kernel: Path, sample: Scenario) -> None:
    profile = probe(kernel)
    new = profile.version >= (7, 3)
    install([sample], kernel, prune=True)
    folder = mm_dir(kernel)
    text = (folder / "Makefile").read_text()
    assert "mlock2-tests\nTEST_GEN_FILES += mprotect_sample\nTEST_GEN_FILES += mrelease_test\n" in text
    assert f"LOCAL_HDRS += $(selfdir)/{profile.mm_folder}/mprotect_area.h\n" in text
    assert f"LOCAL_HDRS += $(selfdir)/{profile.mm_folder}/mprotect_model.h\n" in text
    core = [name for name in helpers.available() if helpers.is_core(name) and name.endswith(".c")]
    assert "mprotect_area_map.c" in core
    sources = "\nMPROTECT_AREA_SRCS += ".join(core)
    rule = "$(OUTPUT)/mprotect_sample: $(MPROTECT_AREA_SRCS) mprotect_state_cow.c"
    assert f"uffd-common.c\n\nMPROTECT_AREA_SRCS := {sources}\n\n{rule}\n\nifeq" in text
    assert ("ksft_cow.sh\nTEST_PROGS += ksft_mprotect.sh\nTEST_PROGS += ksft_rmap.sh\n" in text) is new
    assert ("mprotect_sample" in (folder / ".gitignore").read_text().split()) is not new
    run = (folder / "run_vmtests.sh").read_text()
    if profile.mm_folder == "mm":
        assert "\n- mprotect\n\ttest mprotect(2)" in run
        assert '\nCATEGORY="mprotect" run_test ./mprotect_sample\n\necho "SUMMARY' in run
    else:
        assert run.endswith("\nrun_test ./mprotect_sample\n\nexit $exitcode\n")
    assert (folder / "run_vmtests.sh").stat().st_mode & 0o777 == 0o755
    assert (folder / "ksft_mprotect.sh").exists() is new
    if new:
        assert (folder / "ksft_mprotect.sh").stat().st_mode & 0o777 == 0o755
    assert (folder / "mprotect_area.h").exists()
    program = (folder / "mprotect_sample.c").read_text()
    assert f'#include "{profile.harness_include}"' in program
    assert ("KSFT_XFAIL" in program) is (profile.version >= (6, 9))


def test_installing_twice_changes_nothing(kernel: Path, sample: Scenario) -> None:
    assert install([sample], kernel, prune=True)
    once = contents(kernel)
    assert install([sample], kernel, prune=True) == []
    assert contents(kernel) == once
    assert not [name for name in once if "/.mprotect" in name or "/.Makefile" in name]


def test_prune_removes_other_programs(kernel: Path, sample: Scenario) -> None:
    other = replace(sample, name="mprotect_other")
    install([other], kernel, prune=True)
    once = contents(kernel)
    install([sample], kernel, prune=False)
    joined = (mm_dir(kernel) / "Makefile").read_text()
    assert set(makefile.installed_programs(joined)) == {"mprotect_other", "mprotect_sample"}
    install([other], kernel, prune=True)
    assert contents(kernel) == once


def test_programs_of_earlier_installs_keep_their_helpers(kernel: Path, sample: Scenario, tmp_path: Path) -> None:
    install([sample], kernel, prune=True)
    folder = mm_dir(kernel)
    room = (folder / "mprotect_state_cow.c").read_text()
    (folder / "mprotect_state_cow.c").write_text(f"{room}/* of an older ksftgen */\n")
    other = timed(tmp_path)
    install([other], kernel, prune=False)
    text = (folder / "Makefile").read_text()
    assert makefile.installed_programs(text) == {
        "mprotect_sample": ("mprotect_state_cow.c",),
        "mprotect_timed": ("mprotect_area_measure.c",),
    }
    assert "MPROTECT_AREA_SRCS += mprotect_area_measure.c" not in text
    assert (folder / "mprotect_state_cow.c").read_text() == room
    once = contents(kernel)
    assert install([other], kernel, prune=False) == []
    install([sample, other], kernel, prune=True)
    assert contents(kernel) == once
    install([other], kernel, prune=True)
    assert not (folder / "mprotect_state_cow.c").exists()
    assert not (folder / "mprotect_sample.c").exists()
    assert "state_cow" not in (folder / "Makefile").read_text()


def timed(folder: Path) -> Scenario:
    path = folder / "mprotect_timed.yaml"
    path.write_text(
        "scenario: mprotect_timed\nsummary: x\nmatrix: {prot: [none]}\nstrength: 1\n"
        "setup: [{map_full: {layout: base}}]\ntests: {toggle: [{measure: {prot: $prot}}]}\n"
    )
    return spec.load(path)


@pytest.mark.parametrize("prune", [True, False])
def test_an_install_without_rooms_is_cleaned_up(kernel: Path, sample: Scenario, prune: bool) -> None:
    """As ksftgen 0.1 left it when helpers were one engine that every program linked."""
    clean = contents(install_into_copy(kernel, sample))
    folder = mm_dir(kernel)
    old = ["mprotect_area.c", "mprotect_area_layouts.c", "mprotect_area_numa.c"]
    for name in (*old, "mprotect_area_internal.h", "mprotect_sample.c"):
        (folder / name).write_text("// SPDX\n/* Generated by ksftgen from templates/. */\n")
    text = (folder / "Makefile").read_text()
    rules = "".join(f"MPROTECT_AREA_SRCS {':=' if name == old[0] else '+='} {name}\n" for name in old)
    rules += "\n$(OUTPUT)/mprotect_sample: $(MPROTECT_AREA_SRCS)\n"
    header = f"LOCAL_HDRS += $(selfdir)/{folder.name}/mprotect_area_internal.h\n"
    text = text.replace("uffd-common.c\n", f"uffd-common.c\n\n{rules}")
    text = text.replace("local_config.h\n", f"local_config.h\n{header}")
    (folder / "Makefile").write_text(text)
    assert makefile.installed_programs(text) == {"mprotect_sample": ()}
    install([sample], kernel, prune=prune)
    assert contents(kernel) == clean


def install_into_copy(kernel: Path, scenario: Scenario) -> Path:
    copy = kernel.with_name("copy")
    shutil.copytree(kernel, copy)
    install([scenario], copy, prune=True)
    return copy


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("Makefile", ("include ../lib.mk", "include lib.mk"), "lib.mk"),
        ("Makefile", ("TEST_GEN_FILES", "OTHER_FILES"), "lists no TEST_GEN_FILES"),
        ("run_vmtests.sh", ("SUMMARY", "TOTAL"), "SUMMARY"),
        ("run_vmtests.sh", ("example:", "for example:"), "example"),
    ],
)
def test_tree_of_unknown_structure_stays_unchanged(
    tmp_path: Path, sample: Scenario, name: str, change: tuple[str, str], message: str
) -> None:
    kernel = make_tree(tmp_path, (7, 3))
    path = mm_dir(kernel) / name
    path.write_text(path.read_text().replace(*change))
    before = contents(kernel)
    with pytest.raises(TreeError, match=message):
        install([sample], kernel, prune=True)
    assert contents(kernel) == before


def test_no_file_of_the_tree_is_overwritten(kernel: Path, sample: Scenario) -> None:
    other = replace(sample, name="merge")
    before = contents(kernel)
    with pytest.raises(TreeError, match=r"merge\.c: ksftgen did not generate this file"):
        install([other], kernel, prune=True)
    assert contents(kernel) == before


@pytest.mark.parametrize("some", [False, True], ids=["all lines", "some lines"])
def test_line_ends_stay(kernel: Path, sample: Scenario, some: bool) -> None:
    files = [mm_dir(kernel) / name for name in ("Makefile", ".gitignore", "run_vmtests.sh")]
    before = {}
    for path in files:
        lines = path.read_bytes().splitlines(keepends=True)
        crlf = [line if some and number < 2 else line.replace(b"\n", b"\r\n") for number, line in enumerate(lines)]
        path.write_bytes(b"".join(crlf))
        before[path] = crlf
    plain = kernel.with_name("plain")
    shutil.copytree(kernel, plain)
    for path in files:
        copy = plain / path.relative_to(kernel)
        copy.write_bytes(copy.read_bytes().replace(b"\r\n", b"\n"))
    install([sample], plain, prune=True)
    for _ in range(2):
        install([sample], kernel, prune=True)
        for path in files:
            data = path.read_bytes()
            assert data.replace(b"\r\n", b"\n") == (plain / path.relative_to(kernel)).read_bytes()
            new = Counter(data.splitlines(keepends=True)) - Counter(before[path])
            assert new.total() == len(data.splitlines()) - len(before[path])
            assert all(line.endswith(b"\r\n") for line in new) or (some and len(before[path]) <= 4)


def link(kernel: Path, place: Path) -> None:
    """Moves two files to another place, and leaves links that lead there."""
    place.mkdir()
    folder = mm_dir(kernel)
    for name in ("Makefile", "run_vmtests.sh"):
        shutil.move(folder / name, place / name)
        (folder / name).symlink_to(place / name)


def test_links_stay_links(kernel: Path, sample: Scenario) -> None:
    folder, place = mm_dir(kernel), kernel / "elsewhere"
    link(kernel, place)
    before = contents(kernel)
    install([sample], kernel, prune=True)
    for name in ("Makefile", "run_vmtests.sh"):
        assert (folder / name).is_symlink()
        assert "mprotect_sample" in (place / name).read_text()
    assert sorted(path.name for path in place.iterdir()) == ["Makefile", "run_vmtests.sh"]
    remove(kernel)
    assert (folder / "Makefile").is_symlink()
    assert contents(kernel) == before


def test_a_link_that_leads_out_of_the_tree(kernel: Path, sample: Scenario) -> None:
    link(kernel, kernel.with_name("elsewhere"))
    before = contents(kernel.parent)
    with pytest.raises(TreeError, match=r"Makefile: leads out of the tree, to .*/elsewhere/Makefile; copy the file"):
        install([sample], kernel, prune=True)
    assert contents(kernel.parent) == before


@pytest.mark.parametrize("ends", ["as they are", "none at the end", "CRLF"])
def test_what_is_removed_leaves_the_tree_as_it_was(kernel: Path, sample: Scenario, ends: str) -> None:
    for name in ("Makefile", ".gitignore", "run_vmtests.sh"):
        path = mm_dir(kernel) / name
        data = path.read_bytes().rstrip(b"\n") if ends == "none at the end" else path.read_bytes()
        path.write_bytes(data.replace(b"\n", b"\r\n") if ends == "CRLF" else data)
    before = contents(kernel)
    assert remove(kernel) == []
    install([sample], kernel, prune=True)
    install([replace(sample, name="mprotect_zebra"), replace(sample, name="aardvark")], kernel, prune=False)
    (mm_dir(kernel) / "mprotect_zebra").write_bytes(b"built")
    assert contents(kernel) != before
    assert remove(kernel)
    assert contents(kernel) == before


def test_what_is_not_ours_is_not_removed(kernel: Path, sample: Scenario) -> None:
    install([sample], kernel, prune=True)
    wrapper = mm_dir(kernel) / "ksft_mprotect.sh"
    wrapper.write_text("#!/bin/sh\necho mine\n")
    makefile_ = mm_dir(kernel) / "Makefile"
    makefile_.write_text(makefile_.read_text().replace("TEST_GEN_FILES = cow", "TEST_GEN_FILES = cow mine"))
    remove(kernel)
    assert wrapper.read_text() == "#!/bin/sh\necho mine\n"
    assert "TEST_GEN_FILES = cow mine\n" in makefile_.read_text()
    assert "mprotect_sample" not in makefile_.read_text()


@pytest.mark.parametrize("name", ["Makefile", "run_vmtests.sh", "extra.c", "mprotect_sample.c", "vm_util.h"])
def test_a_fifo_is_not_waited_for(kernel: Path, sample: Scenario, name: str) -> None:
    path = mm_dir(kernel) / name
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    before = contents(kernel)
    with contextlib.suppress(TreeError):
        install([sample], kernel, prune=True)
        assert name in ("extra.c", "vm_util.h")
        return
    assert contents(kernel) == before
    assert not path.is_file()
