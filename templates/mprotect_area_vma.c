// SPDX-License-Identifier: GPL-2.0
/* VMAs that differ in nothing that mprotect() looks at. */
#include "mprotect_model.h"

/* From here on the pages of the range are in VMAs of their own. */
static bool serve_split_vma(struct area *area, const struct request *request)
{
	size_t i, first = request->range.first, end = request->range.end;

	if (!area_advise(area, first, end - first, MADV_DONTDUMP))
		return false;
	for (i = first; i < end; i++)
		area->page[i].is_apart = true;
	area_vma_edges(area, first, end);
	return true;
}

const char *area_split_vma(struct area *area, enum area_range range)
{
	return area_step(area, (struct request){
		.name = "split_vma", .serve = serve_split_vma,
		.range = area_find_range(area, range),
	});
}
