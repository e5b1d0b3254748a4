// SPDX-License-Identifier: GPL-2.0
/* Looking at pages, holding them against the model, and telling what is wrong. */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "mprotect_model.h"

#define MAP_WIDTH	64
#define MAX_LINES	4

const char *area_skipped(const struct area *area)
{
	return area->skip[0] ? area->skip : NULL;
}

const char *area_found(const struct area *area)
{
	return area->found[0] ? area->found : NULL;
}

/* Returns true, so that a test goes on to its end without doing anything. */
bool area_skip(struct area *area, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(area->skip, sizeof(area->skip), fmt, args);
	va_end(args);
	return true;
}

/* Returns false: this is what the step answers. */
bool area_fail(struct area *area, const char *fmt, ...)
{
	va_list args;

	area->found[0] = '\0';
	va_start(args, fmt);
	vsnprintf(area->what, sizeof(area->what), fmt, args);
	va_end(args);
	return false;
}

/* Beyond the last page frame there is nothing to read, and no flag. */
__u64 page_flags(const struct area *area, __u64 pfn)
{
	uint64_t flags = 0;

	return pageflags_get(pfn, area->kpageflags_fd, &flags) ? 0 : flags;
}

__u64 seen_pfn(const struct sight *sight)
{
	return sight->entry & PM_PRESENT ? sight->entry & PFN_MASK : 0;
}

/* Pages that the kernel has moved, swapped or split since it was booted. */
unsigned long moved_pages(void)
{
	return vm_counter("pgmigrate_success") + vm_counter("pswpout") +
	       vm_counter("thp_split_page");
}

/* Memory of the process that PMDs map, in pages; the zero page does not count. */
static size_t huge_pages(void)
{
	unsigned long kilobytes = 0;
	char line[128];
	FILE *file;

	file = fopen("/proc/self/smaps_rollup", "re");
	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "AnonHugePages: %lu kB", &kilobytes) == 1)
			break;
	fclose(file);
	return (kilobytes << 10) / psize();
}

/* Whether smaps counts the page, if a PMD maps it: not before Linux 6.3 if protnone. */
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
	struct page_region regions[8];
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
	size_t i, sum = 0;
	bool is_modelled;

	for (i = 0; i < area->nr_pages; i++)
		sum += area->page[i].by_pmd && is_counted(area, i);
	is_modelled = nr < 0 && sum == huge_pages();
	for (i = 0; i < area->nr_pages; i++)
		area->sight[i].is_huge = nr < 0 && area->page[i].by_pmd &&
					 (is_modelled || !is_counted(area, i));
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

bool area_look(struct area *area)
{
	off_t offset = (uintptr_t)area->addr / psize() * sizeof(__u64);
	size_t i, k, nr, len = area->nr_pages * sizeof(__u64);
	struct sight *sight = area->sight;
	__u64 *buf = malloc(len);
	bool read;

	if (!buf)
		ksft_exit_fail_msg("no memory\n");
	read = pread(area->pagemap_fd, buf, len, offset) == (ssize_t)len;
	look_for_pmds(area);
	for (i = 0; read && i < area->nr_pages; i++) {
		sight[i].entry = buf[i];
		sight[i].flags = 0;
	}

	/* One read for each run of consecutive page frames. */
	for (i = 0; read && i < area->nr_pages; i += nr) {
		__u64 pfn = seen_pfn(&sight[i]);

		nr = 1;
		if (!pfn)
			continue;
		while (i + nr < area->nr_pages &&
		       seen_pfn(&sight[i + nr]) == pfn + nr)
			nr++;
		len = nr * sizeof(__u64);
		read = pread(area->kpageflags_fd, buf, len,
			     pfn * sizeof(__u64)) == (ssize_t)len;
		for (k = 0; read && k < nr; k++)
			sight[i + k].flags = buf[k];
	}
	free(buf);
	return read || area_fail(area, "cannot read pagemap or kpageflags");
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
	char folios[MAP_WIDTH + 1] = "", access[MAP_WIDTH + 1] = "";
	char marks[MAP_WIDTH + 1] = "";
	size_t bad, first, nr, i;

	for (bad = 0; !area->sight[bad].is_wrong;)
		bad++;
	first = bad > MAP_WIDTH / 2 ? bad - MAP_WIDTH / 2 : 0;
	nr = area->nr_pages - first < MAP_WIDTH ? area->nr_pages - first : MAP_WIDTH;
	for (i = 0; i < nr; i++) {
		size_t nr_folio, folio = area_folio(area, first + i, &nr_folio);

		folios[i] = '-';
		if (first + i == folio)
			folios[i] = nr_folio == 1 ? '.' : '[';
		else if (first + i == folio + nr_folio - 1)
			folios[i] = ']';
		access[i] = access_char(&area->page[first + i]);
		marks[i] = area->sight[first + i].is_wrong ? '^' : ' ';
	}
	ksft_print_msg("pages %zu..%zu of %zu, the boundary before %zu:\n",
		       first, first + nr - 1, area->nr_pages, area->boundary);
	ksft_print_msg("  folio    %s\n", folios);
	ksft_print_msg("  expected %s\n", access);
	ksft_print_msg("  wrong    %s\n", marks);
}

/* The page is wrong. The first ones are told; the map has them all. */
void area_mark(struct area *area, const struct request *request, size_t page,
	       const char *fmt, ...)
{
	static const char * const names[] = {
		[PROCESS_PARENT] = "parent", [PROCESS_CHILD] = "child",
		[PROCESS_SECOND_CHILD] = "second child",
		[PROCESS_THIRD_CHILD] = "third child",
		[PROCESS_GRANDCHILD] = "grandchild",
	};
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
		 names[area->self], request->name, request->range[0] ? " of " : "",
		 request->range, page, page - folio, folio, nr,
		 area->page[page].what->name, what);
	if (area->nr_wrong == 1)
		area_fail(area, "%s", line);
	ksft_print_msg("%s\n", line);
}

/*
 * Whether the kernel has moved the page for its own reasons (compaction,
 * reclaim): its frame is another, or gone, and the kernel has counted that it
 * moved some. Then nothing is said about the frame and the faults of this page.
 */
bool area_is_moved(struct area *area, size_t page)
{
	const struct frame *frame = area->page[page].frame;

	if (!frame || seen_pfn(&area->sight[page]) == frame->pfn ||
	    moved_pages() == area->moved_before)
		return false;
	area->nr_moved++;
	return true;
}

bool area_verdict(struct area *area, const struct request *request)
{
	size_t i, nr_wrong = area->nr_wrong, nr_moved = area->nr_moved;

	if (nr_wrong)
		print_map(area);
	if (nr_wrong && area_rule[0])
		ksft_print_msg("rules of %s\n", area_rule);
	fflush(stdout);
	for (i = 0; i < area->nr_pages; i++)
		area->sight[i].is_wrong = false;
	area->nr_wrong = 0;
	area->nr_moved = 0;
	if (!nr_wrong && nr_moved)
		return area_skip(area, "%s: the kernel moved %zu pages of the test to other frames",
				 request->name, nr_moved);
	return !nr_wrong;
}

/* "not " for a bit that is missing, and the name of the first that differs. */
static const char *difference(__u64 seen, __u64 must, __u64 mask, bool is_flags)
{
	static const struct {
		__u64 bit;
		bool is_flags;
		const char *name;
	} names[] = {
		{ PM_PRESENT, false, "present" },
		{ PM_SWAP, false, "swapped" },
		{ PM_UFFD_WP, false, "uffd-wp" },
		{ PM_GUARD_REGION, false, "guard" },
		{ PM_SOFT_DIRTY, false, "soft-dirty" },
		{ PM_MMAP_EXCLUSIVE, false, "mapped exclusively" },
		{ KPF_ANON, true, "anonymous" },
		{ KPF_KSM, true, "merged by KSM" },
		{ KPF_ZERO_PAGE, true, "the zero page" },
		{ KPF_COMPOUND_HEAD, true, "first of a large folio" },
		{ KPF_COMPOUND_TAIL, true, "inside of a large folio" },
	};
	static char text[64];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		if (names[i].is_flags != is_flags ||
		    !((seen ^ must) & mask & names[i].bit))
			continue;
		snprintf(text, sizeof(text), "%s%s",
			 seen & names[i].bit ? "" : "not ", names[i].name);
		return text;
	}
	return NULL;
}

/*
 * Linux 6.1, and 6.17 to 7.3 but not 6.12, take the first page of a PMD for all
 * of its pages: see pagemap_pmd_range_thp(). Bit 56 says nothing of them then.
 */
static bool is_known(struct area *area, size_t page, __u64 differs)
{
	size_t first, nr;

	area_pmd(area, page, &first, &nr);
	if (differs != PM_MMAP_EXCLUSIVE || !area->sight[page].is_huge ||
	    page == first || (area->sight[page].entry ^
			      area->sight[first].entry) & PM_MMAP_EXCLUSIVE)
		return false;
	snprintf(area->found, sizeof(area->found),
		 "pagemap has bit 56 of a PMD's first page for all of its pages");
	return true;
}

/* What is seen of the page without touching it. */
static void check_sight(struct area *area, const struct request *request,
			size_t page)
{
	const struct frame *frame = area->page[page].frame;
	const struct sight *sight = &area->sight[page];
	struct shown shown = area_show(area, page);
	bool is_moved = area_is_moved(area, page);
	const char *name;

	if (is_moved && sight->entry & PM_SWAP)
		return;
	name = difference(sight->entry, shown.entry, shown.entry_mask, false);
	if (name && !is_known(area, page, (sight->entry ^ shown.entry) &
					  shown.entry_mask))
		area_mark(area, request, page, "%s in pagemap (%#jx)", name,
			  (uintmax_t)sight->entry);
	if (is_moved)
		return;
	if (frame && frame->pfn != seen_pfn(sight))
		area_mark(area, request, page, "frame %#jx, expected %#jx",
			  (uintmax_t)seen_pfn(sight), (uintmax_t)frame->pfn);
	name = difference(sight->flags, shown.flags, shown.flags_mask, true);
	if (name)
		area_mark(area, request, page, "%s in kpageflags (%#jx)",
			  name, (uintmax_t)sight->flags);
	if (sight->is_huge != area->page[page].by_pmd)
		area_mark(area, request, page, "%smapped by a PMD",
			  sight->is_huge ? "" : "not ");
}

/* An access that must not work, and how the kernel must tell. */
static void check_denied(struct area *area, const struct request *request,
			 size_t page, bool is_write)
{
	const struct page *it = &area->page[page];
	int expected = it->what == &page_outside ? SEGV_MAPERR : SEGV_ACCERR;
	struct access access = access_word(page_word(area, page), is_write,
					   it->value);

	if (!access.code)
		area_mark(area, request, page, "can be %s",
			  is_write ? "written" : "read");
	else if (access.code != expected)
		area_mark(area, request, page, "a %s gives si_code %d, expected %d",
			  is_write ? "write" : "read", access.code, expected);
}

/* The first touch of a page that is there takes no fault. */
static void check_value(struct area *area, const struct request *request,
			size_t page)
{
	struct access first = access_word(page_word(area, page), false, 0), last;
	const struct page *it = &area->page[page];

	if (first.code) {
		area_mark(area, request, page, "cannot be read (si_code %d)",
			  first.code);
		return;
	}
	last = access_word(last_word(area, page), false, 0);
	if (last.code || first.value != it->value || last.value != it->value)
		area_mark(area, request, page, "value %#jx and %#jx, expected %#jx",
			  (uintmax_t)first.value, (uintmax_t)last.value,
			  (uintmax_t)it->value);
	if (!(first.faults + last.faults))
		return;
	area->sight[page].entry = pagemap_get_entry(area->pagemap_fd,
						    page_addr(area, page));
	if (!area_is_moved(area, page))
		area_mark(area, request, page, "a read takes %d fault%s, expected 0",
			  first.faults + last.faults,
			  first.faults + last.faults == 1 ? "" : "s");
}

static void check_page(struct area *area, const struct request *request,
		       size_t page)
{
	const struct page *it = &area->page[page];
	bool is_outside = it->what == &page_outside;
	/* A read that faults would change what is to be checked again. */
	bool is_free = !is_outside && !area_cost(area, page, false).max;

	check_sight(area, request, page);
	if (is_outside || !(it->prot & PROT_READ))
		check_denied(area, request, page, false);
	else if (is_free)
		check_value(area, request, page);
	if (is_outside || !(it->prot & PROT_WRITE))
		check_denied(area, request, page, true);
}

/* Holds each page of the process against the model. */
bool area_serve_check(struct area *area, const struct request *request)
{
	size_t i;
	bool good;

	if (!area_look(area))
		return false;
	access_warm_up(area);
	for (i = 0; i < area->nr_pages; i++)
		check_page(area, request, i);
	good = area_verdict(area, request);
	for_each_state(i, verify)
		good = good && (area_skipped(area) || area_states[i]->verify(area));
	return good;
}
