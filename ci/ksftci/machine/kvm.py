# SPDX-License-Identifier: GPL-2.0-only
"""Whether KVM works here, found by using it rather than by looking at a file."""

import fcntl
import os
import subprocess
from collections.abc import Sequence
from functools import cache

_KVM_GET_API_VERSION = 0xAE00  # include/uapi/linux/kvm.h
_KVM_CREATE_VM = 0xAE01
_API_VERSION = 12
_PATIENCE = 20.0  # seconds


def works(command: Sequence[str]) -> bool:
    """True when QEMU can start a machine on /dev/kvm with this command: program, board, processor.

    The file may be there without permission or without hardware behind it, and a nested KVM may
    give a machine whose registers cannot be set: only a QEMU that has come up proves anything.
    """
    return _answers() and _starts(tuple(command))


def _answers() -> bool:
    try:
        device = os.open("/dev/kvm", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        if fcntl.ioctl(device, _KVM_GET_API_VERSION, 0) != _API_VERSION:
            return False
        os.close(fcntl.ioctl(device, _KVM_CREATE_VM, 0))
    except OSError:
        return False
    finally:
        os.close(device)
    return True


@cache
def _starts(command: tuple[str, ...]) -> bool:
    try:
        done = subprocess.run(
            [*command, "-accel", "kvm", "-nodefaults", "-display", "none", "-monitor", "stdio"],
            input=b"info status\nquit\n",
            capture_output=True,
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0 and b"running" in done.stdout
