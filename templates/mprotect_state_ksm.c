// SPDX-License-Identifier: GPL-2.0
/*
 * KSM: pages that were merged with twins beside the window. A write takes a
 * fault and a copy; the twin keeps what it has.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mprotect_model.h"

#define KSM_SCANS	50
#define KSM_WINDOW	(32UL << 20)

/*
 * Twins of odd pages lie below the window, those of even ones above it: KSM scans
 * upwards, and what it sees first is replaced by what it sees second.
 */
static struct {
	char *addr[2];
	struct frame **frame;	/* NULL: has no twin; kept until the process ends */
} twins;

struct area_state state_ksm;

static __u64 *twin_word(size_t page)
{
	return (__u64 *)(twins.addr[page % 2] + page * psize());
}

static __u64 twin_pfn(const struct area *area, size_t page)
{
	return PAGEMAP_PFN(pagemap_get_entry(area->pagemap_fd,
					     (char *)twin_word(page)));
}

static void ksm_cost(const struct area *area, size_t page, bool is_write,
		     struct cost *cost)
{
	if (!is_write || area->page[page].what != &state_ksm)
		return;
	cost->min++;
	cost->max++;
	cost->fate = FRAME_IS_NEW;
}

static void ksm_accessed(struct area *area, size_t page, bool is_write,
			 int faults)
{
	struct page *it = &area->page[page];

	(void)faults;
	if (!is_write || it->what != &state_ksm)
		return;
	area_new_frame(area, page);
	it->what = &page_anon;
	it->exclusive = true;
}

static void ksm_show(const struct area *area, size_t page, struct shown *shown)
{
	if (area->page[page].what == &state_ksm)
		bits_must(&shown->flags, KPF_KSM, true);
}

/* What the window's pages do must not reach their twins. */
static bool ksm_verify(struct area *area)
{
	size_t i;

	if (area->self != PROCESS_PARENT || !twins.frame)
		return true;
	for (i = 0; i < area->nr_pages; i++) {
		__u64 value;

		if (!twins.frame[i])
			continue;
		value = *twin_word(i);
		/* A twin has the value that the page had first. */
		if (value >> 40 || (value & 0xffffffff) != i)
			return area_fail(area, "check: twin of page %zu has value %#jx",
					 i, (uintmax_t)value);
		if (twin_pfn(area, i) == twins.frame[i]->pfn)
			continue;
		if (moved_pages(area) != area->moved_before)
			return area_skip(area, "check: the kernel moved the twin of page %zu",
					 i);
		return area_fail(area, "check: twin of page %zu has frame %#jx, expected %#jx",
				 i, (uintmax_t)twin_pfn(area, i),
				 (uintmax_t)twins.frame[i]->pfn);
	}
	return true;
}

struct area_state state_ksm = {
	.name = "ksm",
	.cost = ksm_cost,
	.accessed = ksm_accessed,
	.show = ksm_show,
	.verify = ksm_verify,
};

/* Memory for the twins on both sides, in the room around the window. */
static bool map_twins(struct area *area, size_t len)
{
	size_t pmd_bytes = pmd_pages() * psize();
	int i;

	twins.addr[0] = page_addr(area, area->nr_pages) + pmd_bytes;
	twins.addr[1] = area->addr - pmd_bytes - len;
	twins.frame = calloc(area->nr_pages, sizeof(*twins.frame));
	if (!twins.frame)
		ksft_exit_fail_msg("no memory\n");
	for (i = 0; i < 2; i++) {
		if (mmap(twins.addr[i], len, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
		    MAP_FAILED ||
		    madvise(twins.addr[i], len, MADV_NOHUGEPAGE) ||
		    madvise(twins.addr[i], len, MADV_MERGEABLE))
			return area_skip(area, "no mergeable memory for the twins: %s",
					 strerror(errno));
	}
	if (madvise(area->addr, len, MADV_MERGEABLE))
		area_skip(area, "MADV_MERGEABLE: %s", strerror(errno));
	return true;
}

static void fill_page(__u64 *word, __u64 value)
{
	size_t i;

	for (i = 0; i < psize() / sizeof(*word); i++)
		word[i] = value;
}

static bool all_merged(const struct area *area, const bool *chosen,
		       size_t *missing)
{
	size_t i;

	for (i = 0; i < area->nr_pages; i++) {
		if (!chosen[i])
			continue;
		*missing = i;
		if (pagemap_get_pfn(area->pagemap_fd, page_addr(area, i)) !=
		    twin_pfn(area, i))
			return false;
	}
	return true;
}

/* Has ksmd scan until all chosen pages are merged. */
static bool run_ksmd(struct area *area, const bool *chosen)
{
	long scans, last_scan;
	size_t missing = 0;
	bool is_merged;

	/* Each of these came later than KSM, but for the two that follow. */
	setting_write(KSM_DIR "advisor_mode", "none");
	setting_write(KSM_DIR "smart_scan", "0");
	setting_write(KSM_DIR "use_zero_pages", "0");
	/* A batch is not interrupted: about what there is, not more. */
	if (!setting_write(KSM_DIR "pages_to_scan", "500") ||
	    !setting_write(KSM_DIR "sleep_millisecs", "0"))
		return area_skip(area, "cannot set up KSM");
	last_scan = setting_number(KSM_DIR "full_scans") + KSM_SCANS;
	if (!setting_write(KSM_DIR "run", "1"))
		return area_skip(area, "cannot start KSM");
	do {
		/* Leaves the CPU to ksmd, which may do many scans meanwhile. */
		usleep(1000);
		scans = setting_number(KSM_DIR "full_scans");
		is_merged = all_merged(area, chosen, &missing);
	} while (!is_merged && scans < last_scan);
	/* Waits for ksmd to be done with what it has in hand. */
	setting_write(KSM_DIR "run", "0");
	if (!is_merged)
		area_skip(area, "KSM did not merge page %zu in %d scans",
			  missing, KSM_SCANS);
	return true;
}

/*
 * Has KSM merge each chosen page with its twin, in mappings beside the window.
 * A large folio with a chosen page is split for it.
 */
static bool merge_pages(struct area *area, const bool *chosen)
{
	size_t i, len = area->nr_pages * psize();

	if (len > KSM_WINDOW)
		return area_skip(area, "window of %zu MB: more than KSM scans in time",
				 len >> 20);
	if (!map_twins(area, len) || area_skipped(area))
		return area_skipped(area);
	for (i = 0; i < area->nr_pages; i++) {
		if (!chosen[i])
			continue;
		fill_page(page_word(area, i), area->page[i].value);
		fill_page(twin_word(i), area->page[i].value);
	}
	if (!run_ksmd(area, chosen) || area_skipped(area))
		return area_skipped(area);
	for (i = 0; i < area->nr_pages; i++) {
		struct page *it = &area->page[i];

		/* A split may lose bits of a PTE: their faults are not to be counted. */
		if (chosen[i]) {
			access_word(page_word(area, i), false, 0);
			area_split_pmd(area, i);
			it->what = &state_ksm;
			it->exclusive = false;
			it->frame->mappers = 2;
			twins.frame[i] = it->frame;
		} else if (it->what == &page_anon) {
			*page_word(area, i) = it->value;
		}
	}
	return area_adopt(area);
}

const char *area_merge(struct area *area, enum area_pages pages)
{
	bool *chosen, good;
	size_t i;

	if (area_skipped(area))
		return area_answer(area, true);
	chosen = area_bools(area);
	for (i = 0; i < area->nr_pages; i++)
		chosen[i] = area->page[i].what == &page_anon &&
			    area_is_selected(area, i, pages);
	good = merge_pages(area, chosen);
	free(chosen);
	return area_answer(area, good);
}

/* A kind: single pages where there would be a folio. */
static bool populate_single(struct area *area, size_t page, size_t nr,
			    const struct segment *folio, bool *chosen)
{
	const struct segment pages = SEG_ORDER(0, nr);
	size_t i;

	(void)folio;
	for (i = page; i < page + nr; i++)
		chosen[i] = true;
	return area_populate(area, page, &pages);
}

/*
 * Every other merged page is left with one mapping: what is true of it is not
 * so because it is shared.
 */
static bool merge_and_leave(struct area *area, const bool *chosen)
{
	size_t i;

	if (!merge_pages(area, chosen) || area_skipped(area))
		return area_skipped(area);
	for (i = 0; i < area->nr_pages; i += 2) {
		if (!twins.frame[i])
			continue;
		if (madvise(twin_word(i), psize(), MADV_DONTNEED))
			return area_fail(area, "MADV_DONTNEED: %s",
					 strerror(errno));
		twins.frame[i]->mappers--;
		twins.frame[i] = NULL;
	}
	return true;
}

const struct area_kind kind_ksm = {
	.populate = populate_single,
	.finish = merge_and_leave,
};

const struct area_maker maker_merged = { .make = area_merge };
