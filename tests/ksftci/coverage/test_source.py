# SPDX-License-Identifier: GPL-2.0-only
"""The texts of --source."""

import pytest

from ksftci.coverage.source import Target
from ksftci.errors import CiError


def test_a_target_is_a_file_and_perhaps_functions() -> None:
    assert Target.parse("mm/a.c") == Target("mm/a.c")
    assert Target.parse("arch/arm64/mm/b.c:g, h") == Target("arch/arm64/mm/b.c", ("g", "h"))
    assert [Target.parse(text).compiled for text in ("mm/a.c", "mm/internal.h:f")] == [True, False]


@pytest.mark.parametrize("text", ["mm", "/mm/a.c", "../a.c", "mm/a.c:", ""])
def test_other_texts_are_errors(text: str) -> None:
    with pytest.raises(CiError, match="allowed: a file of the kernel tree"):
        Target.parse(text)
