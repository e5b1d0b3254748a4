// SPDX-License-Identifier: GPL-2.0
/* How long mprotect() of the window takes; see mprotect_area.h. */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "mprotect_model.h"

#define ROUNDS		100

static const struct layout single_pages = {
	.name = "single pages",
	.below = { SEG_ORDER(0, 1) },
	.above = { SEG_ORDER(0, 1) },
};

const char *area_map_full(struct area *area, const struct layout *layout)
{
	area->is_full = true;
	return area_map(area, layout);
}

/*
 * Not the thread's CPU time: what the kernel takes off it for interrupts is an
 * estimate, and makes some rounds shorter than they can be.
 */
static __u64 now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

/* To @prot and back to read-write; @best is the shortest time so far. */
static bool toggle(struct area *area, int prot, __u64 *best)
{
	size_t len = area->nr_pages * psize();
	__u64 ns = now_ns();

	if (mprotect(area->addr, len, prot) ||
	    mprotect(area->addr, len, PROT_READ | PROT_WRITE))
		return area_fail(area, "measure, mprotect(%#x): %s", prot,
				 strerror(errno));
	ns = now_ns() - ns;
	if (ns < *best)
		*best = ns;
	return true;
}

/*
 * The window and the same number of single pages take turns, so that whatever
 * slows the machine down meets both. Interrupts and a busy host only ever add:
 * the shortest of many rounds is what mprotect() takes. How the two compare is
 * the kernel's, how long either takes is the machine's as well.
 */
static bool take_turns(struct area *area, struct area *base, int prot)
{
	__u64 ns = ULLONG_MAX, base_ns = ULLONG_MAX;
	int i;

	for (i = 0; i < ROUNDS; i++)
		if (!toggle(area, prot, &ns) || !toggle(base, prot, &base_ns))
			return false;
	ksft_print_msg("best of %d rounds of %zu pages, there and back:\n",
		       ROUNDS, area->nr_pages);
	ksft_print_msg("measure time %.2f ns/page\n",
		       (double)ns / area->nr_pages);
	ksft_print_msg("measure of_base %.4f ratio\n",
		       (double)ns * base->nr_pages / base_ns / area->nr_pages);
	/* What it leaves behind is what the steps leave. */
	area_vma_mprotect(area, 0, area->nr_pages, prot);
	area_vma_mprotect(area, 0, area->nr_pages, PROT_READ | PROT_WRITE);
	return true;
}

const char *area_measure(struct area *area, int prot)
{
	struct area base;
	bool good;

	if (area_skipped(area))
		return area_answer(area, true);
	area_init(&base, 0);
	if (strcmp(area_map_full(&base, &single_pages), "ok"))
		good = area_fail(area, "measure: %s", base.answer->what);
	else if (area_skipped(&base))
		good = area_skip(area, "%s", area_skipped(&base));
	else
		good = take_turns(area, &base, prot);
	area_destroy(&base);
	settings_track_test(true);
	return area_answer(area, good);
}
