// SPDX-License-Identifier: GPL-2.0
/*
 * VMAs in which the process has had a page of its own. Each of them has an anon_vma, and
 * fork() copies what is there; of others it copies nothing, not the zero page either: see
 * vma_needs_copy(). What a VMA is split into has it, and so has what it is merged with.
 */
#include "mprotect_model.h"

/* Whether there is something to share out: some pages know of one, and some do not. */
static bool is_mixed(const struct area *area)
{
	bool any[2] = {};
	size_t i;

	for (i = 0; i < area->nr_pages; i++)
		if (area->page[i].what != &page_outside)
			any[area->page[i].has_anon_vma] = true;
	return any[false] && any[true];
}

/* One page that knows of it is enough for the VMA from @first to @end. */
static void share(struct area *area, size_t first, size_t end)
{
	bool any = false;
	size_t i;

	for (i = first; i < end; i++)
		any |= area->page[i].has_anon_vma;
	for (i = first; i < end; i++)
		area->page[i].has_anon_vma = any;
}

/* The page of the window at @addr; its first or last one where that is outside. */
static size_t page_at(const struct area *area, unsigned long addr)
{
	unsigned long first = (uintptr_t)area->addr;
	unsigned long end = (uintptr_t)page_addr(area, area->nr_pages);

	addr = addr < first ? first : addr > end ? end : addr;
	return (addr - first) / psize();
}

/*
 * To be called before VMAs are split, or copied. Which ones are merged depends on more
 * than what they are, see is_mergeable_anon_vma(): the kernel tells.
 */
void area_share_anon_vmas(struct area *area)
{
	FILE *file = is_mixed(area) ? fopen("/proc/self/maps", "re") : NULL;
	unsigned long first, end;
	char line[256];

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "%lx-%lx ", &first, &end) == 2)
			share(area, page_at(area, first), page_at(area, end));
	if (file)
		fclose(file);
}
