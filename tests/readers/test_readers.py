# SPDX-License-Identifier: GPL-2.0-only
"""What each reader shows of our verdicts is what docs/junit.md says."""

from pathlib import Path

import pytest
from lxml import etree
from tests.readers.readers import READERS, Row

from ksftci.formats import junit, record
from ksftci.results.model import Measurement, Run, TestResult, Verdict

pytestmark = pytest.mark.readers

NASTY = "\x1b[31mred\x00 \ufffe <&\"'> ]]> &amp; \ud800 äö 🐧"
SPELT = "\\x1b[31mred\\x00 \\ufffe <&\"'> ]]> &amp; \\ud800 äö 🐧"
KNOWN = "bug 7 https://bugs.example/7"
FAIL, ERROR, PASS, SKIP = range(4)
WORDS = {  # what each reader calls these
    "mikepenz": ["failure", "failure", "success", "skipped"],
    "dorny": ["failed", "failed", "success", "skipped"],
    "enricomi": ["failure", "error", "success", "skipped"],
    "jenkins": ["failed", "failed", "passed", "skipped"],
    "gitlab": ["failed", "error", "success", "skipped"],
}
RUN = Run(
    "debian:7.3",
    "arm64",
    {"release": "7.3.4"},
    [
        TestResult("mm:cow", "cow.thp.up", Verdict.FAIL, "Expected 1", 0.25, ["# one", "# two"], "cow.c", 7),
        TestResult("mm:cow", "passes", Verdict.PASS, log=["# one"]),
        TestResult("mm:cow", "measures", Verdict.PASS, log=["# one"], measured=(Measurement("time", 0.5, "ns"),)),
        TestResult("mm:cow", "skips", Verdict.SKIP, "no THP", log=["# one"]),
        TestResult("mm:cow", "xfail", Verdict.XFAIL, "Expected 1", log=["# one"], known=KNOWN),
        TestResult("mm:cow", "xpass", Verdict.XPASS, log=["# one"], known=KNOWN),
        TestResult("mm:cow", "timeout", Verdict.TIMEOUT, "printed nothing", log=["# one"]),
        TestResult("mm:cow", "crash", Verdict.CRASH, "the kernel panicked", log=["# one"]),
        TestResult("mm:cow", "error", Verdict.ERROR, "could not be started"),
        TestResult("mm:cow", "not_run", Verdict.NOT_RUN, "the kernel panicked before"),
        TestResult("mm:cow", "flaky", Verdict.PASS, log=["# one"], earlier=[Verdict.FAIL, Verdict.CRASH]),
        TestResult("mm:cow", "retried", Verdict.FAIL, "Expected 1", log=["# one"], earlier=[Verdict.FAIL]),
        TestResult("mm:cow", NASTY, Verdict.FAIL, NASTY, log=[NASTY, "", "  last"]),
        TestResult("mm:cow", "plain", Verdict.FAIL),
    ],
    splats=[("mm:cow", "WARNING: at mm/memory.c:1")],
)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("readers") / "junit.xml"
    junit.write(RUN.programs, path)
    return path


@pytest.fixture(params=READERS)
def reader(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def rows(reader: str, path: Path) -> dict[str, Row]:
    return {row["name"]: row for row in READERS[reader](path)}


def test_every_case_is_there_in_one_suite(rows: dict[str, Row]) -> None:
    names = [junit.split_name(result)[1] for result in RUN.results]
    assert list(rows) == [SPELT if name == NASTY else name for name in names]
    assert {row["suite"] for row in rows.values()} == {"debian:7.3: mm:cow"}
    assert rows["up"]["classname"] == "debian:7.3.mm:cow.cow.thp"
    assert rows["passes"]["classname"] == "debian:7.3.mm:cow"


def test_verdicts(rows: dict[str, Row], reader: str) -> None:
    shown = {
        "up": FAIL,
        "passes": PASS,
        "measures": PASS,
        "skips": SKIP,
        "xfail": SKIP,
        "xpass": PASS,
        "timeout": ERROR,
        "crash": ERROR,
        "error": ERROR,
        "not_run": ERROR,
        "flaky": PASS,
        "retried": FAIL,
        SPELT: FAIL,
        "plain": FAIL,
    }
    assert {name: row["status"] for name, row in rows.items()} == {n: WORDS[reader][i] for n, i in shown.items()}


def test_times_are_numbers(rows: dict[str, Row]) -> None:
    assert [rows["up"]["seconds"], rows["passes"]["seconds"]] == [0.25, 0]


def test_places(rows: dict[str, Row], reader: str) -> None:
    file = None if reader in ("dorny", "jenkins") else "cow.c"
    line = 7 if reader in ("mikepenz", "enricomi") else None
    assert (rows["up"]["file"], rows["up"]["line"]) == (file, line)
    assert (rows["plain"]["file"], rows["plain"]["line"]) == (None, None)


def test_messages_say_the_verdict_and_why(rows: dict[str, Row], reader: str) -> None:
    said = {
        "up": ("fail", "Expected 1"),
        "timeout": ("timeout", "timeout: printed nothing"),
        "crash": ("crash", "crash: the kernel panicked"),
        "not_run": ("not_run", "not_run: the kernel panicked before"),
        "retried": ("fail", "Expected 1; attempts before: fail"),
        "plain": ("fail", "no reason given"),
        SPELT: ("fail", f"{SPELT}"),
    }
    for name, (kind, text) in said.items():
        shown = {"dorny": f"{kind}: {text}", "gitlab": ""}.get(reader, text)
        assert rows[name]["message"] == shown


def test_the_log_follows_the_message(rows: dict[str, Row]) -> None:
    assert rows["up"]["details"] == "Expected 1\n# one\n# two"
    assert rows["timeout"]["details"] == "timeout: printed nothing\n# one"
    assert rows[SPELT]["details"] == f"{SPELT}\n{SPELT}\n\n  last"
    assert rows["plain"]["details"] == "no reason given"


def test_why_something_was_skipped(rows: dict[str, Row], reader: str) -> None:
    field = {"enricomi": "message", "jenkins": "message", "gitlab": "details"}.get(reader)
    if field is None:
        return  # mikepenz and dorny show that it was skipped, not why
    assert rows["skips"][field] == "no THP"
    assert rows["xfail"][field] == f"xfail: Expected 1; known: {KNOWN}"


def test_what_passed_unexpectedly_tells(rows: dict[str, Row], reader: str) -> None:
    if reader in ("enricomi", "jenkins"):
        assert rows["xpass"]["output"] == f"xpass; known: {KNOWN}\n# one"
        assert rows["passes"]["output"] == rows["measures"]["output"] == "# one"


def test_retries(rows: dict[str, Row], reader: str) -> None:
    counts = (rows["flaky"].get("retries"), rows["retried"].get("retries"))
    assert counts == {"mikepenz": (2, 0), "jenkins": (2, 1)}.get(reader, (None, None))


def test_any_bytes_of_a_log(reader: str, tmp_path: Path) -> None:
    log = tmp_path / "console.log"
    log.write_bytes(
        b"TAP version 13\n1..2\n# \x1b[31mred\x1b[0m \x00\x07 ]]> <b>&amp; \xff\xfe \xed\xa0\x80 \xf0\x9f\x90\xa7\n"
        b"not ok 1 <name> ]]> \x01 \xf0\x9f\x90\xa7\n# \r\x1b]0;title\x07\x9b1m\nok 2 second # SKIP \x02 ]]>\xff\n"
    )
    junit.write(record.stream(log), tmp_path / "out.xml")
    first, second = READERS[reader](tmp_path / "out.xml")
    assert first["name"] == "<name> ]]> \\x01 🐧"
    assert first["status"] == WORDS[reader][FAIL]
    assert "# red \\x07 ]]> <b>&amp; \ufffd\ufffd \ufffd\ufffd\ufffd 🐧" in first["details"]
    assert (second["name"], second["status"]) == ("second", "skipped")


def test_libxml2_finds_nothing_to_mend(path: Path) -> None:
    parser = etree.XMLParser(recover=False, resolve_entities=False)
    assert etree.parse(str(path), parser).getroot().tag == "testsuites"
    assert not len(parser.error_log)
