# SPDX-License-Identifier: GPL-2.0-only
"""QEMU's emulation of processors, and which way of it can be trusted."""

import re
import subprocess
from functools import cache

_TRUSTED = (8, 1)
_VERSION = re.compile(r"QEMU emulator version (\d+)\.(\d+)")


@cache
def threads(qemu: str) -> str:
    """ "multi" for a thread of the host's for each of the guest's processors, "single" for one that does all.

    Before 8.1 a processor that translates code while another one writes to it may keep the old code (fixed by
    QEMU's commit deba78709ae8, "accel/tcg: Always lock pages before translation"). A guest that patches its code, as
    Linux does to switch a static key, then goes on as if it had not: NUMA balancing is on and scans nothing.
    """
    try:
        said = subprocess.run([qemu, "--version"], capture_output=True, text=True, timeout=20, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return "multi"  # starting the guest will tell what is wrong
    version = _VERSION.match(said)
    trusted = version is None or (int(version[1]), int(version[2])) >= _TRUSTED
    return "multi" if trusted else "single"
