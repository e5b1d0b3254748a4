# SPDX-License-Identifier: GPL-2.0-only
"""The HTML and the data of the page; tests/page shows it in a browser."""

import json
import re
from html.parser import HTMLParser
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ksftci import samples

from ksftci.report import html, pagedata
from ksftci.results.model import Run, TestResult, Verdict


class Elements(HTMLParser):
    """(tag, attributes) of every element, and the text of each script."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.all: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.text = ""
        self.script = False
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.all.append((tag, dict(attributes)))
        self.script = tag == "script"
        if self.script:
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        self.script = False

    def handle_data(self, data: str) -> None:
        if self.script:
            self.scripts[-1] += data
        else:
            self.text += data


def test_measurements_are_in_a_plot_and_in_a_table() -> None:
    page = Elements(html.render(samples.measured()))
    tags = [tag for tag, _ in page.all]
    assert tags.count("svg") == 1  # order4_read has no plot: a single kernel measured it
    assert tags.count("polyline") == 1
    assert tags.count("circle") == 2
    assert "mprotect_perf: time, ns/page" in page.text
    assert "1.79!" in page.text
    assert "of_base 1.79 ratio, usually 0.3 on debian:6.16" in page.text


def decode(runs: list[Run]) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(pagedata.encode(runs))
    return data


def cells(data: dict[str, Any]) -> dict[str, list[tuple[str, str] | None]]:
    """Test id to (verdict, reason) of every column, as page/data.js reads them."""
    decoded: dict[str, list[tuple[str, str] | None]] = {}
    for program, groups in data["programs"]:
        for group, rows in groups:
            for name, line, _, _ in rows:
                row: list[tuple[str, str] | None] = []
                for code in map(ord, data["cells"][line]):
                    outcome = data["outcomes"][code - (0x30 if code < 0x100 else 0x100)] if code != 0x20 else None
                    row.append((data["verdicts"][outcome[0]], outcome[1]) if outcome else None)
                decoded[".".join(filter(None, (program, group, name)))] = row
    return decoded


def test_every_cell_can_be_decoded() -> None:
    for runs in (samples.two_kernels(), samples.many(3, 50)):
        expected = [{r.id: (r.verdict.value, r.reason) for r in run.results} for run in runs]
        decoded = cells(decode(runs))
        assert set(decoded) == {test for run in expected for test in run}
        assert all(row == [run.get(test) for run in expected] for test, row in decoded.items())


def test_there_may_be_more_outcomes_than_ascii_characters() -> None:
    runs = [Run("k", results=[TestResult("p", f"t{n}", Verdict.FAIL, f"reason {n}") for n in range(9000)])]
    assert cells(decode(runs))["p.t8999"] == [("fail", "reason 8999")]
    assert "\u2028" not in pagedata.encode(runs)  # 0x100 + 7976


def test_equal_logs_are_stored_once_and_all_logs_have_a_limit() -> None:
    same_log = [Run(f"k{n}", results=[samples.result()]) for n in range(5)]
    data = decode(same_log)
    (log,) = data["logs"]
    assert log[0] == "\n".join(samples.LOG)
    assert log[1].split("\n")[-1].endswith("^^^     ^^^")
    assert data["programs"][0][1][0][1][0][3] == [["mprotect_cow_shared.c:100", 0, [0, 1, 2, 3, 4]]]
    large = [Run("k", results=[samples.result(f"t{n}", log=[f"{n} {'x' * 1900}"] * 150) for n in range(40)])]
    assert len(pagedata.encode(large)) < 5_000_000
    assert '"mprotect_cow_shared.c:100",-1,' in pagedata.encode(large)


def heads(page: str) -> list[list[str]]:
    """The titles of the columns of each table."""
    return [re.findall(r"<th[^>]*>([^<]*)</th>", head) for head in re.findall(r"<thead>(.*?)</thead>", page)]


def test_tables_have_no_empty_columns() -> None:
    one, two = (heads(html.render(runs)) for runs in (samples.one_kernel(), samples.two_kernels()))
    assert one[0] == ["kernel", "pass", "fail", "skip", "seconds"]
    assert not {"kernel", "kernels"} & {title for table in one[1:] for title in table if "verdict" not in table}
    assert two[0] == ["kernel", "pass", "fail", "skip", "xfail", "broken", "not run", "seconds", "release"]


def test_a_long_name_breaks_between_its_words() -> None:
    assert html.breakable("mm:a_b.<c>") == "mm:<wbr>a_<wbr>b.<wbr>&lt;c&gt;"


def test_the_page_of_400_kernels_is_small() -> None:
    page = html.render(samples.many(400, 150))
    assert len(page.encode()) < 500_000


def test_the_same_runs_give_the_same_page() -> None:
    assert html.render(samples.two_kernels()) == html.render(samples.two_kernels())


def test_texts_make_no_elements() -> None:
    page = html.render(samples.nasty()).encode("utf-8").decode()
    plain = Elements(html.render(samples.two_kernels()))
    seen = Elements(page)
    assert {tag for tag, _ in seen.all} <= {tag for tag, _ in plain.all} | {"details", "summary"}
    assert len(seen.scripts) == 2
    assert json.loads(seen.scripts[0])["programs"][0][0].startswith("</script ><script>")
    assert not {"<", "\u2028", "\u2029"} & set(seen.scripts[0])
    assert not any(name.startswith("on") for _, attributes in seen.all for name in attributes)


def test_the_page_fetches_nothing() -> None:
    seen = Elements(html.render(samples.two_kernels()))
    fetched = [(tag, a) for tag, a in seen.all if a.get("src") or (tag == "link" and a.get("href") != "data:,")]
    assert fetched == []
    (policy,) = [str(a["content"]) for _, a in seen.all if a.get("http-equiv") == "Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; ")
    assert html.hashed(seen.scripts[1]) in policy


def test_the_html_has_tables_for_browsers_without_scripts() -> None:
    text = re.sub(r"\s+", " ", Elements(html.render(samples.two_kernels())).text)
    assert "3 of 8 tests failed" in text
    assert "mprotect_cow_shared.c:100" in text
    assert "order 9" in text
    assert "WARNING: at mm/mprotect.c:281" in text


@settings(max_examples=30)
@given(st.text(), st.text(), st.sampled_from(list(Verdict)))
def test_any_text_gives_a_page(name: str, text: str, verdict: Verdict) -> None:
    run = Run(text, results=[TestResult(text, name, verdict, text, 1.0, text.split("\n"), text, 3)])
    assert len(Elements(html.render([run]).encode().decode()).scripts) == 2


def test_no_runs_are_a_page() -> None:
    assert "0 tests on 0 kernels" in html.render([])


def test_what_hides_is_an_escape() -> None:
    name = "a\u202e\u2066\u200b\x85\x9b\u2028b"
    run = Run(name, results=[TestResult(name, name, Verdict.FAIL, name, log=[name])], anomalies=[name])
    assert not {"\u202e", "\u2066", "\u200b", "\x85", "\x9b", "\u2028"} & set(html.render([run]))
