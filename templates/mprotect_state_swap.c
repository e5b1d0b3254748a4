// SPDX-License-Identifier: GPL-2.0
/*
 * Swapped out: the page table has a swap entry, which knows whether the page is
 * exclusive, and fork() hands it on. The next access takes one fault, which does
 * all else that it needs; see do_swap_page().
 */
#include "mprotect_model.h"

#define SWAPS		"/proc/swaps"
#define TRIES		100

DECLARE_STATE(swap);

static bool is_swapped(const struct page *page)
{
	return page->what == &state_swap;
}

/*
 * Put back by reclaim, and not touched since. From Linux 6.16 to 6.19 all PTEs of a
 * lazily freed folio come back as the first one was: who was writable takes a fault,
 * who was not takes none.
 */
enum {
	PUT_BACK_NO,
	PUT_BACK_WRITABLE,
	PUT_BACK_READONLY,
};

static __u8 *put_back(struct area *area, size_t page)
{
	return &area->page[page].mark[state_swap.nr];
}

/* Whether a process has the frame of the page in its page table. */
static bool is_mapped(const struct area *area, size_t page)
{
	int view;

	for (view = 0; view < NR_VIEWS; view++) {
		const struct page *its = &area_view(area, view)[page];

		if (its->frame == area->page[page].frame && !is_swapped(its))
			return true;
	}
	return false;
}

/* It is a major fault unless another one has left the page in the swap cache. */
static void swap_cost(const struct area *area, size_t page, bool is_write,
		      struct cost *cost)
{
	const struct page *it = &area->page[page];

	if (is_write && it->mark[state_swap.nr] == PUT_BACK_WRITABLE && !cost->max)
		cost->max = 1;
	if (is_write && it->mark[state_swap.nr] == PUT_BACK_READONLY)
		cost->min = 0;
	if (!is_swapped(it))
		return;
	cost->min = 1;
	cost->max = 1;
	cost->major = !is_mapped(area, page);
	cost->is_one = true;
	if (is_write && !it->exclusive)
		cost->fate = it->frame->mappers > 1 ? FRAME_IS_NEW :
			     FRAME_MAY_BE_NEW;
}

static void swap_accessed(struct area *area, size_t page, bool is_write,
			  int faults)
{
	struct page *it = &area->page[page];
	bool is_known;

	if (is_write && *put_back(area, page) == (faults ? PUT_BACK_WRITABLE : PUT_BACK_READONLY))
		snprintf(area->answer->found, sizeof(area->answer->found),
			 "reclaim puts a lazily freed folio back as its first page");
	if (is_write)
		*put_back(area, page) = PUT_BACK_NO;
	if (!is_swapped(it))
		return;
	is_known = is_mapped(area, page);
	it->what = &page_anon;
	/* Before Linux 6.11 a read leaves it read-only, see do_swap_page(). */
	it->readonly = is_write || kernel_at_least(6, 11) ? READONLY_NO : READONLY_MAYBE;
	it->may_be_clean = true;
	if (is_write && it->frame->mappers > 1)
		area_new_frame(area, page);
	if (is_write)
		it->exclusive = true;
	if (is_known)
		return;
	area->entry[page] = pagemap_get_entry(area->pagemap_fd,
					      page_addr(area, page));
	it->frame->pfn = seen_pfn(area, page);
}

static void swap_ptes_changed(struct area *area, size_t page)
{
	*put_back(area, page) = PUT_BACK_NO;
}

static void swap_forked(struct area *area, size_t page, struct page *its)
{
	*put_back(area, page) = PUT_BACK_NO;
	its->mark[state_swap.nr] = PUT_BACK_NO;
	if (!is_swapped(its))
		return;
	area->page[page].exclusive = false;
	its->exclusive = false;
}

/* A swap entry does not count as a mapping. */
static void swap_show(const struct area *area, size_t page, struct shown *shown)
{
	const struct page *it = &area->page[page];
	int view, nr = 0;

	if (is_swapped(it)) {
		bits_must(&shown->entry, PM_PRESENT | PM_MMAP_EXCLUSIVE, false);
		bits_must(&shown->entry, PM_SWAP, true);
		shown->flags.mask = 0;
		return;
	}
	for (view = 0; it->what == &page_anon && view < NR_VIEWS; view++) {
		const struct page *its = &area_view(area, view)[page];

		nr += its->frame == it->frame && !is_swapped(its);
	}
	if (nr == 1)
		bits_must(&shown->entry, PM_MMAP_EXCLUSIVE, true);
}

struct area_state state_swap = {
	.name = "swap",
	.cost = swap_cost,
	.accessed = swap_accessed,
	.ptes_changed = swap_ptes_changed,
	.forked = swap_forked,
	.show = swap_show,
};

/* Takes what reclaim has made of the pages; returns how many should have gone. */
static size_t note_swapped(struct area *area, const bool *chosen)
{
	size_t i, left = 0;

	for (i = 0; i < area->nr_pages; i++) {
		struct page *it = &area->page[i];
		bool is_there = area->entry[i] & PM_PRESENT;

		if (it->what != &page_anon)
			continue;
		area_note_split(area, i);
		if (!chosen[i])
			continue;
		*put_back(area, i) = PUT_BACK_NO;
		if (area->entry[i] & PM_SWAP)
			area_become_single(area, i, &state_swap);
		else if (!is_there && area_may_go(area, i))
			area_empty(it, &page_empty);
		else if (!is_there)
			area_mark(area, i, "what was written is gone");
		if (is_there)
			it->may_be_old = true;
		left += is_there && !area_may_go(area, i);
	}
	return left;
}

static bool has_swap(void)
{
	char text[4096];

	/* The first line is a title. */
	return read_file(SWAPS, text, sizeof(text)) &&
	       strchr(text, '\n') && strchr(text, '\n')[1];
}

/* What others map stays where it is. */
static bool can_be_reclaimed(const struct area *area, size_t page)
{
	return area->page[page].what == &page_anon && !area_is_shared_folio(area, page);
}

static bool can_be_swapped(const struct area *area, size_t page)
{
	return can_be_reclaimed(area, page) && !area_is_held(area, page);
}

static bool serve_swap_out(struct area *area, const struct request *request)
{
	bool *chosen = area_choose(area, request->pages, can_be_swapped), good = true;
	size_t left = 1;
	int try;

	if (!has_swap())
		area_skip(area, "needs swap space, such as zram");
	for (try = 0; good && left && !area_skipped(area) && try < TRIES; try++) {
		good = area_advise_chosen(area, chosen, MADV_PAGEOUT) && area_look(area);
		left = good ? note_swapped(area, chosen) : left;
		if (left)
			usleep(1000);
	}
	if (left && !area_skipped(area))
		area_skip(area, "the kernel did not swap out %zu pages", left);
	free(chosen);
	area->moved_before = moved_pages(area);
	return area_verdict(area) && good;
}

const char *area_swap_out(struct area *area, enum area_process process,
			  enum area_pages pages)
{
	return area_step(area, (struct request){
		.name = "swap_out", .serve = serve_swap_out,
		.process = process, .pages = pages,
	});
}

/*
 * Once, and whatever comes of it: what is pinned, or written since it was freed lazily,
 * is unmapped and mapped again, see try_to_unmap_one().
 */
static bool serve_reclaim(struct area *area, const struct request *request)
{
	bool *chosen = area_choose(area, request->pages, can_be_reclaimed);
	bool good = area_advise_chosen(area, chosen, MADV_PAGEOUT) && area_look(area);
	size_t i;

	if (good)
		note_swapped(area, chosen);
	for (i = 0; i < area->nr_pages && kernel_at_least(6, 16) && !kernel_at_least(7, 0); i++) {
		const struct frame *large = area_large_folio(area, i);

		if (chosen[i] && area->page[i].what == &page_anon && large && large->is_freed)
			*put_back(area, i) = area->page[i].exclusive ? PUT_BACK_WRITABLE :
					     PUT_BACK_READONLY;
	}
	free(chosen);
	area->moved_before = moved_pages(area);
	return area_verdict(area) && good;
}

const char *area_reclaim(struct area *area, enum area_process process,
			 enum area_pages pages)
{
	return area_step(area, (struct request){
		.name = "reclaim", .serve = serve_reclaim,
		.process = process, .pages = pages,
	});
}

static const char *make_swapped(struct area *area, enum area_pages pages)
{
	return area_swap_out(area, PROCESS_PARENT, pages);
}

DECLARE_MAKER(swapped);
const struct area_maker maker_swapped = { .make = make_swapped };
