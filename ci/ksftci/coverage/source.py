# SPDX-License-Identifier: GPL-2.0-only
"""Which source files are looked at, and which functions of them."""

from dataclasses import dataclass
from pathlib import PurePosixPath

from ksftci.errors import CiError


@dataclass(frozen=True)
class Target:
    """A source file, and which functions of it; () for all. The text is FILE or FILE:FUNCTION,FUNCTION."""

    file: str  # from the tree's root
    functions: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> "Target":
        """Raises CiError when it is neither a .c nor a .h file of a tree."""
        file, colon, names = text.partition(":")
        functions = tuple(name.strip() for name in names.split(",") if name.strip())
        if PurePosixPath(file).suffix not in (".c", ".h") or file.startswith(("/", "..")) or (colon and not functions):
            raise CiError(f"--source {text}: a file of the kernel tree is needed, as mm/mprotect.c or mm/x.c:one,two")
        return cls(file, functions)

    @property
    def compiled(self) -> bool:
        """Whether it becomes an object; what is in a header is counted in the objects of the other targets."""
        return self.file.endswith(".c")
