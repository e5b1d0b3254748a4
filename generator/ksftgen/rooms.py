# SPDX-License-Identifier: GPL-2.0-only
"""The states of memory: the C file of each, and which kinds and makers need which."""

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
    "mte",
    "exec",
)
# The rooms of the states that a state leaves behind it.
ROOMS_AFTER: Mapping[str, tuple[str, ...]] = dict.fromkeys(("guard", "poison", "lazyfree", "wipe", "ksm"), ("zero",))
HOLE_ROOM = "zero"  # reading a page that was never touched maps the zero page


def room_source(room: str) -> str:
    """The C file of a room, which defines the state ``state_ROOM``."""
    return f"mprotect_state_{room}.c"


# The room of each kind of map_numa, and a C file of those whose C is neither there nor in mprotect_area_nodes.c.
KIND_ROOMS: Mapping[str, str] = {
    "none": "numa",
    "zero": "zero",
    "ksm": "ksm",
    "shared": "cow",
    "shared_half": "cow",
    "exited": "cow",
    "local": "numa",
    "threaded": "numa",
}
KIND_SOURCES: Mapping[str, str] = {
    "zero": "mprotect_kind_zero.c",
    "shared": "mprotect_kind_cow.c",
    "shared_half": "mprotect_kind_cow.c",
    "exited": "mprotect_kind_cow.c",
    "threaded": "mprotect_area_thread.c",
}
# The room of the state that each maker brings about, and a C file of those that are in no room's.
MAKER_ROOMS: Mapping[str, str] = {
    "empty": "zero",
    "zero": "zero",
    "shared": "cow",
    "left": "cow",
    "merged": "ksm",
    "swapped": "swap",
    "lazy": "lazyfree",
    "guarded": "guard",
    "protected": "uffd",
    "rwp": "rwp",
    "pinned": "pin",
    "migrated": "migrate",
    "poisoned": "poison",
    "tagged": "mte",
}
MAKER_SOURCES: Mapping[str, str] = {
    "empty": "mprotect_area_zap.c",
    "zero": "mprotect_area_zap.c",
    "shared": "mprotect_maker_cow.c",
    "left": "mprotect_maker_cow.c",
    "protected": "mprotect_area_userfault.c",
    "rwp": "mprotect_area_userfault.c",
    "migrated": "mprotect_area_nodes.c",
}
