# SPDX-License-Identifier: GPL-2.0-only
"""The states of memory, and the C file of each."""

from collections.abc import Mapping

# The states of memory, each in a C file of its own, in the order in which the kernel serves a fault: the key of the
# VMA first, and of what is there a NUMA hint.
ROOMS = (
    "pkey",
    "guard",
    "poison",
    "numa",
    "uffd",
    "zero",
    "wipe",
    "cow",
    "ksm",
    "mlock",
    "swap",
    "rwp",
    "pin",
    "lazyfree",
    "migrate",
    "soft_dirty",
    "vma",
    "mte",
    "exec",
)
# The rooms of the states that a state leaves behind it.
ROOMS_AFTER: Mapping[str, tuple[str, ...]] = dict.fromkeys(
    ("guard", "poison", "lazyfree", "wipe", "ksm", "vma"), ("zero",)
)
# The C files beside its own that a room needs.
ROOM_HELPERS: Mapping[str, tuple[str, ...]] = {"vma": ("mprotect_area_maps.c",)}
HOLE_ROOM = "zero"  # reading a page that was never touched maps the zero page


def room_source(room: str) -> str:
    """The C file of a room, which defines the state ``state_ROOM``."""
    return f"mprotect_state_{room}.c"
