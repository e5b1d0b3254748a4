# SPDX-License-Identifier: GPL-2.0-only
"""The tables of states, code and other states."""

from tests.conftest import TOP

from ksftgen import grid, spec
from ksftgen.scenario import Scenario


def table(text: str, title: str) -> dict[tuple[str, str], str]:
    """The cells of a table that are not blank, by row and column."""
    part = text.partition(f"## {title}\n")[2].partition("\n##")[0]
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in part.splitlines() if line[:1] == "|"]
    return {(row[0], name): cell for row in lines[2:] for name, cell in zip(lines[0][1:], row[1:], strict=True) if cell}


def test_a_cell_has_the_number_of_tests(sample: Scenario) -> None:
    text = grid.markdown([sample])
    guards = ("mm/mprotect.c:change_pte_range", "mm/mprotect.c:commit_anon_folio_batch")
    assert table(text, "State and code") == {(guard, "cow"): "48" for guard in guards}
    assert table(text, "State and state") == {}


def test_the_page_of_the_docs() -> None:
    scenarios = [spec.load(path) for path in sorted((TOP / "scenarios").glob("*.yaml"))]
    page = (TOP / "docs/matrix.md").read_text()
    assert page == grid.markdown(scenarios) + "\n", "ksftgen list --matrix"
    by_state = table(page, "State and state")
    assert by_state["swap", "uffd"] == by_state["uffd", "swap"]
    assert ("rwp", "uffd") not in by_state
