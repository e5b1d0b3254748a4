# SPDX-License-Identifier: GPL-2.0-only
"""gcov's counters on their way out of a guest."""

import base64
import gzip
from pathlib import Path

from ksftci.machine.initramfs import init_script
from ksftci.machine.machine import Job
from ksftci.machine.qemu import _unpacked


def test_the_guest_sends_counters_only_when_gcov_is_on() -> None:
    job = [Job("x", Path("/x"))]
    assert "[ yes = no ] || echo 1 >$gcov/reset" in init_script(job, "t0", gcov=True)
    assert "[ no = no ] || counted" in init_script(job, "t0")
    assert "@GCOV@" not in init_script(job, "t0")


def test_counters_arrive_complete_or_not_at_all() -> None:
    sent = base64.b64encode(gzip.compress(b"counters" * 100)).decode()
    lines = [sent[i : i + 20] for i in range(0, len(sent), 20)]
    assert _unpacked(lines) == b"counters" * 100
    assert _unpacked(lines[:-1]) == b""
    assert _unpacked([lines[0] + "[   3.14] WARNING", *lines[1:]]) == b""
    assert _unpacked(lines[:1] + lines[2:]) == b""
