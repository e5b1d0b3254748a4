/* SPDX-License-Identifier: GPL-2.0 */
/* A stand-in: what programs include, without anything behind it. */
#ifndef __MPROTECT_AREA_H__
#define __MPROTECT_AREA_H__

#include <sys/mman.h>

#define AREA_NEED_ROOT			0x01
#define AREA_NEED_THP			0x02
#define AREA_NEED_MTHP			0x04
#define AREA_NEED_KSM			0x08
#define AREA_NEED_NUMA_NODES		0x10
#define AREA_NEED_NUMA_BALANCING	0x20

enum segment_kind {
	SEG_KIND_ORDER,
	SEG_KIND_PMD,
	SEG_KIND_PTE,
	SEG_KIND_HOLE,
};

struct segment {
	enum segment_kind kind;
	int order;
	int count;
};

#define SEG_ORDER(order, count)	{ SEG_KIND_ORDER, order, count }
#define SEG_PMD(count)		{ SEG_KIND_PMD, 0, count }
#define SEG_PTE(count)		{ SEG_KIND_PTE, 0, count }
#define SEG_HOLES(count)	{ SEG_KIND_HOLE, 0, count }

struct layout {
	const char *name;
	struct segment below[8];
	struct segment above[8];
};

enum area_range {
	RANGE_WHOLE,
	RANGE_INSIDE,
	RANGE_HEAD,
	RANGE_TAIL,
	RANGE_STRADDLE,
	RANGE_STRADDLE_PMD,
	RANGE_STRADDLE_CONTPTE,
	RANGE_ONE_PAGE,
	RANGE_VMA_END,
};

enum area_pages {
	PAGES_ALL,
	PAGES_NONE,
	PAGES_FIRST_HALF,
	PAGES_ALTERNATE,
	PAGES_ONE,
	PAGES_SMALL,
};

enum area_process {
	PROCESS_PARENT,
	PROCESS_CHILD,
	PROCESS_SECOND_CHILD,
	PROCESS_THIRD_CHILD,
	PROCESS_GRANDCHILD,
	PROCESS_THREAD,
};

enum area_folios {
	FOLIOS_ODD,
	FOLIOS_EVEN,
	FOLIOS_ALL,
};

enum area_probe {
	PROBE_FIRST,
	PROBE_LAST,
	PROBE_MIDDLE,
};

struct area {
	int nothing;
};

struct area_kind {
	const char *name;
};

struct area_state {
	const char *name;
};

extern const struct area_kind kind_none, kind_zero, kind_ksm, kind_shared;
extern const struct area_kind kind_shared_half, kind_exited, kind_local;
extern const struct area_kind kind_threaded;
extern struct area_state state_zero, state_cow, state_ksm, state_numa;

void area_start(struct area_state *const *states);
void area_init(struct area *area, unsigned int needs);
void area_destroy(struct area *area);
const char *area_skipped(const struct area *area);

const char *area_map(struct area *area, const struct layout *layout);
const char *area_map_full(struct area *area, const struct layout *layout);
const char *area_map_numa(struct area *area, const struct layout *layout,
			  const struct area_kind *kind,
			  enum area_folios folios);
const char *area_fork(struct area *area, enum area_process process,
		      enum area_process child, enum area_pages pages);
const char *area_exit(struct area *area, enum area_process child);
const char *area_thread(struct area *area);
const char *area_merge(struct area *area, enum area_pages pages);
const char *area_split_vma(struct area *area, enum area_range range);
const char *area_mprotect(struct area *area, enum area_process process,
			  enum area_range range, int prot);
const char *area_write(struct area *area, enum area_process process,
		       enum area_range range);
const char *area_read(struct area *area, enum area_process process,
		      enum area_range range);
const char *area_measure(struct area *area, int prot);
const char *area_hint(struct area *area);
const char *area_touch(struct area *area, enum area_probe probe);
const char *area_check(struct area *area);

#endif /* __MPROTECT_AREA_H__ */
