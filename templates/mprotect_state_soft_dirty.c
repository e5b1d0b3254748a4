// SPDX-License-Identifier: GPL-2.0
/*
 * Soft-dirty: written since this process cleared the bits of all of its pages.
 * To notice the first write since then a page takes a fault on it, although it is
 * exclusive and the protection allows it, see pte_needs_soft_dirty_wp().
 */
#include "mprotect_model.h"

#ifndef PAGE_IS_SOFT_DIRTY
#define PAGE_IS_SOFT_DIRTY	BIT_ULL(7)
#endif

/* Whether a page has the bit: its mark. */
enum soft_dirty {
	SOFT_DIRTY_NO,
	SOFT_DIRTY_YES,
	SOFT_DIRTY_MAYBE,
};

DECLARE_STATE(soft_dirty);

static bool is_tracked;		/* by this process; before, all of its VMAs are */

static enum soft_dirty mark_of(const struct page *page)
{
	return page->mark[state_soft_dirty.nr];
}

static void set_mark(struct page *page, enum soft_dirty mark)
{
	page->mark[state_soft_dirty.nr] = mark;
}

static void soft_dirty_cost(const struct area *area, size_t page, bool is_write,
			    struct cost *cost)
{
	const struct page *it = &area->page[page];

	if (!is_tracked || !is_write || it->what != &page_anon || !it->exclusive ||
	    mark_of(it) == SOFT_DIRTY_YES || (cost->max && !cost->is_alone))
		return;
	cost->min += mark_of(it) == SOFT_DIRTY_NO;
	cost->max++;
}

/* A PMD has one bit for all of its pages. */
static void soft_dirty_accessed(struct area *area, size_t page, bool is_write,
				int faults)
{
	size_t i = page, end = page + 1;

	(void)faults;
	if (!is_write)
		return;
	if (area->page[page].by_pmd)
		area_pmd(area, page, &i, &end);
	for (; i < end; i++)
		if (i == page || area->page[i].by_pmd)
			set_mark(&area->page[i], SOFT_DIRTY_YES);
}

/*
 * What makes a page dirty makes it soft-dirty on x86. The kernel knows, and
 * leaves it at that where it maps a PMD's page anew: __split_huge_pmd_locked(),
 * remove_migration_pmd().
 */
static void soft_dirty_pmd_changed(struct page *page)
{
	if (page->what == &page_anon && mark_of(page) == SOFT_DIRTY_NO)
		set_mark(page, SOFT_DIRTY_MAYBE);
}

static void soft_dirty_pmd_split(struct area *area, size_t page)
{
	soft_dirty_pmd_changed(&area->page[page]);
}

static void soft_dirty_moved(struct page *page)
{
	if (page->by_pmd)
		soft_dirty_pmd_changed(page);
}

/*
 * Linux 6.17 to 7.3 make all PTEs of a run dirty if one is, which on x86 makes them
 * soft-dirty, see modify_prot_start_ptes().
 */
static void soft_dirty_ptes_changed(struct area *area, size_t page)
{
	struct page *it = &area->page[page];
	size_t nr;

	area_folio(area, page, &nr);
	if (!is_tracked || nr == 1 || it->by_pmd || mark_of(it) != SOFT_DIRTY_NO ||
	    !(pagemap_get_entry(area->pagemap_fd, page_addr(area, page)) &
	      PM_SOFT_DIRTY))
		return;
	snprintf(area->answer->found, sizeof(area->answer->found),
		 "a change of protection has made pages of a large folio soft-dirty");
	set_mark(it, SOFT_DIRTY_YES);
}

/* What fork() has copied it has written, see copy_present_page(). */
static void soft_dirty_forked(struct area *area, size_t page, struct page *its)
{
	if (its->frame && its->frame != area->page[page].frame)
		set_mark(its, SOFT_DIRTY_YES);
}

static void soft_dirty_show(const struct area *area, size_t page,
			    struct shown *shown)
{
	const struct page *it = &area->page[page];

	if (!is_tracked || it->what == &page_outside)
		return;
	bits_must(&shown->entry, PM_SOFT_DIRTY, mark_of(it));
	if (mark_of(it) == SOFT_DIRTY_MAYBE)
		shown->entry.mask &= ~PM_SOFT_DIRTY;
}

/* PAGEMAP_SCAN says the same as pagemap (Linux 6.7). */
static bool soft_dirty_verify(struct area *area)
{
	struct page_region *regions = calloc(area->nr_pages, sizeof(*regions));
	bool *is_dirty = area_bools(area), good = true;
	struct pm_scan_arg arg = {
		.size = sizeof(arg),
		.start = (uintptr_t)area->addr,
		.end = (uintptr_t)page_addr(area, area->nr_pages),
		.vec = (uintptr_t)regions,
		.vec_len = area->nr_pages,
		.category_mask = PAGE_IS_SOFT_DIRTY,
		.return_mask = PAGE_IS_SOFT_DIRTY,
	};
	int k, nr = ioctl(area->pagemap_fd, PAGEMAP_SCAN, &arg);
	size_t i;

	for (k = 0; k < nr; k++)
		for (i = (regions[k].start - arg.start) / psize();
		     i < (regions[k].end - arg.start) / psize(); i++)
			is_dirty[i] = true;
	for (i = 0; good && nr >= 0 && i < area->nr_pages; i++)
		if (is_dirty[i] != !!(area->entry[i] & PM_SOFT_DIRTY))
			good = area_fail(area, "check: page %zu is%s soft-dirty in PAGEMAP_SCAN",
					 i, is_dirty[i] ? "" : " not");
	free(is_dirty);
	free(regions);
	return good;
}

struct area_state state_soft_dirty = {
	.name = "soft_dirty",
	.cost = soft_dirty_cost,
	.accessed = soft_dirty_accessed,
	.ptes_changed = soft_dirty_ptes_changed,
	.pmd_split = soft_dirty_pmd_split,
	.moved = soft_dirty_moved,
	.forked = soft_dirty_forked,
	.show = soft_dirty_show,
	.verify = soft_dirty_verify,
};

/* The bit stays where a pin may write: see pte_is_pinned(). */
static void clear(struct area *area, size_t page)
{
	struct cost cost = area_cost(area, page, true);
	struct page *it = &area->page[page];

	if (it->by_pmd || !area_is_held(area, page) || !(it->prot & PROT_WRITE) ||
	    cost.code || cost.min)
		set_mark(it, SOFT_DIRTY_NO);
	else if (cost.max)
		set_mark(it, SOFT_DIRTY_MAYBE);
	else
		set_mark(it, SOFT_DIRTY_YES);
}

static bool serve_clear(struct area *area, const struct request *request)
{
	size_t i;

	(void)request;
	if (!area->has_soft_dirty)
		return area_skip(area, "no soft-dirty bit (CONFIG_MEM_SOFT_DIRTY)");
	if (!setting_write("/proc/self/clear_refs", "4"))
		return area_fail(area, "clear_refs: %s", strerror(errno));
	for (i = 0; i < area->nr_pages; i++)
		clear(area, i);
	is_tracked = true;
	return true;
}

const char *area_clear_soft_dirty(struct area *area, enum area_process process)
{
	return area_step(area, (struct request){
		.name = "clear_soft_dirty", .serve = serve_clear,
		.process = process,
	});
}
