// SPDX-License-Identifier: GPL-2.0
/* A stand-in: steps. */
#include "mprotect_model.h"

const char *area_thread(struct area *area)
{
	(void)area;
	return "ok";
}

const char *area_split_vma(struct area *area, enum area_range range)
{
	(void)area;
	(void)range;
	return "ok";
}

const char *area_mprotect(struct area *area, enum area_process process,
			  enum area_range range, int prot)
{
	(void)area;
	(void)process;
	(void)range;
	(void)prot;
	return "ok";
}

const char *area_write(struct area *area, enum area_process process,
		       enum area_range range)
{
	(void)area;
	(void)process;
	(void)range;
	return "ok";
}

const char *area_read(struct area *area, enum area_process process,
		      enum area_range range)
{
	(void)area;
	(void)process;
	(void)range;
	return "ok";
}

const char *area_check(struct area *area)
{
	(void)area;
	return "ok";
}
