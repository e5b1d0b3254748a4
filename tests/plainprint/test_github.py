# SPDX-License-Identifier: GPL-2.0-only
"""What GitHub's runner makes of what is printed: commands of our own, and no others."""

import io
import re
import sys
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainprint import github
from plainprint.github import Guard


def commands(printed: str) -> list[str]:
    """The lines that the runner takes for commands, after ActionCommand.cs of actions/runner."""
    lines = re.split(r"\r\n|\r|\n", printed)
    return [line for line in lines if line.lstrip().startswith("::") or "##[" in line]


@pytest.mark.parametrize(
    "printed",
    [
        "::stop-commands::t",
        "::stop-commands::t:1:2: warning: #warning x [-Wcpp]",
        "  \t::error::x",
        "ok\n::set-output name=a::b",
        "ok\r::add-mask::b\r\n::endgroup::",
        "x ##[group]y ##[error]z",
        "###[group]",
        "\N{NO-BREAK SPACE}\x85\u2028\u3000::error::x",
        "\ufeff::error::",
        ":::",
    ],
)
def test_what_would_be_a_command_is_text(printed: str) -> None:
    stream = io.StringIO()
    assert Guard(stream).write(printed) == len(printed)
    assert commands(stream.getvalue()) == []
    assert stream.getvalue().replace("\\", "") == printed
    in_parts = io.StringIO()
    guard = Guard(in_parts)
    for char in printed:
        guard.write(char)
    assert commands(in_parts.getvalue()) == []


@given(st.lists(st.text(alphabet=":#[] \n\rab\\", max_size=6)))
def test_however_it_is_split(parts: list[str]) -> None:
    stream = io.StringIO()
    guard = Guard(stream)
    for part in parts:
        guard.write(part)
    assert commands(stream.getvalue()) == []


def test_what_is_no_command_stays_as_it_is() -> None:
    stream = io.StringIO()
    text = "std::string a:: b\n:1\n# # [x]\n/path/x.c:1:2: error: y\n"
    Guard(stream).writelines([text])
    assert stream.getvalue() == text


def test_a_command_of_our_own_is_a_line_of_its_own() -> None:
    stream = io.StringIO()
    guard = Guard(stream)
    guard.command("::error::one")
    guard.write("no line end")
    guard.command("::error::two")
    guard.write("::error::three")
    assert commands(stream.getvalue()) == ["::error::one", "::error::two"]


@pytest.mark.parametrize(("value", "count"), [("true", 0), ("false", 1), ("", 1)])
def test_the_streams_are_guarded_where_the_runner_reads(
    value: str, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", value)
    out, err = io.StringIO(), io.StringIO()
    with monkeypatch.context() as patch:
        patch.setattr("sys.stdout", out)
        patch.setattr("sys.stderr", err)
        github.guard()
        github.guard()
        print("::debug::x")
        print("::debug::x", file=sys.stderr)
        assert [len(commands(out.getvalue())), len(commands(err.getvalue()))] == [count, count]
        github.command("::notice::ours")
    assert commands(out.getvalue())[-1] == "::notice::ours"


@given(st.lists(st.sampled_from(["::", ":", "##[", "##", "[", "\n", " ", "a"])).map("".join))
def test_xml_without_commands_means_the_same(text: str) -> None:
    element = ET.Element("e", name=text)
    element.text = text
    document = ET.tostring(element, encoding="unicode")
    shown = ET.fromstring(github.xml(document))
    assert commands(github.xml(document)) == []
    assert (shown.text or "", shown.get("name")) == (text, text)
