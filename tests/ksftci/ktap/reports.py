# SPDX-License-Identifier: GPL-2.0-only
"""Reports as the kernel prints them, without stamps, and the headline of each complaint in them."""

CUT = "------------[ cut here ]------------"
END = "---[ end trace 0000000000000000 ]---"
WARNED = "WARNING: mm/rmap.c:1234 at folio_add_anon_rmap+0x1c/0x90, CPU#1: prog/77"
TRACE = ("CPU: 1 UID: 0 PID: 77 Comm: prog Not tainted 7.3.0 #1", "Call Trace:", " <TASK>", " dump_stack_lvl+0x86/0xc0")
RULE = "=" * 66

# what the kernel prints within a second, and the headline of each complaint
REPORTS: dict[str, tuple[list[str], list[str]]] = {
    "a warning": ([CUT, WARNED, "Modules linked in:", *TRACE, END], [WARNED]),
    "two warnings": (
        [CUT, WARNED, *TRACE, END, CUT, "WARNING: a.c:1 at f", *TRACE, END],
        [WARNED, "WARNING: a.c:1 at f"],
    ),
    "two warnings, the end of the first is lost": (
        [CUT, WARNED, *TRACE, CUT, "WARNING: a.c:1 at f"],
        [WARNED, "WARNING: a.c:1 at f"],
    ),
    "two headlines": ([WARNED, *TRACE, "BUG: KASAN: double-free in f"], [WARNED, "BUG: KASAN: double-free in f"]),
    "a message before its warning": (
        [CUT, "refcount_t: underflow; use-after-free.", "WARNING: CPU: 0 PID: 1 at lib/refcount.c:28 f", *TRACE, END],
        ["refcount_t: underflow; use-after-free."],
    ),
    "a message after its warning": (
        [CUT, "WARNING: lib/refcount.c:28 at f, CPU#0: a/1", "refcount_t: underflow; use-after-free.", *TRACE, END],
        ["refcount_t: underflow; use-after-free."],
    ),
    "an unknown message": ([CUT, "sysfs group power not found", WARNED, *TRACE, END], [WARNED]),
    "BUG as a message": (
        [CUT, "BUG: Dentry 1{i=1,n=a} still in use (1) [unmount of ext4 vda]", WARNED, *TRACE, END],
        ["BUG: Dentry 1{i=1,n=a} still in use (1) [unmount of ext4 vda]"],
    ),
    "a BUG() of arm64": (
        [
            CUT,
            "kernel BUG at mm/a.c:1!",
            "Internal error: Oops - BUG: 00000000f2000800 [#1]  SMP",
            "Modules linked in:",
            END,
            "Kernel panic - not syncing: Oops - BUG: Fatal exception",
            "---[ end Kernel panic - not syncing: Oops - BUG ]---",
        ],
        ["kernel BUG at mm/a.c:1!"],
    ),
    "a BUG() of x86": (
        [CUT, "kernel BUG at mm/a.c:1!", "Oops: invalid opcode: 0000 [#1] SMP", *TRACE, END],
        ["kernel BUG at mm/a.c:1!"],
    ),
    "a BUG() of RISC-V": (
        [CUT, "kernel BUG at mm/a.c:1!", "Kernel BUG [#1]", "epc : f", END],
        ["kernel BUG at mm/a.c:1!"],
    ),
    "corruption": (
        [
            "list_add corruption. prev->next should be next",
            CUT,
            "kernel BUG at lib/list_debug.c:1!",
            "Oops - BUG[#1]:",
            END,
        ],
        ["list_add corruption. prev->next should be next"],
    ),
    "a fault": (
        [
            "Unable to handle kernel paging request at virtual address 1",
            "Mem abort info:",
            "Internal error: Oops: 96000004 [#1] SMP",
            END,
        ],
        ["Unable to handle kernel paging request at virtual address 1"],
    ),
    "a fault of arm": (
        [
            "8<--- cut here ---",
            "Unable to handle kernel paging request at virtual address 1",
            "Internal error: Oops: 5 [#1] SMP ARM",
            END,
        ],
        ["Unable to handle kernel paging request at virtual address 1"],
    ),
    "a fault of powerpc": (
        [
            "Kernel attempted to read user page (0) - exploit attempt? (uid: 0)",
            "BUG: Kernel NULL pointer dereference on read at 0x0",
            "Faulting instruction address: 0xc0",
            "Oops: Kernel access of bad area, sig: 11 [#1]",
            "LE PAGE_SIZE=64K",
            END,
        ],
        ["Kernel attempted to read user page (0) - exploit attempt? (uid: 0)"],
    ),
    "a fault under KASAN": (
        [
            "Oops: general protection fault, probably for non-canonical address 0xdff: 0000 [#1] SMP KASAN",
            "KASAN: null-ptr-deref in range [0x0-0x7]",
            *TRACE,
            END,
        ],
        ["Oops: general protection fault, probably for non-canonical address 0xdff: 0000 [#1] SMP KASAN"],
    ),
    "two oopses": (
        ["Oops [#1]", "Modules linked in:", "epc : f", "Oops - illegal instruction [#2]", "epc : g"],
        ["Oops [#1]", "Oops - illegal instruction [#2]"],
    ),
    "a warning, and an oops of another": ([WARNED, *TRACE, "Oops [#1]"], [WARNED, "Oops [#1]"]),
    "a corrupt slab": (
        [
            "=" * 77,
            "BUG kmalloc-64 (Not tainted): Poison overwritten",
            "-" * 77,
            "",
            "Slab 0x1 objects=32",
            CUT,
            "WARNING: mm/slub.c:1266 at object_err+0x1/0x2, CPU#0: a/1",
            *TRACE,
            END,
        ],
        ["BUG kmalloc-64 (Not tainted): Poison overwritten"],
    ),
    "lockdep": (
        [
            RULE,
            "WARNING: possible circular locking dependency detected",
            "7.3.0 #1 Not tainted",
            "-" * 54,
            "demo/149 is trying to acquire lock:",
            "",
            "but task is already holding lock:",
            " *** DEADLOCK ***",
            "1 lock held by demo/149:",
            "INFO: lockdep is turned off.",
            "stack backtrace:",
            *TRACE,
        ],
        ["WARNING: possible circular locking dependency detected"],
    ),
    "KASAN twice": (
        [
            RULE,
            "BUG: KASAN: double-free in f",
            "Free of addr 1 by task a/1",
            *TRACE,
            RULE,
            RULE,
            "BUG: KASAN: use-after-free in g",
            "Read of size 1 at addr 1 by task a/1",
            *TRACE,
            RULE,
        ],
        ["BUG: KASAN: double-free in f", "BUG: KASAN: use-after-free in g"],
    ),
    "a stall": (
        [
            "rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:",
            "rcu: \t1-....: (5249 ticks this GP)",
            "Sending NMI from CPU 0 to CPUs 1:",
            "NMI backtrace for cpu 1",
            *TRACE,
            "rcu: rcu_preempt kthread starved for 5252 jiffies!",
            "Call Trace:",
        ],
        ["rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:"],
    ),
    "hung tasks": (
        [
            "INFO: task a:1 blocked for more than 120 seconds.",
            "      Not tainted 7.3.0 #1",
            "Call Trace:",
            "INFO: task a:1 is blocked on a mutex likely owned by task b:2.",
            "INFO: task b:2 blocked in I/O wait for more than 120 seconds.",
        ],
        [
            "INFO: task a:1 blocked for more than 120 seconds.",
            "INFO: task b:2 blocked in I/O wait for more than 120 seconds.",
        ],
    ),
    "a reference that leaks": (
        [
            "unregister_netdevice: waiting for veth0 to become free. Usage count = 5",
            "ref_tracker: veth0@1 has 1/4 users at",
            "     dst_init+0x84/0x4a0",
        ],
        ["unregister_netdevice: waiting for veth0 to become free. Usage count = 5"],
    ),
    "a lockup": (
        [
            "watchdog: CPU1: Watchdog detected hard LOCKUP on cpu 1",
            "Modules linked in:",
            *TRACE,
            "Kernel panic - not syncing: Hard LOCKUP",
        ],
        ["watchdog: CPU1: Watchdog detected hard LOCKUP on cpu 1"],
    ),
    "out of memory": (
        [
            "a invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0",
            *TRACE,
            "Mem-Info:",
            "oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),task=a",
            "Out of memory: Killed process 1 (a) total-vm:1kB",
            "oom_reaper: reaped process 1 (a)",
        ],
        ["a invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0"],
    ),
    "out of a group's memory": (
        [
            "a invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0",
            *TRACE,
            "memory: usage 1kB",
            "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),task=a",
            "Memory cgroup out of memory: Killed process 1 (a) total-vm:1kB",
        ],
        ["Memory cgroup out of memory: Killed process 1 (a) total-vm:1kB"],
    ),
    "both": (
        [
            "a invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0",
            *TRACE,
            "Out of memory: Killed process 1 (a)",
            "Memory cgroup out of memory: Killed process 2 (b)",
        ],
        [
            "a invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0",
            "Memory cgroup out of memory: Killed process 2 (b)",
        ],
    ),
    "out of a group's memory, and a leak": (
        [
            "a invoked oom-killer: gfp_mask=0xcc0",
            "Memory cgroup out of memory: Killed process 1 (a)",
            "ref_tracker: a@1 has 1/1 users at",
        ],
        ["Memory cgroup out of memory: Killed process 1 (a)", "ref_tracker: a@1 has 1/1 users at"],
    ),
    "an oops, and a leak": (
        ["Oops [#1]", END, "ref_tracker: a@1 has 1/1 users at"],
        ["Oops [#1]", "ref_tracker: a@1 has 1/1 users at"],
    ),
    "a stack": (
        ["sysfs: cannot create duplicate filename '/a'", *TRACE],
        ["sysfs: cannot create duplicate filename '/a'"],
    ),
    "a stack, and what is wrong": (
        ["asked for it", *TRACE, "BUG: Bad page state in process a"],
        ["asked for it", "BUG: Bad page state in process a"],
    ),
    "an oops that is new": (["Gremlins in kernel mode", "Modules linked in:", *TRACE], ["Gremlins in kernel mode"]),
}
