# SPDX-License-Identifier: GPL-2.0-only
"""The expressions of -k: words that a test's id must hold, with and, or, not and parentheses."""

import re
from collections.abc import Callable

from ksftci.errors import CiError

Choice = Callable[[str], bool]
_TOKEN = re.compile(r"\s*(?:([()])|([^\s()]+))")


def parse(text: str) -> Choice:
    """A function that says whether a test id is chosen; case does not matter.

    Grammar: or := and ("or" and)*; and := not ("and" not)*; not := "not" not | "(" or ")" | WORD.
    Raises CiError for anything else.
    """
    tokens = [match[1] or match[2] for match in _TOKEN.finditer(text)]
    parser = _Expression(text, tokens)
    chosen = parser.either()
    if parser.rest:
        raise parser.wrong(f"{parser.rest[0]!r} is not expected here")
    return chosen


class _Expression:
    def __init__(self, text: str, tokens: list[str]) -> None:
        self.text, self.rest = text, tokens

    def wrong(self, problem: str) -> CiError:
        return CiError(
            f"-k {self.text!r}: {problem}; write words with and, or, not and parentheses, "
            'for example -k "cow and not swap"'
        )

    def either(self) -> Choice:
        choices = [self.both()]
        while self._next_is("or"):
            choices.append(self.both())
        return choices[0] if len(choices) == 1 else lambda test: any(c(test) for c in choices)

    def both(self) -> Choice:
        choices = [self.inverse()]
        while self._next_is("and"):
            choices.append(self.inverse())
        return choices[0] if len(choices) == 1 else lambda test: all(c(test) for c in choices)

    def inverse(self) -> Choice:
        if self._next_is("not"):
            inner = self.inverse()
            return lambda test: not inner(test)
        if not self.rest:
            raise self.wrong("a word is missing at the end")
        word = self.rest.pop(0)
        if word == "(":
            inner = self.either()
            if not self._next_is(")"):
                raise self.wrong("a ) is missing")
            return inner
        if word in (")", "and", "or"):
            raise self.wrong(f"a word is missing before {word!r}")
        lower = word.lower()
        return lambda test: lower in test.lower()

    def _next_is(self, word: str) -> bool:
        if self.rest and self.rest[0] == word:
            self.rest.pop(0)
            return True
        return False
