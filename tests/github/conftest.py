# SPDX-License-Identifier: GPL-2.0-only
"""Stand-ins for ksftci and other programs that the scripts call: they record their arguments."""

import json
import os
import stat
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

STAND_IN = f"""#!{sys.executable}
import json, os, pathlib, sys
name, *args = [os.path.basename(sys.argv[0]), *sys.argv[1:]]
folder = pathlib.Path(__file__).resolve().parent.parent
with open(folder / "calls", "a") as calls:
    calls.write(json.dumps([name, *args]) + "\\n")
options = dict(arg[2:].split("=", 1) for arg in args if arg.startswith("--") and "=" in arg)
status = 0
for part, number in json.loads((folder / "status").read_text()).items():
    status = number if part in " ".join([name, *args]) else status
if status != 2:
    for option in ("junit", "html", "ktap", "output"):
        if option in options:
            pathlib.Path(options[option]).write_text(option)
    if "summary" in options:
        with open(options["summary"], "a") as summary:
            summary.write("the summary\\n")
if args[:2] == ["kernel", "build"]:
    image = folder / "Image"
    image.write_text(" ".join(args))
    print(image)
sys.exit(status)
"""


@dataclass
class StandIn:
    """A RUNNER_TEMP folder, `temp`, with programs that record their arguments and write the files that options name."""

    temp: Path

    @property
    def calls(self) -> list[list[str]]:
        """All calls in their order: the program's name and its arguments."""
        path = self.temp / "ksftci-venv/calls"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def set_status(self, status: dict[str, int]) -> None:
        """Set the exit status of calls that contain a text; the last text that a call contains counts."""
        (self.temp / "ksftci-venv/status").write_text(json.dumps(status))


@pytest.fixture
def stand_in(tmp_path: Path) -> StandIn:
    temp = tmp_path / "runner-temp"
    programs = temp / "ksftci-venv/bin"
    programs.mkdir(parents=True)
    for name in ("ksftci", "ksftgen", "sudo", "dpkg", "apt-get", "ccache"):
        (programs / name).write_text(STAND_IN)
        os.chmod(programs / name, stat.S_IRWXU)
    recorder = StandIn(temp)
    recorder.set_status({})
    return recorder
