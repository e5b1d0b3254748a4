# SPDX-License-Identifier: GPL-2.0-only
"""What assertions, tracebacks and panics look like, nested and stamped as runners and the kernel print them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ksftci.ktap.place import Place, best, find

TRACEBACK = """
Traceback (most recent call last):
  File "/srv/net/lib/py/ksft.py", line 250, in ksft_run
    func(*args)
  File "/srv/drivers/net/./demo.py", line 40, in two
    cmd("false")
    ~~~^^^^^^^^^
  File "/srv/net/lib/py/utils.py", line 60, in cmd
    raise CmdExitFailure("Command failed")
net.lib.py.utils.CmdExitFailure: Command failed
"""

PYTEST = """
    def test_two():
>       assert one() == 2
E       assert 1 == 2
E        +  where 1 = one()

tests/test_demo.py:12: AssertionError
"""

FORMS = {
    "kselftest_harness.h": ("cow.c:12:fork:Expected 1 (1) == 2 (2)", "cow.c", 12, "Expected 1 (1) == 2 (2)"),
    "kvm": ("==== Test Assertion Failure ====\n  lib/kvm_util.c:99: !ret\n  pid=1", "lib/kvm_util.c", 99, "!ret"),
    "assert()": (
        "cow: ../mm/cow.c:12: int fork(void): Assertion `one == two' failed.\nAborted",
        "../mm/cow.c",
        12,
        "Assertion `one == two' failed.",
    ),
    "UBSan": ("a/b.c:12:5: runtime error: shift", "a/b.c", 12, "runtime error: shift"),
    "ASan": (
        "==7==ERROR: AddressSanitizer: heap-use-after-free on address 0x602000000010 at pc 0x1\n"
        "READ of size 4\n    #0 0x55d in free ../libsanitizer/asan.cpp:12:5\n    #1 0x55e in main /tmp/a.c:34:7",
        "/tmp/a.c",
        34,
        "AddressSanitizer: heap-use-after-free",
    ),
    "ksft.py": (
        "Check| At /srv/drivers/net/./demo.py, line 125, in two:\nCheck|     ksft_eq(a, b)\nCheck failed 1 != 2 keys",
        "/srv/drivers/net/./demo.py",
        125,
        "Check failed 1 != 2 keys",
    ),
    "ksft.py, deeper": (
        "Check| At demo.py, line 125, in two:\nCheck|     check(cfg)\n"
        "Check| At demo.py, line 20, in check:\nCheck|     ksft_eq(a, b)\n"
        "Check| At ../lib/py/wait.py, line 7, in wait:\nCheck|     ksft_eq(a, b)\nCheck failed 1 != 2\n"
        "Check| At demo.py, line 126, in two:\nCheck|     ksft_eq(a, b)\nCheck failed 3 != 4",
        "demo.py",
        20,
        "Check failed 1 != 2",
    ),
    "ksft.py, exception": (
        "\n".join(f"Exception| {line}" for line in TRACEBACK.strip().split("\n")),
        "/srv/drivers/net/./demo.py",
        40,
        "net.lib.py.utils.CmdExitFailure: Command failed",
    ),
    "Python": (TRACEBACK, "/srv/drivers/net/./demo.py", 40, "net.lib.py.utils.CmdExitFailure: Command failed"),
    "Python, library": (
        'Traceback (most recent call last):\n  File "/usr/lib/python3.11/runpy.py", line 9, in x\n    x()\nOSError',
        "/usr/lib/python3.11/runpy.py",
        9,
        "OSError",
    ),
    "pytest": (PYTEST, "tests/test_demo.py", 12, "assert 1 == 2"),
    "pytest, bare": ("test_demo.py:12: ValueError: no such thing", "test_demo.py", 12, "ValueError: no such thing"),
    "pytest --tb=short": (
        "test_demo.py:12: in test_two\n    check(1)\nlib/py/demo.py:3: in check\n    assert a\nE   assert 0",
        "test_demo.py",
        12,
        "assert 0",
    ),
    "Rust": (
        "thread 'main' panicked at src/main.rs:4:5:\nassertion `left == right` failed\n  left: 1\n right: 2\n"
        "note: run with `RUST_BACKTRACE=1`",
        "src/main.rs",
        4,
        "assertion `left == right` failed: left: 1, right: 2",
    ),
    "Rust before 1.73": ("thread 'main' panicked at 'no luck', src/main.rs:4:5", "src/main.rs", 4, "no luck"),
    "Rust, with a number": (
        "thread 't' (12) panicked at a.rs:4:5:\nno luck\nnote: run with `X=1`",
        "a.rs",
        4,
        "no luck",
    ),
    "bash": ("./demo.sh: line 12: nft: command not found", "./demo.sh", 12, "nft: command not found"),
    "dash": ("./demo.sh: 12: nft: not found", "./demo.sh", 12, "nft: not found"),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("nesting", ["", "# ", "# # ", "    # ", "[    1.234567] # "])
def test_forms(form: str, nesting: str) -> None:
    text, file, line, message = FORMS[form]
    place = find([f"{nesting}{line}" for line in ("words", *text.split("\n"), "words")])
    assert place is not None
    assert place[:3] == (file, line, message)


KUNIT = """
    # one: initializing
    # one: EXPECTATION FAILED at lib/demo_test.c:364
{}
    # one: pass:0 fail:1
"""
EXPECTED = {
    "    Expected sum == 0, but\n        sum == 124 (0x7c)": "Expected sum == 0, but sum == 124 (0x7c)",
    "    Expected a == b, but\n        a == 1 (0x1)\n        b == 2 (0x2)\nin round 5": (
        "Expected a == b, but a == 1 (0x1), b == 2 (0x2): in round 5"
    ),
    "    Expected done to be true, but is false": "Expected done to be true, but is false",
    "    Expected p is not null, but is\nno memory": "Expected p is not null, but is: no memory",
    "    Expected p is not error, but is: -12": "Expected p is not error, but is: -12",
    "    Expected a == b, but\n        a ==\n         01 <02>\n        b ==\n         01 <03>": (
        "Expected a == b, but a == 01 <02>, b == 01 <03>"
    ),
    "what KUNIT_FAIL() says": "what KUNIT_FAIL() says",
}


@pytest.mark.parametrize("printed", EXPECTED)
@pytest.mark.parametrize("word", ["EXPECTATION", "ASSERTION"])
@pytest.mark.parametrize("before", ["", "# ", "[    1.234567] "])
def test_kunit(printed: str, word: str, before: str) -> None:
    lines = [before + line for line in KUNIT.format(printed).replace("EXPECTATION", word).split("\n")]
    assert find(lines) == Place("lib/demo_test.c", 364, EXPECTED[printed])


def test_a_message_of_kunit_ends_where_another_line_of_the_kernel_begins() -> None:
    lines = KUNIT.format("    Expected done to be true, but is false").split("\n")
    stamped = [f"[    1.00000{number > 3:d}] {line}" for number, line in enumerate([*lines[:4], "usb 1-1: new"])]
    assert find(stamped) == Place("lib/demo_test.c", 364, "Expected done to be true, but is false")


def test_a_fault_of_kunit() -> None:
    lines = ["    # two: try faulted: last line seen lib/demo_test.c:304", "    # two: internal error occurred"]
    assert find(lines) == Place("lib/demo_test.c", 304, "try faulted")


@pytest.mark.parametrize(
    "line",
    [
        "# a.c:1:test:SKIP      no swap",
        "bash: line 1: nft: command not found",
        "/bin/bash: line 1: nft: command not found",
        "# usb 1-1: new high-speed USB device number 12",
        "12:00:01 ok",
        "# 10.0.0.1:80: connected",
        "inet 10.0.0.1: 12: x",
    ],
)
def test_what_is_no_place(line: str) -> None:
    assert find([line]) is None


def test_an_assertion_is_surer_than_an_error_of_a_shell() -> None:
    shell, other, assertion = "./a.sh: line 1: x: not found", "./a.sh: line 2: y: not found", "a.c:3: no"
    assert find([shell, other]) == Place("./a.sh", 1, "x: not found", sure=False)
    assert find([shell, assertion]) == Place("a.c", 3, "no")
    assert best(None, find([shell]), find([assertion])) == Place("a.c", 3, "no")
    assert best(None, None) is None


@given(
    st.lists(
        st.sampled_from([line for text, *_ in FORMS.values() for line in text.split("\n")])
        | st.text(st.characters(exclude_characters="\n"))
    )
)
def test_lines_in_any_order(lines: list[str]) -> None:
    place = find(lines)
    assert place is None or place.line > 0
