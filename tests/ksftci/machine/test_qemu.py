# SPDX-License-Identifier: GPL-2.0-only
"""Runs of the command line on a real kernel in QEMU."""

import os
import re
import shutil
import signal
import struct
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.qemu
Compile = Callable[..., Path]


def ksftci(*args: object, **environment: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "ksftci", *map(str, args)]
    env = {**os.environ, **environment}
    return subprocess.run(argv, env=env, capture_output=True, text=True, timeout=300, check=False)


def cases(xml: Path) -> dict[str, str]:
    """The name of each test case to the tag of its outcome, or "pass"."""
    tags = {"failure", "error", "skipped"}
    return {
        f"{case.get('classname')}.{case.get('name')}": next((inner.tag for inner in case if inner.tag in tags), "pass")
        for case in ET.parse(xml).getroot().iter("testcase")
    }


def run_one(program: Path, kernel: str, folder: Path, *options: object) -> tuple[int, dict[str, str], str]:
    """The exit status, the outcome of each test, and the output of a run of one program."""
    xml = folder / "out.xml"
    done = ksftci("run", program, "--kernel", kernel, "--junit", xml, *options)
    outcomes = cases(xml) if xml.exists() else {}
    return (
        done.returncode,
        {name.rpartition(".")[2]: outcome for name, outcome in outcomes.items()},
        done.stdout + done.stderr,
    )


@pytest.mark.parametrize(
    ("mode", "status", "expected"),
    [
        ("FINE", 0, {"first": "pass", "second": "pass", "third": "pass"}),
        ("FAILS", 1, {"first": "pass", "second": "failure", "third": "skipped"}),
        ("CRASHES", 1, {"first": "pass", "second": "error", "test 3": "error"}),
        ("SKIPS", 0, {"first": "pass", "second": "skipped", "third": "skipped"}),
        ("NO_LINE_END", 0, {"first": "pass", "second": "pass", "third": "pass"}),
    ],
)
def test_verdicts(
    mode: str,
    status: int,
    expected: dict[str, str],
    compile_guest: Compile,
    kernel: str,
    tmp_path: Path,
) -> None:
    code, outcomes, output = run_one(compile_guest(mode), kernel, tmp_path)
    assert (code, outcomes) == (status, expected), output


def test_a_warning_of_the_kernel_is_a_failure_of_the_running_test(
    compile_guest: Compile, kernel: str, tmp_path: Path
) -> None:
    program, ktap = compile_guest("WARNS"), tmp_path / "out.ktap"
    code, outcomes, output = run_one(program, kernel, tmp_path, "--ktap", ktap)
    assert code == 1, output
    assert outcomes == {"first": "pass", "second": "pass", "second/kernel_log": "failure", "third": "pass"}
    assert "WARNING: guest.c:1 at main" in output
    assert "FAIL warns.second/kernel_log" in ksftci("report", ktap).stdout  # the record says the same


def test_results_before_a_panic_are_kept_and_the_other_programs_run_on_a_new_start(
    compile_guest: Compile, kernel: str, tmp_path: Path
) -> None:
    xml = tmp_path / "out.xml"
    programs = [compile_guest("PANICS"), compile_guest("FINE")]
    done = ksftci("run", *programs, "--kernel", kernel, "--junit", xml)
    outcomes = cases(xml)
    output = done.stdout + done.stderr
    if "exit status 5" in output:
        pytest.skip("this kernel has no /proc/sysrq-trigger")
    assert done.returncode == 1, output
    assert {n: v for n, v in outcomes.items() if n.endswith("panics.first")}.popitem()[1] == "pass"
    assert {n: v for n, v in outcomes.items() if n.endswith("panics.second")}.popitem()[1] == "error"
    assert [v for n, v in outcomes.items() if ".fine." in n or n.startswith("fine.")] == ["pass"] * 3, output
    assert "CRASH panics.second" in output
    assert "the kernel panicked" in output


def test_the_tests_after_the_one_that_panics_run_on_a_new_start(
    kernel: str, compile_harness: Callable[[str], Path], tmp_path: Path
) -> None:
    xml = tmp_path / "out.xml"
    program = compile_harness(ksftci("tree", "get", "debian:7.3").stdout.strip())
    done = ksftci("run", program, "--kernel", kernel, "--junit", xml)
    outcomes = {name.rpartition(".")[2]: verdict for name, verdict in cases(xml).items()}
    assert outcomes == {"first": "pass", "panics": "error", "third": "pass"}, done.stdout + done.stderr


def test_silence_is_a_timeout_of_the_running_test(compile_guest: Compile, kernel: str, tmp_path: Path) -> None:
    code, outcomes, output = run_one(compile_guest("HANGS"), kernel, tmp_path, "--silence", 12)
    assert code == 1
    assert outcomes == {"first": "pass", "second": "error", "test 3": "error"}
    assert "TIMEOUT hangs.second" in output


def test_the_total_time_is_limited(compile_guest: Compile, kernel: str, tmp_path: Path) -> None:
    code, outcomes, output = run_one(compile_guest("SLEEPS"), kernel, tmp_path, "--timeout", 40)
    assert (code, outcomes["second"]) == (1, "error"), output


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_after_an_interrupt_there_are_results_and_no_qemu(
    number: int, compile_guest: Compile, kernel: str, tmp_path: Path
) -> None:
    xml, ktap = tmp_path / "out.xml", tmp_path / "out.ktap"
    program = compile_guest("SLEEPS")
    argv = ["run", program, "--kernel", kernel, "--junit", xml, "--ktap", ktap]
    command = [sys.executable, "-m", "ksftci", *map(str, argv)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout is not None
    assert any(": 1 done" in line for line in process.stdout)
    started = qemus(process.pid)
    os.kill(process.pid, number)
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 130, output
    assert started
    assert not [pid for pid in started if Path(f"/proc/{pid}").exists()]
    assert any(name.endswith("first") for name in cases(xml))
    assert "still here" in ktap.read_text()


def test_qemu_does_not_outlive_a_killed_parent(compile_guest: Compile, kernel: str) -> None:
    program = compile_guest("SLEEPS")
    argv = [sys.executable, "-m", "ksftci", "run", str(program), "--kernel", kernel]
    process = subprocess.Popen(argv)
    wait_until(lambda: bool(qemus(process.pid)), 60)
    started = qemus(process.pid)
    process.kill()
    process.wait()
    wait_until(lambda: not any(alive(pid) for pid in started), 10)


def test_a_file_that_is_no_kernel_does_not_boot(compile_guest: Compile, tmp_path: Path) -> None:
    image = tmp_path / "Image"
    image.write_bytes(b"MZ" + bytes(100000))
    code, _, output = run_one(compile_guest("FINE"), str(image), tmp_path, "--timeout", 15)
    assert (code, "is no kernel image" in output) == (2, True), output


def test_released_kernels_have_swap_from_their_modules(tmp_path: Path) -> None:
    script = tmp_path / "swap.sh"
    script.write_text("#!/bin/sh\necho 1..1\ngrep -q '^/dev/zram0' /proc/swaps || printf 'not '\necho ok 1 swap\n")
    # 6.1: an image with its modules in one package, not compressed; 7.3: modules in a package of their own, .ko.xz
    kernels = ("--kernel", "debian:6.1", "--kernel", "debian:7.3")
    done = ksftci("run", script, *kernels, "--swap", 64)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 test on 2 kernels: none failed" in done.stdout


def test_swap_on_a_kernel_without_zram_is_an_error(compile_guest: Compile, tmp_path: Path) -> None:
    image = shutil.copy(ksftci("kernel", "get", "debian:7.3").stdout.strip(), tmp_path / "Image")  # without its modules
    code, _, output = run_one(compile_guest("FINE"), str(image), tmp_path, "--swap", 64)
    assert code == 2, output
    assert "Image: the guest has no swap: zram is not built into this kernel" in output
    assert "Traceback" not in output


def test_retries_show_flaky_tests(compile_guest: Compile, kernel: str, tmp_path: Path) -> None:
    programs = [shutil.copy(compile_guest("FLAKY"), tmp_path / f"flaky{bit}") for bit in range(8)]
    xml = tmp_path / "out.xml"
    once = ksftci("run", *programs, "--kernel", kernel, "--junit", xml)
    assert once.returncode == 1, once.stdout
    assert set(cases(xml).values()) == {"pass", "failure"}
    done = ksftci("run", *programs, "--kernel", kernel, "--junit", xml, "--retries", 12)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "flaky" in done.stdout
    assert re.search(r"flaky\d\.second on .*: (fail, (then )?)+pass", done.stdout)
    assert set(cases(xml).values()) == {"pass"}
    assert "attempt 1: fail" in xml.read_text()


def test_several_boots_and_shards_have_the_results_of_one_boot(
    compile_guest: Compile, kernel: str, tmp_path: Path
) -> None:
    programs = [compile_guest(mode) for mode in ("FINE", "FAILS", "SKIPS", "CRASHES")]
    outcomes = []
    for options in ([], ["-j", 2], ["-j", 3]):
        xml = tmp_path / "out.xml"
        ksftci("run", *programs, "--kernel", kernel, "--junit", xml, *options)
        outcomes.append(cases(xml))
    assert len(outcomes[0]) == 12
    assert [list(cases.items()) for cases in outcomes[1:]] == [list(outcomes[0].items())] * 2
    logs = [tmp_path / f"shard-{number}.ktap" for number in (1, 2, 3)]
    for number, log in enumerate(logs, 1):
        ksftci("run", *programs, "--kernel", kernel, "--shard", f"{number}/3", "--ktap", log)
    ksftci("junit", *logs, "-o", tmp_path / "whole.xml")
    ksftci("run", *programs, "--kernel", kernel, "--ktap", tmp_path / "once.ktap")
    ksftci("junit", tmp_path / "once.ktap", "-o", tmp_path / "once.xml")
    assert cases(tmp_path / "whole.xml") == cases(tmp_path / "once.xml")


def test_a_kernel_that_never_boots_ends_in_time(compile_guest: Compile, tmp_path: Path) -> None:
    image = tmp_path / "Image"  # the header of Documentation/arch/arm64/booting.rst; its first word is "b ."
    image.write_bytes(
        struct.pack("<IIQQQQQQ4sI", 0x14000000, 0, 0, 0x10000, 0xA, 0, 0, 0, b"ARM\x64", 0) + bytes(65472)
    )
    begun = time.monotonic()
    code, outcomes, output = run_one(compile_guest("FINE"), str(image), tmp_path, "--timeout", 15)
    assert (code, outcomes) == (1, {"machine": "error"}), output
    assert "the kernel did not start" in output
    assert time.monotonic() - begun < 300


def test_without_qemu_the_package_to_install_is_named(compile_guest: Compile, tmp_path: Path) -> None:
    image, folder = tmp_path / "Image", tmp_path / "bin"
    image.write_bytes(bytes(64))
    folder.mkdir()
    cpio = shutil.which("cpio")
    assert cpio is not None
    (folder / "cpio").symlink_to(cpio)
    done = ksftci("run", compile_guest("FINE"), "--kernel", image, PATH=str(folder))
    assert done.returncode == 2
    assert "qemu-system-aarch64 is not installed; install the package qemu-system-arm" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_program_over_its_limit_is_killed_and_the_next_one_runs(
    compile_guest: Compile, kernel: str, tmp_path: Path
) -> None:
    folder = tmp_path / "linux/tools/testing/selftests/slow"
    script = "#!/bin/sh\n(sleep 1000) &\necho ok 1 first\nsleep 1000\n"
    makefile = """
install:
	cp slow.sh quick.sh $(INSTALL_PATH)
emit_tests:
	@echo slow:slow.sh
	@echo slow:quick.sh
"""
    toplevel = "VERSION = 7\nPATCHLEVEL = 3\nSUBLEVEL = 0\nEXTRAVERSION =\nheaders:\n"
    files = {"Makefile": makefile, "slow.sh": script, "quick.sh": "#!/bin/bash\n[[ a =~ a ]] && echo ok 1 x\n"}
    folder.mkdir(parents=True)
    for name, text in {**files, "settings": "timeout=5\n", "../lib.mk": "", "../../../../Makefile": toplevel}.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    (tmp_path / "linux/scripts").mkdir()
    xml = tmp_path / "out.xml"
    done = ksftci("run", "--tree", tmp_path / "linux", "slow:", "--kernel", kernel, "--junit", xml, "--silence", 60)
    outcomes = {name.partition("slow:")[2]: verdict for name, verdict in cases(xml).items()}
    assert outcomes == {"slow.sh.first": "pass", "slow.sh.timeout": "error", "quick.sh.x": "pass"}, done.stdout


@pytest.fixture
def full(tmp_path: Path) -> Iterator[Path]:
    """A small disk with 4 KB left, so that files can be begun."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", disk], check=False)
    if mounted.returncode != 0:
        pytest.skip("mounting a tmpfs needs root")
    (disk / "filler").write_bytes(bytes(252 * 1024))
    try:
        yield disk
    finally:
        subprocess.run(["umount", disk], check=True)


def test_a_full_disk_does_not_affect_files_elsewhere(
    compile_guest: Compile, kernel: str, full: Path, tmp_path: Path
) -> None:
    ktap = tmp_path / "out.ktap"
    (full / "rest").write_bytes(bytes(4096))
    code, outcomes, output = run_one(
        compile_guest("FINE"), kernel, tmp_path, "--html", full / "out.html", "--ktap", ktap
    )
    assert code == 2, output
    assert outcomes == {"first": "pass", "second": "pass", "third": "pass"}
    assert "ok 1 first" in ktap.read_text()
    assert f"{full / 'out.html'}: cannot write there: No space left on device" in output
    assert "Traceback" not in output
    assert sorted(path.name for path in full.iterdir()) == ["filler", "rest"]


@pytest.mark.parametrize(
    ("what", "said"), [("TMPDIR", "No space left on device"), ("KSFTCI_CACHE", "only 0 MB are left on the disk")]
)
def test_a_full_disk_for_temporary_files_or_the_cache(
    what: str, said: str, compile_guest: Compile, kernel: str, full: Path
) -> None:
    done = ksftci("run", compile_guest("FINE"), "--kernel", kernel, **{what: str(full)})
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def qemus(parent: int) -> list[int]:
    children = Path(f"/proc/{parent}/task").glob("*/children")
    pids = [int(pid) for file in children for pid in file.read_text().split()]
    return [p for p in pids if "qemu" in Path(f"/proc/{p}/comm").read_text()]


def alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def wait_until(condition: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)


FORGES = r"""
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Looks for the token in the memory of the first process, and prints what only that may print. */
int main(void)
{
	static char memory[1 << 22];
	char line[512], access, *token = NULL;
	unsigned long start, end;
	FILE *maps = fopen("/proc/1/maps", "r");
	int fd = open("/proc/1/mem", O_RDONLY);

	puts("TAP version 13\n1..2\nok 1 a");
	while (!token && fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx %c", &start, &end, &access) != 3 || access != 'r')
			continue;
		ssize_t len = end - start < sizeof(memory) ? end - start : sizeof(memory) - 1;

		len = pread(fd, memory, len, start);
		for (char *at = memory; !token && len > 22 && at < memory + len - 22; at++)
			if (!memcmp(at, "token=", 6) && strspn(at + 6, "0123456789abcdef") == 16)
				token = at + 6;
	}
	if (token)
		printf("@@%.16s end 1 0\n@@%.16s begin 2\n@@%.16s end 2 0\n@@%.16s done\n", token, token, token, token);
	fflush(stdout);
	sleep(1);
	puts("not ok 2 b");
	return 1;
}
"""


def test_what_a_program_forges_is_its_own_failure(compile_guest: Compile, kernel: str, tmp_path: Path) -> None:
    source, program = tmp_path / "forges.c", tmp_path / "forges"
    source.write_text(FORGES)
    subprocess.run(["aarch64-linux-gnu-gcc", "-static", "-o", program, source], check=True)
    xml, fine, fails = tmp_path / "out.xml", compile_guest("FINE"), compile_guest("FAILS")
    done = ksftci("run", fine, program, fails, "--kernel", kernel, "--junit", xml)
    outcomes = cases(xml)
    output = done.stdout + done.stderr
    assert done.returncode == 1, output
    assert "one of fine, forges, fails printed what only the guest's first process prints" in output
    assert "FAIL forges.protocol" in output
    assert [o for n, o in outcomes.items() if ".fine." in n] == ["pass", "pass", "pass"]
    assert [o for n, o in outcomes.items() if ".fails." in n] == ["pass", "failure", "skipped"]
