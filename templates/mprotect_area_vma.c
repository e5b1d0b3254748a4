// SPDX-License-Identifier: GPL-2.0
/* VMAs that differ in nothing that mprotect() looks at. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "mprotect_model.h"

/* From here on the pages of the range are in VMAs of their own. */
static bool serve_split_vma(struct area *area, const struct request *request)
{
	size_t i, end = request->first + request->nr;

	if (madvise(page_addr(area, request->first), request->nr * psize(),
		    MADV_DONTDUMP))
		return area_fail(area, "MADV_DONTDUMP: %s", strerror(errno));
	for (i = request->first; i < end; i++)
		area->page[i].is_apart = true;
	area_vma_edges(area, request->first, end);
	return true;
}

const char *area_split_vma(struct area *area, enum area_range range)
{
	return area_ask_range(area, PROCESS_PARENT, range, (struct request){
		.name = "split_vma", .serve = serve_split_vma,
	});
}
