// SPDX-License-Identifier: GPL-2.0
/*
 * Moved by mremap(2), to other addresses and back, VMA by VMA. The page tables move
 * with it, or each entry does: nothing is another page then. See move_page_tables().
 */
#include "mprotect_model.h"

/* Beyond the window, and PMD for PMD. */
static char *other_place(const struct area *area, size_t page)
{
	return page_addr(area, page) + 3 * pmd_pages() * psize();
}

static bool move(struct area *area, char *from, char *to, size_t nr)
{
	size_t len = nr * psize();

	return mremap(from, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, to) == to ||
	       area_fail(area, "mremap(%zu pages from %p to %p): %s", nr, from, to,
			 strerror(errno));
}

static bool move_and_return(struct area *area, size_t first, size_t end)
{
	char *here = page_addr(area, first), *there = other_place(area, first);
	size_t nr = end - first;

	if (!move(area, here, there, nr) || !move(area, there, here, nr))
		return false;
	/* Nothing else is to be mapped there. */
	if (mmap(there, nr * psize(), PROT_NONE,
		 MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) != there)
		return area_fail(area, "mmap(%zu pages): %s", nr, strerror(errno));
	area_vma_edge(area, first);
	area_vma_edge(area, end);
	return true;
}

static bool serve_mremap(struct area *area, const struct request *request)
{
	size_t i, end, last = request->range.end;

	for (i = request->range.first; i < last; i = end) {
		for (end = i + 1; end < last && area_is_one_vma(area, end);)
			end++;
		if (area->page[i].what != &page_outside && !move_and_return(area, i, end))
			return false;
	}
	return true;
}

const char *area_mremap(struct area *area, enum area_process process,
			enum area_range range)
{
	return area_step(area, (struct request){
		.name = "mremap", .serve = serve_mremap,
		.process = process, .range = area_find_range(area, range),
	});
}
