# SPDX-License-Identifier: GPL-2.0-only
"""The lines with which the kernel begins a complaint: a table of forms, each with the file of Linux 7.3 that prints it.

Patterns are extended regular expressions that grep -E and re read alike, anchored at the beginning of a line without
its stamps; they have no apostrophe, as the guest's shell quotes them. A pattern begins with a literal character: by
that a line is passed over quickly. A form that may have anything before it is in ANYWHERE, with a word that it has.

What is information is no complaint, although it looks alarming: what a device or its firmware did wrong (I/O error,
[Hardware Error], Memory failure, ACPI Error, [Firmware Bug]), what a user's program did wrong (segfault), what costs
only time (perf and hrtimer took too long, a hogged CPU, an unstable clocksource), and mitigations. A file system that
finds itself corrupt is a complaint, also where the disk is to blame: nothing in its line tells the two apart.
"""

import re
from collections.abc import Iterable
from enum import Enum
from typing import NamedTuple


class Part(Enum):
    """What a form is in a complaint, which decides whether it begins another one."""

    HEAD = "head"  # begins a complaint
    INTRO = "intro"  # begins the complaint of which the oops that follows is the rest
    MESSAGE = "message"  # what a WARN() or a BUG() says, before or after its own line
    TRAP = "trap"  # that line; belongs to the "cut here" or the message before it
    DIE = "die"  # the oops; belongs to the intro or the BUG() before it
    TAIL = "tail"  # belongs to whatever complaint is open
    OOM = "oom"  # begins a report of the OOM killer
    VICTIM = "victim"  # belongs to the out-of-memory report before it, and says what that was


class Form(NamedTuple):
    """One form of a line."""

    pattern: str
    source: str  # the file that prints it; several for what all architectures print
    part: Part = Part.HEAD


_MESSAGE, _INTRO, _DIE, _TRAP, _TAIL = Part.MESSAGE, Part.INTRO, Part.DIE, Part.TRAP, Part.TAIL

PANIC = "Kernel panic - not syncing"

FORMS = (
    # WARN() and BUG()
    Form(r"WARNING: CPU: [0-9]+ PID: [0-9]+ at ", "kernel/panic.c before 6.18", _TRAP),
    Form(r"WARNING: (\[.*\] )?[^ ]+:[0-9]+ at ", "kernel/panic.c, include/asm-generic/bug.h", _TRAP),
    Form(r"WARNING: at ", "kernel/panic.c", _TRAP),
    Form(r"kernel BUG at ", "lib/bug.c", _TRAP),
    Form(r"BUG: failure at ", "include/asm-generic/bug.h, arch/arc/include/asm/bug.h", _INTRO),
    Form(PANIC, "kernel/panic.c", _TAIL),
    Form(r"refcount_t: ", "lib/refcount.c", _MESSAGE),
    Form(r"ODEBUG: .*(active state|on stack)", "lib/debugobjects.c", _MESSAGE),
    Form(r"DEBUG_(LOCKS|RWSEMS)_WARN_ON\(", "include/linux/debug_locks.h, kernel/locking/rwsem.c", _MESSAGE),
    Form(r"list_(add|del) (corruption|double add)", "lib/list_debug.c", _MESSAGE),
    Form(r"DMA-API: .*(device driver |sg segment|cacheline tracking)", "kernel/dma/debug.c", _MESSAGE),
    Form(r"cache_from_obj: ", "mm/slub.c", _MESSAGE),
    Form(r"kmem_cache_destroy .*: Slab cache still has objects", "mm/slab_common.c", _MESSAGE),
    Form(r"usercopy: Kernel memory (exposure|overwrite) attempt detected ", "mm/usercopy.c", _MESSAGE),
    Form(r"skbuff: skb_(over|under)_panic: ", "net/core/skbuff.c", _MESSAGE),
    Form(r"skb_(over|under)_panic: ", "net/core/skbuff.c", _MESSAGE),
    Form(r"CFI failure at ", "kernel/cfi.c", _MESSAGE),
    Form(r"VFS: (Busy inodes after unmount|Close: file count is)", "fs/super.c, fs/open.c", _MESSAGE),
    Form(r"BUG: Dentry ", "fs/dcache.c", _MESSAGE),
    Form(r"UBSAN: ", "lib/ubsan.c", _MESSAGE),
    Form(r"BUG .* \((Not tainted|Tainted: [^)]*)\): ", "mm/slub.c", _MESSAGE),
    # the memory's guards
    Form(r"BUG: KASAN: ", "mm/kasan/report.c"),
    Form(r"KASAN: .* in range ", "mm/kasan/report.c", _TAIL),
    Form(r"BUG: KFENCE: ", "mm/kfence/report.c"),
    Form(r"BUG: KMSAN: ", "mm/kmsan/report.c"),
    Form(r"BUG: KCSAN: ", "kernel/kcsan/report.c"),
    Form(r"kmemleak: [0-9]+ new suspected memory leaks", "mm/kmemleak.c"),
    Form(r"kmemleak: (Cannot insert|Freeing unknown|Partially freeing|Trying to color|unreferenced)", "mm/kmemleak.c"),
    Form(r"unreferenced object 0x[0-9a-f]+ ", "mm/kmemleak.c"),
    Form(r"pagealloc: (memory corruption|single bit error)", "mm/page_poison.c"),
    Form(r"BUG: mempool element poison mismatch", "mm/mempool.c"),
    Form(r"SLUB: Unable to allocate memory ", "mm/slub.c"),
    # memory
    Form(r"BUG: Bad page state", "mm/page_alloc.c"),
    Form(r"BUG: Bad page map", "mm/memory.c"),
    Form(r"BUG: Bad page cache", "mm/filemap.c"),
    Form(r"BUG: Bad rss-counter state", "kernel/fork.c"),
    Form(r"BUG: non-zero pgtables_bytes", "kernel/fork.c"),
    Form(r"Out of memory: Kill", "mm/oom_kill.c", Part.VICTIM),
    Form(r"Out of memory and no killable", "mm/oom_kill.c", Part.VICTIM),
    Form(r"Memory cgroup out of memory: Kill", "mm/oom_kill.c", Part.VICTIM),
    Form(r"oom-kill:constraint=", "mm/oom_kill.c", Part.VICTIM),
    Form(r"Huh VM_FAULT_OOM leaked out", "mm/oom_kill.c"),
    Form(r"tree is corrupted: ", "mm/vmalloc.c", _MESSAGE),
    # locks
    Form(r"WARNING: possible .* detected", "kernel/locking/lockdep.c"),
    Form(r"WARNING: inconsistent lock state", "kernel/locking/lockdep.c"),
    Form(r"WARNING: suspicious RCU usage", "kernel/locking/lockdep.c"),
    Form(r"WARNING: .*-safe -> .*-unsafe lock order detected", "kernel/locking/lockdep.c"),
    Form(r"WARNING: bad (unlock balance|contention) detected", "kernel/locking/lockdep.c"),
    Form(r"WARNING: held lock freed", "kernel/locking/lockdep.c"),
    Form(r"WARNING: .* still has locks held!", "kernel/locking/lockdep.c"),
    Form(r"WARNING: lock held when returning to user space", "kernel/locking/lockdep.c"),
    Form(r"WARNING: [Nn]ested lock was not taken", "kernel/locking/lockdep.c"),
    Form(r"WARNING: chain_key collision", "kernel/locking/lockdep.c"),
    Form(r"\[ BUG: .* \]", "kernel/locking/lockdep.c"),
    Form(r"\[ INFO: .*(possible|inconsistent|suspicious|-unsafe).* \]", "kernel/locking/lockdep.c before 4.11"),
    Form(r"INFO: trying to register non-static key", "kernel/locking/lockdep.c"),
    Form(r"BUG: looking up invalid subclass", "kernel/locking/lockdep.c"),
    Form(r"BUG: key .* has not been registered", "kernel/locking/lockdep.c"),
    Form(r"BUG: MAX_[A-Z_]+ too low!", "kernel/locking/lockdep.c"),
    Form(r"BUG: (spinlock|rwlock) ", "kernel/locking/spinlock_debug.c"),
    # scheduling, interrupts, stalls
    Form(r"BUG: scheduling ", "kernel/sched/core.c"),
    Form(r"BUG: sleeping function called from invalid context", "kernel/sched/core.c"),
    Form(r"BUG: assuming ", "kernel/sched/core.c"),
    Form(r"BUG: using .* in preemptible ", "lib/smp_processor_id.c"),
    Form(r"bad: scheduling from the idle thread", "kernel/sched/idle.c"),
    Form(r"sched: CPU [0-9]+ need_resched set for ", "kernel/sched/debug.c"),
    Form(r"softirq: huh, entered softirq ", "kernel/softirq.c"),
    Form(r"huh, entered softirq ", "kernel/softirq.c"),
    Form(r"irq [0-9]+: nobody cared", "kernel/irq/spurious.c"),
    Form(r"irq event [0-9]+: bogus return value", "kernel/irq/spurious.c"),
    Form(r"unexpected IRQ trap at vector", "include/asm-generic/hardirq.h"),
    Form(r"do_IRQ: stack overflow: ", "arch/mips/kernel/irq.c, arch/powerpc/kernel/irq.c"),
    Form(r"Uhhuh\. NMI received for unknown reason", "arch/x86/kernel/nmi.c"),
    Form(r"BUG: workqueue ", "kernel/workqueue.c"),
    Form(r"rcu: INFO: .*detected (expedited )?stall", "kernel/rcu/tree_stall.h, tree_exp.h, tasks.h"),
    Form(r"INFO: rcu_.*detected (expedited )?stall", "kernel/rcu before 4.18"),
    Form(r"INFO: task .* blocked( in I/O wait)? for more than [0-9]+ seconds", "kernel/hung_task.c"),
    Form(r"watchdog: BUG: soft lockup", "kernel/watchdog.c"),
    Form(r"watchdog: .*LOCKUP", "kernel/watchdog.c, arch/powerpc/kernel/watchdog.c"),
    Form(r"NMI watchdog: .*(BUG: |LOCKUP)", "kernel/watchdog.c before 4.13"),
    Form(r"csd: .* non-responsive CSD lock", "kernel/smp.c"),
    Form(r"smp: csd: .* non-responsive CSD lock", "kernel/smp.c"),
    # nets, devices, file systems
    Form(r"unregister_netdevice: waiting for ", "net/core/dev.c"),
    Form(r"ref_tracker: (reference already released|.* has [0-9]+/[0-9]+ users at)", "lib/ref_tracker.c", _TAIL),
    Form(r"NETDEV WATCHDOG: ", "net/sched/sch_generic.c", _MESSAGE),
    Form(r"page_pool_release_retry\(\) stalled pool shutdown", "net/core/page_pool.c"),
    Form(r"IPv4: Attempt to release ", "net/ipv4/af_inet.c"),
    Form(r"Attempt to release (alive (inet|unix)|TCP) socket", "net/ipv4/af_inet.c, net/unix/af_unix.c"),
    Form(r"kobject.* something is seriously wrong", "lib/kobject.c"),
    Form(r"kretprobe: Return address not found", "kernel/kprobes.c"),
    Form(r"FAULT_INJECTION: forcing a failure", "lib/fault-inject.c"),
    Form(r"EXT4-fs error \(", "fs/ext4/super.c"),
    Form(r"XFS \([^)]*\): (Corruption detected|Metadata corruption|Internal error)", "fs/xfs/xfs_error.c"),
    Form(r"XFS \([^)]*\): Assertion failed", "fs/xfs/xfs_message.c", _MESSAGE),
    Form(r"XFS: Assertion failed", "fs/xfs/xfs_message.c", _MESSAGE),
    Form(r"BTRFS: error \(device .*\) in ", "fs/btrfs/messages.c"),
    Form(r"BTRFS critical \(", "fs/btrfs/messages.c"),
    Form(r"assertion failed: .*, in [^ ]+:[0-9]+", "fs/btrfs/messages.h", _MESSAGE),
    Form(r"FAT-fs \([^)]*\): error, ", "fs/fat/misc.c"),
    # processors: the lines before an oops
    Form(r"BUG: (unable to|Unable to) handle ", "arch/{x86,powerpc,sh}/mm/fault.c", _INTRO),
    Form(r"BUG: [Kk]ernel NULL pointer dereference", "arch/{x86,powerpc}/mm/fault.c", _INTRO),
    Form(r"BUG: .*stack guard page was hit", "arch/x86/kernel/traps.c", _INTRO),
    Form(r"BUG: invalid or fatal FRED event", "arch/x86/entry/entry_fred.c", _INTRO),
    Form(r"BUG: .* FP instruction ", "arch/arm/vfp/vfpmodule.c", _INTRO),
    Form(r"BUG: NMI Watchdog detected LOCKUP", "arch/sparc/kernel/nmi.c", _INTRO),
    Form(r"Unable to handle (kernel|unknown|exception) ", "arch/*/mm/fault.c", _INTRO),
    Form(r"CPU [0-9]+ Unable to handle kernel ", "arch/{mips,loongarch}/mm/fault.c", _INTRO),
    Form(r"[Kk]ernel tried to execute ", "arch/{x86,powerpc}/mm/fault.c", _INTRO),
    Form(r"Kernel attempted to .* user page ", "arch/powerpc/mm/fault.c", _INTRO),
    Form(r"unable to execute userspace code ", "arch/x86/mm/fault.c", _INTRO),
    Form(r"traps: PANIC: double fault", "arch/x86/kernel/traps.c", _INTRO),
    Form(r"PANIC: (double fault|invalid or fatal FRED event)", "arch/x86", _INTRO),
    Form(r"(Data|Instruction) bus error, ", "arch/mips/kernel/traps.c", _INTRO),
    Form(r"Unhandled (fault|prefetch abort): ", "arch/arm/mm/fault.c", _INTRO),
    Form(r"Unhandled .* exception on CPU", "arch/arm64/kernel/entry-common.c", _INTRO),
    Form(r"Bad mode in ", "arch/arm/kernel/traps.c, arch/arm64 before 5.14", _INTRO),
    Form(r"SError Interrupt on CPU", "arch/arm64/kernel/traps.c", _INTRO),
    Form(r"Insufficient stack space to handle exception", "arch/{arm,arm64,riscv}/kernel/traps.c", _INTRO),
    Form(r"Unexpected kernel .* exception at EL1", "arch/arm64/kernel/debug-monitors.c", _INTRO),
    Form(r"Kernel stack (overflow|pointer invalid)", "arch/s390/kernel/traps.c", _INTRO),
    Form(r"Unrecoverable .*[Ee]xception ", "arch/powerpc/kernel/traps.c", _INTRO),
    Form(r"Facility .* exception in kernel mode", "arch/powerpc/kernel/traps.c", _INTRO),
    Form(r"Bad kernel stack pointer ", "arch/powerpc/kernel/traps.c", _INTRO),
    Form(r"Kernel Fault: Code=", "arch/parisc/kernel/traps.c", _INTRO),
    Form(r"Thread overran stack, or stack corrupted", "arch/{x86,powerpc}/mm/fault.c", _TAIL),
    Form(r"Fixing recursive fault but reboot is needed", "kernel/exit.c", _TAIL),
    Form(r"WARNING: (kernel stack (regs|frame)|stack recursion)", "arch/x86/kernel/unwind_frame.c, dumpstack_64.c"),
    Form(r"CPU[0-9]+: (failed to (start|come online)|died during|is stuck in kernel)", "arch/*/kernel/smp.c"),
    Form(r"kvm \[[0-9]+\]: (nVHE )?[Hh]yp (BUG|panic)", "arch/arm64/kvm/handle_exit.c"),
    # ... and the oops. Most have a number at their end, see ANYWHERE.
    Form(r"Internal error: ", "arch/{arm,arm64}/kernel/traps.c", _DIE),
    Form(r"Oops: .*(\[#[0-9]+\]|, sig: [0-9]+)", "arch/{x86,powerpc,nios2,microblaze}/kernel", _DIE),
    Form(r"Oops: [0-9a-f]{8}$", "arch/m68k/kernel/traps.c", _DIE),
    Form(r"Oops#: [0-9a-f]{4}$", "arch/openrisc/kernel/traps.c", _DIE),
    Form(r"Oops ?(- .*)?\[#[0-9]+\]", "arch/{riscv,loongarch,mips,csky}/kernel/traps.c", _DIE),
    Form(r"general protection fault(,|: [0-9a-f]+ \[#)", "arch/x86/kernel/traps.c", _DIE),
    Form(r"(divide error|stack segment|invalid opcode|double fault): .*\[#[0-9]+\]", "arch/x86/kernel/traps.c", _DIE),
    Form(r"Kernel [Bb](UG|ug).*\[#[0-9]+\]", "arch/{riscv,mips,sh}/kernel/traps.c", _DIE),
    # all other bugs
    Form(r"BUG: ", "everywhere"),
)  # fmt: skip

ANYWHERE = (
    ("[#", Form(r".*\[#[0-9]+\](:|[A-Z_ ]*)$", "arch/*/kernel/traps.c: die()", _DIE)),
    (" invoked oom-killer: ", Form(r".* invoked oom-killer: ", "mm/oom_kill.c", Part.OOM)),
    (": page allocation ", Form(r".*: page allocation (failure: order|stall)", "mm/page_alloc.c")),
    (": vmalloc error: ", Form(r".*: vmalloc error: ", "mm/vmalloc.c")),
    (": NETDEV WATCHDOG: ", Form(r".*: NETDEV WATCHDOG: ", "net/sched/sch_generic.c", _MESSAGE)),
    (": BUG: ", Form(r"[A-Za-z0-9_ -]+: BUG: ", "what has a prefix of its own")),
    (": hw csum failure", Form(r".*: hw csum failure", "net/core/dev.c")),
    (": detected ", Form(r".*: detected (buffer overflow|field-spanning)", "lib/string_helpers.c", _MESSAGE)),
    (": bad p", Form(r"[^ ]+:[0-9]+: bad (pgd|p4d|pud|pmd|pte) ", "mm/pgtable-generic.c")),
    (": Bad swap ", Form(r"[^ ]+: Bad swap (file|offset) entry ", "mm/swapfile.c")),
    (": Oops ", Form(r".*\([0-9]+\): Oops -?[0-9]+$", "arch/alpha/kernel/traps.c", _DIE)),
)  # fmt: skip

# Something is wrong, and such a line does not say what.
CUT = (r"-+\[ (cut here|ftrace bug) \]-+", r"8<--- cut here ---")
TRACE = (r"Call [Tt]race:",)

# For `grep -E`, after the stamps of a line.
GREP = f"({'|'.join([form.pattern for form in FORMS] + [form.pattern for _, form in ANYWHERE] + [*CUT, *TRACE])})"


def _heads(pattern: str) -> list[str]:
    """The literal texts with one of which what a pattern matches begins."""
    if pattern[0] in "([":
        inside, _, rest = pattern[1:].partition(")" if pattern[0] == "(" else "]")
        words = inside.split("|") if pattern[0] == "(" else list(inside)
        return [word if len(words) > 1 and pattern[0] == "(" else word + _literal(rest) for word in words]
    return [_literal(pattern)]


def _literal(pattern: str) -> str:
    """The characters before the first that is special."""
    match = _LITERAL.match(pattern)
    return re.sub(r"\\(.)", r"\1", match[0]) if match else ""


def _without_groups(pattern: str) -> str:
    """The same for re, in which a parenthesis would count as a group."""
    return re.sub(r"(?<!\\)\(", "(?:", pattern)


def _by_first_character() -> dict[str, tuple[re.Pattern[str], list[Form]]]:
    """For each first character what matches one of its forms, in a group for each, and the forms."""
    of_first: dict[str, list[Form]] = {}
    for form in FORMS:
        for first in dict.fromkeys(head[0] for head in _heads(form.pattern)):
            of_first.setdefault(first, []).append(form)
    return {
        first: (re.compile("|".join(f"({_without_groups(form.pattern)})" for form in forms)), forms)
        for first, forms in of_first.items()
    }


def _by_first(texts: Iterable[str]) -> list[str]:
    """A pattern for each first character, of all texts that begin with it."""
    rest: dict[str, list[str]] = {}
    for text in sorted(texts):
        rest.setdefault(text[0], []).append(re.escape(text[1:]))
    return [f"{re.escape(first)}(?:{'|'.join(ends)})" for first, ends in rest.items()]


_LITERAL = re.compile(r"(?:[^\\.\[(*+?$^{|]|\\[^a-z])*(?![*+?{])")
_TABLE = _by_first_character()
_ANYWHERE = [(word, re.compile(_without_groups(form.pattern)), form) for word, form in ANYWHERE]
_AFTER_COLON = re.compile(": (?:" + "|".join(word[2:] for word, _ in ANYWHERE if word.startswith(": ")) + ")")
_HEADS = {head for form in FORMS for head in _heads(form.pattern)}

# What a complaint that has no stamp begins with, as regular expressions, and the first characters of them all.
BEGINNINGS = (*_by_first(_HEADS), *CUT, *TRACE)
FIRST = frozenset(beginning.lstrip("\\")[0] for beginning in BEGINNINGS)


def hides_a_form(text: str) -> bool:
    """Whether a line in a text without stamps may have a form that does not show in its first characters.

    Only what is often seen is looked for: each word costs a search through all that programs print.
    """
    return " invoked oom-killer: " in text or ": page allocation " in text


def form_of(text: str) -> Form | None:
    """The form that a line has, without its stamps; None: it has none."""
    if entry := _TABLE.get(text[:1]):
        pattern, forms = entry
        if match := pattern.match(text):
            return forms[(match.lastindex or 1) - 1]
    if "[#" in text or " invoked oom-killer: " in text or _AFTER_COLON.search(text):
        return next((form for word, found, form in _ANYWHERE if word in text and found.match(text)), None)
    return None
