// SPDX-License-Identifier: GPL-2.0
/* Steps: which pages they are about, and who is asked to do them. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "mprotect_model.h"

static const char * const range_names[] = {
	[RANGE_WHOLE] = "whole",
	[RANGE_INSIDE] = "inside",
	[RANGE_HEAD] = "head",
	[RANGE_TAIL] = "tail",
	[RANGE_STRADDLE] = "straddle",
	[RANGE_STRADDLE_PMD] = "straddle_pmd",
	[RANGE_STRADDLE_CONTPTE] = "straddle_contpte",
	[RANGE_ONE_PAGE] = "one_page",
	[RANGE_VMA_END] = "vma_end",
};

/* The answer of a step. */
const char *area_answer(const struct area *area, bool good)
{
	return good ? "ok" : area->what;
}

/* The folio of the layout that @page is in, whatever has become of it since. */
static size_t layout_folio(const struct area *area, size_t page, size_t *nr)
{
	const struct segment *segment;
	size_t first;

	segment = area_segment(area, page, &first);
	*nr = segment_pages(segment) / segment->count;
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

static void range_pages(const struct area *area, enum area_range range,
			size_t *first, size_t *nr)
{
	size_t size, next, folio = the_folio(area, &size), end = area->nr_pages;
	size_t block = area->boundary + contpte_pages();

	*first = 0;
	switch (range) {
	case RANGE_WHOLE:
		break;
	case RANGE_INSIDE:
		*first = folio + 1;
		end = folio + size - 1;
		break;
	case RANGE_HEAD:
		*first = folio;
		end = folio + size / 2 + 1;
		break;
	case RANGE_TAIL:
		*first = folio + size / 2 - 1;
		end = folio + size;
		break;
	case RANGE_STRADDLE:
		/* Into the next folio, or from the one before into the last. */
		if (folio + size < area->nr_pages) {
			layout_folio(area, folio + size, &next);
			*first = folio + size / 2;
			end = folio + size + (next + 1) / 2;
		} else {
			layout_folio(area, folio - 1, &next);
			*first = folio - (next + 1) / 2;
			end = folio + size / 2;
		}
		break;
	case RANGE_STRADDLE_PMD:
		*first = area->boundary - 3;
		end = area->boundary + 5;
		break;
	case RANGE_STRADDLE_CONTPTE:
		*first = block - 3;
		end = block + 5;
		break;
	case RANGE_ONE_PAGE:
		*first = folio + size / 2;
		end = *first + 1;
		break;
	case RANGE_VMA_END:
		layout_folio(area, end - 1, &next);
		*first = end - next / 2 - 1;
		break;
	}
	*nr = end - *first;
}

bool area_is_selected(const struct area *area, size_t page,
		      enum area_pages pages)
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
	case PAGES_ONE:
		return at == nr / 2;
	case PAGES_SMALL:
		return is_small && at % 2 == 0;
	}
	return false;
}

/* What a process does not map is no part of the range, see area_vma_mprotect(). */
static bool serve_mprotect(struct area *area, const struct request *request)
{
	size_t i, k, end = request->first + request->nr;

	for (i = request->first; i < end; i = k + 1) {
		int error = 0, expected;

		for (k = i; k < end && area->page[k].what != &page_outside;)
			k++;
		if (k == i)
			continue;
		expected = area_vma_mprotect(area, i, k - i, request->prot);
		if (mprotect(page_addr(area, i), (k - i) * psize(),
			     request->prot))
			error = errno;
		if (error != expected)
			return area_fail(area, "mprotect(%zu pages at %zu, %#x): %s, expected %s",
					 k - i, i, request->prot,
					 strerror(error), strerror(expected));
	}
	return true;
}

const char *area_ask_range(struct area *area, enum area_process process,
			   enum area_range range, struct request request)
{
	if (area_skipped(area))
		return area_answer(area, true);
	range_pages(area, range, &request.first, &request.nr);
	request.range = range_names[range];
	return area_answer(area, area_ask(area, process, &request));
}

const char *area_mprotect(struct area *area, enum area_process process,
			  enum area_range range, int prot)
{
	return area_ask_range(area, process, range, (struct request){
		.name = "mprotect", .serve = serve_mprotect, .prot = prot,
	});
}

const char *area_write(struct area *area, enum area_process process,
		       enum area_range range)
{
	return area_ask_range(area, process, range, (struct request){
		.name = "write", .serve = area_serve_access, .is_write = true,
	});
}

const char *area_read(struct area *area, enum area_process process,
		      enum area_range range)
{
	return area_ask_range(area, process, range, (struct request){
		.name = "read", .serve = area_serve_access,
	});
}

const char *area_check(struct area *area)
{
	const struct request request = {
		.name = "check", .range = "", .serve = area_serve_check,
	};
	bool good = true;
	int i;

	for (i = 0; i < NR_VIEWS && good && !area_skipped(area); i++)
		if (area->actor[i].pid)
			good = area_ask(area, i, &request);
	return area_answer(area, good);
}
