// SPDX-License-Identifier: GPL-2.0
/*
 * Freed lazily, by MADV_FREE: until it is written the kernel may discard a page
 * when it reclaims, and then the page is one that was never touched. What is
 * written afterwards must live; only the dirty bit of the PTE tells.
 */
#include "mprotect_model.h"

DECLARE_STATE(lazyfree);

static bool *is_lazy(struct area *area, size_t page)
{
	return (bool *)&area->page[page].mark[state_lazyfree.nr];
}

static bool lazyfree_may_go(const struct area *area, size_t page)
{
	return area->page[page].mark[state_lazyfree.nr];
}

static void lazyfree_accessed(struct area *area, size_t page, bool is_write,
			      int faults)
{
	(void)faults;
	if (is_write)
		*is_lazy(area, page) = false;
}

struct area_state state_lazyfree = {
	.name = "lazyfree",
	.may_go = lazyfree_may_go,
	.accessed = lazyfree_accessed,
};

/* See madvise_free_pte_range(): what others map stays, a swap entry goes. */
static bool can_be_freed(const struct area *area, size_t page)
{
	return area_show(area, page).entry.value & PM_PRESENT &&
	       area->page[page].frame && !area_is_shared_folio(area, page);
}

static bool serve_lazyfree(struct area *area, const struct request *request)
{
	bool *chosen = area_choose(area, request->pages, can_be_freed);
	bool good = area_advise_chosen(area, chosen, MADV_FREE) && area_look(area);
	size_t i;

	for (i = 0; good && i < area->nr_pages; i++) {
		struct page *it = &area->page[i];

		area_note_split(area, i);
		if (!chosen[i] || it->frame->mappers > 1)
			continue;
		*is_lazy(area, i) = true;
		it->frame->head->is_freed = true;
		it->may_be_old = true;
		it->may_be_clean = true;
	}
	free(chosen);
	return good;
}

const char *area_lazyfree(struct area *area, enum area_process process,
			  enum area_pages pages)
{
	return area_step(area, (struct request){
		.name = "lazyfree", .serve = serve_lazyfree,
		.process = process, .pages = pages,
	});
}

static const char *make_lazy(struct area *area, enum area_pages pages)
{
	return area_lazyfree(area, PROCESS_PARENT, pages);
}

DECLARE_MAKER(lazy);
const struct area_maker maker_lazy = { .make = make_lazy };
