// SPDX-License-Identifier: GPL-2.0
/* Folios that NUMA balancing leaves alone, since another process maps them. */
#include "mprotect_model.h"

static bool populate(struct area *area, size_t page, size_t shared,
		     const struct segment *folio, bool *chosen)
{
	size_t i;

	for (i = page; i < page + shared; i++)
		chosen[i] = true;
	return area_populate(area, page, folio);
}

static bool populate_shared(struct area *area, size_t page, size_t nr,
			    const struct segment *folio, bool *chosen)
{
	return populate(area, page, nr, folio, chosen);
}

static bool populate_half(struct area *area, size_t page, size_t nr,
			  const struct segment *folio, bool *chosen)
{
	return populate(area, page, nr / 2, folio, chosen);
}

static bool share(struct area *area, const bool *chosen)
{
	return area_fork_pages(area, PROCESS_CHILD, chosen);
}

static bool share_for_a_while(struct area *area, const bool *chosen)
{
	const struct request request = { .child = PROCESS_CHILD };

	return share(area, chosen) && area_serve_exit(area, &request);
}

DECLARE_KIND(shared);
const struct area_kind kind_shared = {
	.populate = populate_shared,
	.finish = share,
};

DECLARE_KIND(shared_half);
const struct area_kind kind_shared_half = {
	.populate = populate_half,
	.finish = share,
};

DECLARE_KIND(exited);
const struct area_kind kind_exited = {
	.populate = populate_shared,
	.finish = share_for_a_while,
};
