# SPDX-License-Identifier: GPL-2.0-only
"""What an error says of its problems."""

from plainyaml.problem import FileError, Problem, clip


def test_an_error_has_every_problem_once_in_the_order_of_the_file() -> None:
    error = FileError("a.yaml", [Problem(10, 1, "c"), Problem(2, 5, "b"), Problem(0, 0, "a"), Problem(2, 5, "b")])
    assert str(error) == "a.yaml: a\na.yaml:2:5: b\na.yaml:10:1: c"
    assert (error.path, len(error.problems)) == ("a.yaml", 3)


def test_a_problem_is_one_line_of_printable_ascii() -> None:
    assert str(FileError("a", [Problem(1, 2, "\x1b[31m\nrote Größe \ud800")])) == (
        "a:1:2: \\x1b[31m\\x0arote Gr\\xf6\\xdfe \\ud800"
    )
    assert len(str(FileError("a", [Problem(1, 2, "x" * 9999)]))) == len("a:1:2: ") + 2000


def test_clip() -> None:
    assert clip("x" * 40) == "x" * 40
    assert clip("x" * 41) == "x" * 37 + "..."
    assert clip("x" * 9, 8) == "xxxxx..."
