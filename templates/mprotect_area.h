/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A window of memory, and what mprotect() must have made of every page of it.
 *
 * mprotect() changes page table entries in runs, one large folio at a time, and
 * must achieve what mprotect() of one page after the other would. So a test keeps
 * a model of each page, applies every step to it page by page, and area_check()
 * holds the kernel against it, inside and outside of the range that was changed,
 * in every process. The window lies across a PMD boundary:
 *
 *	       below                 boundary                above
 *	[  32  ][ 16 ][ 8 ][4]|.|.|.|.|#|.|.|.|.[4][ 8 ][ 16 ][  32  ]   "mixed"
 *	[  16  ][  16  ][ 16  ][  16  ]#[  16  ][  16  ][ 16  ][  16  ]  "order4"
 *	[            pte_thp          ]#[          pte_thp            ]
 *
 * A step returns "ok", or what is wrong with the first page. Where the kernel or
 * the machine lacks what the test needs, a step notes the reason, and from then
 * on every step is "ok" and does nothing.
 */
#ifndef __MPROTECT_AREA_H__
#define __MPROTECT_AREA_H__

#define __SANE_USERSPACE_TYPES__	/* __u64 is %llx on each architecture */
#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Seconds for one test: an emulator of a busy machine may need most of them. */
#define AREA_TIMEOUT			120

/* What a test cannot do without. */
#define AREA_NEED_ROOT			0x01
#define AREA_NEED_THP			0x02
#define AREA_NEED_MTHP			0x04
#define AREA_NEED_KSM			0x08
#define AREA_NEED_NUMA_NODES		0x10
#define AREA_NEED_NUMA_BALANCING	0x20

enum segment_kind {
	SEG_FOLIO,		/* folios of one order, mapped by PTEs */
	SEG_PMD_THP,		/* a PMD-sized folio mapped by a PMD */
	SEG_PTE_THP,		/* a PMD-sized folio mapped by PTEs */
	SEG_HOLE,		/* pages that were never touched */
};

struct segment {
	enum segment_kind kind;
	int order;		/* of SEG_FOLIO */
	int count;		/* folios, or pages of a hole */
};

#define SEG_ORDER(o, n)	{ .kind = SEG_FOLIO, .order = (o), .count = (n) }
#define SEG_PMD(n)	{ .kind = SEG_PMD_THP, .count = (n) }
#define SEG_PTE(n)	{ .kind = SEG_PTE_THP, .count = (n) }
#define SEG_HOLES(n)	{ .kind = SEG_HOLE, .count = (n) }
#define LAYOUT_SEGMENTS	8

/* The patterns that fill the window on both sides of the boundary. */
struct layout {
	const char *name;
	struct segment below[LAYOUT_SEGMENTS], above[LAYOUT_SEGMENTS];
};

#define SIDE(...)		{ __VA_ARGS__ }
#define LAYOUT(n, ...)		LAYOUT_SIDES(n, SIDE(__VA_ARGS__), SIDE(__VA_ARGS__))
#define LAYOUT_SIDES(n, b, a) \
	const struct layout layout_##n = { .name = #n, .below = b, .above = a }

/* Which pages of the window. "The folio" is the largest one above. */
enum area_range {
	RANGE_WHOLE,		/* all of the window */
	RANGE_INSIDE,		/* the folio without its first and last page */
	RANGE_HEAD,		/* from the start of the folio to past its middle */
	RANGE_TAIL,		/* from before its middle to the end of the folio */
	RANGE_STRADDLE,		/* the end of a folio and the start of the next */
	RANGE_STRADDLE_PMD,	/* some pages on both sides of the boundary */
	RANGE_STRADDLE_CONTPTE,	/* the same around the next contpte block */
	RANGE_ONE_PAGE,		/* a page in the middle of the folio */
	RANGE_VMA_END,		/* from inside the last folio to the VMA's end */
};

/* Which pages of every folio; folios of one page are taken eight at a time. */
enum area_pages {
	PAGES_ALL,
	PAGES_NONE,
	PAGES_FIRST_HALF,
	PAGES_ALTERNATE,
	PAGES_OTHERS,		/* those between them */
	PAGES_ONE,
	PAGES_SMALL,		/* every other page that is a folio of its own */
};

/* Who does it: processes, each with a view of the window, and a thread. */
enum area_process {
	PROCESS_PARENT,
	PROCESS_CHILD,
	PROCESS_SECOND_CHILD,
	PROCESS_THIRD_CHILD,
	PROCESS_GRANDCHILD,	/* forked by one of the children */
	PROCESS_THREAD,		/* a second thread of the parent */
	NR_ACTORS,
	NR_VIEWS = PROCESS_THREAD,
};

/* Which folios are of a kind, counted from the start of the window. */
enum area_folios {
	FOLIOS_ODD,
	FOLIOS_EVEN,
	FOLIOS_ALL,
};

/* Which page of a folio is touched first. */
enum area_probe {
	PROBE_FIRST,
	PROBE_LAST,
	PROBE_MIDDLE,
};

/* What a userfaultfd makes of a write to what it protects. */
enum area_uffd {
	UFFD_SIGBUS,		/* a signal */
	UFFD_UNPOPULATED,	/* a signal, also where nothing was there */
	UFFD_ASYNC,		/* a fault that lifts the protection */
	UFFD_HANDLER,		/* an event, on which a thread lifts it */
};

/* And of any access to what it protects against reads, too. */
enum area_rwp {
	RWP_SIGBUS,		/* a signal */
	RWP_ASYNC,		/* a fault that lifts the protection */
	RWP_HANDLER,		/* an event, on which a thread lifts it */
};

/* Which protection key a VMA has, by what is denied while pkey_deny holds. */
enum area_pkey {
	PKEY_DEFAULT,		/* nothing: it is the one that all memory has */
	PKEY_NO_ACCESS,
	PKEY_NO_WRITE,
};

/* What a VMA is given that sets it apart, or loses. */
enum area_vma {
	VMA_DONTDUMP,		/* MADV_DONTDUMP */
	VMA_DUMP,
	VMA_NAME,		/* PR_SET_VMA_ANON_NAME */
	VMA_ANOTHER_NAME,
	VMA_NO_NAME,
	VMA_BIND,		/* a memory policy */
	VMA_NO_BIND,
	VMA_FIRST_UFFD,		/* a userfaultfd, which protects nothing */
	VMA_ANOTHER_UFFD,
	VMA_NO_UFFD,
	VMA_SEAL,		/* mseal() */
};

/* What is mapped in place of a part of the window. */
enum area_memory {
	MEMORY_NOTHING,
	MEMORY_ANON,
	MEMORY_READ_ONLY,	/* anonymous, and mapped without PROT_WRITE */
	MEMORY_NO_RESERVE,
	MEMORY_GROWS_DOWN,
	MEMORY_SHARED,		/* anonymous */
	MEMORY_FILE,		/* private */
	MEMORY_SHARED_FILE,
	MEMORY_READ_ONLY_FILE,	/* shared, and opened for reading */
	MEMORY_NO_EXEC_FILE,	/* private, of a mount that forbids execution */
	NR_MEMORIES,
};

/* How mprotect() is called, or what it meets. */
enum area_way {
	WAY_PKEY,		/* pkey_mprotect() without a key */
	WAY_TAGGED,		/* with a tag in the top byte of the address */
	WAY_GROWS_DOWN,		/* PROT_GROWSDOWN */
	WAY_NO_DATA,		/* RLIMIT_DATA is reached */
	WAY_SOME_DATA,		/* it leaves what the first VMA of the range needs */
	WAY_NO_VMA,		/* vm.max_map_count is reached */
	WAY_ONE_VMA,		/* it leaves one VMA */
	WAY_TWO_VMAS,
	WAY_UNALIGNED,		/* from here on it must be refused, or do nothing */
	WAY_NO_LENGTH,
	WAY_WRAPS,
	WAY_WRAPS_TO_ZERO,
	WAY_GROWS_BOTH,
	WAY_GROWS_UP,
	WAY_UNKNOWN_PROT,
	WAY_FREE_KEY,
	WAY_KERNEL,
};

/* What a process may execute. */
enum area_exec_rule {
	EXEC_RULE_EXPLICIT,	/* what PROT_EXEC says */
	EXEC_RULE_IMPLIED,	/* READ_IMPLIES_EXEC: what can be read */
	EXEC_RULE_MDWE,		/* PR_SET_MDWE: nothing that was not executable */
};

struct area_state;
struct area_kind;
struct area_maker;
struct request;

#define DECLARE_STATE(name)	extern struct area_state state_##name
#define DECLARE_KIND(name)	extern const struct area_kind kind_##name
#define DECLARE_MAKER(name)	extern const struct area_maker maker_##name

/* The window as one process sees it; what is pointed to is for all of them. */
struct area {
	char *addr;
	size_t nr_pages;
	size_t boundary;		/* first page above the PMD boundary */
	const struct layout *layout;
	bool is_full;			/* both of its page tables are */
	char *reserved;			/* the window and room around it */
	size_t reserved_len;

	enum area_process self;		/* who am I */
	struct actor *actor;		/* [NR_ACTORS] */
	const struct request *request;	/* that is served */
	struct answer *answer;
	unsigned int generation;	/* of the values that are written */
	unsigned int tag;		/* 24 bits of them, that no other test has */

	size_t model_len;		/* of all that follows */
	struct page *pages;		/* [NR_VIEWS][nr_pages] */
	struct page *page;		/* [nr_pages], of this process */
	struct frame *frames;		/* [FRAME_LAYERS][nr_pages] */
	struct sight *sight;		/* [nr_pages], what was seen last */
	__u64 *entry, *flags;		/* [nr_pages], of pagemap and kpageflags */
	size_t nr_wrong, nr_moved;	/* pages, in this step */

	int pagemap_fd, kpageflags_fd;
	__u64 blind;			/* bits of kpageflags that tell nothing */
	bool has_soft_dirty, has_damon;
	bool sets_accessed, sets_dirty;	/* the machine, without a fault */
	unsigned long moved_before;	/* pages that the kernel had moved */
};

/* Once a program, before the first test: quiet what runs in the background. */
void area_start(struct area_state *const states[]);

/* Once a test: notes a reason to skip when one of @needs is missing. */
void area_init(struct area *area, unsigned int needs);
void area_destroy(struct area *area);
/* Why the test is skipped, and what the kernel is known to do wrong; or NULL. */
const char *area_skipped(const struct area *area);
const char *area_found(const struct area *area);

/* What memory looks like. */
const char *area_map(struct area *area, const struct layout *layout);
const char *area_map_full(struct area *area, const struct layout *layout);
const char *area_map_numa(struct area *area, const struct layout *layout,
			  const struct area_kind *kind, enum area_folios folios);
const char *area_merge(struct area *area, enum area_pages pages);
const char *area_merge_zero(struct area *area, enum area_pages pages);
const char *area_unmerge_twins(struct area *area);
const char *area_merge_twins(struct area *area);
const char *area_mlock(struct area *area, enum area_process process,
		       enum area_range range);
const char *area_mlock_onfault(struct area *area, enum area_process process,
			       enum area_range range);
const char *area_uffd(struct area *area, enum area_uffd uffd);
const char *area_uffd_wp(struct area *area, enum area_pages pages);
const char *area_uffd_resolve(struct area *area, enum area_pages pages);
const char *area_uffd_scan(struct area *area, enum area_range range);
const char *area_uffd_close(struct area *area);
const char *area_rwp(struct area *area, enum area_rwp rwp);
const char *area_rwp_protect(struct area *area, enum area_pages pages);
const char *area_rwp_resolve(struct area *area, enum area_pages pages);
const char *area_pkey(struct area *area, enum area_process process,
		      enum area_range range, enum area_pkey pkey);
const char *area_pkey_allow(struct area *area, enum area_process process);
const char *area_pkey_deny(struct area *area, enum area_process process);
const char *area_guard(struct area *area, enum area_process process,
		       enum area_pages pages);
const char *area_unguard(struct area *area, enum area_process process,
			 enum area_pages pages);
const char *area_reclaim(struct area *area, enum area_process process,
			 enum area_pages pages);
const char *area_swap_out(struct area *area, enum area_process process,
			  enum area_pages pages);
const char *area_pin(struct area *area, enum area_pages pages);
const char *area_unpin(struct area *area);
const char *area_lazyfree(struct area *area, enum area_process process,
			  enum area_pages pages);
const char *area_poison(struct area *area, enum area_process process,
			enum area_pages pages);
const char *area_mremap(struct area *area, enum area_process process,
			enum area_range range);
const char *area_wipe_on_fork(struct area *area, enum area_range range);
const char *area_clear_soft_dirty(struct area *area, enum area_process process);
const char *area_migrate(struct area *area, enum area_process process,
			 enum area_pages pages);
const char *area_race_migrate(struct area *area, enum area_range range, int prot);
const char *area_code(struct area *area, enum area_process process,
		      enum area_pages pages);
const char *area_bti(struct area *area, enum area_process process,
		     enum area_range range);
const char *area_mte(struct area *area, enum area_range range);
const char *area_tag(struct area *area, enum area_process process,
		     enum area_pages pages);
const char *area_zap(struct area *area, enum area_process process,
		     enum area_pages pages);
const char *area_make(struct area *area, const struct area_maker *state,
		      enum area_pages pages);
const char *area_split_vma(struct area *area, enum area_range range);

const char *area_vma(struct area *area, enum area_process process,
		     enum area_range range, enum area_vma vma);
const char *area_map_over(struct area *area, enum area_range range,
			  enum area_memory memory);

/* Who there is. */
const char *area_fork(struct area *area, enum area_process process,
		      enum area_process child, enum area_pages pages);
const char *area_exit(struct area *area, enum area_process child);
const char *area_thread(struct area *area);

/* What is done to it. */
const char *area_mprotect(struct area *area, enum area_process process,
			  enum area_range range, int prot);
const char *area_write(struct area *area, enum area_process process,
		       enum area_range range);
const char *area_read(struct area *area, enum area_process process,
		      enum area_range range);
const char *area_call_mprotect(struct area *area, enum area_process process,
			       enum area_range range, int prot, enum area_way way);
const char *area_exec_rule(struct area *area, enum area_process process,
			   enum area_exec_rule rule);
const char *area_account(struct area *area);
const char *area_measure(struct area *area, int prot);
const char *area_hint(struct area *area);
const char *area_touch(struct area *area, enum area_probe probe);

/* What must hold: every page of every process against its model. */
const char *area_check(struct area *area);
/* And every VMA. */
const char *area_check_vmas(struct area *area);

#endif /* __MPROTECT_AREA_H__ */
