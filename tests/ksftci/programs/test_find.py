# SPDX-License-Identifier: GPL-2.0-only
"""What may be run, trees, and where things are kept."""

import gzip
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from ksftci.arch import ARM64, X86_64
from ksftci.errors import CiError
from ksftci.host.cache import Cache
from ksftci.host.debian import Debian
from ksftci.host.files import write_all, write_whole
from ksftci.kernel.tree import Tree, Trees
from ksftci.machine.initramfs import build as pack
from ksftci.machine.initramfs import init_script
from ksftci.machine.machine import Job
from ksftci.programs import find, shadow
from ksftci.programs.build import Installed, broken
from ksftci.programs.libraries import Libraries


def elf(path: Path, machine: int = 183) -> Path:
    path.write_bytes(b"\x7fELF" + bytes(12) + b"\x02\0" + machine.to_bytes(2, "little"))
    return path


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "linux"
    mm = root / "tools/testing/selftests/mm"
    mm.mkdir(parents=True)
    (root / "Makefile").write_text("VERSION = 7\nPATCHLEVEL = 3\nSUBLEVEL = 4\nEXTRAVERSION = -rc1\n")
    (mm.parent / "lib.mk").write_text("")
    (mm / "run_all.sh").write_text("#!/bin/bash\n")
    (mm / "settings").write_text("timeout=900\n")
    nested = mm.parent / "futex/functional"
    nested.mkdir(parents=True)
    for folder in (nested, nested.parent):
        (folder / "Makefile").write_text("")
    (nested / "wait.c").write_text("")
    (mm / "Makefile").write_text("TEST_GEN_FILES = cow\nTEST_GEN_FILES += mprotect_a\nTEST_GEN_FILES += mprotect_b\n")
    for name in ("cow", "mprotect_a", "mprotect_b", "mprotect_shared_by_them"):
        (mm / f"{name}.c").write_text("")
    (root / "scripts").mkdir()
    return root


class Builds:
    """Makes what it is asked for out of nothing, and notes what that was."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []

    def build(self, tree: Tree, programs: Sequence[str], collection: str) -> list[Path]:
        self.asked.append((collection, *programs))
        folder = tree.path.parent / f"built-{collection.replace('/', '-')}"
        folder.mkdir(exist_ok=True)
        return [elf(folder / name) for name in programs]

    def install(self, tree: Tree, collection: str) -> Installed:
        self.asked.append((collection,))
        folder = tree.path.parent / f"installed-{collection}"
        (folder / "functional").mkdir(parents=True, exist_ok=True)
        (folder / "run_all.sh").write_text("#!/bin/bash\n")
        return Installed(folder, (folder / "run_all.sh", elf(folder / "functional/wait")))


def test_names_paths_and_folders_keep_their_order(tree: Path, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    elf(folder / "two"), elf(folder / "one")
    (folder / "readme").write_text("text")
    names = [str(folder), "mm:cow", str(elf(tmp_path / "cow"))]
    jobs = find.jobs(names, Tree.open(tree), ARM64, Builds())
    assert [job.name for job in jobs] == ["one", "two", "cow", "cow#2"]


def test_a_name_takes_arguments_and_each_collection_is_built_once(tree: Path) -> None:
    builds = Builds()
    names = ["mm:cow -a 'b c'", "futex/functional:wait", "cow", "mm:run_all.sh -t 'ksm thp'"]
    jobs = find.jobs(names, Tree.open(tree), ARM64, builds)
    assert [(job.name, job.args, job.limit) for job in jobs] == [
        ("cow -a b c", ("-a", "b c"), 900.0),
        ("futex/functional:wait", (), None),
        ("cow", (), 900.0),
        ("run_all.sh -t ksm thp", ("-t", "ksm thp"), 900.0),
    ]
    assert builds.asked == [("mm", "cow"), ("mm",), ("futex/functional", "wait")]
    assert [job.folder is not None for job in jobs] == [False, False, False, True]


def test_a_collection_alone_is_all_of_its_tests(tree: Path) -> None:
    jobs = find.jobs(["futex:"], Tree.open(tree), ARM64, Builds())
    assert [job.name for job in jobs] == ["futex:run_all.sh", "futex/functional:wait"]
    assert {job.folder for job in jobs} == {tree.parent / "installed-futex"}


def test_a_script_of_ones_own_runs_too(tmp_path: Path) -> None:
    script = tmp_path / "mine.sh"
    script.write_text("#!/bin/sh\n")
    assert not find.need_tree([str(script)])
    assert find.need_tree([str(script), "cow"])
    (job,) = find.jobs([f"{script} one two"], None, ARM64, Builds())
    assert (job.name, job.program, job.args) == ("mine.sh one two", script, ("one", "two"))


def test_without_names_the_mprotect_tests(tree: Path) -> None:
    jobs = find.jobs([], Tree.open(tree), ARM64, Builds())
    assert [job.name for job in jobs] == ["mprotect_a", "mprotect_b"]


def test_mistakes_are_explained(tree: Path, tmp_path: Path) -> None:
    known = Tree.open(tree)
    for names, of, message in [
        (["mprotect"], known, "alike are mprotect_a, mprotect_b"),
        (["cow"], None, "--tree"),
        ([], None, "nothing to run"),
        (["./nothing"], known, "No such file"),
        ([str(tree)], known, "no program in this folder"),
        ([str(tree / "Makefile")], known, "no ELF"),
        ([str(elf(tmp_path / "x", 62))], known, "for x86_64, but --arch is arm64"),
        (["net:x"], known, "no net selftests"),
        (["?"], known, "neither a program"),
        ([""], known, "neither a program"),
        (["mm:cow 'a"], known, "No closing quotation"),
        (["mm: -a"], known, "takes no arguments"),
        (["mm:run_al"], known, "alike are run_all.sh"),
    ]:
        with pytest.raises(CiError, match=message):
            find.jobs(names, of, ARM64, Builds())
    assert find.jobs([str(tmp_path / "x")], None, X86_64, Builds())


def test_a_tree_is_looked_at(tree: Path, tmp_path: Path) -> None:
    assert Tree.open(tree).version == "7.3.4-rc1"
    for path in (tmp_path / "absent", tmp_path):
        with pytest.raises(CiError, match="tree"):
            Tree.open(path)


def test_mm_was_called_vm(tree: Path) -> None:
    mm = tree / "tools/testing/selftests/mm"
    mm.rename(mm.with_name("vm"))
    assert Tree.open(tree).collection("mm").name == "vm"


def test_a_copy_is_made_once_and_of_one_source(tree: Path, tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache")
    trees = Trees(cache, Debian(cache, ARM64))
    copy = trees.get(str(tree), tmp_path / "copy")
    (copy.path / "mine").write_text("kept")
    assert (trees.get(str(tree), tmp_path / "copy").path / "mine").read_text() == "kept"
    assert not (tree / "mine").exists()
    with pytest.raises(CiError, match="holds a tree of"):
        trees.get("debian:7.3", tmp_path / "copy")
    (tmp_path / "full").mkdir()
    (tmp_path / "full/file").write_text("")
    with pytest.raises(CiError, match="was not made by"):
        trees.get(str(tree), tmp_path / "full")


def test_a_tag_of_a_git_repository(tree: Path, tmp_path: Path) -> None:
    git = ["git", "-C", str(tree), "-c", "user.name=n", "-c", "user.email=e@example.org"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "x"], ["tag", "v7.3"]):
        subprocess.run([*git, *command], check=True)
    cache = Cache(tmp_path / "cache")
    trees = Trees(cache, Debian(cache, ARM64))
    got = trees.get(f"git:file://{tree}@v7.3")
    assert got.version == "7.3.4-rc1"
    assert (got.collection("mm") / "cow.c").is_file()
    for bad in ("git:nowhere", "git:url@-x", f"git:file://{tree}@absent", "debian:x"):
        with pytest.raises(CiError):
            trees.get(bad)


def test_the_shadow_leaves_out_what_others_built(tree: Path, tmp_path: Path) -> None:
    mm = tree / "tools/testing/selftests/mm"
    for name in (
        ".config",
        "include/generated/x.h",
        "include/linux/y.h",
        "arch/arm64/include/generated/z.h",
    ):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text("")
    (mm / "local_config.mk").write_text("")
    for name in ("fixdep.c", "fixdep", "fixdep.o", "checkpatch.pl"):
        (tree / "scripts" / name).write_text("")
    ours = tmp_path / "shadow"
    shadow.make(tree, ours, "arch/arm64", "mm")
    assert not (ours / ".config").exists()
    assert not (ours / "include/generated").exists()
    assert (ours / "include/linux/y.h").exists()
    assert not (ours / "arch/arm64/include/generated").exists()
    assert sorted(p.name for p in (ours / "scripts").iterdir()) == ["checkpatch.pl", "fixdep.c"]
    tests = ours / "tools/testing/selftests/mm"
    assert not (tests / "local_config.mk").exists()
    (tests / "local_config.mk").write_text("ours")
    (mm / "new.c").write_text("")
    (mm / "cow.c").unlink()
    shadow.make(tree, ours, "arch/arm64", "mm")
    assert (tests / "local_config.mk").read_text() == "ours"
    assert (tests / "new.c").exists()
    assert not (tests / "cow.c").is_symlink()


def test_the_shadow_of_a_collection_in_another(tree: Path, tmp_path: Path) -> None:
    ours = tmp_path / "shadow"
    for collection in ("futex", "futex/functional"):
        shadow.make(tree, ours, "arch/arm64", collection)
        nested = ours / "tools/testing/selftests/futex/functional"
        assert not nested.is_symlink()
        assert (nested / "wait.c").is_symlink()
    assert (ours / "tools/testing/selftests/mm").is_symlink()


def test_what_was_not_built_and_why() -> None:
    said = """make: Entering directory 'x'
  CC       ksm_tests
ksm_tests.c:13:10: warning: unused
ksm_tests.c:13:10: fatal error: numa.h: No such file or directory
make: [../lib.mk:222: /out/mm/ksm_tests] Error 1 (ignored)
make[1]: [../../lib.mk:222: /out/mm/functional/wait] Error 1 (ignored)
rsync: [sender] link_stat "/out/mm/ksm_tests" failed
make: [../lib.mk:170: install] Error 23 (ignored)
make: [../lib.mk:222: /out/mm/x.o] Error 1 (ignored)
"""
    assert broken(said, Path("/out/mm")) == {
        "ksm_tests": "ksm_tests.c:13:10: fatal error: numa.h: No such file or directory",
        "functional/wait": "see the log of the build",
    }


def test_libraries_are_those_that_the_sources_include(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    fetched: list[str] = []

    class Packages(Debian):
        def unpack(self, package: str, into: Path) -> None:
            if package.startswith("liburing"):
                raise CiError("no network")
            fetched.append(package)
            (into / "usr/lib/aarch64-linux-gnu").mkdir(parents=True)
            (into / "usr/lib/aarch64-linux-gnu/libnuma.a").write_text("")

    said: list[str] = []
    source = tmp_path / "a.c"
    source.write_text("#include <numa.h>\n # include <numaif.h>\n#include <liburing.h>\n#include <stdio.h>\n")
    libraries = Libraries(cache, Packages(cache, ARM64, say=said.append))
    for _ in range(2):
        flags = libraries.flags([source])
    usr = tmp_path / "libraries/arm64/libnuma-dev/usr"
    assert flags == [f"-isystem {usr}/include", f"-L{usr}/lib/aarch64-linux-gnu"]
    assert fetched == ["libnuma-dev/bookworm"]
    assert said == ["building without liburing-dev: no network"] * 2


def test_a_cache_entry_is_whole_or_absent(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    with pytest.raises(RuntimeError), cache.fresh("things", "one") as folder:
        (folder / "file").write_text("half")
        raise RuntimeError
    assert list((tmp_path / "things").iterdir()) == []
    with cache.fresh("things", "one") as folder:
        (folder / "file").write_text("whole")
    assert (tmp_path / "things/one/file").read_text() == "whole"


def test_a_file_is_whole_or_as_before(tmp_path: Path) -> None:
    path = tmp_path / "out"
    write_whole(path, "one")
    write_whole(path, "two \ud800")
    assert path.read_text() == "two ?"
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(CiError, match="cannot write"):
        write_whole(tmp_path / "absent/out", "x")
    with pytest.raises(CiError, match="is a folder"):
        write_whole(tmp_path, "x")


def test_a_full_disk_is_said_and_does_not_cost_the_other_files(tmp_path: Path) -> None:
    with pytest.raises(CiError, match="/dev/full: cannot write there: No space left"):
        write_all((path, lambda file: write_whole(file, "whole")) for path in (Path("/dev/full"), tmp_path / "out"))
    assert (tmp_path / "out").read_text() == "whole"


def test_a_folder_that_jobs_share_is_in_the_guest_once(tmp_path: Path) -> None:
    folder = tmp_path / "mm"
    (folder / "inner").mkdir(parents=True)
    for path in (folder / "run.sh", folder / "inner/one", tmp_path / "busybox", tmp_path / "bash"):
        path.write_text("#!/bin/sh\n")
        path.chmod(0o755)
    jobs = [
        Job("alone", tmp_path / "bash"),
        Job("a", folder / "run.sh", ("-t", "ksm"), folder),
        Job("b", folder / "inner/one", (), folder, 2.0),
    ]
    script = init_script(jobs, "t0")
    assert script.splitlines()[-4:-1] == [
        "run 0 0 /tests/0/bash",
        "run 1 0 /tests/1/run.sh -t ksm",
        "run 2 2 /tests/1/inner/one",
    ]
    archive = gzip.decompress(pack(jobs, tmp_path / "busybox", script, tmp_path / "bash"))
    names = subprocess.run(["cpio", "-t", "--quiet"], input=archive, capture_output=True, check=True).stdout.decode()
    assert [name for name in names.split() if name.startswith("tests/")] == [
        *("tests/0", "tests/0/bash"),
        *("tests/1", "tests/1/inner", "tests/1/inner/one", "tests/1/run.sh"),
    ]
    assert "bin/bash" in names.split()
    with pytest.raises(CiError, match=r"gone: No such file"):
        pack([Job("gone", tmp_path / "gone")], tmp_path / "busybox", script)


def test_what_goes_into_the_guests_shell_is_quoted() -> None:
    script = init_script([Job("x", Path("/p/a b"), ("$(reboot)", "it's"))], "t0")
    assert "run 0 0 '/tests/0/a b' '$(reboot)' 'it'\"'\"'s'" in script
    assert "@TOKEN@" not in script


@pytest.mark.parametrize("megabytes", [0, 512])
def test_swap_is_set_up_before_the_first_program(megabytes: int) -> None:
    script = init_script([Job("x", Path("/p/a"))], "t0", swap_mb=megabytes)
    lines = script.splitlines()
    assert lines.index(f"swap {megabytes}") < lines.index("facts") < lines.index("run 0 0 /tests/0/a")
