# SPDX-License-Identifier: GPL-2.0-only
"""Scripts that run other tests of their folder."""

from pathlib import Path

import pytest

from ksftci.programs.runner import once

# As run.sh of futex/functional is in Linux 7.3, and in 6.12.
LIST = "#!/bin/sh\n# Run all\n\necho\n./wait\n\necho\n./waitv\n"
MORE = "#!/bin/sh\nif [ x$USE = x1 ]; then\n    COLOR=-c\nfi\n./requeue $COLOR\n./requeue $COLOR -b\n./wait $COLOR\n"


@pytest.mark.parametrize(
    ("script", "tests"),
    [
        (LIST, ["requeue", "wait", "waitv"]),
        (MORE, ["waitv", "run.sh"]),
        ("#!/bin/sh\nmodprobe x\n./wait\n", ["requeue", "wait", "waitv", "run.sh"]),  # prepares something
        ("#!/bin/sh\n./wait -a\n./waitv -a\n", ["requeue", "wait", "waitv", "run.sh"]),
        (f"{LIST}./unlisted\n", ["requeue", "run.sh"]),
        (f"{LIST}modprobe x\n", ["requeue", "run.sh"]),
        ("#!/bin/sh\n./run.sh\n./run.sh\n", ["requeue", "wait", "waitv", "run.sh"]),
    ],
)
def test_no_program_of_a_collection_runs_twice(script: str, tests: list[str], tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("requeue", "wait", "waitv", "run.sh")]
    for path in paths:
        path.write_bytes(b"\x7fELF")
    paths[-1].write_text(script)
    elsewhere = tmp_path / "other/wait"
    assert [path.name for path in once([*paths, elsewhere])] == [*tests, "wait"]
