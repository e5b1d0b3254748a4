// SPDX-License-Identifier: GPL-2.0
/* A stand-in: memory. */
#include "mprotect_model.h"

void area_start(struct area_state *const *states)
{
	(void)states;
}

void area_init(struct area *area, unsigned int needs)
{
	area->nothing = needs;
}

void area_destroy(struct area *area)
{
	(void)area;
}

const char *area_skipped(const struct area *area)
{
	(void)area;
	return 0;
}

const char *area_map(struct area *area, const struct layout *layout)
{
	(void)area;
	(void)layout;
	return "ok";
}

const char *area_map_full(struct area *area, const struct layout *layout)
{
	(void)area;
	(void)layout;
	return "ok";
}
