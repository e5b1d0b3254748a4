// SPDX-License-Identifier: GPL-2.0
/* Pages that are there no more: as MADV_DONTNEED leaves them, or the zero page. */
#include "mprotect_model.h"

static bool serve_zap(struct area *area, const struct request *request)
{
	bool *chosen = area_bools(area), good;
	size_t i;

	for (i = 0; i < area->nr_pages; i++)
		chosen[i] = area_is_selected(area, i, request->pages) &&
			    area->page[i].what != &page_outside;
	good = area_advise_chosen(area, chosen, MADV_DONTNEED);
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

static const char *make_zero(struct area *area, enum area_pages pages)
{
	const char *answer = make_empty(area, pages);
	size_t i;

	for (i = 0; !area_skipped(area) && i < area->nr_pages; i++) {
		if (!area_is_selected(area, i, pages))
			continue;
		access_word(page_word(area, i), false, 0);
		area_accessed(area, i, false, 1);
	}
	return answer;
}

const struct area_maker maker_empty = { .make = make_empty };
const struct area_maker maker_zero = { .make = make_zero };
