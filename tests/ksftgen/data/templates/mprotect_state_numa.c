// SPDX-License-Identifier: GPL-2.0
/* A stand-in: a room. */
#include "mprotect_model.h"

struct area_state state_numa = { .name = "numa" };
const struct area_kind kind_none = { .name = "none" };
const struct area_kind kind_local = { .name = "local" };
const struct area_kind kind_threaded = { .name = "threaded" };

const char *area_map_numa(struct area *area, const struct layout *layout,
			  const struct area_kind *kind,
			  enum area_folios folios)
{
	(void)area;
	(void)layout;
	(void)kind;
	(void)folios;
	return "ok";
}

const char *area_hint(struct area *area)
{
	(void)area;
	return "ok";
}

const char *area_touch(struct area *area, enum area_probe probe)
{
	(void)area;
	(void)probe;
	return "ok";
}
