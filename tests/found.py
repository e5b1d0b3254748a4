# SPDX-License-Identifier: GPL-2.0-only
"""docs/found.md is the list of what is in docs/found/; this writes it again:

python -m tests.found
"""

import re

from tests.conftest import TOP

from ksftgen import finding

PAGE = TOP / "docs/found.md"
_HEAD = """\
<!-- SPDX-License-Identifier: GPL-2.0-only -->
# Faults of released kernels

Each was found by a scenario or by hand. Its page has the kernels that are broken and right, the code, what it means for
programs, and a reproducer in C that needs no other code. `ksftgen submit --finding NAME` makes [the mail](submit.md) to
the maintainers.

| fault | code | broken | scenarios that show it |
| --- | --- | --- | --- |
"""


def page() -> str:
    """The page in Markdown: a row for each finding."""
    return _HEAD + "".join(f"{_row(name)}\n" for name in finding.names())


def _row(name: str) -> str:
    entry = finding.load(name)
    title = (TOP / f"docs/found/{name}.md").read_text().partition("\n")[0].removeprefix("# ")
    code = f"`{entry.suspect.file}` `{entry.suspect.function}()`"
    programs = dict.fromkeys(re.findall(r"mprotect_\w+", entry.facts["Tests"]))
    shown = ", ".join(f"`{program}`" for program in programs)
    return f"| [{title}](found/{name}.md) | {code} | {entry.facts['Broken']} | {shown} |"


if __name__ == "__main__":
    PAGE.write_text(page())
