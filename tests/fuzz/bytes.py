# SPDX-License-Identifier: GPL-2.0-only
"""Fuzz the KTAP parser with atheris, which is not among the project's dependencies.

    python tests/fuzz/bytes.py CORPUS -max_total_time=600

Arguments are libFuzzer's. The first byte of an input chooses what is done: any bytes as a log, words of
KTAP and of kernels in any order, or one of the properties of test_dialects.py in
tests/ksftci/ktap.
"""

import re
import sys
import tempfile
from pathlib import Path
from typing import Any

import atheris  # type: ignore[import-untyped]

with atheris.instrument_imports(include=["ksftci"]):
    from ksftci.formats import record
    from ksftci.ktap.directive import judge
from tests.ksftci.ktap import test_dialects
from tests.ksftci.ktap.dialects import NOISE, STAMPS

PROPERTIES: tuple[Any, ...] = (
    test_dialects.test_every_leaf_comes_back_with_its_id_and_verdict,
    test_dialects.test_no_failure_that_was_printed_whole_is_lost,
)
WORDS = [
    *STAMPS,
    *NOISE,
    *("\n", "\n# ", "\n# # ", "\n    ", "\n\t", "\r", " ", "ok ", "not ok ", "1 ", "2 ", "3 ", "- ", "name"),
    *("1..0 # SKIP", "1..3", "1..99999999", "KTAP version 1", "TAP version 13", "# Subtest: s", "Bail out! x"),
    *("# SKIP ", "# XFAIL ", "# TODO", "# TIMEOUT 9 seconds", "# exit=2", "# exit=139", "selftests: mm: cow"),
    *("------", "running ./x", "[SKIP] ./y", "#  RUN   a.b ...", "[RUN] c", "# ksftci kernel: k", "\x1b[1m"),
]
FAILURE = re.compile(
    r"[# \t]*not ok(?![^\s#])(?:[ \t]+\d{1,9}(?![^\s#]))?(?P<text>[^\x00-\x1f\x7f-\xa0<\[]*)", re.ASCII
)
PATH = Path(tempfile.mkdtemp()) / "fuzz.log"


def a_log(text: str) -> None:
    """Whatever is in it, a log is read, names are unique, and each "not ok" is in some name."""
    PATH.write_bytes(text.encode("utf-8", "surrogatepass"))
    runs = record.read(PATH)
    for run in runs:
        ids = [result.id for result in run.results]
        assert len(set(ids)) == len(ids), ids
    results = [result for run in runs for result in run.results]
    names = "\n".join(result.name for result in results)
    not_passed = "\n".join(result.name for result in results if result.verdict.value != "pass")
    if any(len(result.name) > 900 for result in results):
        return  # names are cut
    for line in text.split("\n"):
        match = FAILURE.fullmatch(line)
        if match is None or len(line) > 100:
            continue
        name, verdict, *_ = judge(True, match["text"].strip().removeprefix("- ").strip())
        if not name.startswith("selftests: "):  # which becomes the program
            found = not_passed if verdict.bad else names  # an outer SKIP may hold passing tests
            assert found and name in found, (line, found)


def one(data: bytes) -> None:
    """An input of the fuzzer's."""
    kind, rest = (data[0] % 4, data[1:]) if data else (0, b"")
    if kind >= 2:
        PROPERTIES[kind - 2].hypothesis.fuzz_one_input(rest)
    elif kind == 1:
        a_log("".join(WORDS[byte % len(WORDS)] for byte in rest))
    else:
        a_log(rest.decode("utf-8", "replace"))


if __name__ == "__main__":
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
