# SPDX-License-Identifier: GPL-2.0-only
"""Whether KVM works on this host, by starting QEMU with it."""

import fcntl
import os
import subprocess
from collections.abc import Sequence
from functools import cache

_DEVICE = "/dev/kvm"
_KVM_GET_API_VERSION = 0xAE00  # include/uapi/linux/kvm.h
_KVM_CREATE_VM = 0xAE01
_API_VERSION = 12
_PATIENCE = 20.0  # seconds for QEMU to start and quit


def works(command: Sequence[str]) -> bool:
    """True when QEMU can start a machine on /dev/kvm with this command: program, board, processor.

    /dev/kvm may be there without permission or without hardware behind it, and nested KVM may create a
    machine whose registers cannot be set. Only a QEMU that has started proves that KVM works.
    """
    return _device_answers() and _qemu_starts(tuple(command))


def _device_answers() -> bool:
    """Whether the device knows KVM's API and creates a machine."""
    try:
        device = os.open(_DEVICE, os.O_RDWR | os.O_CLOEXEC)
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
def _qemu_starts(command: tuple[str, ...]) -> bool:
    """Whether QEMU's monitor says that the machine is running."""
    try:
        qemu = subprocess.run(
            [*command, "-accel", "kvm", "-nodefaults", "-display", "none", "-monitor", "stdio"],
            input=b"info status\nquit\n",
            capture_output=True,
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return qemu.returncode == 0 and b"running" in qemu.stdout
