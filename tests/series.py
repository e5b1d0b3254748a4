# SPDX-License-Identifier: GPL-2.0-only
"""The default patch series as docs/series/ shows it; this writes it again:

python -m tests.series
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.conftest import TOP, call

DOCS = TOP / "docs/series"
_AUTHOR = {"NAME": "Your Name", "EMAIL": "you@example.org", "DATE": "2026-12-01T12:00:00Z"}
_ENVIRONMENT = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in _AUTHOR.items()}
# What changes with each update of Debian's 7.3: commits, line numbers, lines beside those that are changed.
_CHANGES = re.compile(
    r"^(?:From [0-9a-f]{40} .*|index .*|@@ .*|base-commit: .*|change-id: .*|(?: |  ).*|)\n", re.MULTILINE
)


def write(folder: Path) -> None:
    """Write the series on Debian's 7.3 into `folder`."""
    os.environ.update(_ENVIRONMENT)
    with tempfile.TemporaryDirectory() as scratch:
        tree = Path(scratch, "linux")
        call("ksftci", "tree", "get", "debian:7.3", "--to", tree)
        for command in ("init --quiet", "add --all --force", "commit --quiet --message=Linux"):
            subprocess.run(["git", *command.split()], cwd=tree, check=True)
        call("ksftgen", "submit", "--tree", tree, "-o", folder, "--gates", "none")
    (folder / "series.json").unlink()


def changes(folder: Path) -> dict[str, str]:
    """What the mails in `folder` say and change, by their names: the same for each 7.3."""
    return {path.name: _CHANGES.sub("", path.read_text()) for path in folder.glob("*.patch")}


if __name__ == "__main__":
    for path in DOCS.glob("*.patch"):
        path.unlink()
    write(DOCS)
    sys.exit(subprocess.run(["git", "status", "--short", DOCS], check=False).returncode)
