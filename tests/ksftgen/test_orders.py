# SPDX-License-Identifier: GPL-2.0-only
"""Steps in random orders: what is accepted renders, and what is not is refused with its place."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from tests.ksftgen import orders

from ksftgen import spec
from ksftgen.errors import SpecError
from ksftgen.render import render
from ksftgen.scenario import Scenario


def load(text: str) -> Scenario:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"{orders.NAME}.yaml")
        path.write_text(text)
        return spec.load(path)


@settings(max_examples=100, database=None)
@given(orders.scenarios(is_valid=True))
def test_what_is_right_is_accepted_and_renders(text: str) -> None:
    scenario = load(text)
    files = render([scenario])
    assert files[f"{orders.NAME}.c"].count("\tSTEP(area_") == len(scenario.steps)


@settings(max_examples=100, database=None)
@given(orders.scenarios(is_valid=False))
def test_any_order_is_accepted_and_renders_or_is_refused(text: str) -> None:
    try:
        scenario = load(text)
    except SpecError as error:
        assert all(problem.line and problem.column for problem in error.problems)
        return
    render([scenario])


@pytest.mark.parametrize(
    "steps",
    [
        "exit; fork: {pages: all}; write: {process: child, range: whole}",
        "thread; fork: {child: third_child, pages: one}; read: {process: thread, range: whole}",
        "fork: {process: child, child: grandchild, pages: all}; exit: {child: grandchild}; exit; check",
        "fork: {child: second_child, pages: all}; fork: {process: second_child, child: grandchild, pages: all}; exit; "
        "write: {process: grandchild, range: whole}",
        "write: {process: $who, range: whole}",
        "fork: {child: $kid, pages: all}; exit: {child: $kid}; check",
        "fork: {process: $forker, child: grandchild, pages: all}; check",
    ],
)
def test_right_orders(steps: str) -> None:
    """After a fork in setup."""
    axes = {"who": "parent, child", "kid": "second_child, third_child", "forker": "child"}
    matrix = "".join(f"  {name}: [{words}]\n" for name, words in axes.items() if f"${name}" in steps)
    listed = "".join(f"    - {step}\n" for step in steps.split("; "))
    scenario = load(
        f"scenario: {orders.NAME}\nsummary: x\nmatrix:\n  layout: [base]\n{matrix}strength: 1\n"
        f"setup:\n  - map: {{layout: $layout}}\n  - fork: {{pages: all}}\ntests:\n  test:\n{listed}"
    )
    assert len(scenario.tests["test"]) == len(steps.split("; "))
