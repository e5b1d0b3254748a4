# SPDX-License-Identifier: GPL-2.0-only
"""Known issues: what a file of them may hold, and how they change verdicts."""

from datetime import date
from pathlib import Path

import pytest

from ksftci.errors import CiError
from ksftci.results.history import History
from ksftci.results.judge import Judge
from ksftci.results.known import KnownIssues
from ksftci.results.model import Complaint, Run, TestResult, Verdict, exit_status

ENTRY = {
    "test": "cow.*",
    "reason": "the test expects what 6.9 changed",
    "link": "https://example.org/1",
    "expires": "2030-01-01",
}
EXPLANATION = "the test expects what 6.9 changed (https://example.org/1)"
DAY = date(2029, 1, 1)


def issues(folder: Path, *entries: dict[str, str]) -> KnownIssues:
    file = folder / "known.yaml"
    lines = ["# a comment"]
    for entry in entries:
        fields = {key: value for key, value in (ENTRY | entry).items() if value}
        for number, (key, value) in enumerate(fields.items()):
            text = value if value.startswith("[") else f'"{value}"'
            lines.append(f"{'  ' if number else '- '}{key}: {text}")
    file.write_text("\n".join(lines))
    return KnownIssues.read(file)


def run_with(kernel: str = "debian:6.12", release: str = "6.12.117+deb13-cloud-arm64", **results: Verdict) -> Run:
    run = Run(kernel, "arm64", {"release": release, "page_size": "4096"})
    run.results = [TestResult("cow", name, verdict, "why", log=["line"]) for name, verdict in results.items()]
    return run


def judged(known: KnownIssues, run: Run) -> dict[str, str]:
    known.judge(run)
    return {result.name: result.verdict.value for result in run.results}


def test_failures_that_are_expected_are_xfail_and_keep_reason_and_log(tmp_path: Path) -> None:
    run = run_with(a=Verdict.FAIL, b=Verdict.TIMEOUT, c=Verdict.CRASH, d=Verdict.ERROR, e=Verdict.SKIP)
    assert set(judged(issues(tmp_path, {}), run).values()) == {"xfail", "skip"}
    first = run.results[0]
    assert (first.known, first.reason, first.log) == (EXPLANATION, "why", ["line"])
    assert run.results[-1].known == ""
    assert exit_status([run]) == 0


def test_not_run_is_expected_only_if_the_entry_says_so(tmp_path: Path) -> None:
    assert judged(issues(tmp_path, {}), run_with(a=Verdict.NOT_RUN, b=Verdict.FAIL)) == {"a": "not_run", "b": "xfail"}
    only = issues(tmp_path, {"verdicts": "[crash, not_run]"})
    assert judged(only, run_with(a=Verdict.NOT_RUN, b=Verdict.FAIL)) == {"a": "xfail", "b": "fail"}


def test_an_unexpected_pass_is_xpass_and_fails_only_where_strict(tmp_path: Path) -> None:
    run = run_with(a=Verdict.PASS)
    assert judged(issues(tmp_path, {}), run) == {"a": "xpass"}
    assert run.results[0].known == EXPLANATION
    assert exit_status([run]) == 0
    run = run_with(a=Verdict.PASS)
    assert judged(issues(tmp_path, {"strict": "true"}), run) == {"a": "fail"}
    assert run.results[0].reason == "passed, and is expected to fail"


def test_the_first_entry_that_matches_a_test_counts(tmp_path: Path) -> None:
    known = issues(tmp_path, {"test": "cow.a", "reason": "first"}, {"reason": "second"})
    run = run_with(a=Verdict.FAIL, b=Verdict.FAIL)
    known.judge(run)
    assert [r.known.split()[0] for r in run.results] == ["first", "second"]


@pytest.mark.parametrize(
    ("kernels", "applies"),
    [
        (">=6.9 <6.13", True),
        (">=6.9 <6.12", False),
        ("<=6.12", True),
        (">6.12", False),
        (">6.12.116", True),
        ("6.12", True),
        ("=6.12.117", True),
        ("6.1", False),
        ("<6.9", False),
        ("debian:6.*", True),
        ("debian:*-16k", False),
    ],
)
def test_kernels(kernels: str, applies: bool, tmp_path: Path) -> None:
    run = run_with(a=Verdict.FAIL)
    assert (judged(issues(tmp_path, {"kernels": kernels}), run) == {"a": "xfail"}) is applies


def test_the_version_is_that_of_the_label_when_the_kernel_did_not_report_its_own(tmp_path: Path) -> None:
    known = issues(tmp_path, {"kernels": "<7"})
    assert judged(known, run_with(release="", a=Verdict.CRASH)) == {"a": "xfail"}
    assert judged(known, run_with("boot/Image", "", a=Verdict.CRASH)) == {"a": "crash"}


@pytest.mark.parametrize(
    ("key", "value", "applies"),
    [("arch", "arm64", True), ("arch", "x86_64", False), ("page_size", "4K", True), ("page_size", "16K", False)],
)
def test_arch_and_page_size(key: str, value: str, applies: bool, tmp_path: Path) -> None:
    assert (judged(issues(tmp_path, {key: value}), run_with(a=Verdict.FAIL)) == {"a": "xfail"}) is applies


def test_an_expired_entry_fails_the_run_once_and_names_its_line(tmp_path: Path) -> None:
    known = issues(tmp_path, {}, {"test": "other.*", "expires": "2028-12-31"})
    run = run_with(a=Verdict.FAIL)
    known.judge(run)
    known.check([run], DAY)
    known.check([run], DAY)
    (expired,) = run.results[1:]
    assert (expired.id, expired.verdict) == ("known-issues.other.*", Verdict.FAIL)
    assert (expired.file, expired.line) == (str(tmp_path / "known.yaml"), 6)
    assert "expired on 2028-12-31" in expired.reason
    assert exit_status([run]) == 1


def test_an_entry_holds_on_its_last_day_and_for_kernels_that_were_run(tmp_path: Path) -> None:
    run = run_with(a=Verdict.FAIL)
    issues(tmp_path, {"expires": DAY.isoformat()}).check([run], DAY)
    issues(tmp_path, {"expires": "2020-01-01", "kernels": "<6"}).check([run], DAY)
    assert len(run.results) == 1


def test_an_entry_that_matches_no_test_is_an_anomaly_if_all_tests_ran(tmp_path: Path) -> None:
    known = issues(tmp_path, {"test": "cow.gone"}, {"test": "cow.a"}, {"test": "elsewhere.x"})
    run = run_with(a=Verdict.FAIL)
    known.check([run], DAY)
    assert run.anomalies == [f"{tmp_path / 'known.yaml'}:2: no test is called cow.gone"]
    for fact in ("chosen", "shard"):
        part = run_with(a=Verdict.FAIL)
        part.environment[fact] = "1/2"
        known.check([part], DAY)
        assert part.anomalies == []
    for partly in (run_with(a=Verdict.CRASH), run_with(all=Verdict.SKIP), run_with(a=Verdict.PASS)):
        partly.interrupted = partly.results[0].verdict is Verdict.PASS
        known.check([partly], DAY)
        assert partly.anomalies == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- test: [x", ":1:11: not YAML: "),
        ("- kernels: >=6.9", ":1:13: not YAML: "),
        ("issues: []", ":1:1: must be a list; each entry starts with - test:"),
        ("- just words", ":1:3: an entry is a mapping of keys to values; allowed: test, reason, link"),
        ("- test: a.b", ':1:3: "reason" is missing; add reason:'),
        (
            "- tests: a.b",
            ':1:3: unknown key "tests"; did you mean "test"? allowed: test, reason',
        ),
        ("- test: a\n  test: b", ':2:3: key "test" again; it is given in line 1 already; leave out one of them'),
        ("- &a [*a]", ':1:3: anchor "&a"; write the value out'),
        ("- test: [a]", ":1:9: test must be text"),
        ("- test: ''", ':1:9: test "" must be one line of text'),
        ("- link: http://a.b", ':1:9: link "http://a.b" is no link; allowed: a URL that starts with https://'),
        ("- expires: 2027-02-30", ':1:12: expires "2027-02-30" is no date; allowed: YYYY-MM-DD'),
        ("- expires: 20270201", ':1:12: expires "20270201" is no date; allowed: YYYY-MM-DD'),
        ("- kernels: '>= 6.9'", ':1:12: kernels ">= 6.9" is no range; allowed: ">=6.9 <6.12"'),
        ("- kernels: 6.x", ':1:12: kernels "6.x" is no range; allowed:'),
        ("- arch: arm", ':1:9: arch "arm" is unknown; allowed: arm64, x86_64, riscv64'),
        ("- verdicts: [fail, skip]", ':1:20: verdicts "skip" is unknown; allowed:'),
        ("- strict: maybe", ':1:11: strict "maybe" is neither yes nor no; allowed: true, false'),
        ("- test: \x01", ":1:9: not YAML: a control character"),
        ("- {}: a", ":1:3: a key must be a word; write it without brackets, and with a value"),
        ("[" * 9999, ":1:22: nested deeper than 20 levels"),
        ("--- []\n--- []", ":2:5: a second document"),
    ],
)
def test_mistakes_are_reported_with_their_place(text: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "known.yaml"
    file.write_text(text)
    with pytest.raises(CiError) as error:
        KnownIssues.read(file)
    assert any(line.startswith(f"{file}{message}") for line in str(error.value).splitlines()), str(error.value)


def test_all_mistakes_are_reported_at_once(tmp_path: Path) -> None:
    with pytest.raises(CiError) as error:
        issues(tmp_path, {"link": "x"}, {"arch": "mips", "expires": ""})
    assert len(str(error.value).splitlines()) == 3


def test_a_file_of_comments_has_no_issues_and_a_missing_one_is_an_error(tmp_path: Path) -> None:
    assert issues(tmp_path).issues == []
    (tmp_path / "latin").write_bytes(b"- \xe9")
    for file in ("none", "latin", "."):
        with pytest.raises(CiError):
            KnownIssues.read(tmp_path / file)


def test_versions_are_numbers_not_floats(tmp_path: Path) -> None:
    file = tmp_path / "known.yaml"
    file.write_text("- {test: cow.*, kernels: 6.10, reason: r, link: 'https://a.b/c', expires: 2030-01-01}")
    known = KnownIssues.read(file)
    assert judged(known, run_with(release="6.10.3", a=Verdict.FAIL)) == {"a": "xfail"}
    assert judged(known, run_with(release="6.1.3", a=Verdict.FAIL)) == {"a": "fail"}


PROVOKED = {"link": "", "expires": "", "provokes": "WARNING: *demo_*"}


def complaining(*headlines: str) -> Run:
    run = run_with(a=Verdict.PASS)
    run.results.append(TestResult("cow", "a/kernel_log", Verdict.FAIL, "why", log=["line"]))
    run.results[1].complaints = tuple(map(Complaint, headlines))
    return run


def test_what_a_test_provokes_is_expected(tmp_path: Path) -> None:
    known = issues(tmp_path, PROVOKED)
    run = complaining("WARNING: a.c:1 at demo_probe+0x1")
    assert judged(known, run) == {"a": "pass"}
    assert run.results[0].expected == ("WARNING: a.c:1 at demo_probe+0x1 (the test expects what 6.9 changed)",)
    assert judged(known, complaining("WARNING: a.c:1 at other+0x1")) == {"a": "pass", "a/kernel_log": "fail"}
    later = issues(tmp_path, PROVOKED | {"kernels": ">=7.0"})
    assert len(judged(later, complaining("WARNING: a.c:1 at demo_probe+0x1"))) == 2


def test_a_list_of_complaints_and_an_issue_beside_it(tmp_path: Path) -> None:
    known = issues(tmp_path, PROVOKED | {"provokes": '["WARNING: *", "BUG: x"]'}, {})
    assert judged(known, complaining("BUG: x", "BUG: y")) == {"a": "xpass", "a/kernel_log": "xfail"}


def test_an_entry_about_complaints_may_expire_and_miss(tmp_path: Path) -> None:
    known = issues(tmp_path, PROVOKED | {"expires": "2029-01-01"}, PROVOKED | {"test": "cow.gone"})
    run = run_with(a=Verdict.PASS)
    known.check([run], date(2029, 1, 2))
    assert run.results[-1].reason == "expired on 2029-01-01, renew or remove: the test expects what 6.9 changed"
    assert len(run.anomalies) == 1
    assert "no test is called cow.gone" in run.anomalies[0]


def test_mistakes_in_an_entry_about_complaints_name_their_places(tmp_path: Path) -> None:
    file = tmp_path / "known.yaml"
    file.write_text('- test: "a.*"\n  provokes: []\n  verdicts: [fail]\n- test: b\n  provokes: x\n')
    with pytest.raises(CiError) as error:
        KnownIssues.read(file)
    assert str(error.value).splitlines() == [
        f'{file}:1:3: "reason" is missing; add reason:',
        f"{file}:2:13: provokes is empty; give at least one entry",
        f'{file}:3:3: unknown key "verdicts"; allowed: test, reason, link, expires, kernels, arch, page_size, provokes',
        f'{file}:4:3: "reason" is missing; add reason:',
    ]


def test_entries_that_match_nothing_are_named(tmp_path: Path) -> None:
    known = issues(tmp_path, {}, {"test": "cwo.*"}, {"kernels": "6.1"}, {"arch": "riscv64"}, {"test": "*.b"})
    runs = [run_with(a=Verdict.FAIL), run_with("debian:7.3", "7.3.4", b=Verdict.PASS)]
    assert [(line, issue.test) for line, issue in known.unused(runs)] == [(6, "cwo.*"), (10, "cow.*"), (15, "cow.*")]
    sentences = Judge(known, History({})).unused(runs)
    assert sentences[0] == f"{tmp_path}/known.yaml:6: cwo.* matches no test of this report; check the pattern"
    assert Judge(None, History({})).unused(runs) == []


def test_entries_about_complaints_that_match_nothing_are_named(tmp_path: Path) -> None:
    file = tmp_path / "known.yaml"
    file.write_text('- {test: "cow.*", reason: r, provokes: x}\n- {test: "cwo.*", reason: r, provokes: x}\n')
    known = KnownIssues.read(file)
    assert [(line, entry.test) for line, entry in known.unused([run_with(a=Verdict.PASS)])] == [(2, "cwo.*")]
