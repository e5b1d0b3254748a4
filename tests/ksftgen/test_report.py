# SPDX-License-Identifier: GPL-2.0-only
"""The report of a finding: a mail that a maintainer can read, for a tree that has the code at fault."""

import email
import email.policy
import shutil
import subprocess
from email.message import EmailMessage
from pathlib import Path

import pytest

from ksftgen import finding, prose, report
from ksftgen.errors import GenError

pytestmark = pytest.mark.skipif(not shutil.which("perl") or not shutil.which("git"), reason="needs perl and git")
COLUMNS = 76
SCRIPT = """#!/usr/bin/perl
print "Jane Doe <jane\\@example.org>\\n";
print "\\"J. Röe\\" <roe\\@example.org>\\nlinux-mm\\@kvack.org\\n" unless grep { $_ eq "--no-l" } @ARGV;
"""
MAKEFILE = "VERSION = 7\nPATCHLEVEL = 3\nSUBLEVEL = 4\nEXTRAVERSION = -rc1\n"
FUNCTION = """
int {name}(int a);

static inline int
{name}(int a,
       int b)
{{
\t/*
\t * A comment, of which the end is not in the excerpt.
\t */

\tbefore();
\t{line}
\tbehind();

\treturn 0;
}}
"""


def tree(folder: Path, name: str, body: str = FUNCTION) -> Path:
    """A kernel tree with nothing but the code at fault of the finding `name`, with what it is that makes it wrong."""
    suspect = finding.load(name).suspect
    files = {
        "Makefile": MAKEFILE,
        "scripts/get_maintainer.pl": SCRIPT,
        suspect.file: body.format(name=suspect.function, line=suspect.line),
    }
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    for command in (
        ["init", "-q"],
        ["config", "user.name", "Jörg, of Tests"],
        ["config", "user.email", "joerg@example.org"],
        ["add", "-A"],
        ["-c", "commit.gpgsign=false", "commit", "-q", "-m", "tree"],
    ):
        subprocess.run(["git", "-C", str(folder), *command], check=True)
    return folder


def read(path: Path) -> EmailMessage:
    return email.message_from_bytes(path.read_bytes(), policy=email.policy.default)


@pytest.mark.parametrize("name", finding.names())
def test_a_mail_is_as_lists_want_it(name: str, tmp_path: Path) -> None:
    path, _ = report.write(name, tree(tmp_path / "tree", name), tmp_path / "out")
    assert path == tmp_path / f"out/{name}.eml"
    mail, found = read(path), finding.load(name)
    assert not mail.defects and not any(header.defects for header in mail.values())
    assert mail["From"] == '"Jörg, of Tests" <joerg@example.org>'
    assert mail["Subject"] == found.subject
    assert mail.get_content_type() == "text/plain"
    assert (mail.get_content_charset(), mail["Content-Transfer-Encoding"]) == ("utf-8", "8bit")
    assert all(len(line) <= COLUMNS + 2 for line in path.read_text().split("\n\n", 1)[0].splitlines())
    text = mail.get_content()
    prelude, code = text.rsplit(f"\n{name}.c\n", 1)
    assert code.split("\n", 1)[1] == found.source
    assert f"{found.suspect.function}(), line 13 of Linux 7.3.4-rc1 (commit " in " ".join(prelude.split())
    assert f"\tbefore();\n\t{found.suspect.line}\n\tbehind();\n" in prelude
    wide = [line for line in prelude.splitlines() if len(line) > COLUMNS]
    assert all(prose.is_code(line) for line in wide)
    rest = [line for line in prelude.splitlines() if not prose.is_code(line)]
    assert not any(mark in line for line in rest for mark in ("`", "](", "|--", "Signed-off-by"))


def test_it_is_the_same_each_time(tmp_path: Path) -> None:
    kernel = tree(tmp_path / "tree", "ksm_uffd_wp")
    paths = [report.write("ksm_uffd_wp", kernel, tmp_path / out)[0] for out in ("one", "two")]
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_lists_get_what_harms_nobody_else(tmp_path: Path) -> None:
    path, notes = report.write("ksm_uffd_wp", tree(tmp_path / "tree", "ksm_uffd_wp"), tmp_path)
    mail = read(path)
    assert mail["To"] == "Jane Doe <jane@example.org>"
    assert mail["Cc"] == '"J. Röe" <roe@example.org>, linux-mm@kvack.org'
    assert any("threat-model.rst" in note and "public lists" in note for note in notes)


def test_lists_do_not_get_what_may_harm_others(tmp_path: Path) -> None:
    path, notes = report.write("madvise_free_ksm", tree(tmp_path / "tree", "madvise_free_ksm"), tmp_path)
    mail = read(path)
    assert (mail["To"], mail["Cc"]) == ("Jane Doe <jane@example.org>", "security@kernel.org")
    assert any("threat-model.rst" in note and "to no list" in note for note in notes)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("int other(void)\n{{\n}}\n", r"mm/ksm.c: has no function replace_page\(\); give a tree that is broken \(6.1"),
        ("int {name}(void);\n", r"has no function replace_page\(\)"),
        ("int {name}(void)\n{{\n}}\n\nint other(void)\n{{\n{line}\n}}\n", r'replace_page\(\) has no line "newpte = mk'),
        (FUNCTION.replace("behind", "pte_mksoft_dirty"), r"has pte_mksoft_dirty\(; it is fixed"),
    ],
)
def test_a_tree_that_is_not_broken(body: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(GenError, match=message):
        report.write("ksm_soft_dirty", tree(tmp_path, "ksm_soft_dirty", body), tmp_path / "out")


def test_a_tree_without_the_file(tmp_path: Path) -> None:
    with pytest.raises(GenError, match=r"has no mm/rmap.c; give a tree that is broken \(6.17, by the code"):
        report.write("lazyfree_put_back", tree(tmp_path, "ksm_uffd_wp"), tmp_path / "out")
