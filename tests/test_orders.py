# SPDX-License-Identifier: GPL-2.0-only
"""Steps in random orders on a real kernel: any order that `ksftgen check` accepts is right in the model."""

import random
import sys
from collections import Counter
from pathlib import Path

import pytest
from tests.conftest import call
from tests.fuzz import orders
from tests.fuzz.orders import ORDINARY, Kernel, draw, failures

from ksftci.results.model import Verdict

# arm64 has no protection keys: a test with one is skipped. Sorted: a seed gives the same orders however verbs stand.
VERBS = sorted(verb for verb in ORDINARY if not verb.startswith("pkey"))


@pytest.mark.qemu
@pytest.mark.parametrize(
    ("seed", "count", "values"),
    [(6, 60, 1), pytest.param(None, 1000, 2, marks=pytest.mark.nightly)],
    ids=["known", "any"],
)
def test_any_order_that_is_accepted_is_right(tmp_path: Path, seed: int | None, count: int, values: int) -> None:
    seed = random.randrange(10**6) if seed is None else seed
    again = f"--seed {seed} --count {count} --tests 10 --values {values} --verbs {','.join(VERBS)}"
    print(f"again: python -m tests.fuzz.orders {again} --minimize")
    tree = tmp_path / "linux"
    call("ksftci", "tree", "get", "debian:7.3", "--to", tree)
    programs = list(draw(seed, count, tests=10, verbs=VERBS, values=values))
    results = Kernel(tree, ("--kernel", "debian:7.3", "--swap", "256")).run(programs)
    wrong = [f"{failure.result.reason}\n{failure.order.text}" for failure in failures(programs, results)]
    assert not wrong, "\n".join(wrong)
    passed = sum(result.verdict is Verdict.PASS for result in results)
    assert passed >= count // 3, Counter(result.reason for result in results)


@pytest.mark.parametrize(("option", "word"), [("--verbs", "verb"), ("--layouts", "layout")])
def test_an_unknown_word_is_a_mistake_in_the_command_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], option: str, word: str
) -> None:
    monkeypatch.setattr(sys, "argv", ["orders", option, "nothing"])
    with pytest.raises(SystemExit):
        orders.main()
    assert f'unknown {word} "nothing"; allowed: ' in capsys.readouterr().err
