# SPDX-License-Identifier: GPL-2.0-only
"""Whether a file is an ELF program or a script, by its first bytes."""

from pathlib import Path

from ksftci import arch
from ksftci.errors import CiError
from plainprint.reason import reason

_EXECUTABLE = (2, 3)  # ET_EXEC and ET_DYN of include/uapi/linux/elf.h


def elf_arch(path: Path) -> str | None:
    """The name of the architecture of an ELF program; "other" if the architecture is not in `arch.ALL`.

    None for a file that is no ELF program. Raises CiError if the file cannot be read.
    """
    header = _first_bytes(path)
    if len(header) < 20 or header[:4] != b"\x7fELF" or header[16] not in _EXECUTABLE:
        return None
    machine = int.from_bytes(header[18:20], "little")
    return next((entry.name for entry in arch.ALL if entry.elf == machine), "other")


def is_script(path: Path) -> bool:
    """Whether a file starts with #!. Raises CiError if it cannot be read."""
    return _first_bytes(path)[:2] == b"#!"


def _first_bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(20)
    except OSError as err:
        raise CiError(f"{path}: {reason(err, path)}") from err
