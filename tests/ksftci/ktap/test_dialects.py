# SPDX-License-Identifier: GPL-2.0-only
"""What holds of every tree of results, in whatever dialect it is printed."""

from hypothesis import given
from hypothesis import strategies as st
from tests.ksftci.ktap.dialects import STAMPS, Branch, Log, expected, logs, print_tree, trees

from ksftci.formats import record
from ksftci.ktap.parser import Parser
from ksftci.results.model import Verdict


def verdicts(text: str) -> dict[str, str]:
    parser = Parser("p")
    for line in text.split("\n"):
        parser.feed(line)
    parser.finish()
    return {result.name: result.verdict.value for result in parser.results}


@given(trees(), st.sampled_from(STAMPS))
def test_every_leaf_comes_back_with_its_id_and_verdict(root: Branch, stamp: str) -> None:
    text = "\n".join(stamp + line for line in print_tree(root).lines)
    assert verdicts(text) == expected(root)


@given(logs())
def test_no_failure_that_was_printed_whole_is_lost(log: Log) -> None:
    (run,) = record.parse(log.data.decode("utf-8", "replace"), "log")
    assert len({result.id for result in run.results}) == len(run.results)
    of_leaf = {result.name.rpartition("/")[2]: result.verdict for result in run.results}
    for leaf in log.failures:
        assert of_leaf[leaf.name] is Verdict(leaf.verdict)
