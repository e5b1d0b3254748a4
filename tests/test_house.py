# SPDX-License-Identifier: GPL-2.0-only
"""The house stays in order: small modules and functions, and packages that say what lives in them."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.conftest import TOP

MODULES = sorted((*TOP.glob("ci/ksftci/**/*.py"), *TOP.glob("generator/**/*.py")))
PACKAGES = [path for path in MODULES if path.name == "__init__.py"]
IDS = {path: str(path.relative_to(TOP)) for path in MODULES}
LONGEST_MODULE = 300  # lines
LONGEST_FUNCTION = 60  # lines of its body: neither the docstring nor the parameters, which are a command's options


def functions(path: Path) -> Iterator[ast.FunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef):
            yield node


@pytest.mark.parametrize("path", MODULES, ids=IDS.get)
def test_modules_and_functions_are_small(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LONGEST_MODULE
    for function in functions(path):
        first = function.body[1 if ast.get_docstring(function) and len(function.body) > 1 else 0]
        assert (function.end_lineno or 0) - first.lineno < LONGEST_FUNCTION, function.name


@pytest.mark.parametrize("path", PACKAGES, ids=IDS.get)
def test_a_package_says_what_lives_in_it(path: Path) -> None:
    assert len((ast.get_docstring(ast.parse(path.read_text())) or "").split()) >= 10
