// SPDX-License-Identifier: GPL-2.0
/* Folios that are split: by what a test does, or when the kernel wants memory. */
#include "mprotect_model.h"

#define PM_SWAP_TYPE	0x1f
#define MIN_MIGRATION	16	/* see MAX_SWAPFILES in include/linux/swap.h */
#define TRIES		100

/* The page is a folio of its own now, there or not. */
void area_become_single(struct area *area, size_t page, struct area_state *what)
{
	struct page *it = &area->page[page];
	bool was_exclusive = it->exclusive;

	area_new_frame(area, page);
	it->frame->pfn = seen_pfn(area, page);
	it->what = what;
	it->exclusive = was_exclusive;
	/* To split a folio may lose bits of its PTEs. */
	it->may_be_old = what == &page_anon;
	it->may_be_clean = true;
}

/* In all processes. To split a folio may lose bits of its PTEs. */
void area_split_folio(struct area *area, size_t page)
{
	const struct frame *head = area->page[page].frame->head;
	size_t i, nr, first = area_folio(area, page, &nr);
	unsigned int mapped_by = head->mapped_by;

	for (nr += first; first < nr; first++) {
		for (i = first; i < NR_VIEWS * area->nr_pages; i += area->nr_pages) {
			if (!area->pages[i].frame || area->pages[i].frame->head != head)
				continue;
			area->pages[i].may_be_old = true;
			area->pages[i].may_be_clean = true;
		}
		for (i = first; i < FRAME_LAYERS * area->nr_pages; i += area->nr_pages) {
			struct frame *frame = &area->frames[i];

			if (frame->head != head)
				continue;
			frame->head = frame;
			frame->nr = 1;
			frame->mapped_by = mapped_by;
		}
	}
}

/* Of how many of the folio's pages there is a process that maps them. */
static int mapped_pages(const struct area *area, size_t page)
{
	const struct frame *head = area->page[page].frame->head;
	size_t i, nr, first = area_folio(area, page, &nr);
	int mapped = 0;

	for (nr += first; first < nr; first++)
		for (i = first; i < FRAME_LAYERS * area->nr_pages; i += area->nr_pages)
			mapped += area->frames[i].head == head && area->frames[i].mappers;
	return mapped;
}

/*
 * Whether the kernel may split the folio, whenever it wants memory: there is a page
 * of it that no process maps, see deferred_split_scan().
 */
static bool may_be_split(const struct area *area, size_t page)
{
	size_t nr;

	area_folio(area, page, &nr);
	return nr > 1 && area->page[page].what == &page_anon &&
	       mapped_pages(area, page) < (int)nr;
}

/*
 * Whether there are migration entries: the kernel is about to split a folio, see
 * unmap_folio(), or to move it. Files and devices for swap have lower numbers.
 */
static bool is_migrating(const struct area *area)
{
	const __u64 *entry = area->entry;
	size_t i;

	for (i = 0; i < area->nr_pages; i++)
		if (area->page[i].what == &page_anon &&
		    (entry[i] & (PM_PRESENT | PM_SWAP)) == PM_SWAP &&
		    (entry[i] & PM_SWAP_TYPE) >= MIN_MIGRATION)
			return true;
	return false;
}

/* Takes folios as split that were seen so; tells whether there were any. */
static bool take_splits(struct area *area)
{
	bool any = false;
	size_t i;

	for (i = 0; i < area->nr_pages; i++) {
		const struct frame *frame = area->page[i].frame;

		if (!frame || !frame->pfn || seen_pfn(area, i) != frame->pfn ||
		    area->flags[i] & KPF_COMPOUND || !may_be_split(area, i))
			continue;
		area_split_folio(area, i);
		any = true;
	}
	return any;
}

/* Looks at all pages when nothing moves, and takes what the kernel may have split. */
bool area_look(struct area *area)
{
	int try;

	for (try = 0; try < TRIES; try++) {
		if (!area_look_once(area))
			return false;
		if (is_migrating(area))
			usleep(100);
		else if (!take_splits(area))
			break;
	}
	return true;
}

/*
 * Whether the frame @pfn, which was of a large folio, is so no more: an access may
 * have waited for the kernel to split it.
 */
bool area_was_split(const struct area *area, const struct frame *folio, __u64 pfn)
{
	return folio && pfn && !(frame_flags(area, pfn) & KPF_COMPOUND);
}

/*
 * Takes what madvise() may have made of the page: a folio of which only a part
 * was chosen is split, and so is a PMD.
 */
void area_note_split(struct area *area, size_t page)
{
	struct page *it = &area->page[page];
	size_t nr;

	if (it->what != &page_anon)
		return;
	if (it->by_pmd && !area->sight[page].is_huge)
		area_split_pmd(area, page);
	area_folio(area, page, &nr);
	if (nr > 1 && area->entry[page] & PM_PRESENT &&
	    !(area->flags[page] & KPF_COMPOUND))
		area_become_single(area, page, &page_anon);
}
