# SPDX-License-Identifier: GPL-2.0-only
"""The job summary, read by GitHub's own Markdown library."""

from html.parser import HTMLParser
from pathlib import Path

import cmarkgfm  # type: ignore[import-untyped]
import pytest
from cmarkgfm.cmark import Options  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st
from tests.ksftci import samples

from ksftci.errors import CiError
from ksftci.report import markdown
from ksftci.results.model import UNNAMED, Run, TestResult, Verdict

ALLOWED = {"a", "b", "br", "code", "details", "h2", "h3", "li", "p", "pre", "strong", "summary", "ul"}
ALLOWED |= {"table", "tbody", "td", "th", "thead", "tr"}


class Reader(HTMLParser):
    """Tags, links and the text in <code> and <pre> of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.open: list[str] = []
        self.code: list[str] = []
        self.feed(cmarkgfm.github_flavored_markdown_to_html(text, options=Options.CMARK_OPT_UNSAFE))

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value or "" for name, value in attributes if name in ("href", "src")]
        if tag != "br":
            self.open.append(tag)
        if tag in ("code", "pre"):
            self.code.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if {"code", "pre"} & set(self.open):
            self.code[-1] += data


def test_the_summary_has_failures_findings_and_links() -> None:
    text = markdown.render(samples.two_kernels())
    seen = Reader(text)
    assert text.startswith("## ❌ 3 of 8 tests failed")
    assert seen.tags <= ALLOWED
    assert "mprotect_cow_shared.cow.base.both" in seen.code
    assert any("wrong                                    ^^^" in code for code in seen.code)
    assert {"order 9", "debian:6.12", "kernel panic before"} <= set(seen.code)
    assert seen.links == ["https://lore.kernel.org/linux-mm/1@example.org/"]
    passed = [Run("k", results=[samples.result("a", Verdict.PASS)])]
    assert markdown.render(passed).startswith("## ✅ 1 test on 1 kernel")


def test_texts_become_no_markup_and_no_links() -> None:
    seen = Reader(markdown.render(samples.nasty()))
    assert seen.tags <= ALLOWED
    assert seen.open == []
    assert set(seen.links) == {"http://f.example)"[:-1]}  # of the known issue, whose link is shown
    assert any("<img src=x onerror=g> @torvalds #1 j@k.example www.l.example &lt; \\" in code for code in seen.code)


@given(st.text("|`*_<>&@#[]()!~\\\n\t x-:/.0123456789", max_size=40))
def test_any_text_is_shown_as_it_is(text: str) -> None:
    line = " ".join(text.split())
    result = TestResult(text, text, Verdict.FAIL, text, log=[line])
    seen = Reader(markdown.render([Run(text, results=[result])]))
    assert seen.tags <= ALLOWED
    assert not seen.links
    assert seen.open == []
    assert set(seen.code) - {""} <= {line, " ".join(f"{text}.{text}".split()), f"\n{line}\n", UNNAMED}


@pytest.mark.parametrize("limit", [5000, 20_000, 150_000])
def test_the_summary_stays_within_its_limit_and_says_what_is_left_out(limit: int) -> None:
    runs = [Run(f"k{n}", results=[samples.result(f"t{m}ä", log=[f"{n} ü"] * 30) for m in range(50)]) for n in range(9)]
    for number, run in enumerate(runs):
        for result in run.results:
            result.reason = f"differs {number}"
    text = markdown.render(runs, limit)
    assert limit - 4000 < len(text.encode()) <= limit
    assert "**Left out**" in text.split("\n")[-2]
    shown = text.count("<details>")
    assert f"{450 - shown} failures" in text
    assert Reader(text).open == []


def test_logs_leave_room_for_all_other_sections() -> None:
    runs = samples.two_kernels()
    runs[0].results += [samples.result(f"t{n}", reason=str(n), log=["x" * 300] * 40) for n in range(300)]
    text = markdown.render(runs, 100_000)
    assert text.count("<details>") > 3
    assert all(f"### {part}" in text for part in ("Failures", "Skipped", "Flaky", "Known issues", "Not run"))


def test_many_kernels_make_a_short_table_with_failures_first() -> None:
    text = markdown.render(samples.many(400, 20))
    assert "350 more kernels together" in text
    assert text.index("-049-") < text.index("-000-")


def test_the_summary_is_appended_within_the_limit_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "summary.md"
    file.write_text("before\n" + "x" * (markdown.LIMIT - 10_000))
    markdown.append(file, samples.many(100, 100))
    assert file.read_text().startswith("before\n")
    assert markdown.LIMIT - 6_000 < file.stat().st_size <= markdown.LIMIT
    with pytest.raises(CiError, match="cannot write there"):
        markdown.append(tmp_path, [])


def test_what_hides_is_an_escape() -> None:
    name = "a\u202e\u2066\u200b\x85\x9b\u2028b"
    run = Run("k", results=[TestResult("p", name, Verdict.FAIL, name, log=[name])])
    assert not [char for char in markdown.render([run]) if not char.isprintable() and char != "\n"]
    assert "&#8238;" not in markdown.render([run])
