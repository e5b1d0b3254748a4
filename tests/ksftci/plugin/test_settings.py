# SPDX-License-Identifier: GPL-2.0-only
"""The plugin's options and ini values."""

import platform

import pytest
from tests.ksftci.plugin.bench import KERNEL, Bench
from tests.ksftci.plugin.fake_board import write_program


def test_options_and_their_ini_values_reach_the_machine(bench: Bench) -> None:
    write_program(bench.top / "built/prog", lines=["1..1", "ok 1 x"])
    bench.run(*KERNEL, "--ksft-timeout", "60", "--ksft-silence", "7.5", "built", status=0)
    assert "machine debian:7.3 arm64 60 7.5" in bench.notes.read_text()
    bench.pytester.makeini("[pytest]\nksft_kernel =\n  debian:6.1\nksft_timeout = 90\nksft_cache = kept\n")
    bench.run("built", status=0)
    assert "machine debian:6.1 arm64 90 120" in bench.notes.read_text()
    assert (bench.top / "kept").is_dir()
    bench.run("built", *KERNEL, "--ksft-timeout", "30", status=0)
    assert "machine debian:7.3 arm64 30 120" in bench.notes.read_text()


def test_natively_programs_for_this_machine_are_collected(bench: Bench) -> None:
    machine = {"x86_64": 62, "aarch64": 183}[platform.machine()]
    program = write_program(bench.top / "built/prog", lines=["1..1", "ok 1 x"])
    data = program.read_bytes()
    program.write_bytes(data[:18] + machine.to_bytes(2, "little") + data[20:])
    bench.run("--ksft-native", "built", status=0).assert_outcomes(passed=2)
    assert bench.boots() == ["boot native: prog"]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--ksft-native", *KERNEL], "leave out --ksft-kernel"),
        (["--ksft-kernel", "debian:x"], "is not understood"),
        (["--ksft-kernel", "/absent/Image"], "is not there"),
        ([*KERNEL, "--ksft-arch", "mips"], "allowed: arm64, x86_64, riscv64"),
        ([*KERNEL, "--ksft-timeout", "0"], "--ksft-timeout 0: is not valid; allowed: seconds"),
        ([*KERNEL, "--ksft-silence", "nan"], "is not valid; allowed: seconds"),
    ],
)
def test_invalid_options_are_usage_errors(args: list[str], message: str, bench: Bench) -> None:
    done = bench.run(*args, status=4)
    assert message in done.stderr.str()


def test_progress_is_printed_even_while_pytest_captures(bench: Bench) -> None:
    write_program(bench.top / "built/prog", lines=["1..1", "ok 1 x"])
    with (bench.top / "conftest.py").open("a") as file:
        file.write(
            "\n\ndef pytest_runtest_setup(item):\n    item.config.pluginmanager.get_plugin('ksft')._say('building')\n"
        )
    bench.run(*KERNEL, "built", status=0).stdout.fnmatch_lines(["ksft: building", "..*"])
    assert "building" not in bench.run(*KERNEL, "built", "-q", status=0).stdout.str()
