// SPDX-License-Identifier: GPL-2.0
/* Zero pages, which NUMA balancing leaves alone. */
#include "mprotect_model.h"

DECLARE_STATE(zero);

/* Zero pages where there would be a folio, or the huge one for a PMD. */
static bool populate_zero(struct area *area, size_t page, size_t nr,
			  const struct segment *folio, bool *chosen)
{
	bool by_pmd = folio->kind == SEG_PMD_THP;
	size_t i;

	(void)chosen;
	if (!area_allow_thp(area, by_pmd))
		return false;
	if (by_pmd)
		thp_offer(__builtin_ctzl(nr));
	for (i = page; i < page + nr; i++) {
		access_word(page_word(area, i), false, 0);
		area->page[i].what = &state_zero;
		area->page[i].by_pmd = by_pmd;
		/* See do_huge_pmd_anonymous_page(). */
		area->page[i].has_anon_vma |= by_pmd;
	}
	return true;
}

DECLARE_KIND(zero);
const struct area_kind kind_zero = {
	.populate = populate_zero,
};
