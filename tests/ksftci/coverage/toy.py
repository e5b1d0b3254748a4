# SPDX-License-Identifier: GPL-2.0-only
"""A toy tree, tests/coverage/mm, and what gcov 12 printed about it, toy.json."""

from collections import Counter
from pathlib import Path

from ksftci.coverage import compare, gcov
from ksftci.coverage.compare import Comparison
from ksftci.coverage.gcov import Counts, Profile
from ksftci.coverage.measure import MeasuredSuite
from ksftci.coverage.source import Target
from ksftci.results.model import Run

TOY = Path(__file__).parents[2] / "coverage"
JSON = (TOY / "toy.json").read_text("utf-8")
TREE = Path("/tree")  # the path of the tree in toy.json
NOTES = """
- file: mm/toy.c
  function: toy_sum
  code: return toy_never(sum);
  needs: a negative sum
- file: mm/toy.c
  function: toy_clip
  code: toy_clipped++;
  to: return most;
  needs: a large toy
  why: none of the small ones is clipped
"""


def profile() -> Profile:
    """The counts in toy.json."""
    return gcov.parse(JSON, TREE)


def without(counted: Profile, lines: range) -> Profile:
    """The same profile, but none of these lines of mm/toy.c ran."""
    old = counted["mm/toy.c"]
    counts = Counts(
        Counter({line: 0 if line in lines else n for line, n in old.lines.items()}),
        Counter({branch: 0 if branch.line in lines else n for branch, n in old.branches.items()}),
    )
    return {**counted, "mm/toy.c": counts}


def comparison(folder: Path, *targets: str, notes: str = NOTES) -> Comparison:
    """A comparison of two suites: only `ours` executes lines 20 and 21; `upstream` has two programs."""
    path = folder / "notes.yaml"
    path.write_text(notes)
    small = without(profile(), range(20, 22))
    smaller = without(small, range(37, 42))
    suites = [
        MeasuredSuite("ours", Run("ours"), {"toys": profile()}, {}),
        MeasuredSuite("upstream", Run("upstream"), {"small": small, "smaller": smaller}, {"big": "it hung"}),
    ]
    chosen = [Target.parse(text) for text in targets or ("mm/toy.c", "mm/toy.h")]
    return compare.compare("Linux 7.3", suites, chosen, TOY, path)
