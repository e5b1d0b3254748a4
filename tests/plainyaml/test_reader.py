# SPDX-License-Identifier: GPL-2.0-only
"""Files: what is read of them, and what is refused."""

import time
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from plainyaml.node import Mapping, Node, Scalar, Sequence
from plainyaml.problem import FileError
from plainyaml.reader import MAX_BYTES, MAX_DEPTH, read

HINT = "; use quotes"
TABS = "; indent with spaces, not with tabs"


def read_data(folder: Path, data: str | bytes) -> tuple[Node | None, list[str]]:
    """The root of a file with this content, and its problems as `line:column: text`."""
    file = folder / "a.yaml"
    file.write_bytes(data.encode() if isinstance(data, str) else data)
    root, problems = read(file, "menu", HINT[2:])
    return root, [f"{problem.line}:{problem.column}: {problem.text}" for problem in problems]


def refusal(folder: Path, data: str | bytes) -> str:
    """What the only line of an error says behind the path."""
    with pytest.raises(FileError) as caught:
        read_data(folder, data)
    return str(caught.value).removeprefix(str(folder / "a.yaml"))


def test_nodes_know_where_they_stand(tmp_path: Path) -> None:
    root, problems = read_data(tmp_path, "# menu\nsoup: leek\nmain:\n  - {dish: 'no', price: 12}\n  -\n")
    assert problems == []
    dish = Mapping(
        4,
        5,
        {"dish": Scalar(4, 12, "no", quoted=True), "price": Scalar(4, 25, "12")},
        {"dish": Scalar(4, 6, "dish"), "price": Scalar(4, 18, "price")},
    )
    assert root == Mapping(
        2,
        1,
        {"soup": Scalar(2, 7, "leek"), "main": Sequence(4, 3, [dish, Scalar(5, 4, "")])},
        {"soup": Scalar(2, 1, "soup"), "main": Scalar(3, 1, "main")},
    )


@pytest.mark.parametrize("text", ["", "\n", "# nothing\n", "\ufeff"])
def test_a_file_without_content_has_no_root(tmp_path: Path, text: str) -> None:
    assert read_data(tmp_path, text) == (None, [])


@pytest.mark.parametrize(
    ("text", "scalar"),
    [
        ("--- a\n...\n", Scalar(1, 5, "a")),
        ("%YAML 1.2\n---\na", Scalar(3, 1, "a")),
        ("\ufeffa", Scalar(1, 1, "a")),
        ("---", Scalar(1, 4, "")),
        ("# c\r\n  6.10 # c", Scalar(2, 3, "6.10")),
        ("a\nb", Scalar(1, 1, "a b")),
        (">-\n  a\n  b\n\n  c\n", Scalar(1, 1, "a b\nc", quoted=True)),
        ("|\n  a\n  b\n", Scalar(1, 1, "a\nb\n", quoted=True)),
        (r'"\x1b\U0001f600"', Scalar(1, 1, "\x1b\U0001f600", quoted=True)),
        ("'it''s'", Scalar(1, 1, "it's", quoted=True)),
    ],
)
def test_text_of_a_scalar(tmp_path: Path, text: str, scalar: Scalar) -> None:
    assert read_data(tmp_path, text) == (scalar, [])


def test_keys_that_are_left_out_are_problems(tmp_path: Path) -> None:
    root, problems = read_data(tmp_path, "a: 1\n{}: 2\n~: 3\n? [b]\n: 4\nc: {a: 5, a: 6}\n'a': 7\n")
    assert root is not None
    assert root.plain() == {"a": 1, "c": {"a": 5}}
    assert problems == [
        "2:1: a key must be a word; write it without brackets, and with a value",
        "3:1: a key must be a word; write it without brackets, and with a value",
        "4:3: a key must be a word; write it without brackets, and with a value",
        '6:11: key "a" again; it is given in line 6 already; leave out one of them',
        '7:1: key "a" again; it is given in line 1 already; leave out one of them',
    ]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("a: *b", f':1:4: alias "*b"; write the value out, there are no aliases{HINT}'),
        ("a: &b c", f':1:4: anchor "&b"; write the value out, there are no anchors{HINT}'),
        ("- 1\n- &b [*b]", f':2:3: anchor "&b"; write the value out, there are no anchors{HINT}'),
        ("&b a: c", f':1:1: anchor "&b"; write the value out, there are no anchors{HINT}'),
        ("- !!str a", f':1:3: tag "tag:yaml.org,2002:str"; values are plain words, there are no tags{HINT}'),
        ("a: !b", f':1:4: tag "!b"; values are plain words, there are no tags{HINT}'),
        ("- ! a", f':1:3: tag "!"; values are plain words, there are no tags{HINT}'),
        ("- !b []", f':1:3: tag "!b"; values are plain words, there are no tags{HINT}'),
        ("a: 1\n---\nb: 2", ":3:1: a second document; one file holds one menu"),
        ("a: 1\n---\n", ":3:1: a second document; one file holds one menu"),
        ("a\n...\nb", ":3:1: a second document; one file holds one menu"),
        ("%YAML 1.1\n---\na: 1", ":2:1: only YAML 1.2 is read; remove the %YAML line"),
        ("%YAML 1.2\n%YAML 1.2\n---\na: 1", f":2:1: not YAML: found duplicate YAML directive{HINT}"),
        ("a: [b", f":1:6: not YAML: expected ',' or ']', but got '<stream end>'{HINT}"),
        ("a: >=6", f":1:5: not YAML: expected chomping or indentation indicators, but found '='{HINT}"),
        ("a:\n\tb", f":2:1: not YAML: found character '\\t' that cannot start any token{TABS}"),
        ("a: 1\n\x00", ":2:1: not YAML: a control character; use printable text"),
        ("\xe4\xf6 \x7f", ":1:4: not YAML: a control character; use printable text"),
        ("a: 1\nb: 'äö'\n".encode() + b"c: \xc3\xa4\xe4", ":3:5: not UTF-8: byte 0xe4; save as UTF-8"),
        ("a".encode("utf-16"), ":1:1: not UTF-8: byte 0xff; save as UTF-8"),
        (r'a: "\ud83d\ude00"', r":1:4: \0, or half a character (\ud800 to \udfff), is no text; take it out"),
        (r'"\0": a', r":1:1: \0, or half a character (\ud800 to \udfff), is no text; take it out"),
        ('a: 1\nb: "\\U00110000"', ":2:2: not YAML: behind this place is a number that is too large"),
        ('- a\n- "\\UFFFFFFFF"', ":1:4: not YAML: behind this place is a number that is too large"),
        (f"%YAML 1.{'9' * 5000}\n---\n", ":1:1: not YAML: behind this place is a number that is too large"),
    ],
)
def test_what_no_file_may_have_is_refused_with_its_place(tmp_path: Path, data: str | bytes, message: str) -> None:
    assert refusal(tmp_path, data) == message


def test_depth_has_a_limit(tmp_path: Path) -> None:
    deepest, _ = read_data(tmp_path, "[" * MAX_DEPTH + "a" + "]" * MAX_DEPTH)
    assert deepest is not None
    assert deepest.follow([0] * MAX_DEPTH)[0] == Scalar(1, MAX_DEPTH + 1, "a")
    message = f"nested deeper than {MAX_DEPTH} levels; no menu needs that"
    for start, column in ("[", 22), ("{a: ", 82), ("- ", 43), ("? ", 43), ("[{a: ", 52):
        begun = time.process_time()
        assert refusal(tmp_path, start * (MAX_BYTES // len(start))) == f":1:{column}: {message}"
        assert time.process_time() - begun < 20


def test_size_has_a_limit(tmp_path: Path) -> None:
    assert read_data(tmp_path, "#" * MAX_BYTES) == (None, [])
    assert refusal(tmp_path, "#" * (MAX_BYTES + 1)) == f": is larger than {MAX_BYTES} bytes; no menu needs that"


def test_a_file_that_cannot_be_read_has_no_line(tmp_path: Path) -> None:
    with pytest.raises(FileError) as caught:
        read(tmp_path, "menu")
    assert str(caught.value) == f"{tmp_path}: is a directory; give a file that holds a menu"
    with pytest.raises(FileError) as caught:
        read(tmp_path / "gone", "menu")
    assert str(caught.value) == f"{tmp_path / 'gone'}: No such file or directory; check the path"


def test_without_a_hint_there_is_none(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("a: *b")
    with pytest.raises(FileError, match=r"there are no aliases$"):
        read(tmp_path / "a.yaml", "menu")


PIECES = [*"[]{}:,-?&*!|>%@`'\"\\#~ \n\t\r=<9aä\0\ufeff\u2028", ": ", "- ", "? ", "\n  ", "---\n", "...\n", "&a ", "*a"]
PIECES += [
    "!!str ",
    "!<a> ",
    "%YAML 1.",
    "%TAG ! a\n",
    "\\x41",
    '"\\U',
    "0011",
    "FFFFFFFF",
    '"\\ud800"',
    "|2-\n",
    ">+1\n",
]
TEXT = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)


def check(node: Node, depth: int = 0) -> None:
    """What holds for every node that is read."""
    assert (node.line, node.column) >= (1, 1)
    assert depth <= MAX_DEPTH
    match node:
        case Scalar(text=text):
            text.encode()
        case Sequence(items=inner):
            for item in inner:
                check(item, depth + 1)
        case Mapping(items=items, keys=keys):
            assert list(items) == list(keys) == [key.text for key in keys.values()]
            for item in (*keys.values(), *items.values()):
                check(item, depth + 1)


@given(st.binary() | st.text().map(str.encode) | TEXT.map(str.encode))
@example(b'"\\UFFFFFFFF')
@example(b"%YAML 1.9\n---\n")
def test_any_bytes_are_nodes_or_a_file_error(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    file = tmp_path_factory.getbasetemp() / "any.yaml"
    file.write_bytes(data)
    try:
        root, problems = read(file, "menu")
    except FileError as error:
        assert len(error.problems) == 1
        assert error.problems[0].line in range(1, data.count(b"\n") + data.count(b"\r") + 2)
        return
    if root is not None:
        check(root)
    assert all(problem.line > 0 for problem in problems)
