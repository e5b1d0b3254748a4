# SPDX-License-Identifier: GPL-2.0-only
"""What the entries of a file of known issues have in common: a test, a reason, and where they hold."""

import re
from datetime import date
from fnmatch import fnmatchcase
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict

from ksftci.host.yamlfile import ArchName
from ksftci.results.model import Run, TestResult
from ksftci.results.release import kernel_version, matches_machine, version_numbers

_BOUND = re.compile(r"(>=|<=|>|<|=|)(\d{1,9}(?:\.\d{1,9})*)")


def _one_line(text: str) -> str:
    if not text.strip() or "\n" in text.strip():
        raise ValueError("must be one line of text")
    return text.strip()


def _kernel_range(text: str) -> str:
    if re.match(r"[\d<>=]", text) and not all(map(_BOUND.fullmatch, text.split())):
        raise ValueError(
            'is no range; allowed: ">=6.9 <6.12", "6.12" for all of 6.12, or a name such as "debian:*-16k"'
        )
    return _one_line(text)


def _https(text: str) -> str:
    if not re.fullmatch(r"https://[\w.-]+(?::\d+)?(?:/[^\s<>\"]*)?", text):
        raise ValueError("is no link; allowed: a URL that starts with https://")
    return text


def _date(text: object) -> date:
    try:
        if isinstance(text, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise ValueError("is no date; allowed: YYYY-MM-DD")


Text = Annotated[str, AfterValidator(_one_line)]
Link = Annotated[str, AfterValidator(_https)]
LastDay = Annotated[date, BeforeValidator(_date)]  # on which an entry is valid


class Entry(BaseModel):
    """What an entry says about tests, and on which kernels it holds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    test: Text  # fnmatch pattern for ids, program.name
    reason: Text
    link: Link | None = None
    expires: LastDay | None = None
    kernels: Annotated[str, AfterValidator(_kernel_range)] = "*"  # a range of versions, or a pattern for labels
    arch: ArchName | None = None
    page_size: Literal["4K", "16K", "64K"] | None = None

    @property
    def explanation(self) -> str:
        """The reason, and the link if there is one."""
        return f"{self.reason} ({self.link})" if self.link else self.reason

    def matches(self, result: TestResult) -> bool:
        """Whether the entry is about the test."""
        return fnmatchcase(result.id, self.test)

    def concerns(self, run: Run) -> bool:
        """Whether the entry holds for the kernel, the architecture and the page size of the run."""
        return _matches_kernel(run, self.kernels) and matches_machine(run, self.arch, self.page_size)


def _matches_kernel(run: Run, kernels: str) -> bool:
    bounds = [_BOUND.fullmatch(word) for word in kernels.split()]
    if not all(bounds):
        return fnmatchcase(run.kernel, kernels)
    version = kernel_version(run)
    if version is None:
        return False
    return all(_is_within(version, bound[1], version_numbers(bound[2])) for bound in bounds if bound)


def _is_within(version: tuple[int, ...], sign: str, bound: tuple[int, ...]) -> bool:
    """Whether a version keeps a bound. As many parts are compared as the bound has: 6.12.117 is 6.12, and <=6.12."""
    compared = (version + (0,) * len(bound))[: len(bound)]
    return {
        "": compared == bound,
        "=": compared == bound,
        "<": compared < bound,
        "<=": compared <= bound,
        ">": compared > bound,
        ">=": compared >= bound,
    }[sign]
