# SPDX-License-Identifier: GPL-2.0-only
"""JUnit XML into results: what `junit` wrote comes back as it was, anybody else's as well as it can.

The file may come from anywhere: no entity is resolved, nothing is fetched, a DTD is refused.
"""

import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from lxml import etree

from ksftci.errors import CiError
from ksftci.formats import junit
from ksftci.ktap.line import measurement
from ksftci.results.model import Measurement, Run, TestResult, Verdict
from ksftci.results.names import Names

_BEGINNING = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:\?xml|!|testsuite)")  # a log may begin with <6>
_OUTCOMES = {"failure": Verdict.FAIL, "error": Verdict.ERROR, "skipped": Verdict.SKIP}
_ATTEMPTS = {
    "flakyFailure": Verdict.FAIL,
    "rerunFailure": Verdict.FAIL,
    "flakyError": Verdict.ERROR,
    "rerunError": Verdict.ERROR,
}
_VERDICTS = {verdict.value: verdict for verdict in Verdict}
_OF_RUN = {"kernel", "arch", "run", "program", "seconds", "interrupted", "anomalies", "splats"}


def is_xml(path: Path) -> bool:
    """Whether a file begins as JUnit XML does. Raises CiError when it cannot be read."""
    try:
        with path.open("rb") as file:
            return _BEGINNING.match(file.read(4096)) is not None
    except OSError as err:
        raise CiError(f"{path}: {err.strerror}") from err


def read(path: Path) -> list[Run]:
    """The runs in a file. Foreign suites are one run, whose kernel is called after the file.

    Raises CiError when the file cannot be read, is no XML, or has a DTD.
    """
    reader = _Reader(path.stem)
    try:
        for element in _elements(path):
            if _name(element) == "testcase":
                reader.case(element)
            else:
                reader.suite_ended(element)
    except etree.XMLSyntaxError as err:
        raise CiError(f"{path}: cannot be read as JUnit XML: {err.msg}") from err
    except OSError as err:
        raise CiError(f"{path}: {err.strerror}") from err
    return reader.runs


def _elements(path: Path) -> Iterator[etree._Element]:
    """Test cases and suites as they end; each is forgotten after it was given."""
    with path.open("rb") as file:
        events = etree.iterparse(
            file,
            events=("end",),
            tag=("{*}testcase", "{*}testsuite"),
            resolve_entities=False,
            no_network=True,
            remove_comments=True,
            remove_pis=True,
        )
        first = True
        for _, element in events:
            if first and element.getroottree().docinfo.internalDTD is not None:
                raise CiError(f"{path}: has a DTD, which JUnit XML has no use for; remove it")
            first = False
            yield element
            element.clear()
            while (before := element.getprevious()) is not None:
                before.getparent().remove(before)


class _Reader:
    def __init__(self, name: str) -> None:
        self.name = name
        self.runs: list[Run] = []
        self._run: Run | None = None  # of ours, which the suite is of
        self._foreign: Run | None = None
        self._taken: dict[str, Names] = {}  # names of foreign results, by program
        self._suite: etree._Element | None = None
        self._facts: dict[str, str] = {}

    def case(self, element: etree._Element) -> None:
        suite = element.getparent()
        if suite is not self._suite and suite is not None:
            self._enter(suite)
        if self._run is not None and (names := self._names(self._run, element)):
            self._run.results.append(_result(element, *names))
            return
        if self._foreign is None:
            self._foreign = Run(self.name)
            self.runs.append(self._foreign)
        program = element.get("classname") or (suite.get("name") if suite is not None else "") or self.name
        result = _result(element, program, element.get("name") or "unnamed")
        result.name = self._taken.setdefault(program, Names()).unique(result.name)
        self._foreign.results.append(result)

    def suite_ended(self, element: etree._Element) -> None:
        if element is not self._suite:  # it has no cases
            self._enter(element)
        splats = element.findtext("system-err")
        if splats and self._run is not None:
            self._run.splats += [(self._facts["program"], line) for line in splats.split("\n")]

    def _enter(self, suite: etree._Element) -> None:
        """Take the properties of a suite; the run is the one before it or a new one."""
        self._suite = suite
        facts = self._facts = _properties(suite)
        if "program" not in facts:
            self._run = None
            return
        kernel, arch, repeat = facts.get("kernel", ""), facts.get("arch", ""), _count(facts.get("run"))
        run = self.runs[-1] if self.runs else None
        if run is None or run is self._foreign or (run.kernel, run.arch, run.repeat) != (kernel, arch, repeat or 1):
            run = Run(kernel, arch, repeat=repeat or 1)
            self.runs.append(run)
        self._run = run
        run.environment |= {name: value for name, value in facts.items() if name not in _OF_RUN}
        run.interrupted |= "interrupted" in facts
        run.seconds = _seconds(facts.get("seconds")) or run.seconds
        run.anomalies += _lines(facts.get("anomalies"))
        run.splats += [("", line) for line in _lines(facts.get("splats"))]

    def _names(self, run: Run, element: etree._Element) -> tuple[str, str] | None:
        """(program, name) of a case, unless it is none of ours."""
        program, whole, name = self._facts["program"], element.get("classname", ""), element.get("name", "")
        scope = whole.removeprefix(junit.classname(junit.place(run), program))
        if len(scope) == len(whole):
            return None
        return program, f"{scope.removeprefix('.')}.{name}" if scope else name


def _result(element: etree._Element, program: str, name: str) -> TestResult:
    told = _properties(element)
    outcome = next((inner for tag in _OUTCOMES for inner in element if _name(inner) == tag), None)
    verdict = _verdict(element, outcome, told.get("verdict", ""))
    said = _text(element, *_OUTCOMES)
    message = "" if outcome is None else outcome.get("message") or next(iter(said.strip().splitlines()), "")
    result = TestResult(
        program,
        name,
        verdict,
        told.get("reason", "") if "verdict" in told else _reason(verdict, message),
        _seconds(element.get("time")),
        file=element.get("file"),
        line=_count(element.get("line")),
        known=told.get("known", ""),
        earlier=_earlier(element, told.get("earlier", "")),
        measured=tuple(_measured(told)),
    )
    told_already = not said.strip() or (said == message and not verdict.bad)
    texts = ["" if told_already else said, _text(element, "system-out", "system-err")]
    text = "\n".join(filter(None, texts))
    if verdict.bad or (outcome is None and "verdict" in told):  # we put it before the log
        headline = junit.headline(result)
        text = "" if text == headline else text.removeprefix(f"{headline}\n")
    result.log = _lines(text)
    return result


def _verdict(element: etree._Element, outcome: etree._Element | None, told: str) -> Verdict:
    if told in _VERDICTS:
        return _VERDICTS[told]
    if outcome is None:
        idle = {element.get("status"), element.get("result")} & {"notrun", "disabled", "ignored", "skipped"}
        return Verdict.SKIP if idle else Verdict.PASS  # as googletest says it
    kind, verdict = outcome.get("type", ""), _OUTCOMES[_name(outcome)]
    if verdict is Verdict.ERROR:
        closer = _VERDICTS.get(kind, verdict)
        return closer if closer.infrastructure else verdict
    return Verdict.XFAIL if verdict is Verdict.SKIP and kind in ("xfail", "pytest.xfail") else verdict


def _reason(verdict: Verdict, message: str) -> str:
    """The reason in a message of ours, or else the message."""
    if message in ("no reason given", verdict.value):
        return ""
    return message if verdict in (Verdict.FAIL, Verdict.SKIP) else message.removeprefix(f"{verdict.value}: ")


def _earlier(element: etree._Element, told: str) -> list[Verdict]:
    if told:
        return [_VERDICTS[word] for word in told.split() if word in _VERDICTS]
    return [_ATTEMPTS[_name(inner)] for inner in element if _name(inner) in _ATTEMPTS]


def _measured(told: Mapping[str, str]) -> Iterator[Measurement]:
    for name, text in told.items():
        word = name.removeprefix(junit.MEASURE)
        if word != name and (found := measurement(f"measure {word} {text}")):
            yield found


def _properties(element: etree._Element) -> dict[str, str]:
    found = element.iterfind("{*}properties/{*}property")
    return {inner.get("name", ""): inner.get("value") or inner.text or "" for inner in found}


def _text(element: etree._Element, *tags: str) -> str:
    """What is in the elements of these names."""
    return "\n".join("".join(map(str, inner.itertext())) for inner in element if _name(inner) in tags)


def _lines(text: str | None) -> list[str]:
    return text.split("\n") if text else []


def _name(element: etree._Element) -> str:
    """The tag, whatever the namespace."""
    return str(element.tag).rpartition("}")[2]


def _seconds(text: str | None) -> float | None:
    """A positive number of seconds; zero is what stands where nobody measured."""
    try:
        seconds = float((text or "").replace(",", ""))
    except ValueError:
        return None
    return seconds if seconds > 0 and math.isfinite(seconds) else None


def _count(text: str | None) -> int | None:
    """A number that counts from 1."""
    return int(text) or None if text and text.isascii() and text.isdigit() else None
