# SPDX-License-Identifier: GPL-2.0-only
"""Which steps need others before them, and which states of memory cannot be together, with the reason.

docs/states.md shows the reasons as a table.
"""

from collections.abc import Mapping

# The verbs that need another one before them, and those that may come once.
NEEDS: Mapping[str, str] = {
    "touch": "hint",
    "uffd_wp": "uffd",
    "uffd_resolve": "uffd",
    "uffd_scan": "uffd",
    "uffd_close": "uffd",
    "rwp_protect": "rwp",
    "rwp_resolve": "rwp",
    "pkey_allow": "pkey",
    "pkey_deny": "pkey",
    "unpin": "pin",
    "tag": "mte",
    "unmerge_twins": "merge",
    "merge_twins": "unmerge_twins",
}
ONCE = ("uffd", "uffd_close", "rwp", "pin", "unmerge_twins")
_UFFDS = ("uffd", "rwp")
_LOCKS = ("mlock", "mlock_onfault")
_HAS_MOVED = "memory that has moved has no userfaultfd"
_ONE_UFFD = "memory has one userfaultfd at a time"
_MAP_OVER = "what is mapped over the window has no such states"
_HAS_STATES = "the states of what was there would be lost; map it before them"
_APART = "it would be refused by a seal, or change what the VMAs are"
_NOT_ALONE = "which VMAs are apart is known only where nothing else splits them"
# States of pages and VMAs that other memory cannot have, and those that a VMA of its own cannot come into.
_STATES = (
    *("fork", "split_vma", "wipe_on_fork", "make", "zap", "guard", "poison", "lazyfree", "swap_out", "reclaim"),
    *("pin", "mlock", "mlock_onfault", "clear_soft_dirty", "migrate", "race_migrate", "merge", "merge_zero"),
    *("uffd", "rwp", "pkey", "code", "bti", "mte", "tag", "mremap", "thread"),
)
_CHANGES = (
    *("make", "zap", "guard", "unguard", "poison", "lazyfree", "swap_out", "reclaim", "race_migrate", "migrate"),
    *("uffd", "rwp", "pkey", "bti", "mte", "mremap", "merge", "merge_zero"),
)
_VMA_VERBS = ("vma", "call_mprotect", "exec_rule")


# The verbs after which a verb is refused, with the reason.
_Reasons = Mapping[str, Mapping[str, str]]
_PAGES: _Reasons = {
    "mlock": {
        **dict.fromkeys(_UFFDS, "to lock is to write, which the userfaultfd would refuse"),
        "guard": "what is a guard region cannot be populated",
        "poison": "what is poisoned cannot be populated",
    },
    "uffd": {"mlock": "mprotect() would write to what is locked and protected", "rwp": _ONE_UFFD},
    "rwp": {
        "mlock": "mprotect() would write to what is locked and protected",
        "mprotect": "the kernel registers no memory that is PROT_NONE",
        "uffd": _ONE_UFFD,
    },
    "guard": {
        **dict.fromkeys(_LOCKS, "the kernel installs no guard region in locked memory"),
        "pin": "the pin would keep a page that is not mapped any more",
    },
    "poison": {
        **dict.fromkeys(_LOCKS, "locked memory stays where it is"),
        "pin": "the pin would keep a page that is not mapped any more",
        **dict.fromkeys(_UFFDS, _ONE_UFFD),
    },
    "zap": {
        **dict.fromkeys(_LOCKS, "locked memory stays where it is"),
        "pin": "the pin would keep a page that is not mapped any more",
    },
    "swap_out": dict.fromkeys(_LOCKS, "locked memory stays where it is"),
    "reclaim": dict.fromkeys(_LOCKS, "locked memory stays where it is"),
    "merge_twins": {
        "fork": "KSM would merge equal pages of two processes, too",
        "mte": "KSM merges no page that has tags",
    },
    "lazyfree": dict.fromkeys(_LOCKS, "locked memory stays where it is"),
    **{verb: {"mremap": _HAS_MOVED, "uffd_close": "it is closed"} for verb in ("uffd_wp", "uffd_resolve", "uffd_scan")},
    **{verb: {"mremap": _HAS_MOVED} for verb in ("rwp_protect", "rwp_resolve")},
    "uffd_close": {"fork": "a child has it open, too"},
    "mremap": {
        **dict.fromkeys(("merge", "merge_zero"), "the kernel takes a copy of what it moves"),
        "clear_soft_dirty": "memory that moves is soft-dirty, but for the fault in docs/found/mremap_soft_dirty.md",
    },
}
_VMAS: tuple[_Reasons, ...] = (
    {verb: {"map_over": _MAP_OVER} for verb in _STATES},
    {"map_over": dict.fromkeys((*_STATES, "vma", "call_mprotect"), _HAS_STATES)},
    {verb: dict.fromkeys(_VMA_VERBS, _APART) for verb in _CHANGES},
    {verb: dict.fromkeys((*_CHANGES, "pin", "tag"), _NOT_ALONE) for verb in (*_VMA_VERBS, "check_vmas")},
    {"fork": {"call_mprotect": _NOT_ALONE}},
)


def _all(*parts: _Reasons) -> _Reasons:
    verbs = dict.fromkeys(verb for part in parts for verb in part)
    return {verb: {after: why for part in parts for after, why in part.get(verb, {}).items()} for verb in verbs}


# States that cannot be together: a verb, and the reason why it is refused after another one.
CONFLICTS = _all(_PAGES, *_VMAS)
# The verbs that undo another one.
UNDONE = {"unpin": "pin", "merge_twins": "unmerge_twins"}
