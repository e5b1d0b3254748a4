// SPDX-License-Identifier: GPL-2.0
/* Pages that are there no more: as MADV_DONTNEED leaves them, or the zero page. */
#include "mprotect_model.h"

static bool serve_zap(struct area *area, const struct request *request)
{
	bool *chosen = area_choose(area, request->pages, area_can_zap);
	bool good = area_advise_chosen(area, chosen, MADV_DONTNEED);
	size_t i;

	for (i = 0; good && i < area->nr_pages; i++) {
		if (i && chosen[i] != chosen[i - 1])
			area_vma_edge(area, i);
		if (chosen[i])
			area_empty(&area->page[i], &page_empty);
	}
	free(chosen);
	return good;
}

const char *area_zap(struct area *area, enum area_process process,
		     enum area_pages pages)
{
	return area_step(area, (struct request){
		.name = "zap", .serve = serve_zap,
		.process = process, .pages = pages,
	});
}

static const char *make_empty(struct area *area, enum area_pages pages)
{
	return area_zap(area, PROCESS_PARENT, pages);
}

/* Reads what was never touched, where a PMD was by the huge zero page. */
static bool read_zero(struct area *area, enum area_pages pages, const bool *by_pmd)
{
	bool any_pmd = false;
	size_t i;

	for (i = 0; i < area->nr_pages; i++)
		any_pmd |= by_pmd[i];
	/* Not else: a page table that zap has left empty may be gone (Linux 6.14). */
	if (any_pmd && !area_allow_thp(area, true))
		return false;
	if (any_pmd)
		thp_offer(__builtin_ctzl(pmd_pages()));
	for (i = 0; i < area->nr_pages; i++) {
		struct page *it = &area->page[i];

		if (it->what != &page_empty || !(it->prot & PROT_READ) ||
		    !area_is_selected(area, i, pages) || area_denied(area, i, false))
			continue;
		access_word(page_word(area, i), false, 0);
		area_accessed(area, i, false, 1);
		it->by_pmd = by_pmd[i];
	}
	if (!area_look(area))
		return false;
	for (i = 0; any_pmd && i < area->nr_pages; i++) {
		if (area->page[i].by_pmd && !area->sight[i].is_huge)
			area_skip(area, "the kernel gave no huge zero page");
		area->page[i].by_pmd = area->sight[i].is_huge;
	}
	return !any_pmd || area_allow_thp(area, false);
}

static const char *make_zero(struct area *area, enum area_pages pages)
{
	bool *by_pmd, good;
	const char *answer;
	size_t i;

	if (area_skipped(area))
		return area_answer(area, true);
	by_pmd = area_bools(area);
	for (i = 0; i < area->nr_pages; i++)
		by_pmd[i] = area->page[i].by_pmd && pages == PAGES_ALL;
	answer = make_empty(area, pages);
	good = !strcmp(answer, "ok") && read_zero(area, pages, by_pmd);
	free(by_pmd);
	return area_answer(area, good);
}

DECLARE_MAKER(empty);
const struct area_maker maker_empty = { .make = make_empty };
DECLARE_MAKER(zero);
const struct area_maker maker_zero = { .make = make_zero };
