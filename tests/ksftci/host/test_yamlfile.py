# SPDX-License-Identifier: GPL-2.0-only
"""YAML files as models: what is wrong in them, and where."""

from pathlib import Path
from typing import Annotated, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from ksftci.errors import CiError
from ksftci.host.yamlfile import read_list, read_mapping


def _lower(text: str) -> str:
    if not text.islower():
        raise ValueError("is not lower case; allowed: a to z")
    return text


class Dish(BaseModel):
    """An entry; a nested one, too."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, AfterValidator(_lower)]
    price: int | None = None
    size: Literal["small", "large"] = "small"
    prices: dict[Annotated[str, AfterValidator(_lower)], float] = {}
    words: list[str] = []

    @model_validator(mode="after")
    def _is_on_offer(self) -> "Dish":
        if self.name == "nothing":
            raise ValueError("is on no menu")
        return self


class Menu(BaseModel):
    """A mapping."""

    model_config = ConfigDict(extra="forbid")

    dishes: Annotated[list[Dish], Field(min_length=1)]
    places: dict[str, Dish] = {}
    best: Dish | None = None


DISH = "allowed: name, price, size, prices, words"
NEAR_NAME = f'did you mean "name"? {DISH}'
MENU = "allowed: dishes, places, best"
NEAR_DISHES = f'did you mean "dishes"? {MENU}'
LIST = "write [VALUE, VALUE], or lines that start with -"
AGAIN = "it is given in line 1 already; leave out one of them"
HINT = "text that starts with > * & or ! needs quotes"


def written(folder: Path, data: str | bytes) -> Path:
    file = folder / "menu.yaml"
    file.write_bytes(data.encode() if isinstance(data, str) else data)
    return file


def refusal(file: Path, model: type[BaseModel]) -> list[str]:
    """The lines of the error, without the file."""
    with pytest.raises(CiError) as error:
        read_list(file, model) if model is Dish else read_mapping(file, model)
    lines = str(error.value).splitlines()
    assert all(line.startswith(str(file)) for line in lines)
    return [line.removeprefix(str(file)) for line in lines]


def test_entries_have_their_line_and_scalars_are_text(tmp_path: Path) -> None:
    file = written(tmp_path, "# menu\n- name: soup\n  words: [6.10, 007, yes, ~, null, '', 0x1]\n\n- {name: tea}\n")
    (first, soup), (second, tea) = read_list(file, Dish)
    assert (first, soup.name, second, tea.name) == (2, "soup", 5, "tea")
    assert soup.words == ["6.10", "007", "yes", "~", "null", "", "0x1"]


def test_folded_text_has_spaces_where_it_is_folded(tmp_path: Path) -> None:
    (_, dish), *_ = read_list(written(tmp_path, "- name: >-\n    leek\n    soup\n"), Dish)
    assert dish.name == "leek soup"


def test_a_mapping(tmp_path: Path) -> None:
    menu = read_mapping(written(tmp_path, "dishes: [{name: tea, price: 12}]\nplaces: {here: {name: a}}\n"), Menu)
    assert (menu.dishes[0].price, menu.places["here"].name, menu.best) == (12, "a", None)


@pytest.mark.parametrize("text", ["", "# nothing yet\n"])
def test_nothing_is_an_empty_list_and_no_mapping(tmp_path: Path, text: str) -> None:
    file = written(tmp_path, text)
    assert read_list(file, Dish) == []
    assert refusal(file, Menu) == [f": is empty; it must be a mapping of keys to values; {MENU}"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dishes: []", [":1:1: must be a list; each entry starts with - name:"]),
        ("null", [":1:1: must be a list; each entry starts with - name:"]),
        ("- tea", [f":1:3: an entry is a mapping of keys to values; {DISH}"]),
        ("-\n - name: a", [f":2:2: an entry is a mapping of keys to values; {DISH}"]),
        ("- {}", [':1:3: "name" is missing; add name:']),
        ("- name: tea\n  prize: 1", [f':2:3: unknown key "prize"; did you mean "price"? {DISH}']),
        ('- {name: a, "\\e": 1}', [f':1:13: unknown key "\\x1b"; {DISH}']),
        ("- name: TEA", [':1:9: name "TEA" is not lower case; allowed: a to z']),
        ("- name: ''", [':1:9: name "" is not lower case; allowed: a to z']),
        (f"- name: {'X' * 61}", [f':1:9: name "{"X" * 57}..." is not lower case; allowed: a to z']),
        ("- name: nothing", [":1:3: an entry is on no menu"]),
        ("- name: [tea]", [":1:9: name must be text; write one word or line"]),
        ("- {name: a, words: [b, [c]]}", [":1:24: words must be text; write one word or line"]),
        ("- {name: a, size: big}", [":1:19: size \"big\" is unknown; allowed: 'small' or 'large'"]),
        (
            "- {name: a, words: b}",
            [f':1:20: words "b" must be a list; {LIST}'],
        ),
        ("- {name: a, prices: [1]}", [":1:21: prices must be a mapping; write KEY: VALUE in lines below it"]),
        ("- {name: a, prices: {B: 1}}", [':1:22: key "B" is not lower case; allowed: a to z']),
        (
            "- {name: a, prices: {b: x}}",
            [':1:25: b "x" must be a number; write one such as 1.5'],
        ),
        (
            "- name: a\n  size: big\n  name: b\n- {name: c}\n- {}: 1\n",
            [
                ":2:9: size \"big\" is unknown; allowed: 'small' or 'large'",
                f':3:3: key "name" again; {AGAIN}',
                ':5:3: "name" is missing; add name:',
                ":5:3: a key must be a word; write it without brackets, and with a value",
            ],
        ),
        (
            "{a: 1, a: 2}",
            [
                ":1:1: must be a list; each entry starts with - name:",
                f':1:8: key "a" again; {AGAIN}',
            ],
        ),
    ],
)
def test_mistakes_in_a_list(tmp_path: Path, text: str, expected: list[str]) -> None:
    assert refusal(written(tmp_path, text), Dish) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- tea", [f":1:1: must be a mapping of keys to values; {MENU}"]),
        ("tea", [f":1:1: must be a mapping of keys to values; {MENU}"]),
        (
            "dish: 1",
            [':1:1: "dishes" is missing; add dishes:', f':1:1: unknown key "dish"; {NEAR_DISHES}'],
        ),
        ("dishes: []", [":1:9: dishes is empty; give at least one entry"]),
        ("dishes: [tea]", [f":1:10: an entry is a mapping of keys to values; {DISH}"]),
        ("dishes: [{name: nothing}]", [":1:10: an entry is on no menu"]),
        ("dishes:\n- name: tea\n  prize: 1", [f':3:3: unknown key "prize"; did you mean "price"? {DISH}']),
        (
            "dishes: [{name: a}]\nplaces: {here: {nam: b, name: c}}",
            [f':2:17: unknown key "nam"; {NEAR_NAME}'],
        ),
        (
            "dishes: [{name: a}]\nbest: {nam: b}",
            [':2:7: "name" is missing; add name:', f':2:8: unknown key "nam"; {NEAR_NAME}'],
        ),
        (
            "dishes: [{name: a}]\ndishes: []",
            [f':2:1: key "dishes" again; {AGAIN}'],
        ),
        (
            "dishes: 1\ndishes: []",
            [
                f':1:9: dishes "1" must be a list; {LIST}',
                f':2:1: key "dishes" again; {AGAIN}',
            ],
        ),
    ],
)
def test_mistakes_in_a_mapping(tmp_path: Path, text: str, expected: list[str]) -> None:
    assert refusal(written(tmp_path, text), Menu) == expected


@pytest.mark.parametrize("model", [Dish, Menu])
@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("a: [b", f":1:6: not YAML: expected ',' or ']', but got '<stream end>'; {HINT}"),
        ("- a: >=6", f":1:7: not YAML: expected chomping or indentation indicators, but found '='; {HINT}"),
        ("- a: *b", f':1:6: alias "*b"; write the value out, there are no aliases; {HINT}'),
        ("- &a [*a]", f':1:3: anchor "&a"; write the value out, there are no anchors; {HINT}'),
        ("a: !b", f':1:4: tag "!b"; values are plain words, there are no tags; {HINT}'),
        ("a: \x01", ":1:4: not YAML: a control character; use printable text"),
        ("a: ä\n".encode() + b"b: \xc3\xa4\xe4", ":2:5: not UTF-8: byte 0xe4; save as UTF-8"),
        ("%YAML 1.1\n--- []", ":2:1: only YAML 1.2 is read; remove the %YAML line"),
    ],
)
def test_what_no_file_may_have(tmp_path: Path, model: type[BaseModel], data: str | bytes, message: str) -> None:
    assert refusal(written(tmp_path, data), model) == [message]


@pytest.mark.parametrize(("model", "what"), [(Dish, "list"), (Menu, "mapping")])
def test_limits_name_what_the_file_holds(tmp_path: Path, model: type[BaseModel], what: str) -> None:
    for data, message in [
        ("--- []\n--- []", f":2:5: a second document; one file holds one {what}"),
        ("[" * 9999, f":1:22: nested deeper than 20 levels; no {what} needs that"),
        ("#" * (1 << 20) + "\n", f": is larger than 1048576 bytes; no {what} needs that"),
    ]:
        assert refusal(written(tmp_path, data), model) == [message]
    assert refusal(tmp_path, model) == [f": is a directory; give a file that holds a {what}"]
    assert refusal(tmp_path / "none", model) == [": No such file or directory; check the path"]


WORDS = [
    "name",
    "price",
    "prices",
    "size",
    "words",
    "dishes",
    "places",
    "best",
    "nothing",
    "tea",
    "TEA",
    "1",
    '"\\ud800"',
]
WORDS += ["- ", ": ", "\n", "\n  ", "\n- ", *"[]{},&*!|>#%?", "---\n", '"\\U00110000"', "~"]


@given(st.text() | st.lists(st.sampled_from(WORDS), max_size=30).map("".join))
def test_any_text_is_read_or_a_ci_error(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    file = written(tmp_path_factory.getbasetemp(), text)
    for read, model in (read_list, Dish), (read_mapping, Menu):
        try:
            read(file, model)
        except CiError as error:
            assert all(line.startswith(str(file)) for line in str(error).splitlines())
