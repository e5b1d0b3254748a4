// SPDX-License-Identifier: GPL-2.0
/*
 * Moved by mremap(2), to other addresses and back, VMA by VMA. Page tables move as a
 * whole, or entry by entry: nothing is another page then. See move_page_tables().
 */
#include "mprotect_model.h"

static bool move(struct area *area, char *from, char *to, size_t nr)
{
	size_t len = nr * psize();

	return mremap(from, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, to) == to ||
	       area_fail(area, "mremap(%zu pages from %p to %p): %s", nr, from, to,
			 strerror(errno));
}

/* Another protection than @prot. */
static int other_prot(int prot)
{
	return prot ? PROT_NONE : PROT_READ;
}

/*
 * Takes the right to access from the pages between the first and the last one, which
 * are @there, and gives it back: contiguous blocks of PTEs are unfolded.
 */
static bool protect(struct area *area, size_t first, size_t nr, char *there)
{
	int prot = area->page[first].prot;
	size_t len = (nr - 2) * psize();

	if (nr < 3)
		return true;
	return (!mprotect(there + psize(), len, other_prot(prot)) &&
		!mprotect(there + psize(), len, prot)) ||
	       area_fail(area, "mprotect(%zu pages): %s", nr - 2, strerror(errno));
}

/* To @there and back. Nothing else is to be mapped there. */
static bool move_and_return(struct area *area, size_t page, size_t nr, char *there,
			    bool is_cut)
{
	char *here = page_addr(area, page);
	int flags = MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED;

	if (!move(area, here, there, nr) ||
	    (is_cut && !protect(area, page, nr, there)) ||
	    !move(area, there, here, nr))
		return false;
	return mmap(there, nr * psize(), PROT_NONE, flags, -1, 0) == there ||
	       area_fail(area, "mmap(%zu pages): %s", nr, strerror(errno));
}

/* What becomes of the pages where the VMA has other addresses. */
static void note_moved(struct area *area, size_t first, size_t end)
{
	for (size_t i = first; i < end; i++)
		for (struct area_state *const *s = area_states; *s; s++)
			if ((*s)->remapped)
				(*s)->remapped(area, i);
}

/* What protect() has made of the pages. */
static void note_protected(struct area *area, size_t first, size_t nr)
{
	int prot = area->page[first].prot;

	if (nr < 3)
		return;
	area_vma_mprotect(area, first + 1, first + nr - 1, other_prot(prot));
	area_vma_mprotect(area, first + 1, first + nr - 1, prot);
}

/*
 * Beyond the window: once PMD for PMD, and once to where folios are not aligned as
 * their addresses are, so that no block of PTEs is contiguous. That splits a PMD.
 */
static bool move_twice(struct area *area, size_t first, size_t end)
{
	char *there = page_addr(area, first) + 3 * pmd_pages() * psize();
	size_t i, nr = end - first;
	bool any_pmd = false;

	area_vma_edge(area, first);
	area_vma_edge(area, end);
	for (i = first; i < end; i++)
		any_pmd |= area->page[i].by_pmd;
	if (!move_and_return(area, first, nr, there, false))
		return false;
	note_moved(area, first, end);
	if (any_pmd)
		return true;
	if (!move_and_return(area, first, nr, there - psize(), true))
		return false;
	note_protected(area, first, nr);
	return true;
}

static bool serve_mremap(struct area *area, const struct request *request)
{
	size_t i, end, last = request->range.end;

	for (i = request->range.first; i < last; i = end) {
		for (end = i + 1; end < last && area_is_one_vma(area, end);)
			end++;
		if (area->page[i].what != &page_outside && !move_twice(area, i, end))
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
