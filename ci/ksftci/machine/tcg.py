# SPDX-License-Identifier: GPL-2.0-only
"""How QEMU's emulator TCG runs a guest's processors: in one thread, or in one thread each."""

import re
import subprocess
from functools import cache

_TRUSTED = (8, 1)  # the first version whose threads are safe
_VERSION = re.compile(r"QEMU emulator version (\d+)\.(\d+)")


@cache
def threads(qemu: str) -> str:
    """The value for QEMU's tcg,thread=: "multi", a thread for each of the guest's processors, or "single".

    Before 8.1, a processor that translates code while another one writes to it may keep the old code (fixed by
    QEMU's commit deba78709ae8, "accel/tcg: Always lock pages before translation"). A Linux guest that patches its code
    for a static key then still runs the old branch: NUMA balancing is switched on, but scans nothing.
    """
    try:
        output = subprocess.run([qemu, "--version"], capture_output=True, text=True, timeout=20, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return "multi"  # the start of the guest reports what is wrong
    version = _VERSION.match(output)
    trusted = version is None or (int(version[1]), int(version[2])) >= _TRUSTED
    return "multi" if trusted else "single"
