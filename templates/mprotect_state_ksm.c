// SPDX-License-Identifier: GPL-2.0
/*
 * KSM: pages that were merged with twins beside the window. A write takes a
 * fault and a copy; the twin keeps what it has. What is full of zeros can be
 * merged with the zero page, and then it is that (use_zero_pages).
 */
#include "mprotect_model.h"

#define KSM_SCANS	50
#define KSM_WINDOW	(32UL << 20)

/*
 * Twins of odd pages lie below the window, those of even ones above it: KSM scans
 * upwards, and what it sees first is replaced by what it sees second.
 */
static char *twin_addr[2];

static struct twin {
	struct frame *frame;	/* NULL: there is none */
	__u64 value;		/* that the page had when it was merged first */
	bool is_apart;		/* was written, and is to be merged again */
	bool may_be_lost;	/* was merged with what the kernel may discard */
} *twins;			/* [nr_pages], kept until the process ends */

DECLARE_STATE(ksm);

static __u64 *twin_word(size_t page)
{
	return (__u64 *)(twin_addr[page % 2] + page * psize());
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

/* Whether it is the zero page that KSM has put there. */
static __u8 *is_merged_zero(struct page *page)
{
	return &page->mark[state_ksm.nr];
}

static void ksm_accessed(struct area *area, size_t page, bool is_write,
			 int faults)
{
	struct page *it = &area->page[page];

	(void)faults;
	if (is_write)
		*is_merged_zero(it) = false;
	if (is_write && it->what == &state_ksm)
		area_new_frame(area, page);
}

static void ksm_show(const struct area *area, size_t page, struct shown *shown)
{
	if (area->page[page].what == &state_ksm)
		bits_must(&shown->flags, KPF_KSM, true);
}

/* Wants the memory of a twin that is the only one to map it. */
static bool reclaim_twin(struct area *area, size_t page)
{
	unsigned long moved = moved_pages(area);
	bool good = !madvise(twin_word(page), psize(), MADV_PAGEOUT);

	area->answer->moved += moved_pages(area) - moved;
	return good || area_fail(area, "MADV_PAGEOUT: %s", strerror(errno));
}

/*
 * Linux 6.1 to 7.3, but not 6.12.118, have MADV_FREE mark a page that KSM has merged;
 * what is merged with it later is discarded with it.
 */
static bool is_lost(struct area *area, size_t page, __u64 value)
{
	if (value || !twins[page].may_be_lost)
		return false;
	snprintf(area->answer->found, sizeof(area->answer->found),
		 "KSM merges pages with one that is freed lazily, and they are lost");
	return true;
}

static bool check_twin(struct area *area, size_t page)
{
	const struct frame *frame = twins[page].frame;
	bool is_reclaimed = twins[page].may_be_lost && frame->mappers == 1;
	__u64 value;

	if (is_reclaimed && !reclaim_twin(area, page))
		return false;
	value = *twin_word(page);
	if (is_lost(area, page, value))
		return true;
	if (value != twins[page].value)
		return area_fail(area, "check: twin of page %zu has value %#jx", page,
				 (uintmax_t)value);
	if (twin_pfn(area, page) == frame->pfn || is_reclaimed)
		return true;
	if (moved_pages(area) != area->moved_before)
		return area_skip(area, "check: the kernel moved the twin of page %zu", page);
	return area_fail(area, "check: twin of page %zu has frame %#jx, expected %#jx", page,
			 (uintmax_t)twin_pfn(area, page), (uintmax_t)frame->pfn);
}

/* The twin maps its page no more. */
static void leave_twin(size_t page)
{
	twins[page].frame->mappers--;
	twins[page].frame = NULL;
}

/*
 * The kernel tells the zero pages that KSM has put there by the dirty bit of their
 * PTEs, and counts them (Linux 6.6). A child's count is wrong where fork() leaves
 * pages out, see ksm_fork().
 */
static bool check_zero_pages(struct area *area)
{
	long seen = stat_counter("/proc/self/ksm_stat", "ksm_zero_pages"), nr = 0;
	size_t i;

	for (i = 0; i < area->nr_pages; i++)
		nr += *is_merged_zero(&area->page[i]);
	return seen < 0 || seen == nr ||
	       area_fail(area, "check: ksm_zero_pages is %ld, expected %ld", seen, nr);
}

/* What the window's pages do must not reach their twins. */
static bool ksm_verify(struct area *area)
{
	size_t i;

	if (area->self != PROCESS_PARENT)
		return true;
	if (!check_zero_pages(area))
		return false;
	for (i = 0; twins && i < area->nr_pages; i++)
		if (twins[i].frame && !check_twin(area, i))
			return false;
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

	twin_addr[0] = page_addr(area, area->nr_pages) + pmd_bytes;
	twin_addr[1] = area->addr - pmd_bytes - len;
	twins = calloc(area->nr_pages, sizeof(*twins));
	if (!twins)
		ksft_exit_fail_msg("no memory\n");
	for (i = 0; i < 2; i++) {
		if (mmap(twin_addr[i], len, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED ||
		    madvise(twin_addr[i], len, MADV_NOHUGEPAGE) ||
		    madvise(twin_addr[i], len, MADV_MERGEABLE) ||
		    madvise(twin_addr[i], len, MADV_DONTFORK))
			return area_skip(area, "no mergeable memory for the twins: %s",
					 strerror(errno));
	}
	return true;
}

static bool is_small_enough(struct area *area)
{
	size_t len = area->nr_pages * psize();

	return len <= KSM_WINDOW ||
	       !area_skip(area, "window of %zu MB: more than KSM scans in time", len >> 20);
}

static void fill_page(__u64 *word, __u64 value)
{
	size_t i;

	for (i = 0; i < psize() / sizeof(*word); i++)
		word[i] = value;
}

static bool all_merged(const struct area *area, const bool *chosen, bool to_zero,
		       size_t *missing)
{
	__u64 pfn;
	size_t i;

	for (i = 0; i < area->nr_pages; i++) {
		if (!chosen[i])
			continue;
		*missing = i;
		pfn = pagemap_get_pfn(area->pagemap_fd, page_addr(area, i));
		if (to_zero ? !(frame_flags(area, pfn) & KPF_ZERO_PAGE) :
			      pfn != twin_pfn(area, i))
			return false;
	}
	return true;
}

/* Has ksmd scan until all chosen pages are merged, with their twins or the zero page. */
static bool run_ksmd(struct area *area, const bool *chosen, bool to_zero)
{
	long scans, last_scan;
	size_t missing = 0;
	bool is_merged;

	/* Each of these came later than KSM, but for the two that follow. */
	setting_write(KSM_DIR "advisor_mode", "none");
	setting_write(KSM_DIR "smart_scan", "0");
	setting_write(KSM_DIR "use_zero_pages", to_zero ? "1" : "0");
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
		is_merged = all_merged(area, chosen, to_zero, &missing);
	} while (!is_merged && scans < last_scan);
	/* Waits for ksmd to be done with what it has in hand. */
	setting_write(KSM_DIR "run", "0");
	if (!is_merged)
		area_skip(area, "KSM did not merge page %zu in %d scans",
			  missing, KSM_SCANS);
	return true;
}

static void note_merged(struct page *page, struct twin *twin)
{
	page->what = &state_ksm;
	page->exclusive = false;
	page->frame->mappers = 2;
	twin->frame = page->frame;
}

/*
 * It is the zero page now, as after a read of what was never touched. To split a folio
 * puts it where zeros are, before KSM can, see try_to_map_unused_to_zeropage().
 */
static void note_merged_zero(struct area *area, size_t page)
{
	bool is_split = area_large_folio(area, page) && kernel_at_least(6, 12);

	area_empty(&area->page[page], &page_empty);
	area_accessed(area, page, false, 0);
	*is_merged_zero(&area->page[page]) = !is_split;
}

/* A large folio with a chosen page is split for it. */
static bool run_and_note(struct area *area, const bool *chosen, bool to_zero)
{
	size_t i;

	if (!area_advise(area, 0, area->nr_pages, MADV_MERGEABLE) ||
	    !run_ksmd(area, chosen, to_zero) || area_skipped(area))
		return area_skipped(area);
	for (i = 0; i < area->nr_pages; i++) {
		/* A split may lose bits of a PTE: their faults are not to be counted. */
		if (chosen[i]) {
			access_word(page_word(area, i), false, 0);
			area_split_pmd(area, i);
			if (to_zero)
				note_merged_zero(area, i);
			else
				note_merged(&area->page[i], &twins[i]);
		} else if (area->page[i].what == &page_anon) {
			*page_word(area, i) = area->page[i].value;
		}
	}
	return area_adopt(area);
}

/* Has KSM merge each chosen page with its twin, in mappings beside the window. */
static bool merge_pages(struct area *area, const bool *chosen)
{
	size_t i, len = area->nr_pages * psize();

	if (!is_small_enough(area) || !map_twins(area, len) || area_skipped(area))
		return area_skipped(area);
	for (i = 0; i < area->nr_pages; i++) {
		if (!chosen[i])
			continue;
		twins[i].value = area->page[i].value;
		fill_page(page_word(area, i), twins[i].value);
		fill_page(twin_word(i), twins[i].value);
	}
	return run_and_note(area, chosen, false);
}

/* Has KSM merge each chosen page with the zero page. */
static bool merge_with_zero(struct area *area, const bool *chosen)
{
	size_t i;

	if (!is_small_enough(area))
		return true;
	for (i = 0; i < area->nr_pages; i++)
		if (chosen[i])
			fill_page(page_word(area, i), 0);
	return run_and_note(area, chosen, true);
}

static bool can_merge(const struct area *area, size_t page)
{
	return area->page[page].what == &page_anon;
}

static const char *merge(struct area *area, enum area_pages pages,
			 bool (*merge_chosen)(struct area *area, const bool *chosen))
{
	bool *chosen, good;

	if (area_skipped(area))
		return area_answer(area, true);
	chosen = area_choose(area, pages, can_merge);
	good = merge_chosen(area, chosen);
	free(chosen);
	return area_answer(area, good);
}

const char *area_merge(struct area *area, enum area_pages pages)
{
	return merge(area, pages, merge_pages);
}

const char *area_merge_zero(struct area *area, enum area_pages pages)
{
	return merge(area, pages, merge_with_zero);
}

/* The twins are written: the merged pages are alone. */
static bool serve_unmerge(struct area *area, const struct request *request)
{
	size_t i;

	(void)request;
	for (i = 0; i < area->nr_pages; i++) {
		if (!twins[i].frame)
			continue;
		*twin_word(i) = ~0ULL;
		leave_twin(i);
		twins[i].is_apart = true;
	}
	return true;
}

const char *area_unmerge_twins(struct area *area)
{
	return area_step(area, (struct request){
		.name = "unmerge_twins", .serve = serve_unmerge,
	});
}

/* The twins of pages that are still merged have what they had, and are merged again. */
static bool serve_merge_twins(struct area *area, const struct request *request)
{
	bool *chosen = area_bools(area), good;
	size_t i;

	(void)request;
	for (i = 0; i < area->nr_pages; i++) {
		const struct page *it = &area->page[i];

		chosen[i] = twins[i].is_apart && it->what == &state_ksm;
		if (chosen[i])
			fill_page(twin_word(i), twins[i].value);
	}
	good = run_ksmd(area, chosen, false);
	for (i = 0; i < area->nr_pages; i++) {
		if (!chosen[i])
			continue;
		twins[i].frame = area->page[i].frame;
		twins[i].frame->mappers++;
		twins[i].may_be_lost = area_may_go(area, i);
	}
	free(chosen);
	return good;
}

const char *area_merge_twins(struct area *area)
{
	return area_step(area, (struct request){
		.name = "merge_twins", .serve = serve_merge_twins,
	});
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
		if (!twins[i].frame)
			continue;
		if (madvise(twin_word(i), psize(), MADV_DONTNEED))
			return area_fail(area, "MADV_DONTNEED: %s", strerror(errno));
		leave_twin(i);
	}
	return true;
}

DECLARE_KIND(ksm);
const struct area_kind kind_ksm = {
	.populate = populate_single,
	.finish = merge_and_leave,
};

DECLARE_MAKER(merged);
const struct area_maker maker_merged = { .make = area_merge };
