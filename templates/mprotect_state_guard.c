// SPDX-License-Identifier: GPL-2.0
/*
 * Guard regions: what was there is gone, and each access is refused until the
 * guard is removed (Linux 6.13). A marker in the page table says so; no VMA is
 * split for it, and fork() hands it on.
 */
#include "mprotect_model.h"

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL	102
#define MADV_GUARD_REMOVE	103
#endif

DECLARE_STATE(guard);

static bool is_guard(const struct page *page)
{
	return page->what == &state_guard;
}

static int guard_refused(const struct area *area, size_t page, bool is_write)
{
	(void)is_write;
	return is_guard(&area->page[page]) ? SEGV_MAPERR : 0;
}

/* Pagemap has a bit for it since Linux 6.15. */
static void guard_show(const struct area *area, size_t page, struct shown *shown)
{
	if (!is_guard(&area->page[page]))
		return;
	bits_must(&shown->entry, PM_PRESENT, false);
	bits_must(&shown->entry, PM_SWAP, true);
	bits_must(&shown->entry, PM_GUARD_REGION, kernel_at_least(6, 15));
}

struct area_state state_guard = {
	.name = "guard",
	.outlives_zap = true,
	.refused = guard_refused,
	.show = guard_show,
};

static bool install(struct area *area, size_t first, size_t end)
{
	size_t i;

	if (madvise(page_addr(area, first), (end - first) * psize(),
		    MADV_GUARD_INSTALL))
		return area_skip(area, "no guard regions (Linux 6.13): %s",
				 strerror(errno));
	area_vma_edge(area, first);
	area_vma_edge(area, end);
	for (i = first; i < end; i++) {
		if (!is_guard(&area->page[i]))
			area_empty(&area->page[i], &state_guard);
		/* So that fork() copies it, see madvise_guard_install(). */
		area->page[i].has_anon_vma = true;
	}
	return true;
}

static bool uninstall(struct area *area, size_t first, size_t end)
{
	size_t i;

	for (i = first; i < end; i++)
		if (is_guard(&area->page[i]))
			area_empty(&area->page[i], &page_empty);
	return area_advise(area, first, end - first, MADV_GUARD_REMOVE);
}

static bool serve_guard(struct area *area, const struct request *request)
{
	bool *chosen = area_choose(area, request->pages, NULL), good = true;
	size_t i, end;

	for (i = 0; good && !area_skipped(area) && i < area->nr_pages; i = end) {
		end = area_run(area, i, area->nr_pages, chosen);
		if (!chosen[i])
			continue;
		good = request->is_write ? install(area, i, end) :
		       uninstall(area, i, end);
	}
	free(chosen);
	return good;
}

const char *area_guard(struct area *area, enum area_process process,
		       enum area_pages pages)
{
	return area_step(area, (struct request){
		.name = "guard", .serve = serve_guard, .is_write = true,
		.process = process, .pages = pages,
	});
}

const char *area_unguard(struct area *area, enum area_process process,
			 enum area_pages pages)
{
	return area_step(area, (struct request){
		.name = "unguard", .serve = serve_guard,
		.process = process, .pages = pages,
	});
}

static const char *make_guarded(struct area *area, enum area_pages pages)
{
	return area_guard(area, PROCESS_PARENT, pages);
}

DECLARE_MAKER(guarded);
const struct area_maker maker_guarded = { .make = make_guarded };
