# SPDX-License-Identifier: GPL-2.0-only
"""The journal, whole and torn."""

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from ksftci.mutants.journal import Journal


def test_a_journal_outlives_a_torn_line(tmp_path: Path) -> None:
    file = tmp_path / "journal.jsonl"
    journal = Journal(file)
    journal.add("made", "x", status="built")
    with file.open("a") as stream:
        stream.write('{"key": "made y", "sta')
    journal = Journal(file)
    assert journal.get("made", "y") is None
    journal.add("made", "y", status="same code")
    again = Journal(file)
    assert [again.get("made", name) for name in "xy"] == [
        {"key": "made x", "status": "built"},
        {"key": "made y", "status": "same code"},
    ]


def test_entries_are_listed_by_kind_and_the_last_of_a_key_counts(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    journal.add("made", "x", status="not compiled")
    journal.add("boot", "x", why="")
    journal.add("made", "x", status="built")
    assert journal.all("made") == [{"key": "made x", "status": "built"}]


@settings(max_examples=40)
@given(st.lists(st.tuples(st.text(max_size=5), st.text(max_size=20)), min_size=1, max_size=8), st.integers(0, 400))
def test_a_journal_cut_anywhere_keeps_its_complete_lines(entries: list[tuple[str, str]], cut: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "j"
        journal = Journal(file)
        for key, value in entries:
            journal.add(key, value=value)
        data = file.read_bytes()[:cut]
        file.write_bytes(data)
        again = Journal(file)
        for key, value in dict(entries[: data.count(b"\n")]).items():
            entry = again.get(key)
            assert entry is not None
            assert entry["value"] in (value, dict(entries)[key])  # a cut before the line end leaves a complete line
