# SPDX-License-Identifier: GPL-2.0-only
"""A folder that the kernel's `make -C tools/testing/selftests install` filled, or what a tarball of gen_tar holds."""

from pathlib import Path

from ksftci.errors import CiError
from ksftci.host.elf import elf_arch
from ksftci.host.files import read_text

RUNNER = "run_kselftest.sh"
_LIST = "kselftest-list.txt"


def find(path: Path) -> Path | None:
    """The installation that a path stands for: its folder, or a script at its top. None if it is neither."""
    folder = path if path.is_dir() else path.parent
    return folder if all((folder / name).is_file() for name in (RUNNER, _LIST)) else None


def programs(folder: Path) -> list[Path]:
    """The compiled tests of an installation, by its list: lines such as mm:cow, or futex/functional:futex_wait.

    Raises CiError if no test of the list is in the folder.
    """
    lines = [line.strip().partition(":") for line in read_text(folder / _LIST).splitlines()]
    tests = [path for collection, _, name in lines if name and (path := folder / collection / name).is_file()]
    if not tests:
        raise CiError(
            f"{folder / _LIST}: no test of this list is in the folder; fill it again with "
            f"make -C tools/testing/selftests install TARGETS=mm INSTALL_PATH={folder}"
        )
    return [path for path in tests if elf_arch(path) is not None]
