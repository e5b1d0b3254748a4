# SPDX-License-Identifier: GPL-2.0-only
"""The expressions of -k: words that a test's id must hold, with and, or, not and parentheses."""

import re

from ksftci.errors import CiError
from ksftci.results.alike import nearest
from plainyaml.problem import clip

_PRIORITY = {"(": 0, "or": 1, "and": 2, "not": 3}
_TOKEN = re.compile(r"\s*(?:([()])|([^\s()]+))")
_NAMED = 5  # how many names a message has at most


class Choice:
    """Whether the test with an id is chosen. It remembers what it was asked, to say what there is if it chose nothing.

    Grammar: or := and ("or" and)*; and := not ("and" not)*; not := "not" not | "(" or ")" | WORD. Case does not matter.
    """

    def __init__(self, text: str) -> None:
        """Raises CiError for a text that is no such expression."""
        self.text = text
        self._steps = _in_reverse_polish(text)
        self._left_out: dict[str, None] = {}  # ids, in the order of the questions
        self._chose = False

    def __call__(self, test: str) -> bool:
        stack, lower = list[bool](), test.lower()
        for kind, word in self._steps:
            match kind:
                case "word":
                    stack.append(word in lower)
                case "not":
                    stack.append(not stack.pop())
                case "and":
                    stack.append(stack.pop() & stack.pop())
                case "or":
                    stack.append(stack.pop() | stack.pop())
        self._chose |= stack[0]
        if not stack[0]:
            self._left_out[test] = None
        return stack[0]

    def complaint(self, what: str = "test") -> str:
        """What to say when it was asked and chose nothing, with the names that are most like its words; else ""."""
        if self._chose or not self._left_out:
            return ""
        words = [word for kind, word in self._steps if kind == "word"][:_NAMED]
        names = nearest(words, self._left_out, _NAMED)
        count = f"the nearest of {len(self._left_out)} are" if len(names) < len(self._left_out) else "there are"
        return "\n    ".join([f"-k {clip(self.text)!r}: no {what} matches; {count}", *names])


def _in_reverse_polish(text: str) -> list[tuple[str, str]]:
    """The expression with each operator behind its operands (Dijkstra's shunting yard), which needs no recursion.

    An operator is itself and "", a word is "word" and the word.
    """

    def error(problem: str) -> CiError:
        return CiError(
            f"-k {clip(text)!r}: {problem}; write words with and, or, not and parentheses, "
            'for example -k "cow and not swap"'
        )

    steps: list[tuple[str, str]] = []
    waiting: list[str] = []  # operators and parentheses whose operands are not complete

    def release(least: int) -> None:
        while waiting and _PRIORITY[waiting[-1]] >= least:
            steps.append((waiting.pop(), ""))

    after_operand = False
    for token in (match[1] or match[2] for match in _TOKEN.finditer(text)):
        if not after_operand:
            if token in (")", "and", "or"):
                raise error(f"a word is missing before {token!r}")
            if token in ("not", "("):
                waiting.append(token)
                continue
            steps.append(("word", token.lower()))
            after_operand = True
        elif token in ("and", "or"):
            release(_PRIORITY[token])
            waiting.append(token)
            after_operand = False
        elif token == ")" and "(" in waiting:
            release(1)
            waiting.pop()
        else:
            raise error(f"{clip(token)!r} is not expected here")
    if not after_operand:
        raise error("a word is missing at the end")
    release(1)
    if waiting:
        raise error("a ) is missing")
    return steps
