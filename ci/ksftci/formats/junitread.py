# SPDX-License-Identifier: GPL-2.0-only
"""Read JUnit XML: all that `junit` wrote, and of files by other tools what has a place in `TestResult`.

The file need not be trusted: no entity is resolved, nothing is fetched, and a DTD is an error.
"""

import math
import re
from collections.abc import Iterator, Mapping

from lxml import etree

from ksftci.errors import CiError
from ksftci.formats import junit
from ksftci.formats.log import Log
from ksftci.ktap.line import measurement
from ksftci.results.model import Complaint, Measurement, Run, TestResult, Verdict
from ksftci.results.names import Names
from plainprint.reason import reason

_PAGE = re.compile(rb"\s*<(!doctype )?html", re.IGNORECASE)
_BEGINNING = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:\?xml|!|testsuite)")  # not "<6>", the level of a kernel's log line
_OUTCOMES = {"failure": Verdict.FAIL, "error": Verdict.ERROR, "skipped": Verdict.SKIP}
_ATTEMPTS = {
    "flakyFailure": Verdict.FAIL,
    "rerunFailure": Verdict.FAIL,
    "flakyError": Verdict.ERROR,
    "rerunError": Verdict.ERROR,
}
# What other tools write as status= or result= of a test case, without an element for the outcome.
_SKIPPED_WORDS = {"notrun", "disabled", "ignored", "skipped"}
_FAILED_WORDS = {"fail", "failed", "failure", "error"}
_VERDICTS = {verdict.value: verdict for verdict in Verdict}
# Properties of a suite that have a field in `Run` or `ProgramRun`; all others are the run's environment.
_FIELDS = {"kernel", "arch", "run", "program", "seconds", "interrupted", "anomalies", "splats"}


class BrokenXml(CiError):
    """A file that begins like JUnit XML and cannot be read to its end; `runs` are those before that place."""

    def __init__(self, message: str, runs: list[Run]) -> None:
        super().__init__(message)
        self.runs = runs


def is_xml(log: Log) -> bool:
    """Whether a log begins like JUnit XML. Raises CiError when it cannot be read."""
    try:
        return _BEGINNING.match(log.rewind().read(4096)) is not None
    except OSError as err:
        raise CiError(f"{log.path}: {reason(err, log.path)}") from err


def read(log: Log) -> list[Run]:
    """The runs in a file. All suites by other tools form one run, and the file's name stands for its kernel.

    Raises CiError when the file cannot be read, and BrokenXml when it is no XML, or has a DTD.
    """
    reader = _Reader(log.name)
    try:
        for element in _elements(log):
            if _name(element) == "testcase":
                reader.case(element)
            else:
                reader.suite_ended(element)
    except etree.XMLSyntaxError as err:
        if _PAGE.match(log.rewind().read(4096)):
            raise BrokenXml(f"{log.path}: is a web page; give the log itself", []) from err
        what = f"cannot be read as JUnit XML: {err.msg}; give all of the file, or KTAP"
        raise BrokenXml(f"{log.path}: {what}", reader.runs) from err
    except OSError as err:
        raise CiError(f"{log.path}: {reason(err, log.path)}") from err
    return reader.runs


def _elements(log: Log) -> Iterator[etree._Element]:
    """Test cases and suites as they end; each is cleared when the next is requested."""
    events = etree.iterparse(
        log.rewind(),
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
            raise BrokenXml(f"{log.path}: has a DTD, which JUnit XML does not need; remove it", [])
        first = False
        yield element
        element.clear()
        while (sibling := element.getprevious()) is not None:
            sibling.getparent().remove(sibling)
    if first and _name(events.root) not in ("testsuites", "testsuite"):
        raise BrokenXml(f"{log.path}: is no JUnit XML, but <{_name(events.root)}>", [])


class _Reader:
    """Collects runs from the elements of one file, in the order of the file."""

    def __init__(self, name: str) -> None:
        self.name = name  # of the file
        self.runs: list[Run] = []
        self._run: Run | None = None  # of the current suite, when `junit` wrote the suite
        self._foreign: Run | None = None  # holds the results of all suites by other tools
        self._names: dict[str, Names] = {}  # of the foreign results, by program
        self._suite: etree._Element | None = None
        self._facts: dict[str, str] = {}  # properties of the suite

    def case(self, element: etree._Element) -> None:
        """Add the result of a test case to its run."""
        suite = element.getparent()
        if suite is not self._suite and suite is not None:
            self._enter(suite)
        if self._run is not None and (id_parts := self._own_id(self._run, element)):
            self._run.results.append(_result(element, *id_parts))
            return
        if self._foreign is None:
            self._foreign = Run(self.name)
            self.runs.append(self._foreign)
        program = element.get("classname") or (suite.get("name") if suite is not None else "") or self.name
        result = _result(element, program, element.get("name") or "unnamed")
        result.name = self._names.setdefault(program, Names()).unique(result.name)
        self._foreign.results.append(result)

    def suite_ended(self, element: etree._Element) -> None:
        """Add what a suite's <system-err> holds to its run."""
        if element is not self._suite:  # the suite has no test cases
            self._enter(element)
        splats = element.findtext("system-err")
        if splats and self._run is not None:
            self._run.splats += [(self._facts["program"], line) for line in splats.split("\n")]

    def _enter(self, suite: etree._Element) -> None:
        """Read the properties of a suite. It belongs to the last run, or begins a new one."""
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
        run.environment |= {name: value for name, value in facts.items() if name not in _FIELDS}
        run.interrupted |= "interrupted" in facts
        run.seconds = _seconds(facts.get("seconds")) or run.seconds
        run.anomalies += _lines(facts.get("anomalies"))
        run.splats += [("", line) for line in _lines(facts.get("splats"))]

    def _own_id(self, run: Run, element: etree._Element) -> tuple[str, str] | None:
        """(program, name) of a test case that `junit` wrote; None for any other."""
        program, classname, name = self._facts["program"], element.get("classname", ""), element.get("name", "")
        scope = classname.removeprefix(junit.classname(junit.class_prefix(run), program))
        if len(scope) == len(classname):
            return None
        return program, f"{scope.removeprefix('.')}.{name}" if scope else name


def _result(element: etree._Element, program: str, name: str) -> TestResult:
    properties = _properties(element)
    outcome = next((child for tag in _OUTCOMES for child in element if _name(child) == tag), None)
    own_verdict = _own_verdict(outcome, properties.get("verdict", ""))
    own = properties if own_verdict else {}
    verdict = own_verdict or _verdict(element, outcome)
    outcome_text = _text(element, *_OUTCOMES)
    message = "" if outcome is None else outcome.get("message") or next(iter(outcome_text.strip().splitlines()), "")
    result = TestResult(
        program,
        name,
        verdict,
        own.get("reason", "") if own else _reason(verdict, message),
        _seconds(element.get("time")),
        file=element.get("file"),
        line=_count(element.get("line")),
        known=own.get("known", ""),
        earlier=_earlier(element, own.get("earlier", "")),
        measured=tuple(_measurements(properties)),
        expected=tuple(_lines(properties.get("expected"))),
    )
    if result.of_kernel and result.verdict.bad:
        result.complaints = tuple(map(Complaint, _lines(properties.get("complaints")) or [result.reason]))
    message_only = not outcome_text.strip() or (outcome_text == message and not verdict.bad)
    texts = ["" if message_only else outcome_text, _text(element, "system-out", "system-err")]
    text = "\n".join(filter(None, texts))
    if verdict.bad or (outcome is None and own):  # `junit` puts the headline before the log
        headline = junit.headline(result)
        text = "" if text == headline else text.removeprefix(f"{headline}\n")
    result.log = _lines(text)
    return result


def _own_verdict(outcome: etree._Element | None, word: str) -> Verdict | None:
    """The verdict that `junit` wrote as a property; None if there is none, or the element says something else."""
    verdict = _VERDICTS.get(word)
    if verdict is None:
        return None
    match "" if outcome is None else _name(outcome):
        case "":
            agrees = verdict in (Verdict.PASS, Verdict.XPASS)
        case "skipped":
            agrees = verdict in (Verdict.SKIP, Verdict.XFAIL)
        case "failure":
            agrees = verdict is Verdict.FAIL
        case _:
            agrees = verdict.infrastructure
    return verdict if agrees else None


def _verdict(element: etree._Element, outcome: etree._Element | None) -> Verdict:
    """The verdict of a test case by its outcome element."""
    if outcome is None:
        # googletest writes status="notrun" for a disabled test and result="skipped" for a skipped one.
        words = {(element.get(name) or "").lower() for name in ("status", "result")}
        if words & _FAILED_WORDS:
            return Verdict.FAIL
        return Verdict.SKIP if words & _SKIPPED_WORDS else Verdict.PASS
    kind, verdict = outcome.get("type", ""), _OUTCOMES[_name(outcome)]
    if verdict is Verdict.ERROR:
        named_by_type = _VERDICTS.get(kind, verdict)
        return named_by_type if named_by_type.infrastructure else verdict
    return Verdict.XFAIL if verdict is Verdict.SKIP and kind in ("xfail", "pytest.xfail") else verdict


def _reason(verdict: Verdict, message: str) -> str:
    """The reason in a message that `junit.headline` made; any other message is the reason itself."""
    if message in ("no reason given", verdict.value):
        return ""
    return message if verdict in (Verdict.FAIL, Verdict.SKIP) else message.removeprefix(f"{verdict.value}: ")


def _earlier(element: etree._Element, own_verdicts: str) -> list[Verdict]:
    """Verdicts of earlier attempts: `own_verdicts` if `junit` wrote them, else those of Surefire's elements."""
    if own_verdicts:
        return [_VERDICTS[word] for word in own_verdicts.split() if word in _VERDICTS]
    return [_ATTEMPTS[_name(child)] for child in element if _name(child) in _ATTEMPTS]


def _measurements(properties: Mapping[str, str]) -> Iterator[Measurement]:
    for name, text in properties.items():
        word = name.removeprefix(junit.MEASURE)
        if word != name and (found := measurement(f"measure {word} {text}")):
            yield found


def _properties(element: etree._Element) -> dict[str, str]:
    elements = element.iterfind("{*}properties/{*}property")
    return {child.get("name", ""): child.get("value") or child.text or "" for child in elements}


def _text(element: etree._Element, *tags: str) -> str:
    """The text inside the children with one of these tags."""
    return "\n".join("".join(map(str, child.itertext())) for child in element if _name(child) in tags)


def _lines(text: str | None) -> list[str]:
    return text.split("\n") if text else []


def _name(element: etree._Element) -> str:
    """The tag without its namespace."""
    return str(element.tag).rpartition("}")[2]


def _seconds(text: str | None) -> float | None:
    """A positive number of seconds; None for zero, which stands for an unknown time, and for any other text."""
    try:
        seconds = float((text or "").replace(",", ""))
    except ValueError:
        return None
    return seconds if seconds > 0 and math.isfinite(seconds) else None


def _count(text: str | None) -> int | None:
    """A positive integer in ASCII digits; None for any other text."""
    return int(text) or None if text and text.isascii() and text.isdigit() and len(text) < 10 else None
