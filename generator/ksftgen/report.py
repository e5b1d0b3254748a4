# SPDX-License-Identifier: GPL-2.0-only
"""The report of a finding: a mail to the maintainers of the code at fault, written to a file and sent by nobody.

It has no date and no Message-ID, which the program that sends it adds, so that the same tree gives the same bytes.
"""

from __future__ import annotations

import email.errors
import email.policy
from email.headerregistry import Address
from email.message import EmailMessage
from pathlib import Path

from ksftgen import __version__, excerpt, finding, output, recipients, template
from ksftgen.errors import GenError
from ksftgen.excerpt import Excerpt
from ksftgen.finding import Finding
from ksftgen.prose import plain, unmarked
from ksftgen.recipients import Recipients
from ksftgen.repo import Person, Repo

_SECURITY = "security@kernel.org"


def write(name: str, tree: Path, folder: Path) -> tuple[Path, list[str]]:
    """Write ``NAME.eml``, the report of the finding `name` in the kernel tree `tree`, into `folder`.

    Returns the path of the mail, and what to do and to decide before it is sent, one item a string.  Raises GenError if
    there is no such finding, if the tree does not have the code at fault or has the fix, or if `folder` cannot be
    written to.
    """
    found = finding.load(name)
    repo = Repo.open(tree)
    code = excerpt.find(found, repo)
    mail = _mail(found, repo.author, _recipients(found, tree), _body(found, code, repo.head))
    path = folder / f"{name}.eml"
    output.write({path: mail.as_bytes().decode("utf-8")})
    return path, _notes(found, path)


def _recipients(found: Finding, tree: Path) -> Recipients:
    suspect = found.suspect
    files = [suspect.file, *(path for path in suspect.also if (tree / path).is_file())]
    asked = recipients.of_files(tree, files)
    if found.may_cross_a_boundary:
        return Recipients(asked.to or (_SECURITY,), (_SECURITY,) if asked.to else ())
    return asked if asked.to else Recipients(asked.cc, ())


def _mail(found: Finding, author: Person, to: Recipients, body: str) -> EmailMessage:
    mail = EmailMessage(policy=email.policy.default.clone(cte_type="8bit"))
    try:
        mail["From"] = Address(author.name, addr_spec=author.email)
    except (ValueError, email.errors.HeaderParseError):
        raise GenError(f"git's user.email is no address: {author.email}; set it with git config user.email") from None
    for header, addresses in (("To", to.to), ("Cc", to.cc)):
        if addresses:
            mail[header] = ", ".join(addresses)
    mail["Subject"] = found.subject
    mail.set_content(body, charset="utf-8", cte="8bit")
    return mail


def _body(found: Finding, code: Excerpt, commit: str) -> str:
    return template.expand(
        "series/report.txt.j2",
        finding=found,
        suspect=found.suspect,
        facts=found.facts,
        sections=found.sections,
        code=code,
        commit=commit,
        plain=plain,
        version=__version__,
    )


def _notes(found: Finding, path: Path) -> list[str]:
    facts = {key: unmarked(text) for key, text in found.facts.items()}
    if found.may_cross_a_boundary:
        audience = (
            f"The mail goes to the maintainers and {_SECURITY}, and to no list. If an AI assistant has helped, "
            "Documentation/process/security-bugs.rst has you treat the fault as public, and keep the reproducer from "
            "lists; docs/found is public, and has it."
        )
    else:
        audience = (
            "The mail goes to the maintainers and to public lists. If you see it otherwise, take the lists away, as "
            "Documentation/process/security-bugs.rst says."
        )
    return [
        f"{path} is written, nothing is sent. Read it, and compare it with the code: you answer for every sentence.",
        "Build a kernel of kernel.org, run the reproducer on it, and add it to the table; the mail says that you have.",
        f"Search https://lore.kernel.org/linux-mm/ for the fault. Reports, by docs/found: {facts['Reports']}.",
        f"A fix, by docs/found: {facts['Fix']}. A report with one that was tested is worth more.",
        "Decide whether one user can harm another one by it (Documentation/process/threat-model.rst of a recent tree). "
        f"By docs/found: {facts['Boundary']}. {audience}",
        "If an AI assistant has helped to find the fault, or has written any of the text or the C, say so in the mail "
        "(Documentation/process/generated-content.rst and coding-assistants.rst of a recent tree).",
        f"Send it as plain text (Documentation/process/email-clients.rst), such as by: git send-email {path}",
    ]
