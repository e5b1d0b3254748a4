# SPDX-License-Identifier: GPL-2.0-only
"""Patch series, on small git repositories of trees like Linux 7.3 and 6.12."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from email import message_from_string
from email.header import decode_header, make_header
from pathlib import Path

import pytest
from tests.ksftgen.test_gen_cli import ksftgen
from tests.ksftgen.test_install import contents, make_tree

from ksftgen import gates, owned, paths, records, spec, submit
from ksftgen.errors import GenError, TreeError
from ksftgen.layout import Layout
from ksftgen.library import library
from ksftgen.scenario import Scenario
from ksftgen.tree import LINUX_7_3

MOVED = """\
static bool is_backed_by_folio(char *vaddr, int order, int pagemap_fd,
		int kpageflags_fd)
{
	return true;
}

static int other(void)
{
	return 0;
}
"""
MAINTAINERS = """\
MEMORY MAPPING
M:	A Maintainer <m@example.org>
F:	mm/mprotect.c
F:	tools/testing/selftests/mm/merge.c
F:	tools/testing/vma/

MEMORY
M:	x
"""


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    assert not done.returncode, done.stderr
    return done.stdout.strip()


def make_repo(top: Path, version: tuple[int, int] = (7, 3)) -> Path:
    """A repository with one commit of a small kernel tree, and an author."""
    make_tree(top, version)
    folder = top / "tools/testing/selftests/mm"
    with (folder / "vm_util.h").open("a") as stream:
        stream.write("unsigned long pagemap_get_pfn(int fd, char *start);\nint other(void);\n")
    (folder / "vm_util.c").write_text('#include "vm_util.h"\n')
    if version >= (7, 3):
        (folder / "split_huge_page_test.c").write_text(MOVED)
    (top / "MAINTAINERS").write_text(MAINTAINERS)
    git(top, "init", "--quiet")
    git(top, "config", "user.name", "A Developer")
    git(top, "config", "user.email", "dev@example.org")
    git(top, "add", "--all", "--force")
    git(top, "commit", "--quiet", "--message", "Linux")
    return top


@pytest.fixture(autouse=True)
def _nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No configuration of git but that of a test."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "no-config"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for role in ("AUTHOR", "COMMITTER"):
        for what in ("NAME", "EMAIL", "DATE"):
            monkeypatch.delenv(f"GIT_{role}_{what}", raising=False)


@pytest.fixture(params=[(7, 3), (6, 12)], ids=["7.3", "6.12"])
def repo(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return make_repo(tmp_path / "linux tree", request.param)


def default_series() -> tuple[list[Scenario], list[str]]:
    files = [paths.folder("scenarios") / f"{name}.yaml" for name in submit.DEFAULT]
    return [spec.load(path) for path in files], [path.read_text() for path in files]


def make(repo: Path, folder: Path, **options: object) -> list[str]:
    """Write the default series of `repo` into `folder`; gives its mails, the cover letter first."""
    with submit.build(*default_series(), repo, submit.Options(**options)) as made:  # type: ignore[arg-type]
        return [path.read_text() for path in submit.write(made, folder)]


def test_series_applies_and_its_reverse_restores_the_tree(repo: Path, tmp_path: Path) -> None:
    mails = make(repo, tmp_path / "out")
    assert len(mails) == 5
    before = contents(repo / "tools")
    git(repo, "am", *map(str, sorted((tmp_path / "out").glob("000[1-9]*"))))
    assert (repo / "tools/testing/selftests/mm/mprotect_window.c").is_file()
    for mail in sorted((tmp_path / "out").glob("000[1-9]*"), reverse=True):
        git(repo, "apply", "--reverse", "--index", str(mail))
    assert contents(repo / "tools") == before


def test_each_program_is_built_listed_and_maintained_by_its_own_commit(repo: Path, tmp_path: Path) -> None:
    *_, first, second = make(repo, tmp_path / "out")
    for name, mail in zip(submit.DEFAULT, (first, second), strict=True):
        assert f"Subject: [PATCH {3 if mail is first else 4}/4] selftests/mm: add {name}\n" in mail
        for line in (
            f"TEST_GEN_FILES += {name}",
            f"$(OUTPUT)/{name}: mprotect_window.c",
            f'CATEGORY="mprotect" run_test ./{name}',
            f"F:\ttools/testing/selftests/mm/{name}.c",
        ):
            assert f"\n+{line}\n" in mail
    assert "create mode 100755" in first or "ksft_mprotect.sh" not in first


def test_function_is_moved_where_a_test_has_it_and_added_where_none_has(repo: Path, tmp_path: Path) -> None:
    _, mail, *_ = make(repo, tmp_path / "out")
    is_new = (repo / "tools/testing/selftests/mm/split_huge_page_test.c").exists()
    assert ("move is_backed_by_folio() to vm_util" in mail) is is_new
    assert ("vm_util: add is_backed_by_folio()" in mail) is not is_new
    assert "\n+bool is_backed_by_folio(char *vaddr, int order, int pagemap_fd,\n+\t\t\tint kpageflags_fd);\n" in mail
    assert ("\n-static bool is_backed_by_folio" in mail) is is_new


def test_tree_is_not_changed_and_local_changes_do_not_matter(repo: Path, tmp_path: Path) -> None:
    mails = make(repo, tmp_path / "clean")
    makefile = repo / "tools/testing/selftests/mm/Makefile"
    makefile.write_text("broken\n")
    (repo / "tools/testing/selftests/mm/vm_util.h").unlink()
    (repo / "tools/testing/selftests/mm/mprotect_window.c").write_text("mine\n")
    git(repo, "checkout", "--quiet", "--detach")
    before, objects = contents(repo), git(repo, "count-objects")
    again = make(repo, tmp_path / "dirty")
    assert [_without_times(mail) for mail in again] == [_without_times(mail) for mail in mails]
    assert contents(repo) == before
    assert git(repo, "count-objects") == objects


def _without_times(mail: str) -> str:
    return re.sub(r"^(From [0-9a-f]{40}|Date: |change-id: ).*$", "", mail, flags=re.MULTILINE)


def test_configuration_of_a_user_changes_no_mail(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "linux")
    plain = make(repo, tmp_path / "plain")
    for key, value in {
        "diff.noprefix": "true",
        "format.signOff": "true",
        "format.subjectPrefix": "RFC",
        "format.attach": "true",
        "commit.gpgSign": "true",
        "core.abbrev": "40",
    }.items():
        git(repo, "config", key, value)
    assert [_without_times(mail) for mail in make(repo, tmp_path / "odd")] == [_without_times(mail) for mail in plain]


@pytest.mark.parametrize("how", [["--depth=1"], ["--filter=blob:none"], ["--filter=blob:none", "--no-checkout"]])
def test_shallow_and_partial_clones(tmp_path: Path, how: list[str]) -> None:
    origin = make_repo(tmp_path / "origin")
    git(origin, "config", "uploadpack.allowFilter", "true")
    git(origin, "config", "uploadpack.allowAnySHA1InWant", "true")
    git(origin, "commit", "--quiet", "--allow-empty", "--message", "second")
    git(tmp_path, "clone", "--quiet", *how, f"file://{origin}", "copy")
    git(tmp_path / "copy", "config", "user.name", "A Developer")
    git(tmp_path / "copy", "config", "user.email", "dev@example.org")
    whole = [_without_times(mail) for mail in make(origin, tmp_path / "whole")]
    assert [_without_times(mail) for mail in make(tmp_path / "copy", tmp_path / "out")] == whole


def test_linked_worktree(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "linux")
    git(repo, "worktree", "add", "--quiet", str(tmp_path / "other"))
    assert len(make(tmp_path / "other", tmp_path / "out")) == 5


def test_what_is_no_tree_for_a_series(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "linux")
    plain = make_tree(tmp_path / "plain", (7, 3))
    new = make_tree(tmp_path / "new", (7, 3))
    git(new, "init", "--quiet")
    empty = tmp_path / "empty"
    empty.mkdir()
    git(empty, "init", "--quiet")
    git(empty, "-c", "user.name=x", "-c", "user.email=x@y", "commit", "--quiet", "--allow-empty", "-m", "x")
    git(empty, "config", "user.name", "x")
    git(empty, "config", "user.email", "x@y")
    for tree, message in {
        tmp_path / "gone": "is not a directory",
        plain: "is no git repository; there: git init",
        new: "has no commit yet",
        repo / "tools": "is inside of the repository",
        empty: "give the top of a kernel tree",
    }.items():
        with pytest.raises(TreeError, match=message):
            make(tree, tmp_path / "out")
    git(repo, "config", "--unset", "user.email")
    git(repo, "config", "user.useConfigOnly", "true")
    with pytest.raises(TreeError, match="git does not know who you are"):
        make(repo, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_tree_that_has_the_tests_already(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "linux")
    make(repo, tmp_path / "out")
    git(repo, "am", *map(str, sorted((tmp_path / "out").glob("000[1-9]*"))))
    with pytest.raises(TreeError, match=r"mprotect_window\.c: the tree has this file"):
        make(repo, tmp_path / "again")


def test_folder_with_other_patches_is_left_alone(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "linux")
    make(repo, tmp_path / "out")
    make(repo, tmp_path / "out")  # one's own earlier series is replaced
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "0001-mine.patch").write_text("x")
    with pytest.raises(GenError, match="has other patches; give an empty folder"):
        make(repo, tmp_path / "other")


def test_second_version_has_the_same_change_id(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "linux")
    first, *_ = make(repo, tmp_path / "v1")
    second, *_ = make(repo, tmp_path / "v2", version=2, previous=tmp_path / "v1", changes="Changes since v1:\n- more\n")
    for mail in (first, second):
        assert re.search(
            r"\n---\nbase-commit: [0-9a-f]{40}\nchange-id: \d{8}-mprotect-mixed-folio-[0-9a-f]{12}\n", mail
        )
    assert re.findall("change-id: .*", first) == re.findall("change-id: .*", second)
    assert "Subject: [PATCH v2 0/4] " in second
    assert "\nChanges since v1:\n- more\n" in second
    with pytest.raises(GenError, match=r"has no series\.json"):
        make(repo, tmp_path / "v3", version=3, previous=tmp_path, changes="x")


def test_nobody_is_signed_off_unless_asked(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "linux")
    assert not any("Signed-off-by" in mail for mail in make(repo, tmp_path / "out"))
    cover, *mails = make(repo, tmp_path / "signed", signoff=True)
    assert "Signed-off-by" not in cover
    assert all(mail.count("\nSigned-off-by: A Developer <dev@example.org>\n") == 1 for mail in mails)


def test_mails_are_mails_with_short_lines(tmp_path: Path) -> None:
    for mail in make(make_repo(tmp_path / "linux"), tmp_path / "out"):
        message = message_from_string(mail)
        assert message["From"] == "A Developer <dev@example.org>"
        text, _, _ = message.get_payload().partition("\n---\n")  # type: ignore[union-attr]
        assert max(map(len, text.splitlines())) <= 75
        assert "***" not in text


def test_default_series_is_small_and_stands_alone() -> None:
    sources = owned.render(*default_series(), LINUX_7_3)
    texts = [*sources.engine.values(), *sources.programs.values()]
    assert sources.is_small
    assert sum(text.count("\n") for text in texts) < 1400
    assert not any(re.search(r"ksftgen|Generated|do not edit|\{[{%]", text) for text in texts)


def test_scenario_of_other_states_has_the_engine_with_its_rooms(tmp_path: Path) -> None:
    path = paths.folder("scenarios") / "mprotect_mlock.yaml"
    sources = owned.render([spec.load(path)], [path.read_text()], LINUX_7_3)
    assert not sources.is_small
    assert {"mprotect_area.h", "mprotect_state_mlock.c"} <= set(sources.engine)
    assert "mprotect_state_ksm.c" not in sources.engine
    for text in (*sources.engine.values(), *sources.programs.values()):
        assert "enerated by ksftgen" not in text


@pytest.mark.parametrize("layout", library().values(), ids=lambda layout: layout.name)
def test_drawing_has_a_character_for_each_folio(layout: Layout) -> None:
    below, above = owned.drawing(layout).split("|")
    assert len(below) == sum(part.count for part in layout.below)
    assert len(above) == sum(part.count for part in layout.above)


XML = """\
<testsuites><testsuite name="x" tests="30" failures="1" errors="0" skipped="2" time="1.25"><properties>
<property name="program" value="mprotect_cow_shared"/><property name="release" value="7.3.4+deb13-cloud-arm64"/>
<property name="arch" value="arm64"/><property name="page_size" value="4096"/><property name="accel" value="tcg"/>
</properties></testsuite></testsuites>
"""
MUTANTS = {
    "linux": "7.3.4",
    "mutants": [
        {
            "name": name,
            "file": "mm/mprotect.c",
            "function": "f",
            "before": "a",
            "after": "b",
            "bug": f"{name} is wrong.",
            "outcomes": {"series": outcome, "upstream": {"killed": False}},
            **more,
        }
        for name, outcome, more in (
            ("one", {"killed": True, "seconds": 2.0, "by": "mprotect_cow_shared.a.b.c"}, {}),
            ("two", {"killed": False, "seconds": 9.0}, {}),
            ("same", {"killed": False, "seconds": 9.0}, {"survivor": {"verdict": "equivalent"}}),
        )
    ],
}


def test_records_are_quoted_for_the_sources_that_were_measured(tmp_path: Path) -> None:
    (tmp_path / "run.xml").write_text(XML)
    (tmp_path / "mutants.json").write_text(json.dumps(MUTANTS))
    record = records.measured(submit.fingerprint(*default_series()), [tmp_path / "run.xml"], tmp_path / "mutants.json")
    (tmp_path / "record.json").write_text(records.text(record))
    assert records.read(tmp_path / "record.json") == record
    cover, *_, mail = make(make_repo(tmp_path / "linux"), tmp_path / "out", record=record)
    assert re.search(r"\n  7\.3\.4 arm64, 4K pages +QEMU without KVM +27/1/2 +1\.2\n", cover)
    assert "detects 1 of 2 such kernels" in " ".join(cover.split())
    assert "\n- f(): one is wrong.\n" in mail
    assert "It passes on" not in mail  # it failed there
    other = records.measured("other sources", [tmp_path / "run.xml"], None)
    assert "7.3.4 arm64" not in make(make_repo(tmp_path / "linux2"), tmp_path / "out2", record=other)[0]


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "<testsuites/>", "<a>", '{"mutants": [{"outcomes": {"series": {}}}]}']
)
def test_files_that_are_no_measurements(tmp_path: Path, text: str) -> None:
    path = tmp_path / "file"
    path.write_text(text)
    with pytest.raises(GenError, match=str(path)):
        records.measured("", [path], None)
    with pytest.raises(GenError, match=str(path)):
        records.measured("", [], path)
    with pytest.raises(GenError, match=str(path)):
        records.read(path)


def test_record_that_ships_is_about_the_default_series() -> None:
    assert records.read(submit.default_record()).sources == submit.fingerprint(*default_series())


def test_gates_say_what_failed_and_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = make_repo(tmp_path / "linux")
    with submit.build(*default_series(), repo, submit.Options()) as made:
        written = submit.write(made, tmp_path / "out")
        mail = written[2]
        outcomes = gates.run(submit.bench(made, written, []), ["am", "checkpatch"], lambda _: None)
        assert [(o.gate, o.result) for o in outcomes] == [("am", "passed"), ("checkpatch", "skipped")]
        mail.write_text(mail.read_text().replace("+#define MAX_MESSAGES", "+#define MOST_MESSAGES"))
    with submit.build(*default_series(), repo, submit.Options()) as made:
        outcomes = gates.run(submit.bench(made, written, []), ["am"], lambda _: None)
    assert outcomes[0].result == "failed"
    assert "the applied mails make another tree" in gates.table(outcomes)
    assert json.loads(gates.as_json(outcomes))[0]["gate"] == "am"


def test_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    repo, out = make_repo(tmp_path / "linux"), tmp_path / "out"
    base = ("submit", "--tree", repo, "-o", out)
    assert ksftgen(monkeypatch, *base, "--gates", "am") == 0
    said = capsys.readouterr().out
    assert "0004-selftests-mm-add-mprotect_cow_shared.patch" in said
    assert "note: no recipients: " in said
    assert re.search(r"\nam  passed +\d", said)
    assert json.loads((out / "gates.json").read_text())[0]["result"] == "passed"
    for arguments, message in {
        ("--gates", "nothing"): 'unknown gate "nothing"; allowed: all, none, am, ',
        ("--scenario", "mprotect_cow_sharde"): 'did you mean "mprotect_cow_shared"?',
        ("-v", "2"): "version 2 follows an earlier one; give --previous",
        ("--results", tmp_path / "gone.xml"): "gone.xml",
    }.items():
        assert ksftgen(monkeypatch, *base, *arguments) == 2
        assert message in capsys.readouterr().err


def test_report_of_a_finding(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    base = ("submit", "--tree", make_repo(tmp_path / "linux"), "-o", tmp_path / "out")
    assert ksftgen(monkeypatch, *base, "--finding", "ksm_uffd_w") == 2
    assert 'did you mean "ksm_uffd_wp"?' in capsys.readouterr().err
    assert ksftgen(monkeypatch, *base, "--finding", "ksm_uffd_wp") == 2
    assert "mm/ksm.c" in capsys.readouterr().err  # which this tree has not


def test_no_commit_adds_a_line_of_a_list_again(repo: Path, tmp_path: Path) -> None:
    make(repo, tmp_path / "out")
    git(repo, "am", *map(str, sorted((tmp_path / "out").glob("000[1-9]*"))))
    for path in ("tools/testing/selftests/mm/Makefile", "tools/testing/selftests/mm/run_vmtests.sh", "MAINTAINERS"):
        lines = [line for line in (repo / path).read_text().splitlines() if re.search(r"mprotect_\w+", line)]
        assert lines
        assert len(lines) == len(set(lines))


def test_settings_are_restored_where_the_harness_never_returns() -> None:
    older = replace(LINUX_7_3, symbols=LINUX_7_3.symbols - {"hugepage_save_settings"})
    for tree, times in ((LINUX_7_3, 0), (older, 1)):
        sources = owned.render(*default_series(), tree)
        assert sources.engine["mprotect_window.c"].count("atexit(thp_restore_settings)") == times
        assert all("return test_harness_run(argc, argv);" in text for text in sources.programs.values())


def test_environment_of_a_git_hook_leads_to_no_other_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo, other = make_repo(tmp_path / "linux"), make_repo(tmp_path / "other", (6, 12))
    plain = [_without_times(mail) for mail in make(repo, tmp_path / "plain")]
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "no-index"))
    assert [_without_times(mail) for mail in make(repo, tmp_path / "out")] == plain


def test_dates_and_object_formats_of_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = make_repo(tmp_path / "linux")
    monkeypatch.setenv("GIT_AUTHOR_DATE", "@0 +0000")
    assert "\nDate: Thu, 1 Jan 1970 00:00:00 +0000\n" in make(repo, tmp_path / "out")[1]
    monkeypatch.setenv("GIT_AUTHOR_DATE", "yesterday's")
    with pytest.raises(TreeError, match="see GIT_AUTHOR_DATE"):
        make(repo, tmp_path / "out")
    monkeypatch.delenv("GIT_AUTHOR_DATE")
    shutil.rmtree(repo / ".git")
    git(repo, "init", "--quiet", "--object-format=sha256")
    git(repo, "config", "user.name", "A Developer")
    git(repo, "config", "user.email", "dev@example.org")
    git(repo, "add", "--all", "--force")
    git(repo, "commit", "--quiet", "--message", "Linux")
    assert len(make(repo, tmp_path / "sha256")) == 5


def test_trees_that_a_series_cannot_change(tmp_path: Path) -> None:
    def crlf(folder: Path) -> None:
        for path in folder.glob("vm_util.*"):
            path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))

    def link(folder: Path) -> None:
        (folder / "Makefile").rename(folder / "Makefile.real")
        (folder / "Makefile").symlink_to("Makefile.real")

    def old(folder: Path) -> None:
        (folder / "hugepage_settings.h").unlink()

    def without_helpers(folder: Path) -> None:
        (folder / "vm_util.c").unlink()

    for change, message in {
        crlf: "lines that end in CRLF, which no mail keeps",
        link: "mm/Makefile: is a symbolic link",
        old: r"has no hugepage_settings\.h or thp_settings\.h",
        without_helpers: r"linux-without_helpers/.*/vm_util\.c: cannot read",
    }.items():
        repo = make_repo(tmp_path / f"linux-{change.__name__}")
        change(repo / "tools/testing/selftests/mm")
        git(repo, "add", "--all", "--force")
        git(repo, "commit", "--quiet", "--message", "odd")
        with pytest.raises(TreeError, match=message):
            make(repo, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_conversion_of_line_ends_in_a_working_tree_changes_no_mail(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "linux")
    plain = [_without_times(mail) for mail in make(repo, tmp_path / "plain")]
    git(repo, "config", "core.autocrlf", "true")
    assert [_without_times(mail) for mail in make(repo, tmp_path / "out")] == plain


def test_cover_letter_with_other_letters_is_a_mail(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "linux")
    make(repo, tmp_path / "v1")
    changes = "Changes since v1:\n- Ångström; quoted:\nbase-commit: no\n"
    cover, *_ = make(repo, tmp_path / "ascii", version=2, previous=tmp_path / "v1", changes=changes)
    assert message_from_string(cover)["Content-Transfer-Encoding"] == "8bit"
    assert cover.count("\nchange-id: ") == 1
    git(repo, "config", "user.name", "Имя")
    cover, *_ = make(repo, tmp_path / "out")
    head, _, _ = cover.partition("\n\n")
    assert head.isascii()
    assert head.count("MIME-Version") == 1
    assert str(make_header(decode_header(message_from_string(cover)["From"]))) == "Имя <dev@example.org>"


def test_previous_version_is_one_of_this_series(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "linux")
    make(repo, tmp_path / "v1")
    state = json.loads((tmp_path / "v1" / "series.json").read_text())
    for change, message in (
        ({"version": 2}, "has version 2; the next one is -v 3"),
        ({"scenarios": ["mprotect_ksm"]}, "is another series, of mprotect_ksm"),
        ({"version": "x"}, r"has no series\.json of an earlier version"),
    ):
        (tmp_path / "odd").mkdir(exist_ok=True)
        (tmp_path / "odd" / "series.json").write_text(json.dumps({**state, **change}))
        with pytest.raises(GenError, match=message):
            make(repo, tmp_path / "v2", version=2, previous=tmp_path / "odd", changes="x")


def test_command_refuses_before_it_writes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    bad, empty, out = tmp_path / "bad.yaml", tmp_path / "empty", tmp_path / "out"
    bad.write_bytes(b"\xff\xfe")
    empty.write_text("\n")
    base = ("submit", "--tree", make_repo(tmp_path / "linux"), "-o", out)
    later = ("-v", "2", "--previous", tmp_path, "--changes")
    for arguments, message in {
        ("--gates", "am,"): 'unknown gate ""',
        ("--scenario", bad): str(bad),
        ("--scenario", "mprotect_ksm", "--scenario", "mprotect_ksm"): "is given twice",
        (*later, bad): "is not UTF-8, at byte 0",
        (*later, empty): "says nothing",
        ("--changes", empty): "are for a later version",
    }.items():
        assert ksftgen(monkeypatch, *base, *arguments) == 2
        assert message in capsys.readouterr().err
    assert not out.exists()
    assert ksftgen(monkeypatch, *base[:-1], bad, "--gates", "none") == 2
    assert "is no folder" in capsys.readouterr().err


def test_b4_takes_the_series_and_its_letter(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "linux")
    (repo / "scripts").mkdir()
    (repo / "scripts/get_maintainer.pl").write_text("print qq(Ann <ann\\@example.org>\\n);\n")
    git(repo, "add", "--force", ".")
    git(repo, "commit", "--quiet", "--message=recipients")
    make(repo, tmp_path / "out")
    git(repo, "switch", "--quiet", "--create", "b4/mprotect")
    git(repo, "am", "--quiet", *map(str, sorted((tmp_path / "out").glob("000[1-9]*.patch"))))
    git(repo, "config", "sendemail.smtpserver", "localhost")

    def b4(*arguments: str) -> str:
        editor = {"EDITOR": f"cp {tmp_path}/out/b4-cover.txt"}
        command = [sys.executable, "-m", "b4.command", "--offline-mode", *arguments]
        done = subprocess.run(command, cwd=repo, env=os.environ | editor, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    b4("prep", "--enroll", "HEAD~4")
    b4("prep", "--edit-cover")
    b4("send", "--no-sign", "-o", str(tmp_path / "mails"))
    mails = [message_from_string(path.read_text()) for path in sorted((tmp_path / "mails").glob("*.eml"))]
    assert [mail["Subject"].split("]")[0] for mail in mails] == [f"[PATCH {number}/4" for number in range(5)]
    assert all(mail["To"] == "Ann <ann@example.org>" for mail in mails)
    assert "Since Linux 6.17, mprotect() changes page table entries in batches" in mails[0].get_payload()
