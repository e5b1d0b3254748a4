# SPDX-License-Identifier: GPL-2.0-only
"""Runs for the tests of the reports: every kind of finding, measurements, hostile texts, many kernels."""

from ksftci.results.model import Measurement, Run, TestResult, Verdict

REASON = "parent, write of whole, page 45 (1 of folio 44+4, anonymous): 1 faults, expected 0"
LOG = [
    f"# {REASON}",
    "# parent, write of whole, page 46 (2 of folio 44+4, anonymous): 1 faults, expected 0",
    "# pages 13..63 of 64, the boundary before 32:",
    "#   folio    --][--][--][--][--][--][--][--][--][--][--][--][--]",
    "#   expected wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww",
    "#   wrong                                    ^^^     ^^^",
    f"# mprotect_cow_shared.c:100:child_exited:Expected 'ok' == '{REASON}'.",
]
LONG_PROGRAM = "futex/functional:futex_requeue_pi_signal"
ISSUE = "hinted before 6.19, https://lore.kernel.org/linux-mm/1@example.org/"
NASTY = [
    "</script ><script>alert(1)</script><!--<script>",
    "::error file=x::y",
    "##[error]z ##[add-mask]e",
    "a|b `c` **d** [e](http://f.example) <img src=x onerror=g> @torvalds #1 j@k.example www.l.example &lt; \\",
    "\x1b[31m\x00\u2028\u2029\ud800 äö 🐧 \x9b2J ]]>",
]


def result(name: str = "cow.base.up", verdict: Verdict = Verdict.FAIL, **fields: object) -> TestResult:
    """A result of the program mprotect_cow_shared; a failure has a reason, LOG and line 100 unless `fields` differ."""
    failure = {"reason": REASON, "log": LOG, "file": "mprotect_cow_shared.c", "line": 100}
    values = (failure if verdict is Verdict.FAIL else {}) | fields
    return TestResult("mprotect_cow_shared", name, verdict, **values)  # type: ignore[arg-type]


def two_kernels() -> list[Run]:
    """Every kind of finding but measurements: a failure on both kernels, one on a single kernel, flaky, skipped, ..."""
    old = Run("debian:6.12", "arm64", {"release": "6.12.1", "nodes": "2"}, seconds=3)
    new = Run("debian:7.3", "arm64", {"release": "7.3.4", "nodes": "2"}, seconds=2)
    for run in (old, new):
        run.results += [
            result("cow.base.both"),
            result("cow.base.fine", Verdict.PASS, seconds=0.5),
            result("cow.thp.skip", Verdict.SKIP, reason="order 9: no hugepages-2048kB"),
        ]
    old.results += [
        result("cow.base.old"),
        result("cow.base.issue", Verdict.XFAIL, known=ISSUE),
        result("cow.thp.slow", Verdict.TIMEOUT, reason="no line for 120 s"),
        result("cow.thp.order10", Verdict.SKIP, reason="order 9: a PMD or more"),
        TestResult("mprotect_ksm", "all", Verdict.NOT_RUN, "kernel panic before"),
    ]
    new.results += [
        result("cow.base.old", Verdict.PASS),
        result("cow.base.issue", Verdict.XPASS),
        result("cow.thp.slow", Verdict.PASS, earlier=[Verdict.FAIL]),
    ]
    old.anomalies.append("planned 9, 8 came")
    old.splats.append(("mprotect_cow_shared", "WARNING: at mm/mprotect.c:281"))
    return [old, new]


def one_kernel() -> list[Run]:
    """A kernel on which nothing fails: a program with six skipped tests of 72, one without, and a long name."""
    facts = {"release": "7.3.4+deb13-cloud-arm64", "page_size": "4096", "cmdline": "console=ttyAMA0 quiet panic=-1"}
    run = Run("debian:7.3", "arm64", facts, seconds=12)
    for program, skipped in (("mprotect_cow_shared", 6), ("mprotect_ksm", 0), (LONG_PROGRAM, 72)):
        for number in range(72):
            name = f"{program.rpartition(':')[2]}.mixed_{number // 2}.{'up' if number % 2 else 'child'}"
            verdict = Verdict.SKIP if number < skipped else Verdict.PASS
            run.results.append(
                TestResult(program, name, verdict, "order 9: a PMD or more" if number < skipped else "", 0.1)
            )
    return [run]


def measured() -> list[Run]:
    """Measurements on two repeats of 6.16 and 7.3. Only 6.16 measured order 4, far from the usual value."""
    runs = []
    for kernel, base, order4 in (("6.16", 420.0, 1.79), ("7.3", 500.0, None)):
        for repeat in (1, 2):
            run = Run(f"debian:{kernel}", "arm64", {"release": f"{kernel}.1", "page_size": "4096"}, repeat=repeat)
            run.results = [_measuring("base_read", Measurement("time", base * repeat, "ns/page"))]
            if order4:
                run.results.append(_measuring("order4_read", Measurement("of_base", order4, "ratio", usual=0.3)))
            runs.append(run)
    return runs


def _measuring(case: str, *measured: Measurement) -> TestResult:
    return TestResult("mprotect_perf", f"mprotect_perf.{case}.toggle", Verdict.PASS, measured=measured)


def nasty() -> list[Run]:
    """Runs in which every text tries to become markup, a command or a control sequence."""
    runs = []
    for text in NASTY:
        fields = {"reason": text, "log": [text, f"  {text}"], "file": text, "line": 1, "known": text}
        results = [TestResult(text, f"{text}{verdict.value}", verdict, **fields) for verdict in Verdict]  # type: ignore[arg-type]
        results[0].earlier = [Verdict.FAIL]
        runs.append(Run(text, text, {text: text}, results, [text], [(text, text)]))
    return runs


def many(kernels: int, tests: int) -> list[Run]:
    """A big grid: one test in ten is skipped, and one kernel in fifty fails one test in seven."""
    programs = ["mprotect_cow_shared", "mprotect_ksm", "mprotect_numa_hint"]
    runs = []
    for column in range(kernels):
        run = Run(f"build:v7.{column // 10}-rc{column % 10}-{column:03}-g{column * 2654435761 % 2**32:08x}", "arm64")
        for row in range(tests):
            program = programs[row * 3 // tests]
            name = f"{program}.order{row % 11}_v{row // 2}.{'up' if row % 2 else 'child'}"
            if row % 10 == 9:
                outcome = TestResult(program, name, Verdict.SKIP, "order 9: a PMD or more", 0.01)
            elif column % 50 == 49 and row % 7 == 0:
                outcome = TestResult(program, name, Verdict.FAIL, REASON, 0.2, LOG, f"{program}.c", 100)
            else:
                outcome = TestResult(program, name, Verdict.PASS, "", 0.1)
            run.results.append(outcome)
        runs.append(run)
    return runs
