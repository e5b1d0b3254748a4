// SPDX-License-Identifier: GPL-2.0
/*
 * Wiped on fork: the VMA is handed on, and nothing of what is in it. A child finds
 * memory that was never touched, and the parent's pages are not shared.
 */
#include "mprotect_model.h"

DECLARE_STATE(wipe);

static void wipe_forked(struct area *area, size_t page, struct page *its)
{
	(void)area;
	(void)page;
	if (its->vma & VMA_STATE(state_wipe))
		*its = (struct page){
			.what = &page_empty, .prot = its->prot, .vma = its->vma,
			.copy = its->copy,
		};
}

struct area_state state_wipe = {
	.name = "wipe",
	.forked = wipe_forked,
};

static bool serve_wipe_on_fork(struct area *area, const struct request *request)
{
	size_t i, first = request->range.first, end = request->range.end;

	if (!area_advise(area, first, end - first, MADV_WIPEONFORK))
		return false;
	for (i = first; i < end; i++)
		area->page[i].vma |= VMA_STATE(state_wipe);
	area_vma_edges(area, first, end);
	return true;
}

const char *area_wipe_on_fork(struct area *area, enum area_range range)
{
	return area_step(area, (struct request){
		.name = "wipe_on_fork", .serve = serve_wipe_on_fork,
		.range = area_find_range(area, range),
	});
}
