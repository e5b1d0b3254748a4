# SPDX-License-Identifier: GPL-2.0-only
"""The expressions of -k: words that a test's id must hold, with and, or, not and parentheses."""

import re
from collections.abc import Callable

from ksftci.errors import CiError

Choice = Callable[[str], bool]  # whether the test with this id is chosen
_TOKEN = re.compile(r"\s*(?:([()])|([^\s()]+))")


def parse(text: str) -> Choice:
    """The choice that an expression describes; case does not matter.

    Grammar: or := and ("or" and)*; and := not ("and" not)*; not := "not" not | "(" or ")" | WORD.
    Raises CiError for any other text.
    """
    parser = _Parser(text)
    choice = parser.parse_or()
    if parser.tokens:
        raise parser.error(f"{parser.tokens[0]!r} is not expected here")
    return choice


class _Parser:
    """Recursive descent, a method for each rule of the grammar. `tokens` are those that no rule has taken yet."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = [match[1] or match[2] for match in _TOKEN.finditer(text)]

    def error(self, problem: str) -> CiError:
        return CiError(
            f"-k {self.text!r}: {problem}; write words with and, or, not and parentheses, "
            'for example -k "cow and not swap"'
        )

    def parse_or(self) -> Choice:
        choices = [self.parse_and()]
        while self._take("or"):
            choices.append(self.parse_and())
        return choices[0] if len(choices) == 1 else lambda test: any(choice(test) for choice in choices)

    def parse_and(self) -> Choice:
        choices = [self.parse_not()]
        while self._take("and"):
            choices.append(self.parse_not())
        return choices[0] if len(choices) == 1 else lambda test: all(choice(test) for choice in choices)

    def parse_not(self) -> Choice:
        if self._take("not"):
            operand = self.parse_not()
            return lambda test: not operand(test)
        if not self.tokens:
            raise self.error("a word is missing at the end")
        token = self.tokens.pop(0)
        if token == "(":
            choice = self.parse_or()
            if not self._take(")"):
                raise self.error("a ) is missing")
            return choice
        if token in (")", "and", "or"):
            raise self.error(f"a word is missing before {token!r}")
        word = token.lower()
        return lambda test: word in test.lower()

    def _take(self, token: str) -> bool:
        """Take this token if it is the next one."""
        if self.tokens and self.tokens[0] == token:
            self.tokens.pop(0)
            return True
        return False
