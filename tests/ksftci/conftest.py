# SPDX-License-Identifier: GPL-2.0-only
"""What the tests of ksftci share."""

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

LOGS = Path(__file__).parent.parent / "logs"
GUEST = Path(__file__).with_name("guest.c")


@pytest.fixture
def log() -> Callable[[str], str]:
    """The text of a recording in tests/logs."""
    return lambda name: (LOGS / name).read_bytes().decode("utf-8", "replace")


@pytest.fixture(scope="session")
def compile_guest(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """guest.c in one of its modes, static, for arm64 or for this machine."""
    folder = tmp_path_factory.mktemp("guest")

    def build(mode: str, compiler: str = "aarch64-linux-gnu-gcc") -> Path:
        if shutil.which(compiler) is None:
            pytest.skip(f"{compiler} is not installed")
        program = folder / f"{compiler}-{mode.lower()}" / mode.lower()
        if not program.exists():
            program.parent.mkdir(exist_ok=True)
            argv = [compiler, "-static", "-O1", f"-DMODE={mode}", "-o", str(program), str(GUEST)]
            subprocess.run(argv, check=True)
        return program

    return build


@pytest.fixture
def kernel() -> str:
    """The kernel that integration tests boot."""
    return os.environ.get("KSFTCI_TEST_KERNEL", "debian:7.3")


@pytest.fixture
def compile_harness(tmp_path: Path) -> Callable[[str], Path]:
    """harness.c with the kselftest_harness.h of a kernel tree, static, for arm64."""

    def build(tree: str) -> Path:
        program = tmp_path / "harness"
        argv = ["aarch64-linux-gnu-gcc", "-static", "-O1", "-D_GNU_SOURCE", f"-I{tree}/tools/testing/selftests"]
        subprocess.run([*argv, "-o", str(program), str(GUEST.with_name("harness.c"))], check=True)
        return program

    return build


@pytest.fixture
def small_tree(tmp_path: Path) -> Path:
    """A kernel tree of empty files, with the collections mm, futex and futex/functional."""
    root = tmp_path / "linux"
    selftests = root / "tools/testing/selftests"
    texts = {
        "mm/Makefile": "TEST_GEN_FILES = cow\nTEST_GEN_FILES += mprotect_a\nTEST_GEN_FILES += mprotect_b\n",
        "mm/run_all.sh": "#!/bin/bash\n",
        "mm/settings": "timeout=900\n",
        **{f"mm/{name}.c": "" for name in ("cow", "mprotect_a", "mprotect_b", "mprotect_shared_by_them")},
        **dict.fromkeys(("lib.mk", "futex/Makefile", "futex/functional/Makefile", "futex/functional/wait.c"), ""),
    }
    for name, text in texts.items():
        (selftests / name).parent.mkdir(parents=True, exist_ok=True)
        (selftests / name).write_text(text)
    (root / "Makefile").write_text("VERSION = 7\nPATCHLEVEL = 3\nSUBLEVEL = 4\nEXTRAVERSION = -rc1\n")
    (root / "scripts").mkdir()
    return root


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Signals end what is started from here, though a shell's background ignores Ctrl-C, and nohup SIGHUP."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler), signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    for number, handler in zip((signal.SIGINT, signal.SIGHUP), before, strict=True):
        signal.signal(number, handler)
