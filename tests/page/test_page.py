# SPDX-License-Identifier: GPL-2.0-only
"""The page in a browser: it is drawn, filtered, folded and scrolled, by mouse and by keyboard."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.ksftci import samples
from tests.page.conftest import Browser

from ksftci.results.model import Run

pytestmark = pytest.mark.page

Make = Callable[[str, list[Run]], Path]
ROWS = "[...document.querySelectorAll('.row .name')].map(e => e.title)"
FAILURES = "[...document.querySelectorAll('.failure > summary code')].map(e => e.textContent)"
# Elements that extend beyond the window and are not in a box that scrolls.
TOO_WIDE = """[...document.body.querySelectorAll('*')].filter(e => e.getBoundingClientRect().right > innerWidth + 1 &&
    !e.closest('#grid, .scroll, pre')).map(e => e.outerHTML.slice(0, 80))"""


@pytest.fixture
def two(page: Make) -> Path:
    return page("two", samples.two_kernels())


@pytest.fixture
def big(page: Make) -> Path:
    return page("big", samples.many(400, 1716))


@pytest.fixture
def one(page: Make) -> Path:
    return page("one", samples.one_kernel())


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("name", ["one", "two", "big"])
def test_the_page_fits_into_the_window_and_requests_nothing(
    browser: Browser, name: str, width: int, theme: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    browser.open(request.getfixturevalue(name), width=width, theme=theme)
    assert browser.run("document.querySelectorAll('#grid .cell').length") >= 3
    assert browser.run("document.documentElement.scrollWidth") <= width
    assert browser.run(TOO_WIDE) == []
    back = browser.run("getComputedStyle(document.body).backgroundColor")
    assert (back == "rgb(255, 255, 255)") == (theme == "light")
    assert browser.driver.save_screenshot(str(tmp_path / "page.png"))
    assert (tmp_path / "page.png").stat().st_size > 10_000
    assert browser.complaints() == []


def test_the_first_failure_is_open_and_shows_what_is_wrong(browser: Browser, two: Path) -> None:
    browser.open(two)
    assert browser.run(FAILURES)[0] == "mprotect_cow_shared.cow.base.both"
    assert browser.run("[...document.querySelectorAll('.failure[open] mark')].map(e => e.textContent)") == [
        *("--]", "--]"),
        *("www", "www"),
        *("^^^", "^^^"),
    ]
    text = browser.run("document.querySelector('.failure[open]').innerText")
    assert "debian:6.12, debian:7.3" in text
    assert "mprotect_cow_shared.c:100" in text


@pytest.mark.parametrize(
    ("address", "tests"),
    [
        ("#verdict=fail&text=cow", ["both", "old"]),
        ("#verdict=fail&kernel=7.3", ["both"]),
        ("#verdict=bad", ["both", "old", "slow", "all"]),
        ("#verdict=known", ["issue"]),
        ("#verdict=flaky", ["slow"]),
        ("#text=thp+skip", ["skip"]),
        ("#program=mprotect_ksm", ["all"]),
        ("#differ=1", ["old", "issue", "slow"]),
        ("#kernel=debian%3A7.3&verdict=xpass", ["issue"]),
        ("#text=absent", []),
    ],
)
def test_the_address_filters(browser: Browser, two: Path, address: str, tests: list[str]) -> None:
    browser.open(two, address)
    shown = browser.run("grid.rows.filter(isTest).map(row => row.tests[0].name)")
    assert sorted(shown) == sorted(tests)
    assert browser.run("document.getElementById('matches').textContent") == f"{len(tests)} of 8 tests"
    assert browser.complaints() == []


def test_typing_filters_and_changes_the_address_and_clear_undoes_it(browser: Browser, two: Path) -> None:
    browser.open(two)
    browser.click("#filter-text")
    browser.type("old")
    browser.wait("location.hash === '#text=old'")
    assert browser.run(FAILURES) == ["mprotect_cow_shared.cow.base.old"]
    browser.click("#clear")
    assert browser.run(FAILURES).__len__() == 4
    browser.click("nav a[href='#all']")
    assert browser.run(FAILURES).__len__() == 4


def test_a_number_in_the_table_of_kernels_is_a_link_to_its_tests(browser: Browser, two: Path) -> None:
    browser.open(two)
    browser.click("#kernels + .scroll tbody tr:first-child a.fail")
    browser.wait("filter.kernel === 'debian:6.12'")
    assert browser.run(FAILURES) == ["mprotect_cow_shared.cow.base.both", "mprotect_cow_shared.cow.base.old"]


def test_the_keyboard_folds_and_opens(browser: Browser, two: Path) -> None:
    from selenium.webdriver.common.keys import Keys

    browser.open(two)
    browser.run("document.getElementById('grid').focus()")
    rows = len(browser.run(ROWS))
    browser.type(Keys.ARROW_LEFT)
    assert len(browser.run(ROWS)) < rows
    browser.type(Keys.ARROW_RIGHT)
    assert len(browser.run(ROWS)) == rows
    browser.type(Keys.ARROW_DOWN, Keys.ARROW_DOWN, Keys.ARROW_RIGHT, Keys.ENTER)
    assert browser.run("document.getElementById('detail').open")
    assert browser.run("document.getElementById('detail-title').textContent") == "mprotect_cow_shared.cow.base.both"
    assert browser.run("document.querySelectorAll('#detail mark').length") == 6
    browser.type(Keys.ESCAPE)
    assert not browser.run("document.getElementById('detail').open")
    assert browser.run("document.activeElement.id") == "grid"


def test_a_click_shows_a_known_issue_with_its_link_and_earlier_attempts(browser: Browser, two: Path) -> None:
    browser.open(two, "#text=issue")
    browser.click(".row.test .cell.xfail")
    assert browser.run("document.querySelector('#detail a').href") == "https://lore.kernel.org/linux-mm/1@example.org/"
    browser.click("#detail button")
    browser.open(two, "#text=slow&kernel=7.3")
    browser.click(".row.test .cell.flaky")
    assert "flaky earlier attempts: fail" in browser.run("document.getElementById('detail').innerText")


def test_texts_become_no_markup(browser: Browser, page: Make) -> None:
    browser.open(page("nasty", samples.nasty()))
    assert browser.run("document.querySelectorAll('img').length") == 0
    assert browser.run("document.title") == "kselftest results"
    assert samples.NASTY[0] in browser.run("document.getElementById('failure-list').textContent")
    assert browser.complaints() == []


def test_names_and_labels_stay_in_place_when_400_kernels_scroll(browser: Browser, big: Path) -> None:
    browser.open(big)
    browser.click("#unfold")
    browser.run("document.getElementById('grid').scrollTo(6000, 9000)")
    browser.wait("document.querySelector('.label').title.includes('-19')")
    box, corner, name, label = (
        browser.run(f"document.querySelector('{what}').getBoundingClientRect().toJSON()")
        for what in ("#grid", ".corner", ".row .name", ".label")
    )
    assert corner["left"] == name["left"] == box["left"] + 1
    assert corner["top"] == label["top"] == box["top"] + 1
    assert browser.run("document.querySelectorAll('#grid *').length") < 6000
    took = browser.run("(() => { const t = performance.now(); drawGrid(); return performance.now() - t; })()")
    assert took < 500  # milliseconds; tens on an idle machine
    assert browser.run("document.documentElement.scrollLeft") == 0


def test_filters_on_686400_cells_are_quick(browser: Browser, big: Path) -> None:
    browser.open(big)
    start = "(() => { const t = performance.now(); Object.assign(filter, "
    end = "); showAll(); return performance.now() - t; })()"
    for wanted in ("{verdict: 'fail'}", "{verdict: '', differ: '1'}", "{differ: '', text: 'ksm'}", "{kernel: '-049'}"):
        assert browser.run(start + wanted + end) < 3000  # milliseconds; a tenth of it on an idle machine
    assert browser.run("grid.columns.length") == 1


def test_the_end_key_goes_to_the_last_kernel(browser: Browser, big: Path) -> None:
    from selenium.webdriver.common.keys import Keys

    browser.open(big)
    browser.run("document.getElementById('grid').focus()")
    browser.type(Keys.END)
    browser.wait("document.querySelector('.active')?.ariaColIndex === '401'")
    right = browser.run("document.querySelector('.active').getBoundingClientRect().right")
    assert right <= browser.run("document.getElementById('grid').getBoundingClientRect().right")


def test_without_scripts_the_tables_remain(browser: Browser, two: Path) -> None:
    browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.open(two)
        text = browser.driver.find_element("css selector", "body").text
    finally:
        browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    assert "mprotect_cow_shared.c:100" in text
    assert "order 9" in text
    assert "kernels differ" not in text


def test_one_kernel_has_no_columns_and_filters_that_tell_kernels_apart(browser: Browser, one: Path) -> None:
    browser.open(one)
    heads = browser.run("[...document.querySelectorAll('thead th')].map(e => e.textContent)")
    assert heads[:5] == ["kernel", "pass", "fail", "skip", "seconds"]
    assert heads.count("kernel") == 1 and "kernels" not in heads
    labels = browser.run("[...document.querySelectorAll('#filters label')].filter(e => e.offsetWidth).length")
    assert labels == 3
    facts = browser.run("[...document.querySelectorAll('.environment tr')].map(e => e.innerText.split(/\\s+/)[0])")
    assert facts == ["arch", "release", "page_size", "cmdline"]


def test_only_a_filter_is_named_where_no_test_failed(browser: Browser, one: Path) -> None:
    browser.open(one)
    assert browser.run("document.getElementById('no-failures').innerText") == "No test failed."
    browser.open(one, "#text=ksm")
    assert browser.run("document.getElementById('no-failures').innerText") == "No test that matches the filters failed."


@pytest.mark.parametrize(("name", "texts"), [("one", ["66✓6-", "✓", "-"]), ("big", ["✓-"])])
def test_a_program_with_skipped_tests_looks_unlike_one_without(
    browser: Browser, name: str, texts: list[str], request: pytest.FixtureRequest
) -> None:
    browser.open(request.getfixturevalue(name))
    cells = "[...document.querySelectorAll('.row.program .cell')]"
    assert browser.run(f"{cells}.map(e => e.textContent)")[: len(texts)] == texts
    backs = browser.run(f"{cells}.map(e => getComputedStyle(e).backgroundImage)")
    assert ["gradient" in back for back in backs[: len(texts)]] == [len(text) > 1 for text in texts]


@pytest.mark.parametrize("width", [400, 1200])
def test_names_use_the_room_and_the_grid_has_no_empty_strip(browser: Browser, one: Path, width: int) -> None:
    browser.open(one, width=width)
    box = "document.getElementById('grid')"
    assert browser.run(f"[{box}.clientWidth, {box}.clientHeight]") == browser.run(
        "[sheet.offsetWidth, sheet.offsetHeight]"
    )
    whole = "[...document.querySelectorAll('.title')].map(e => e.scrollWidth <= e.clientWidth)"
    fits = browser.run(whole)
    assert all(fits) or (width == 400 and fits == [True, True, False])
    if width == 400:
        assert browser.run(f"{box}.offsetWidth === {box}.parentElement.clientWidth")
    browser.click("#unfold")
    assert all(browser.run(whole)[1:5])


def test_a_wide_table_shows_that_it_scrolls_and_keeps_the_names(browser: Browser, two: Path) -> None:
    browser.open(two, width=400)
    box = "document.querySelector('.kernels')"
    assert browser.run(f"{box}.scrollWidth > {box}.clientWidth")
    assert "scroll" in browser.run(f"getComputedStyle({box}).backgroundAttachment")
    browser.run(f"{box}.scrollTo(1000, 0)")
    left = "document.querySelector('.kernels tbody th').getBoundingClientRect().left"
    assert browser.run(f"Math.abs({left} - {box}.getBoundingClientRect().left)") < 3
    assert browser.run("[...document.querySelectorAll('#grid .label')].length") == 2
