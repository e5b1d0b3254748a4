// SPDX-License-Identifier: GPL-2.0
/* Steps: which pages they are about, and who is asked to do them. */
#include "mprotect_model.h"

/* The answer of a step. A reason to skip, or a known fault, is no excuse. */
const char *area_answer(struct area *area, bool good)
{
	if (good)
		return "ok";
	area->answer->found[0] = '\0';
	area->answer->skip[0] = '\0';
	return area->answer->what;
}

/* The folio of the layout that @page is in, whatever has become of it since. */
static size_t layout_folio(const struct area *area, size_t page, size_t *nr)
{
	size_t first;
	const struct segment *segment = area_segment(area, page, &first);

	*nr = segment_folio(segment);
	return page - (page - first) % *nr;
}

/* The largest folio above the boundary; a run of pages where all are small. */
static size_t the_folio(const struct area *area, size_t *nr)
{
	size_t i, size, first = area->boundary;

	*nr = 1;
	for (i = first; i < area->nr_pages; i += size) {
		layout_folio(area, i, &size);
		if (size <= *nr)
			continue;
		first = i;
		*nr = size;
	}
	if (*nr == 1)
		*nr = 8;
	return first;
}

struct range area_find_range(const struct area *area, enum area_range range)
{
	size_t size, next, folio = the_folio(area, &size), end = area->nr_pages;
	size_t middle = folio + size / 2, after = folio + size;
	size_t boundary = area->boundary, block = boundary + contpte_pages();

	if (area_skipped(area))
		return (struct range){};
	switch (range) {
	case RANGE_WHOLE:
		return (struct range){ "whole", 0, end };
	case RANGE_INSIDE:
		return (struct range){ "inside", folio + 1, after - 1 };
	case RANGE_HEAD:
		return (struct range){ "head", folio, middle + 1 };
	case RANGE_TAIL:
		return (struct range){ "tail", middle - 1, after };
	case RANGE_STRADDLE:
		/* Into the next folio, or from the one before into the last. */
		layout_folio(area, after < end ? after : folio - 1, &next);
		next = (next + 1) / 2;
		if (after < end)
			return (struct range){ "straddle", middle, after + next };
		return (struct range){ "straddle", folio - next, middle };
	case RANGE_STRADDLE_PMD:
		return (struct range){ "straddle_pmd", boundary - 3, boundary + 5 };
	case RANGE_STRADDLE_CONTPTE:
		return (struct range){ "straddle_contpte", block - 3, block + 5 };
	case RANGE_ONE_PAGE:
		return (struct range){ "one_page", middle, middle + 1 };
	case RANGE_VMA_END:
		layout_folio(area, end - 1, &next);
		return (struct range){ "vma_end", end - next / 2 - 1, end };
	}
	return (struct range){};
}

bool area_is_selected(const struct area *area, size_t page, enum area_pages pages)
{
	size_t nr, at = page - layout_folio(area, page, &nr);
	bool is_small = nr == 1;

	if (is_small) {
		nr = 8;
		at = page % nr;
	}
	switch (pages) {
	case PAGES_ALL:
		return true;
	case PAGES_NONE:
		return false;
	case PAGES_FIRST_HALF:
		return at < nr / 2;
	case PAGES_ALTERNATE:
		return at % 2 == 0;
	case PAGES_OTHERS:
		return at % 2;
	case PAGES_ONE:
		return at == nr / 2;
	case PAGES_SMALL:
		return is_small && at % 2 == 0;
	}
	return false;
}

/* The selected pages that are mapped, and of which @can is true; to be freed. */
bool *area_choose(struct area *area, enum area_pages pages,
		  bool (*can)(const struct area *area, size_t page))
{
	bool *chosen = area_bools(area);
	size_t i;

	for (i = 0; i < area->nr_pages; i++)
		chosen[i] = area->page[i].what != &page_outside &&
			    area_is_selected(area, i, pages) && (!can || can(area, i));
	return chosen;
}

/* A call ends with ENOMEM where nothing is mapped; another one goes on from there. */
bool area_protect(struct area *area, struct range range, int prot)
{
	size_t i, end = range.end;
	int error, expected;

	for (i = range.first; i < end; i = area_run(area, i, end, NULL)) {
		area_share_anon_vmas(area);
		error = mprotect(page_addr(area, i), (end - i) * psize(), prot) ?
			errno : 0;
		expected = area_vma_mprotect(area, i, end, prot);
		if (error != expected)
			return area_fail(area, "mprotect(%zu pages at %zu, %#x): %s, expected %s",
					 end - i, i, prot, strerror(error),
					 strerror(expected));
	}
	return true;
}

static bool serve_mprotect(struct area *area, const struct request *request)
{
	return area_protect(area, request->range, request->prot) && area_verdict(area);
}

/* Has a step done, if the test is not skipped. */
const char *area_step(struct area *area, struct request request)
{
	return area_answer(area, area_skipped(area) || area_ask(area, &request));
}

const char *area_make(struct area *area, const struct area_maker *state,
		      enum area_pages pages)
{
	return state->make(area, pages);
}

const char *area_mprotect(struct area *area, enum area_process process,
			  enum area_range range, int prot)
{
	return area_step(area, (struct request){
		.name = "mprotect", .serve = serve_mprotect, .prot = prot,
		.process = process, .range = area_find_range(area, range),
	});
}

const char *area_write(struct area *area, enum area_process process,
		       enum area_range range)
{
	return area_step(area, (struct request){
		.name = "write", .serve = area_serve_access, .is_write = true,
		.process = process, .range = area_find_range(area, range),
	});
}

const char *area_read(struct area *area, enum area_process process,
		      enum area_range range)
{
	return area_step(area, (struct request){
		.name = "read", .serve = area_serve_access,
		.process = process, .range = area_find_range(area, range),
	});
}

const char *area_check(struct area *area)
{
	struct request check = { .name = "check", .serve = area_serve_check };
	const char *answer = "ok";

	for (; check.process < NR_VIEWS && !strcmp(answer, "ok"); check.process++)
		if (area->actor[check.process].pid)
			answer = area_step(area, check);
	return answer;
}
