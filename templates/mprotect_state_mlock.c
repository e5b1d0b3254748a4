// SPDX-License-Identifier: GPL-2.0
/*
 * mlock(): pages are there before they are touched. What is private and may be
 * written is populated as by a write, which leaves nothing shared; what becomes
 * writable is populated by mprotect() itself, see mprotect_fixup().
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "mprotect_model.h"

struct area_state state_mlock;

static __u8 *is_locked(const struct area *area, size_t page)
{
	return &area->page[page].mark[state_mlock.nr];
}

/* As populate_vma_page_range() does: where an access would fault. */
static void populate(struct area *area, size_t page, bool is_write)
{
	struct cost cost = area_cost(area, page, is_write);

	if (cost.max)
		area_accessed(area, page, is_write, cost.max);
}

/* Reading was populated when it was locked, or when it became readable, if ever. */
static void mlock_mprotected(struct area *area, size_t page, int prot)
{
	if (*is_locked(area, page) && prot & PROT_WRITE)
		populate(area, page, true);
}

static void mlock_forked(struct area *area, size_t page, struct page *its)
{
	(void)area;
	(void)page;
	/* Locks are not inherited. */
	its->mark[state_mlock.nr] = false;
}

struct area_state state_mlock = {
	.name = "mlock",
	.mprotected = mlock_mprotected,
	.forked = mlock_forked,
};
