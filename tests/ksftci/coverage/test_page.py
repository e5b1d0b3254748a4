# SPDX-License-Identifier: GPL-2.0-only
"""A comparison as a page."""

from pathlib import Path

from lxml import html
from tests.ksftci.coverage import toy

from ksftci.coverage import page, table


def test_the_page_has_every_line_and_its_reason(tmp_path: Path) -> None:
    comparison = toy.comparison(tmp_path)
    document = html.fromstring(page.render(comparison))
    listings = [listing for listing in document.iter("table") if listing.get("class") == "source"]
    rows = [row for listing in listings for row in listing.iter("tr")]
    cells = {row[0].text: ["".join(map(str, cell.itertext())).strip() for cell in row] for row in rows}
    css_class = {row[0].text: row.get("class") for row in rows}
    assert (css_class["20"], cells["20"][-1]) == ("partly", "a large toy: none of the small ones is clipped")
    assert (css_class["39"], cells["39"][-1]) == ("branches", table.UNEXPLAINED)
    assert (css_class["37"], css_class["35"]) == ("all", None)
    assert cells["38"][:5] == ["38", "2", "2/2", "2", "2/2"]
    assert page.render(comparison) == page.render(comparison)


def test_a_note_that_no_longer_fits_is_on_the_page(tmp_path: Path) -> None:
    comparison = toy.comparison(tmp_path, notes=toy.NOTES.replace("toy_clipped++", "toy_gone++"))
    assert "not in mm/toy.c: toy_clip()" in page.render(comparison)
