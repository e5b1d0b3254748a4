# SPDX-License-Identifier: GPL-2.0-only
"""The kernel's settings before and after, on files that look like them."""

from pathlib import Path

from ksftci.machine.settings import Change, restore, snapshot


def make_files(folder: Path) -> dict[str, Path]:
    files = {}
    for name, value in {
        "thp/enabled": "always [madvise] never\n",
        "ksm/run": "0\n",
        "ksm/pages_shared": "12\n",
        "vm/compact_memory": "",
        "vm/min_free_kbytes": "100\n",
    }.items():
        files[name] = folder / name
        files[name].parent.mkdir(exist_ok=True)
        files[name].write_text(value)
    files["ksm/pages_shared"].chmod(0o444)  # a counter
    return files


def test_a_change_is_put_back_and_returned(tmp_path: Path) -> None:
    files = make_files(tmp_path)
    places = (str(tmp_path / "thp"), str(tmp_path / "ksm"), str(tmp_path / "v*"))
    before = snapshot(places)
    assert before == {
        str(files["thp/enabled"]): "madvise",
        str(files["ksm/run"]): "0",
        str(files["vm/min_free_kbytes"]): "100",
    }
    files["thp/enabled"].write_text("[always] madvise never\n")
    files["vm/min_free_kbytes"].write_text("999\n")
    assert restore(before) == [Change(str(files["thp/enabled"]), "madvise", "always")]
    assert files["thp/enabled"].read_text() == "madvise"
    assert files["vm/min_free_kbytes"].read_text() == "100"
    assert restore(before) == []


def test_a_file_that_disappears_is_no_change(tmp_path: Path) -> None:
    files = make_files(tmp_path)
    before = snapshot((str(tmp_path / "ksm"),))
    files["ksm/run"].unlink()
    assert restore(before) == []


def test_a_missing_place_has_no_settings(tmp_path: Path) -> None:
    assert snapshot((str(tmp_path / "absent"),)) == {}
