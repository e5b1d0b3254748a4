# SPDX-License-Identifier: GPL-2.0-only
"""Digests stay what they are: the committed journal of mutants and everybody's cache are found by them."""

import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ksftci.host.digest import CACHE, digest
from ksftci.mutants.mutant import JOURNAL

JOURNAL_FILE = Path(__file__).parents[3] / "ci/mutants/7.3/journal.jsonl"


@pytest.mark.parametrize(
    ("parts", "length", "expected"),
    [
        ((), CACHE, "e3b0c44298fc"),
        (("",), JOURNAL, "e3b0c44298fc1c14"),
        (("a", "b"), CACHE, "59b271ae1bbc"),
        (("ab",), CACHE, "fb8e20fc2e4c"),
        (("ä",), CACHE, "33e6d73fee82"),
        ((b"a\0b",), CACHE, "59b271ae1bbc"),
    ],
)
def test_values_that_must_not_change(parts: tuple[str | bytes, ...], length: int, expected: str) -> None:
    assert digest(*parts, length=length) == expected


def test_a_name_in_the_cache_has_12_digits() -> None:
    assert digest("a") == digest("a", length=CACHE) == hashlib.sha256(b"a").hexdigest()[:12]


def test_the_journal_is_found_by_the_digests_of_its_mutants() -> None:
    mutant = digest("mm/mprotect.c", "110", "if (!folio)", "if (0)", length=JOURNAL)
    assert mutant == "88f671ae5666c0cd"
    with JOURNAL_FILE.open(encoding="utf-8") as file:
        entry = json.loads(file.readline())
    assert (entry["key"].split()[-1], entry["name"]) == (mutant, "zero_page_folio_looked_into")


@given(st.text(st.characters(exclude_categories=["Cs"])) | st.binary(), st.integers(1, 64))
def test_a_digest_is_the_beginning_of_the_sha256(part: str | bytes, length: int) -> None:
    content = part if isinstance(part, bytes) else part.encode()
    assert digest(part, length=length) == hashlib.sha256(content).hexdigest()[:length]
