# SPDX-License-Identifier: GPL-2.0-only
"""Functions in a kernel source file."""

from pathlib import Path

import pytest

from ksftci.kernel.functions import Function, function_at, functions

TOY = Path(__file__).parents[2] / "coverage/mm/toy.c"
SOURCE = """\
/* SPDX */
static int declared(int a);

static __always_inline int
length(int start, int max)
{
	return max - start;
}

static bool change(struct area *area,
			int nr)
{
	return nr;
}
"""


def test_functions_are_found_by_the_kernels_style() -> None:
    assert functions(SOURCE) == [Function("length", 5, 8), Function("change", 10, 14)]
    assert function_at(SOURCE, 7) == "length"
    assert function_at(SOURCE, 1) == ""


def test_a_span_reaches_from_the_name_to_the_closing_brace() -> None:
    lines = TOY.read_text().splitlines()
    spans = functions(TOY.read_text())
    assert [function.name for function in spans] == ["toy_clip", "toy_never", "toy_sum", "main"]
    assert all(f.name in lines[f.first - 1] and lines[f.last - 1] == "}" for f in spans)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("SYSCALL_DEFINE3(mprotect, unsigned long, start,\n\t\tsize_t, len)\n{\n}\n", "mprotect"),
        ("int\nfixup(struct vma *vma)\n{\n\treturn 0;\n}\n", "fixup"),
        ("static inline int one(int (*f)(int))\n{\n}\nEXPORT_SYMBOL(one);\n", "one"),
    ],
)
def test_odd_heads_of_functions(text: str, name: str) -> None:
    assert [function.name for function in functions(text)] == [name]


def test_other_braces_are_no_functions() -> None:
    text = "struct x {\n\tint y;\n};\n#define f(x)\t\\\n{\t\\\n}\nint a(void);\nint b[] =\n{\n\t1,\n};\n"
    assert functions(text) == []
