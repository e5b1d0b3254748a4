// SPDX-License-Identifier: GPL-2.0
/* A stand-in: a room. */
#include "mprotect_model.h"

struct area_state state_cow = { .name = "cow" };
const struct area_kind kind_shared = { .name = "shared" };
const struct area_kind kind_shared_half = { .name = "shared_half" };
const struct area_kind kind_exited = { .name = "exited" };

const char *area_fork(struct area *area, enum area_process process,
		      enum area_process child, enum area_pages pages)
{
	(void)area;
	(void)process;
	(void)child;
	(void)pages;
	return "ok";
}

const char *area_exit(struct area *area, enum area_process child)
{
	(void)area;
	(void)child;
	return "ok";
}
