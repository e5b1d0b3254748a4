# SPDX-License-Identifier: GPL-2.0-only
"""What kind of program a file is, by its first bytes."""

from pathlib import Path

from ksftci import arch
from ksftci.errors import CiError

_EXECUTABLE = (2, 3)  # ET_EXEC and ET_DYN of include/uapi/linux/elf.h


def elf_arch(path: Path) -> str | None:
    """The name of the architecture that an ELF program is for, "other" for one that ksftci does not know.

    None for a file that is no ELF program. Raises CiError when the file cannot be read.
    """
    head = _head(path)
    if len(head) < 20 or head[:4] != b"\x7fELF" or head[16] not in _EXECUTABLE:
        return None
    machine = int.from_bytes(head[18:20], "little")
    return next((known.name for known in arch.ALL if known.elf == machine), "other")


def is_script(path: Path) -> bool:
    """Whether a file names its interpreter. Raises CiError when it cannot be read."""
    return _head(path)[:2] == b"#!"


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(20)
    except OSError as err:
        raise CiError(f"{path}: {err.strerror}") from err
