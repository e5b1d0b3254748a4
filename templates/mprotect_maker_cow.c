// SPDX-License-Identifier: GPL-2.0
/* Pages that a child shares, or has shared. */
#include "mprotect_model.h"

static const char *make_shared(struct area *area, enum area_pages pages)
{
	return area_fork(area, PROCESS_PARENT, PROCESS_CHILD, pages);
}

static const char *make_left(struct area *area, enum area_pages pages)
{
	const char *answer = area_fork(area, PROCESS_PARENT, PROCESS_SECOND_CHILD, pages);

	return strcmp(answer, "ok") ? answer : area_exit(area, PROCESS_SECOND_CHILD);
}

DECLARE_MAKER(shared);
const struct area_maker maker_shared = { .make = make_shared };
DECLARE_MAKER(left);
const struct area_maker maker_left = { .make = make_left };
