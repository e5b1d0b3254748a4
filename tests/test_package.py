# SPDX-License-Identifier: GPL-2.0-only
"""What is built of a checkout: the same wheel and sdist anywhere, and programs that do not need the checkout."""

import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.ksftgen.test_report import tree as tree_of

EPOCH = "1700000000"  # 2023-11-14 22:13:20 UTC
MINE = "mprotect_my_bug"
Program = Callable[..., str]


def build(source: Path, to: Path, *targets: str, umask: int = 0o022, **env: str) -> dict[str, bytes]:
    """Build the targets, or all; gives each file that comes of it by its name."""
    argv = [sys.executable, "-m", "hatchling", "build", "-d", str(to), *targets]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": EPOCH, **env}
    subprocess.run(argv, cwd=source, env=environment, umask=umask, capture_output=True, check=True)
    return {path.name: path.read_bytes() for path in to.iterdir()}


def test_builds_are_the_same_wherever_whenever_and_by_whomever(checkout: Path, tmp_path: Path) -> None:
    first = build(checkout, tmp_path / "first", LC_ALL="C", TZ="UTC", PYTHONHASHSEED="1")
    other = Path(shutil.copytree(checkout, tmp_path / "another folder", copy_function=shutil.copy))
    for path in other.rglob("*"):
        path.chmod(path.stat().st_mode & 0o700)
    second = build(other, tmp_path / "second", umask=0o077, LC_ALL="C.UTF-8", TZ="Asia/Tokyo", PYTHONHASHSEED="2")
    assert sorted(Path(name).suffix for name in first) == [".gz", ".whl"]
    assert [name for name in {*first, *second} if first.get(name) != second.get(name)] == []


def test_the_sdist_has_every_file_and_makes_the_same_wheel(checkout: Path, tmp_path: Path) -> None:
    built = build(checkout, tmp_path / "built")
    (sdist,) = (tmp_path / "built").glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path)  # Debian 12's Python 3.11.2 knows no filter
    unpacked = tmp_path / sdist.name.removesuffix(".tar.gz")
    found = (path.relative_to(checkout) for path in checkout.rglob("*") if path.is_file())
    files = {path for path in found if "__pycache__" not in path.parts}  # tests run programs there
    assert files <= {path.relative_to(unpacked) for path in unpacked.rglob("*")}
    again = build(unpacked, tmp_path / "again", "-t", "wheel")
    assert again.items() <= built.items()


@pytest.fixture(scope="session")
def venv(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with the wheel and what it depends on."""
    folder = tmp_path_factory.mktemp("venv")
    (wheel,) = build(checkout, folder / "dist", "-t", "wheel")
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    subprocess.run([folder / "bin/pip", "install", "--quiet", folder / "dist" / wheel], capture_output=True, check=True)
    return folder


@pytest.fixture
def program(venv: Path, tmp_path: Path) -> Program:
    """Runs a program of the wheel in an empty folder; gives all that it prints."""

    def run(name: str, *arguments: object, status: int = 0) -> str:
        argv = [str(venv / "bin" / name), *map(str, arguments)]
        env = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
        done = subprocess.run(argv, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr

    return run


@pytest.mark.tree
def test_ksftgen_needs_no_checkout(program: Program, tmp_path: Path) -> None:
    program("ksftgen", "new", "my_bug")
    assert program("ksftgen", "check", f"{MINE}.yaml").startswith(f"{MINE}: ")
    assert "check" in program("ksftgen", "explain", MINE + ".yaml")
    assert "mprotect_cow_shared: " in program("ksftgen", "check")
    program("ksftgen", "render", f"{MINE}.yaml", "-o", "mine")
    assert (tmp_path / f"mine/{MINE}.c").is_file()
    program("ksftgen", "render")
    program("ksftgen", "render", "--check")
    assert {path.name for path in tmp_path.iterdir()} == {f"{MINE}.yaml", "mine", "generated"}
    for command in (["schema"], ["reference"], ["list", "--matrix"], ["list", "--json"]):
        assert program("ksftgen", *command)
    tree = tree_of(tmp_path / "linux", "ksm_uffd_wp")
    program("ksftgen", "submit", "--tree", tree, "-o", "reports", "--finding", "ksm_uffd_wp")
    assert (tmp_path / "reports/ksm_uffd_wp.eml").is_file()


@pytest.mark.tree
def test_ksftci_needs_no_checkout(program: Program, venv: Path, tmp_path: Path) -> None:
    log = tmp_path / "some.log"
    log.write_text("TAP version 13\n1..1\nok 1 first\n")
    program("ksftci", "report", log, "--html", "page.html")
    assert 'name="first"' in program("ksftci", "junit", log)
    (tmp_path / "Makefile").write_text("VERSION = 7\n")
    (tmp_path / "tools/testing/selftests").mkdir(parents=True)
    (tmp_path / "tools/testing/selftests/lib.mk").touch()
    assert "pip install 'ksftgen[watch]'" in program("ksftci", "watch", status=2)
    for page in ("ksftgen", "ksftci"):
        assert (venv / f"share/man/man1/{page}.1").is_file()


@pytest.mark.qemu
def test_a_scenario_of_ones_own_runs_without_a_checkout(program: Program) -> None:
    program("ksftgen", "new", "my_bug")
    shown = program("ksftci", "run", "--kernel", "debian:7.3", f"{MINE}.yaml", "-k", "writable_again")
    assert "none failed" in shown
