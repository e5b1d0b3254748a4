// SPDX-License-Identifier: GPL-2.0
/* The window: where it lies, and the folios that fill it. */
#include "mprotect_model.h"

#include <sys/random.h>

#define NODES_WITH_MEMORY	"/sys/devices/system/node/has_memory"

size_t pmd_pages(void)
{
	static size_t pages;
	size_t bytes = pages ? 0 : read_pmd_pagesize();

	/* Without THP: a page table of 8-byte entries. */
	if (!pages)
		pages = bytes ? bytes / psize() : psize() / sizeof(__u64);
	return pages;
}

/*
 * Pages that arm64 maps by one contiguous block of PTEs, see
 * arch/arm64/include/asm/pgtable-hwdef.h. Elsewhere just a run to straddle.
 */
size_t contpte_pages(void)
{
	return psize() == 16384 ? 128 : psize() == 65536 ? 32 : 16;
}

char *page_addr(const struct area *area, size_t page)
{
	return area->addr + page * psize();
}

__u64 *page_word(const struct area *area, size_t page)
{
	__u64 top = 0;

	for (struct area_state *const *s = area_states; *s; s++)
		if ((*s)->pointer)
			top |= (*s)->pointer(area, page);
	return (__u64 *)(page_addr(area, page) + (top << 56));
}

__u64 *last_word(const struct area *area, size_t page)
{
	return page_word(area, page) + psize() / sizeof(__u64) - 1;
}

/* Different for every page, process, generation and test, and never 0. */
__u64 area_new_value(const struct area *area, size_t page)
{
	return (__u64)area->generation << 48 | (__u64)(area->self + 1) << 44 |
	       (__u64)area->tag << 20 | page;
}

bool *area_bools(struct area *area)
{
	bool *bools = calloc(area->nr_pages, sizeof(*bools));

	if (!bools)
		ksft_exit_fail_msg("no memory\n");
	return bools;
}

/* For all processes, so that no copy on write is counted for the test's. */
void *shared_memory(size_t len)
{
	void *addr = mmap(NULL, len, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (addr == MAP_FAILED)
		ksft_exit_fail_msg("no shared memory: %s\n", strerror(errno));
	return addr;
}

const char *area_skipped(const struct area *area)
{
	return area->answer->skip[0] ? area->answer->skip : NULL;
}

const char *area_found(const struct area *area)
{
	return area->answer->found[0] ? area->answer->found : NULL;
}

/* Beyond the last page frame there is nothing to read, and no flag. */
__u64 frame_flags(const struct area *area, __u64 pfn)
{
	__u64 flags;

	return pread(area->kpageflags_fd, &flags, sizeof(flags),
		     pfn * sizeof(flags)) == sizeof(flags) ? flags : 0;
}

static const char *missing(const struct area *area, unsigned int needs, __u64 entry)
{
	char nodes[64];

	if (needs & AREA_NEED_ROOT && area->kpageflags_fd < 0)
		return "root: /proc/kpageflags cannot be opened";
	if (needs & AREA_NEED_ROOT && !PAGEMAP_PFN(entry))
		return "root: pagemap hides page frames";
	if (needs & AREA_NEED_THP && !read_pmd_pagesize())
		return "THP (CONFIG_TRANSPARENT_HUGEPAGE)";
	if (needs & AREA_NEED_MTHP && !thp_has_sizes())
		return "mTHP (Linux 6.8, " THP_DIR "hugepages-*kB)";
	if (needs & AREA_NEED_KSM && setting_number(KSM_DIR "run") < 0)
		return "KSM (CONFIG_KSM)";
	if (needs & AREA_NEED_NUMA_NODES &&
	    !(setting_read(NODES_WITH_MEMORY, nodes, sizeof(nodes)) &&
	      strpbrk(nodes, ",-")))
		return "two NUMA nodes with memory";
	if (needs & AREA_NEED_NUMA_BALANCING && setting_number(NUMA_BALANCING) < 0)
		return "NUMA balancing (CONFIG_NUMA_BALANCING)";
	if (needs & AREA_NEED_NUMA_BALANCING &&
	    setting_number(NUMA_DIR "scan_delay_ms") < 0)
		return "debugfs, mounted at /sys/kernel/debug";
	return NULL;
}

void area_init(struct area *area, unsigned int needs)
{
	const char *what;
	__u64 entry = 0;

	*area = (struct area){ .answer = shared_memory(sizeof(*area->answer)) };
	settings_track_test(true);
	area->pagemap_fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	area->kpageflags_fd = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	if (area->pagemap_fd >= 0)
		entry = pagemap_get_entry(area->pagemap_fd, (char *)&entry);
	what = missing(area, needs, entry);
	if (what)
		area_skip(area, "needs %s", what);
	/*
	 * Some kernels call all anonymous pages KSM pages there (seen in 6.12).
	 * Then the frame that is the twin's is what tells a merged page.
	 */
	area->blind = frame_flags(area, PAGEMAP_PFN(entry)) & KPF_KSM;
	/* Somebody's own, and not for a test to change. */
	area->has_damon = setting_number("/sys/kernel/mm/damon/admin/kdamonds/nr_kdamonds") > 0;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* KSM merges what a test asks for, not all that a service manager wants. */
	prctl(PR_SET_MEMORY_MERGE, 0, 0, 0, 0);
	if (getrandom(&area->tag, sizeof(area->tag), 0) < 0)
		area->tag = getpid();
	area->tag &= 0xffffff;
	access_init();
	access_learn_flags(area);
	actors_init(area);
}

/* The answer stays, for area_skipped() and area_found(). */
void area_destroy(struct area *area)
{
	actors_destroy(area);
	if (area->reserved)
		munmap(area->reserved, area->reserved_len);
	if (area->pages)
		munmap(area->pages, area->model_len);
	close(area->pagemap_fd);
	close(area->kpageflags_fd);
	settings_track_test(false);
}

/* Pages of a folio of the segment; those of a hole are single ones. */
size_t segment_folio(const struct segment *segment)
{
	if (segment->kind == SEG_FOLIO)
		return (size_t)1 << segment->order;
	return segment->kind == SEG_HOLE ? 1 : pmd_pages();
}

/* 0 when it is not used. */
size_t segment_pages(const struct segment *segment)
{
	return segment->count * segment_folio(segment);
}

static size_t pattern_pages(const struct segment *pattern)
{
	size_t i, nr = 0;

	for (i = 0; i < LAYOUT_SEGMENTS; i++)
		nr += segment_pages(&pattern[i]);
	return nr;
}

static size_t max(size_t a, size_t b)
{
	return a > b ? a : b;
}

/*
 * A side holds its pattern, a power of two, as often as two contpte blocks or 32
 * pages need, twice in any case where a page table is large enough for that; a
 * full one as often as a page table can hold it.
 */
static size_t side_pages(const struct area *area, size_t pattern)
{
	size_t nr = max(max(32, 2 * contpte_pages()), 2 * pattern);

	return area->is_full || nr > pmd_pages() ? pmd_pages() : nr;
}

/* The segment that @page is in by the layout, and the segment's first page. */
const struct segment *area_segment(const struct area *area, size_t page,
				   size_t *first)
{
	bool is_above = page >= area->boundary;
	const struct segment *segment = is_above ? area->layout->above :
					area->layout->below;
	size_t at = (is_above ? page - area->boundary : page) %
		    pattern_pages(segment);

	for (; at >= segment_pages(segment); segment++)
		at -= segment_pages(segment);
	*first = page - at;
	return segment;
}

static void alloc_model(struct area *area)
{
	size_t i, nr = area->nr_pages;

	area->model_len = nr * (NR_VIEWS * sizeof(*area->pages) +
				FRAME_LAYERS * sizeof(*area->frames) +
				sizeof(*area->sight) + 2 * sizeof(__u64));
	area->pages = shared_memory(area->model_len);
	area->frames = (struct frame *)(area->pages + NR_VIEWS * nr);
	area->sight = (struct sight *)(area->frames + FRAME_LAYERS * nr);
	area->entry = (__u64 *)(area->sight + nr);
	area->flags = area->entry + nr;
	area->page = area->pages;
	for (i = 0; i < NR_VIEWS * nr; i++)
		area->pages[i].what = &page_outside;
	for (i = 0; i < nr; i++) {
		area->page[i].prot = PROT_READ | PROT_WRITE;
		area->page[i].what = &page_empty;
	}
}

/*
 * Maps the window, with nothing in it yet. Nothing else is mapped next to it;
 * three page tables' worth of room is left on both sides.
 */
bool area_alloc(struct area *area, const struct layout *layout)
{
	size_t below = pattern_pages(layout->below);
	size_t above = pattern_pages(layout->above);
	size_t pmd_bytes = pmd_pages() * psize();
	char *boundary;

	if (max(below, above) > pmd_pages())
		return area_skip(area, "layout %s: %zu pages, a page table has %zu",
				 layout->name, max(below, above), pmd_pages());
	area->layout = layout;
	area->boundary = side_pages(area, below);
	area->nr_pages = area->boundary + side_pages(area, above);
	area->reserved_len = 9 * pmd_bytes;
	area->reserved = mmap(NULL, area->reserved_len, PROT_NONE,
			      MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (area->reserved == MAP_FAILED) {
		area->reserved = NULL;
		return area_skip(area, "no address space for the window");
	}
	/* Memory is soft-dirty from the start, where the kernel keeps track. */
	area->has_soft_dirty = pagemap_get_entry(area->pagemap_fd, area->reserved) &
			       PM_SOFT_DIRTY;
	boundary = area->reserved + 4 * pmd_bytes;
	boundary += pmd_bytes - (uintptr_t)boundary % pmd_bytes;
	area->addr = mmap(boundary - area->boundary * psize(),
			  area->nr_pages * psize(), PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	if (area->addr == MAP_FAILED)
		return area_skip(area, "no memory for the window");
	alloc_model(area);
	return true;
}

bool area_advise(struct area *area, size_t page, size_t nr, int advice)
{
	return !madvise(page_addr(area, page), nr * psize(), advice) ||
	       area_fail(area, "madvise(%zu pages at %zu, %d): %s", nr, page,
			 advice, strerror(errno));
}

/* Each run of chosen pages at once. */
bool area_advise_chosen(struct area *area, const bool *chosen, int advice)
{
	size_t i, end;

	for (i = 0; i < area->nr_pages; i = end) {
		end = area_run(area, i, area->nr_pages, chosen);
		if (chosen[i] && !area_advise(area, i, end - i, advice))
			return false;
	}
	return true;
}

bool area_allow_thp(struct area *area, bool allow)
{
	/* Without CONFIG_TRANSPARENT_HUGEPAGE neither is known, nor needed. */
	return !read_pmd_pagesize() ||
	       area_advise(area, 0, area->nr_pages,
			   allow ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
}

/* Pages from @page on that are one folio, as they were seen. */
static size_t seen_folio(const struct area *area, size_t page)
{
	__u64 pfn = seen_pfn(area, page);
	size_t nr = 1;

	while (pfn && page + nr < area->nr_pages &&
	       area->flags[page + nr] & KPF_COMPOUND_TAIL &&
	       seen_pfn(area, page + nr) == pfn + nr)
		nr++;
	return nr;
}

/* A folio of @nr pages at @page, and none that is larger? */
static bool is_folio(const struct area *area, size_t page, size_t nr)
{
	__u64 pfn = seen_pfn(area, page);

	return pfn && pfn % nr == 0 && seen_folio(area, page) == nr &&
	       !(area->flags[page] & KPF_COMPOUND_TAIL) &&
	       !(frame_flags(area, pfn + nr) & KPF_COMPOUND_TAIL);
}

static void fill(struct area *area, size_t page, size_t nr, bool by_pmd)
{
	size_t i;

	for (i = page; i < page + nr; i++) {
		struct page *it = &area->page[i];

		it->by_pmd = by_pmd;
		it->value = area_new_value(area, i);
		*page_word(area, i) = it->value;
		*last_word(area, i) = it->value;
	}
}

/* Fills a segment; area_skipped() tells when its folios are not to be had. */
bool area_populate(struct area *area, size_t page, const struct segment *segment)
{
	size_t nr = segment_folio(segment), end = page + segment_pages(segment);
	bool is_thp = segment->kind != SEG_FOLIO;
	bool by_pmd = segment->kind == SEG_PMD_THP;
	int order = __builtin_ctzl(nr);

	if (segment->kind == SEG_HOLE)
		return true;
	if (!is_thp && nr >= pmd_pages())
		return area_skip(area, "order %d: a PMD or more, see pte_thp", order);
	if (!area_allow_thp(area, nr > 1))
		return false;
	if (nr > 1 && !thp_offer(order))
		return area_skip(area, "order %d: no hugepages-%zukB", order,
				 nr * psize() >> 10);
	for (; page < end; page += nr) {
		fill(area, page, nr, by_pmd);
		if (nr > 1 && !area_look(area))
			return false;
		if (nr > 1 && !is_folio(area, page, nr))
			return area_skip(area, "order %d: the kernel gave no such folio",
					 order);
		/* A VMA's edge inside of it splits the PMD, not the folio. */
		if (segment->kind == SEG_PTE_THP &&
		    (!area_advise(area, page, 1, MADV_DONTDUMP) ||
		     !area_advise(area, page, 1, MADV_DODUMP)))
			return false;
		area_fold_frames(area, page, nr);
		if (is_thp && area_is_huge(area, page) != by_pmd)
			return area_skip(area, "order %d: %smapped by a PMD", order,
					 by_pmd ? "not " : "");
	}
	return true;
}

/* Takes folios and page frames as they are now for what must be. */
bool area_adopt(struct area *area)
{
	size_t page, nr;

	if (!area_look(area))
		return false;
	for (page = 0; page < area->nr_pages; page += nr) {
		nr = area->page[page].frame ? seen_folio(area, page) : 1;
		if (area->page[page].frame && seen_pfn(area, page))
			area_fold_frames(area, page, nr);
	}
	area->moved_before = moved_pages(area);
	return true;
}

static bool map(struct area *area, const struct layout *layout)
{
	const struct segment *segment;
	size_t page, first;

	if (!area_alloc(area, layout))
		return false;
	for (page = 0; !area_skipped(area) && page < area->nr_pages;
	     page += segment_pages(segment)) {
		segment = area_segment(area, page, &first);
		if (!area_populate(area, page, segment))
			return false;
	}
	/* khugepaged leaves it alone, and a copy on write is one page. */
	return area_skipped(area) ||
	       (area_allow_thp(area, false) && area_adopt(area));
}

const char *area_map(struct area *area, const struct layout *layout)
{
	return area_answer(area, area_skipped(area) || map(area, layout));
}
