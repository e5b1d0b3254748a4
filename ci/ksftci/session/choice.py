# SPDX-License-Identifier: GPL-2.0-only
"""The expressions of -k: words that a test's id must hold, with and, or, not and parentheses."""

import re
from collections.abc import Callable

from ksftci.errors import CiError
from plainyaml.problem import clip

Choice = Callable[[str], bool]  # whether the test with this id is chosen
_PRIORITY = {"(": 0, "or": 1, "and": 2, "not": 3}
_TOKEN = re.compile(r"\s*(?:([()])|([^\s()]+))")


def parse(text: str) -> Choice:
    """The choice that an expression describes; case does not matter.

    Grammar: or := and ("or" and)*; and := not ("and" not)*; not := "not" not | "(" or ")" | WORD.
    Raises CiError for any other text.
    """
    steps = _in_reverse_polish(text)

    def choice(test: str) -> bool:
        test, stack = test.lower(), list[bool]()
        for kind, word in steps:
            match kind:
                case "word":
                    stack.append(word in test)
                case "not":
                    stack.append(not stack.pop())
                case "and":
                    stack.append(stack.pop() & stack.pop())
                case "or":
                    stack.append(stack.pop() | stack.pop())
        return stack[0]

    return choice


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
