# SPDX-License-Identifier: GPL-2.0-only
"""What each reader of JUnit XML makes of a file: one row a test case, its fields under one name each.

The libraries are the readers' own, where there is a package of them; which fields are taken from where
is written down here from the readers' sources, which docs/junit.md names.
"""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import junitparser
import pytest
from lxml import etree

HERE = Path(__file__).parent
Row = dict[str, Any]


def package(name: str) -> Path:
    """The folder of a package of package.json; skips the test if it is not installed, or nothing to run it."""
    folder = HERE / "node_modules" / name
    for what, is_there in (("node", shutil.which("node")), (f"npm's {name}", folder.is_dir())):
        if not is_there:
            pytest.skip(f"{what} is not installed; tox -e readers installs it")
    return folder


def _node(script: str, path: Path) -> list[Row]:
    package("xml2js")
    argv = ["node", str(HERE / script), str(path)]
    done = subprocess.run(argv, capture_output=True, encoding="utf-8", timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    rows: list[Row] = json.loads(done.stdout)
    return rows


def mikepenz(path: Path) -> list[Row]:
    return _node("mikepenz.js", path)


def dorny(path: Path) -> list[Row]:
    return _node("dorny.js", path)


def enricomi(path: Path) -> list[Row]:
    """Publish Test Results: of several results the worst; its annotation is message and content, once."""
    rows = []
    for suite in junitparser.JUnitXml.fromfile(str(path)):
        for case in suite:
            result = case.result[0] if case.result else None
            message, content = (result.message or "", result.text or "") if result is not None else ("", "")
            rows.append(
                {
                    "suite": suite.name,
                    "name": case.name,
                    "classname": case.classname,
                    "file": case._elem.get("file"),
                    "line": int(case._elem.get("line") or 0) or None,
                    "seconds": case.time,
                    "status": result._tag if result is not None else "success",
                    "message": message,
                    "details": content if content.startswith(message) else f"{message}\n{content}",
                    "output": case.system_out or "",
                }
            )
    return rows


def jenkins(path: Path) -> list[Row]:
    """The junit step. It reads with dom4j; this reads the same elements with lxml."""
    rows = []
    suites = etree.parse(str(path)).iterfind("testsuite")
    for suite, case in ((s, c) for s in suites for c in s.iterfind("testcase")):
        error = case.find("error")
        bad = error if error is not None else case.find("failure")
        skipped = case.find("skipped")
        issue = bad if bad is not None else skipped
        rows.append(
            {
                "suite": suite.get("name"),
                "name": case.get("name"),
                "classname": case.get("classname"),
                "file": None,
                "line": None,
                "seconds": float(case.get("time", 0)),
                "status": "failed" if bad is not None else "skipped" if skipped is not None else "passed",
                "message": issue.get("message") if issue is not None else "",
                "details": (bad.text if bad is not None else "") or "",
                "output": case.findtext("system-out") or "",
                "retries": len(case.findall("flakyFailure")) + len(case.findall("rerunFailure")),
            }
        )
    return rows


def gitlab(path: Path) -> list[Row]:
    """The unit test report. It reads with Nokogiri, which is libxml2 as lxml is."""
    status = {"failure": "failed", "error": "error", "skipped": "skipped"}
    rows = []
    suites = etree.parse(str(path)).iterfind(".//testsuite")
    for suite, case in ((s, c) for s in suites for c in s.iterfind("testcase")):
        issue = next((inner for inner in case if inner.tag in status), None)
        rows.append(
            {
                "suite": suite.get("name"),
                "name": case.get("name"),
                "classname": case.get("classname"),
                "file": case.get("file"),
                "line": None,
                "seconds": float(case.get("time", 0)),
                "status": status[issue.tag] if issue is not None else "success",
                "message": "",
                "details": (issue.text if issue is not None else "") or "",
            }
        )
    return rows


READERS: dict[str, Callable[[Path], list[Row]]] = {
    reader.__name__: reader for reader in (mikepenz, dorny, enricomi, jenkins, gitlab)
}
