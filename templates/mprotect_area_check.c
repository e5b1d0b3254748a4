// SPDX-License-Identifier: GPL-2.0
/* Looking at pages, holding them against the model, and telling what is wrong. */
#include "mprotect_model.h"

#define MAP_WIDTH	64
#define MAX_LINES	4

/* Returns true, so that a test goes on to its end without doing anything. */
bool area_skip(struct area *area, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(area->answer->skip, sizeof(area->answer->skip), fmt, args);
	va_end(args);
	return true;
}

/* Returns false: this is what the step answers. */
bool area_fail(struct area *area, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(area->answer->what, sizeof(area->answer->what), fmt, args);
	va_end(args);
	return false;
}

__u64 seen_pfn(const struct area *area, size_t page)
{
	__u64 entry = area->entry[page];

	return (entry & PM_PRESENT) ? PAGEMAP_PFN(entry) : 0;
}

/* Pages that the kernel has moved or swapped for its own reasons, since its boot. */
unsigned long moved_pages(const struct area *area)
{
	return vm_counter("pgmigrate_success") + vm_counter("pswpout") +
	       vm_counter("zswpout") - area->answer->moved;
}

/* Memory of the process that PMDs map, in pages; the zero page does not count. */
static size_t huge_pages(void)
{
	const char *name = "AnonHugePages:";
	char text[4096], *line = NULL;

	if (read_file("/proc/self/smaps_rollup", text, sizeof(text)))
		line = strstr(text, name);
	return line ? (strtoul(line + strlen(name), NULL, 10) << 10) / psize() : 0;
}

/* Whether that has the page, if a PMD maps it: Linux 6.1 leaves protnone out. */
static bool is_counted(const struct area *area, size_t page)
{
	const struct page *it = &area->page[page];

	return it->frame && it->prot && !area_cost(area, page, false).max;
}

/*
 * What PMDs map. Before Linux 6.7 there is only the sum for the process: then
 * all pages are as in the model where the sum is, and none where it is not.
 */
static void look_for_pmds(const struct area *area)
{
	struct page_region regions[8] = {};
	struct pm_scan_arg arg = {
		.size = sizeof(arg),
		.start = (uintptr_t)area->addr,
		.end = (uintptr_t)page_addr(area, area->nr_pages),
		.vec = (uintptr_t)regions,
		.vec_len = ARRAY_SIZE(regions),
		.category_mask = PAGE_IS_HUGE,
		.return_mask = PAGE_IS_HUGE,
	};
	int k, nr = ioctl(area->pagemap_fd, PAGEMAP_SCAN, &arg);
	struct page *it = area->page;
	size_t i, sum = 0;

	for (i = 0; nr < 0 && i < area->nr_pages; i++)
		sum += it[i].by_pmd && is_counted(area, i);
	if (nr < 0)
		sum -= huge_pages();
	for (i = 0; i < area->nr_pages; i++)
		area->sight[i].is_huge = nr < 0 &&
			(is_counted(area, i) ? it[i].by_pmd == !sum : it[i].by_pmd);
	for (k = 0; k < nr; k++)
		for (i = (regions[k].start - arg.start) / psize();
		     i < (regions[k].end - arg.start) / psize(); i++)
			area->sight[i].is_huge = true;
}

bool area_is_huge(const struct area *area, size_t page)
{
	look_for_pmds(area);
	return area->sight[page].is_huge;
}

bool area_look_once(struct area *area)
{
	off_t offset = (uintptr_t)area->addr / psize() * sizeof(__u64);
	ssize_t len = area->nr_pages * sizeof(__u64);
	size_t page, nr;
	bool good;

	look_for_pmds(area);
	memset(area->flags, 0, len);
	good = pread(area->pagemap_fd, area->entry, len, offset) == len;
	/* One read for each run of consecutive page frames. */
	for (page = 0; good && page < area->nr_pages; page += nr) {
		__u64 pfn = seen_pfn(area, page);

		for (nr = 1; pfn && page + nr < area->nr_pages; nr++)
			if (seen_pfn(area, page + nr) != pfn + nr)
				break;
		len = nr * sizeof(__u64);
		good = !pfn || pread(area->kpageflags_fd, &area->flags[page], len,
				     pfn * sizeof(__u64)) == len;
	}
	return good || area_fail(area, "cannot read pagemap or kpageflags");
}

/* What a page's access must be, as one character. */
static char access_char(const struct page *page)
{
	if (page->what == &page_outside)
		return '~';
	if (page->prot & PROT_WRITE)
		return page->what == &page_empty ? '.' : 'w';
	return page->prot & PROT_READ ? 'r' : '-';
}

/* The window around the first wrong page: folios, access, what is wrong. */
static void print_map(const struct area *area)
{
	char rows[3][MAP_WIDTH + 1] = {};
	size_t bad, first, i, nr;

	for (bad = 0; !area->sight[bad].is_wrong;)
		bad++;
	first = bad > MAP_WIDTH / 2 ? bad - MAP_WIDTH / 2 : 0;
	for (i = 0; i < MAP_WIDTH && first + i < area->nr_pages; i++) {
		size_t page = first + i, folio = area_folio(area, page, &nr);

		rows[0][i] = nr == 1 ? '.' : page == folio ? '[' :
			     page == folio + nr - 1 ? ']' : '-';
		rows[1][i] = access_char(&area->page[page]);
		rows[2][i] = area->sight[page].is_wrong ? '^' : ' ';
	}
	ksft_print_msg("pages %zu..%zu of %zu, the boundary before %zu:\n",
		       first, first + i - 1, area->nr_pages, area->boundary);
	ksft_print_msg("  folio    %s\n", rows[0]);
	ksft_print_msg("  expected %s\n", rows[1]);
	ksft_print_msg("  wrong    %s\n", rows[2]);
	if (area_rule[0])
		ksft_print_msg("rules of %s\n", area_rule);
}

/* The page is wrong. The first ones are told; the map has them all. */
void area_mark(struct area *area, size_t page, const char *fmt, ...)
{
	static const char * const names[] = {
		[PROCESS_PARENT] = "parent",
		[PROCESS_CHILD] = "child",
		[PROCESS_SECOND_CHILD] = "second child",
		[PROCESS_THIRD_CHILD] = "third child",
		[PROCESS_GRANDCHILD] = "grandchild",
	};
	const char *range = area->request->range.name;
	size_t nr, folio = area_folio(area, page, &nr);
	char what[160], line[400];
	va_list args;

	if (area->sight[page].is_wrong)
		return;
	area->sight[page].is_wrong = true;
	if (area->nr_wrong++ >= MAX_LINES)
		return;
	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	snprintf(line, sizeof(line), "%s, %s%s%s, page %zu (%zu of folio %zu+%zu, %s): %s",
		 names[area->self], area->request->name, range ? " of " : "", range ? range : "",
		 page, page - folio, folio, nr, area->page[page].what->name, what);
	if (area->nr_wrong == 1)
		area_fail(area, "%s", line);
	ksft_print_msg("%s\n", line);
}

void area_check_frame(struct area *area, size_t page)
{
	struct frame *frame = area->page[page].frame;
	__u64 pfn = seen_pfn(area, page);

	if (frame && !frame->pfn)
		frame->pfn = pfn;
	if (frame && (frame->pfn != pfn || !pfn))
		area_mark(area, page, "frame %#llx, expected %#llx", pfn, frame->pfn);
}

/*
 * Whether the kernel has moved the page for its own reasons (compaction,
 * reclaim): its frame is another, or gone, and the kernel has counted that it
 * moved some. Then nothing is said about the frame of this page.
 */
bool area_is_moved(struct area *area, size_t page)
{
	const struct frame *frame = area->page[page].frame;

	if (!frame || !frame->pfn || seen_pfn(area, page) == frame->pfn ||
	    moved_pages(area) == area->moved_before)
		return false;
	area->nr_moved++;
	return true;
}

bool area_verdict(struct area *area)
{
	size_t i, nr_wrong = area->nr_wrong, nr_moved = area->nr_moved;

	if (nr_wrong)
		print_map(area);
	fflush(stdout);
	for (i = 0; i < area->nr_pages; i++)
		area->sight[i].is_wrong = false;
	area->nr_wrong = 0;
	area->nr_moved = 0;
	if (!nr_wrong && nr_moved)
		area_skip(area, "%s: the kernel moved %zu pages of the test to other frames",
			  area->request->name, nr_moved);
	return !nr_wrong;
}

/* What of a mask differs, by the name of the first such bit; or NULL. */
static const char *difference(__u64 seen, struct bits must, bool is_flags)
{
	static const struct {
		__u64 bit;
		bool is_flags;
		const char *name;
	} names[] = {
		{ PM_PRESENT, false, "not present" },
		{ PM_SWAP, false, "not swapped" },
		{ PM_UFFD_WP, false, "not uffd-wp" },
		{ PM_GUARD_REGION, false, "not a guard" },
		{ PM_SOFT_DIRTY, false, "not soft-dirty" },
		{ PM_MMAP_EXCLUSIVE, false, "not mapped exclusively" },
		{ KPF_ANON, true, "not anonymous" },
		{ KPF_KSM, true, "not merged by KSM" },
		{ KPF_ZERO_PAGE, true, "not the zero page" },
		{ KPF_COMPOUND_HEAD, true, "not the first of a large folio" },
		{ KPF_COMPOUND_TAIL, true, "not inside of a large folio" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].is_flags == is_flags &&
		    (seen ^ must.value) & must.mask & names[i].bit)
			return names[i].name + ((seen & names[i].bit) ? 4 : 0);
	return NULL;
}

/*
 * Linux 6.1, and 6.17 to 7.3 but not 6.12, take the first page of a PMD for all
 * of its pages: see pagemap_pmd_range_thp(). Bit 56 says nothing of them then.
 */
static bool is_known(struct area *area, size_t page, __u64 differs)
{
	size_t first, end;

	area_pmd(area, page, &first, &end);
	if (differs != PM_MMAP_EXCLUSIVE || !area->sight[page].is_huge ||
	    page == first ||
	    (area->entry[page] ^ area->entry[first]) & PM_MMAP_EXCLUSIVE)
		return false;
	snprintf(area->answer->found, sizeof(area->answer->found),
		 "pagemap has bit 56 of a PMD's first page for all of its pages");
	return true;
}

/* What is seen of the page without touching it. */
static void check_sight(struct area *area, size_t page)
{
	__u64 entry = area->entry[page], flags = area->flags[page];
	bool is_huge = area->sight[page].is_huge;
	struct shown must = area_show(area, page);
	bool is_there = must.entry.value & PM_PRESENT;
	bool is_moved = is_there && area_is_moved(area, page);
	const char *name;

	if (is_moved && entry & PM_SWAP)
		return;
	name = difference(entry, must.entry, false);
	if (name && !is_known(area, page, (entry ^ must.entry.value) & must.entry.mask))
		area_mark(area, page, "%s in pagemap (%#llx)", name, entry);
	if (is_moved)
		return;
	if (is_there)
		area_check_frame(area, page);
	name = difference(flags, must.flags, true);
	if (name)
		area_mark(area, page, "%s in kpageflags (%#llx)", name, flags);
	if (is_huge != area->page[page].by_pmd)
		area_mark(area, page, "%smapped by a PMD", is_huge ? "" : "not ");
}

/* The first touch of a page that is there takes no fault, but @may of them. */
static void check_value(struct area *area, size_t page, int may)
{
	const struct frame *large = area_large_folio(area, page);
	const struct frame *frame = area->page[page].frame;
	int faults = access_page(area, page, false).faults - may;

	if (faults <= 0 || !area_look(area))
		return;
	if (!area_is_moved(area, page) &&
	    !(area_has_waited(area, large, faults) && seen_pfn(area, page) == frame->pfn))
		area_mark(area, page, "a read takes %d faults, expected %d", faults + may,
			  may);
}

/* What a read costs, but for a flag that is read and then set. */
static struct cost read_cost(struct area *area, size_t page)
{
	struct page *it = &area->page[page];
	bool may_be_old = it->may_be_old;
	struct cost cost;

	it->may_be_old = false;
	cost = area_cost(area, page, false);
	it->may_be_old = may_be_old;
	return cost;
}

/*
 * An access that must not work, and how the kernel must tell; or one that must. One
 * that changes what is to be checked again is left out.
 */
static void check_access(struct area *area, size_t page, bool is_write)
{
	int code = area_denied(area, page, is_write);
	struct page *it = &area->page[page];
	struct cost cost;

	if (it->what == &page_outside) {
		access_first(area, page, is_write, SEGV_MAPERR);
		return;
	}
	if (code) {
		access_denied(area, page, is_write, code);
		return;
	}
	if (!(it->prot & (is_write ? PROT_WRITE : PROT_READ))) {
		access_first(area, page, is_write, SEGV_ACCERR);
		return;
	}
	cost = is_write ? area_cost(area, page, true) : read_cost(area, page);
	if (cost.code && !cost.max) {
		access_first(area, page, is_write, cost.code);
	} else if (!is_write && !cost.max) {
		check_value(area, page, area_may_be_old(area, page));
		it->may_be_old = false;
	}
}

/* Holds each page of the process against the model. */
bool area_serve_check(struct area *area, const struct request *request)
{
	unsigned long moved = moved_pages(area);
	bool good = true;
	size_t i;

	(void)request;
	if (!area_look(area))
		return false;
	access_warm_up(area);
	for (i = 0; i < area->nr_pages; i++) {
		check_sight(area, i);
		check_access(area, i, false);
		check_access(area, i, true);
	}
	for (struct area_state *const *s = area_states; *s; s++)
		if ((*s)->verify)
			good = good && (*s)->verify(area);
	/* All pages were where they must be: what moves one is to come. */
	area->moved_before = moved;
	return area_verdict(area) && good;
}
