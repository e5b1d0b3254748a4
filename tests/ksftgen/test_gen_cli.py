# SPDX-License-Identifier: GPL-2.0-only
"""The commands of ksftgen: output, exit status, and messages instead of tracebacks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.conftest import TOP

from ksftgen import cli, paths

SPECS = Path(__file__).parents[1] / "specs"


def ksftgen(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    """The exit status of main() with these arguments."""
    monkeypatch.setattr(sys, "argv", ["ksftgen", *map(str, arguments)])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    return int(caught.value.code or 0)


def test_check(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], sample_path: Path) -> None:
    assert ksftgen(monkeypatch, "check", sample_path) == 0
    assert capsys.readouterr().out == "mprotect_sample: 24 cases x 2 tests = 48\n"


def test_check_reports_problems_of_every_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = [SPECS / "unknown_verb.yaml", SPECS / "empty.yaml", SPECS, SPECS / "gone.yaml"]
    assert ksftgen(monkeypatch, "check", *bad) == 2
    error = capsys.readouterr().err
    assert [line.split(":")[0] for line in error.splitlines()] == [str(path) for path in bad]


def test_list(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], sample_path: Path) -> None:
    assert ksftgen(monkeypatch, "list", "--cases", sample_path) == 0
    names = capsys.readouterr().out.splitlines()
    assert len(names) == len(set(names)) == 48
    assert "mprotect_sample.base_all_whole_none.write_again" in names
    assert ksftgen(monkeypatch, "list", "--json", "--cases", sample_path) == 0
    (plain,) = json.loads(capsys.readouterr().out)
    assert plain["case_count"] == len(plain["cases"]) == 24
    assert plain["cases"][0]["values"]["layout"] == "base"


@pytest.mark.parametrize(("which", "number"), [("1", 6), ("2", 15), ("strength", 24), ("all", 40)])
def test_render_with_cases_option(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, sample_path: Path, which: str, number: int
) -> None:
    assert ksftgen(monkeypatch, "render", sample_path, "-o", tmp_path, "--cases", which) == 0
    assert (tmp_path / "mprotect_sample.c").read_text().count("\nFIXTURE_VARIANT_ADD(") == number


@pytest.mark.parametrize("which", ["0", "-1", "two", "\u0662", "1" * 5000, ""])
def test_invalid_cases_option(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    sample_path: Path,
    which: str,
) -> None:
    assert ksftgen(monkeypatch, "render", sample_path, "-o", tmp_path, "--cases", which) == 2
    message = " ".join(capsys.readouterr().err.replace("│", " ").split())
    assert "allowed: strength, all, or a number from 1" in message


def test_render_check_reports_differences_and_render_removes_stale_files(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, sample_path: Path
) -> None:
    monkeypatch.setattr(paths, "scenarios", lambda: [sample_path])
    out = tmp_path / "out"
    assert ksftgen(monkeypatch, "render", "-o", out, "--check") == 1
    assert not out.exists()
    assert ksftgen(monkeypatch, "render", "-o", out) == 0
    assert ksftgen(monkeypatch, "render", "-o", out, "--check") == 0
    capsys.readouterr()

    program = out / "mprotect_sample.c"
    good = program.read_text()
    program.write_text(good.replace("PROT_READ", "PROT_EXEC"))
    (out / "mprotect_gone.c").write_text(good)
    (out / "of_a_user.c").write_text("int main(void);\n")
    assert ksftgen(monkeypatch, "render", "-o", out, "--check") == 1
    shown = capsys.readouterr().out
    assert all(part in shown for part in ("mprotect_sample.c: changed", "\n+"))
    assert "mprotect_gone.c: stale" in shown
    assert "of_a_user" not in shown

    program.write_text(good.replace("_sample, base_all_whole_none)", "_sample, of_old)"))
    assert ksftgen(monkeypatch, "render", sample_path, "-o", out) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("mprotect_sample: 1 case came (base_all_whole_none), 1 went (of_old)\n")
    assert program.read_text() == good
    assert (out / "mprotect_gone.c").exists()
    assert ksftgen(monkeypatch, "render", "-o", out) == 0
    assert not (out / "mprotect_gone.c").exists()
    assert (out / "of_a_user.c").exists()


def test_wrong_arguments_end_with_status_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, sample_path: Path
) -> None:
    (tmp_path / "file").touch()
    for arguments in (
        ("render", sample_path, "-o", tmp_path / "file"),
        ("render", sample_path, "-o", "/dev/null/x"),
        ("render", sample_path, sample_path, "-o", tmp_path),
        ("render", sample_path, "-o", tmp_path, "--tree", tmp_path),
        ("install", sample_path, "--tree", tmp_path / "gone"),
        ("check", "--wat"),
        ("explode",),
    ):
        assert ksftgen(monkeypatch, *arguments) == 2, arguments
        assert capsys.readouterr().err


def test_schema(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert ksftgen(monkeypatch, "schema") == 0
    schema = json.loads(capsys.readouterr().out)
    assert {"scenario", "summary", "setup", "tests"} == set(schema["required"])


def test_reference(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert ksftgen(monkeypatch, "reference") == 0
    assert capsys.readouterr().out == (TOP / "docs/scenarios.md").read_text()


def test_python_m_ksftgen(sample_path: Path) -> None:
    run = subprocess.run([sys.executable, "-m", "ksftgen", "check", str(sample_path)], capture_output=True, check=False)
    assert (run.returncode, run.stderr) == (0, b"")


@pytest.mark.parametrize("kind", ["file", "link", "dangling", "fifo", "folder"])
@pytest.mark.parametrize("name", ["mprotect_sample.c", "mprotect_area.h"])
def test_render_replaces_only_what_it_has_written(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    sample_path: Path,
    name: str,
    kind: str,
) -> None:
    path, mine = tmp_path / "out" / name, tmp_path / "mine.c"
    path.parent.mkdir()
    match kind:
        case "file":
            path.write_text("int mine;\n")
        case "link":
            mine.write_text("int mine;\n")
            path.symlink_to(mine)
        case "dangling":
            path.symlink_to(mine)
        case "fifo":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
    assert ksftgen(monkeypatch, "render", sample_path, "-o", path.parent) == 2
    assert f"{path}: ksftgen did not generate this file" in capsys.readouterr().err
    assert [entry.name for entry in path.parent.iterdir()] == [name]
    if kind in ("file", "link"):
        assert path.read_text() == "int mine;\n"


@pytest.mark.parametrize("place", ["/dev/full", "gone", "ascii"])
def test_what_cannot_be_printed_is_one_message(place: str, tmp_path: Path, sample_path: Path) -> None:
    argv, folder = [sys.executable, "-m", "ksftgen", "list", "--cases", str(sample_path)], tmp_path / "gone"
    folder.mkdir()
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONIOENCODING": "ascii"}
    with open("/dev/full" if place == "/dev/full" else tmp_path / "out", "w") as out:
        run = subprocess.run(
            [
                "sh",
                "-c",
                'cd "$1"; [ "$2" != gone ] || rmdir "$1"; shift 2; exec "$@"',
                "sh",
                str(folder),
                place,
                *argv,
            ],
            env=environment,
            stdout=out,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    full = "the standard output cannot be written: No space left on device; make room, or name another place\n"
    assert (run.returncode, run.stderr) == ((2, full) if place == "/dev/full" else (0, ""))
