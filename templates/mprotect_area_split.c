// SPDX-License-Identifier: GPL-2.0
/* Folios that are split, or moved: by what a test does, or as the kernel wants it. */
#include "mprotect_model.h"

#define PM_SWAP_TYPE	0x1f
#define MIN_MIGRATION	16	/* see MAX_SWAPFILES in include/linux/swap.h */
#define TRIES		20000	/* seconds, also where a guest is slow */
#define MOST_WAITS	2	/* of one access for the same split */

/* Tells the states, of any process. */
static void note_folio_split(struct area *area, struct page *page)
{
	for (struct area_state *const *s = area_states; *s; s++)
		if ((*s)->folio_split)
			(*s)->folio_split(area, page);
}

/* The page is a folio of its own now, there or not. */
void area_become_single(struct area *area, size_t page, struct area_state *what)
{
	struct page *it = &area->page[page];
	bool was_exclusive = it->exclusive;

	if (area_large_folio(area, page))
		note_folio_split(area, it);
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

	for (i = 0; i < NR_VIEWS * area->nr_pages; i++)
		if (area->pages[i].frame && area->pages[i].frame->head == head)
			note_folio_split(area, &area->pages[i]);
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
			frame->is_split = true;
		}
	}
}

/* How many frames of the folio some process maps; @one is one whose number is known. */
static int mapped_frames(const struct area *area, const struct frame *head,
			 const struct frame **one)
{
	size_t i, first = (head - area->frames) % area->nr_pages, end = first + head->nr;
	int mapped = 0;

	*one = NULL;
	for (; first < end; first++)
		for (i = first; i < FRAME_LAYERS * area->nr_pages; i += area->nr_pages) {
			const struct frame *frame = &area->frames[i];

			if (frame->head != head || !frame->mappers)
				continue;
			mapped++;
			if (frame->pfn)
				*one = frame;
		}
	return mapped;
}

/*
 * Whether the kernel may split the folio, whenever it wants memory: there was a time
 * when some page of it was not mapped by any process, see deferred_split_scan().
 */
static bool may_be_split(const struct area *area, size_t page)
{
	const struct frame *head = area_large_folio(area, page), *one;

	return head && area->page[page].what == &page_anon &&
	       (head->may_split || mapped_frames(area, head, &one) < head->nr);
}

/* Its entries were taken away one by one, to move or to split it. */
void area_may_split(struct area *area, size_t page)
{
	if (area_large_folio(area, page) && !area->page[page].by_pmd)
		area->page[page].frame->head->may_split = true;
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
			return true;
	}
	return area_fail(area, "%s: a migration entry stays", area->request->name);
}

/* Whether what is mapped of a large folio with this head is single pages now. */
static bool is_split(const struct area *area, const struct frame *head)
{
	const struct frame *one;

	/* A frame that is the page's own by now is no head of more. */
	return head->nr > 1 && mapped_frames(area, head, &one) && one &&
	       !(frame_flags(area, one->pfn) & KPF_COMPOUND);
}

/*
 * Whether an access to the folio of this @head took so many faults more since it
 * waited for the kernel, which has split the folio.
 */
bool area_has_waited(const struct area *area, const struct frame *head, int faults)
{
	return head && faults <= MOST_WAITS && (head->is_split || is_split(area, head));
}

/*
 * Takes what madvise() may have made of the page: a folio of which only a part
 * was chosen is split, and so is a PMD.
 */
void area_note_split(struct area *area, size_t page)
{
	struct page *it = &area->page[page];

	if (it->what != &page_anon)
		return;
	if (it->by_pmd && !area->sight[page].is_huge)
		area_split_pmd(area, page);
	if (area_large_folio(area, page) && area->entry[page] & PM_PRESENT &&
	    !(area->flags[page] & KPF_COMPOUND))
		area_become_single(area, page, &page_anon);
	else
		area_may_split(area, page);
}

/* Tells the states, of any process. */
static void note_moved(struct page *page)
{
	for (struct area_state *const *s = area_states; *s; s++)
		if ((*s)->moved)
			(*s)->moved(page);
}

/*
 * The folio has moved: its pages have other frames, side by side as before, or each of
 * its own. Returns how many.
 */
size_t area_follow(struct area *area, size_t page)
{
	const struct frame *head = area->page[page].frame->head;
	size_t i, k, nr, first = area_folio(area, page, &nr);
	bool has_split;
	__u64 by;

	/* One that is mapped in part is split to be moved, see migrate_pages_batch(). */
	has_split = nr > 1 && !(area->flags[page] & KPF_COMPOUND);
	by = seen_pfn(area, page) - area->page[page].frame->pfn;
	for (i = first; i < first + nr; i++) {
		for (k = i; k < NR_VIEWS * area->nr_pages; k += area->nr_pages)
			if (area->pages[k].frame && area->pages[k].frame->head == head)
				note_moved(&area->pages[k]);
		for (k = i; k < FRAME_LAYERS * area->nr_pages; k += area->nr_pages)
			if (area->frames[k].head == head && area->frames[k].pfn)
				area->frames[k].pfn = has_split ? 0 : area->frames[k].pfn + by;
	}
	if (has_split)
		area_split_folio(area, page);
	else
		area_may_split(area, page);
	return nr;
}
