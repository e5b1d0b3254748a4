// SPDX-License-Identifier: GPL-2.0
/*
 * mlock(): pages are there before they are touched. What is private and may be
 * written is populated as by a write, which leaves nothing shared. What becomes
 * writable is populated by mprotect() itself, see mprotect_fixup().
 */
#include "mprotect_model.h"

struct area_state state_mlock;

static void mlock_mprotected(struct area *area, size_t page, int prot)
{
	if (area->page[page].vma & VMA_STATE(state_mlock) && prot & PROT_WRITE &&
	    !area_denied(area, page, true))
		area_fault_in(area, page, true);
}

/* Locks are not inherited. */
static void mlock_forked(struct area *area, size_t page, struct page *its)
{
	(void)area;
	(void)page;
	its->vma &= ~VMA_STATE(state_mlock);
}

struct area_state state_mlock = {
	.name = "mlock",
	.mprotected = mlock_mprotected,
	.forked = mlock_forked,
};

/* What has no access is left out: there mlock() fails. */
static bool serve_mlock(struct area *area, const struct request *request)
{
	size_t i, end, k;

	for (i = request->range.first; i < request->range.end; i = end) {
		const struct page *it = &area->page[i];

		for (end = i + 1; end < request->range.end; end++)
			if (!area_is_one_vma(area, end))
				break;
		if (it->what == &page_outside || !it->prot ||
		    area_denied(area, i, it->prot & PROT_WRITE))
			continue;
		/* Not mlock(), which does nothing under a sanitizer. */
		if (syscall(SYS_mlock, page_addr(area, i), (end - i) * psize()))
			return area_fail(area, "mlock(%zu pages at %zu): %s",
					 end - i, i, strerror(errno));
		for (k = i; k < end; k++)
			area->page[k].vma |= VMA_STATE(state_mlock);
		area_vma_edges(area, i, end);
		for (k = i; k < end; k++)
			area_fault_in(area, k, it->prot & PROT_WRITE);
	}
	return area_verdict(area);
}

const char *area_mlock(struct area *area, enum area_process process,
		       enum area_range range)
{
	return area_step(area, (struct request){
		.name = "mlock", .serve = serve_mlock,
		.process = process, .range = area_find_range(area, range),
	});
}
