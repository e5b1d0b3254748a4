// SPDX-License-Identifier: GPL-2.0
/*
 * Zero: a read of a page that was never touched maps the zero page, or the huge
 * one; a write gives the process a page of its own.
 */
#include "mprotect_model.h"

DECLARE_STATE(zero);

static bool is_zero(const struct page *page)
{
	return page->what == &state_zero;
}

static void zero_cost(const struct area *area, size_t page, bool is_write,
		      struct cost *cost)
{
	const struct page *it = &area->page[page];

	if (it->what != &page_empty && !(is_zero(it) && is_write))
		return;
	cost->min++;
	cost->max++;
	if (is_write)
		cost->fate = FRAME_IS_NEW;
}

/*
 * The huge zero page that a write has changed into a folio (Linux 6.13, see
 * do_huge_zero_wp_pmd()), which is the kernel's choice, or has split.
 */
static void replace_pmd(struct area *area, size_t page)
{
	size_t first, end;

	/* Before Linux 6.7 the look cannot tell, see look_for_pmds(). */
	if (!kernel_at_least(6, 7) || !area_is_huge(area, page)) {
		area_split_pmd(area, page);
		return;
	}
	area_pmd(area, page, &first, &end);
	area_look(area);
	area_fold_frames(area, first, end - first);
}

static void zero_accessed(struct area *area, size_t page, bool is_write,
			  int faults)
{
	struct page *it = &area->page[page];

	(void)faults;
	if (it->what == &page_empty && !is_write)
		it->what = &state_zero;
	if (is_zero(it) && is_write && it->by_pmd)
		replace_pmd(area, page);
	if (is_write && (is_zero(it) || it->what == &page_empty))
		area_new_frame(area, page);
}

static void zero_show(const struct area *area, size_t page, struct shown *shown)
{
	if (!is_zero(&area->page[page]))
		return;
	bits_must(&shown->entry, PM_MMAP_EXCLUSIVE, false);
	bits_must(&shown->flags, KPF_ZERO_PAGE, true);
	bits_must(&shown->flags, KPF_ANON | KPF_KSM, false);
}

struct area_state state_zero = {
	.name = "zero",
	.cost = zero_cost,
	.accessed = zero_accessed,
	.show = zero_show,
};
