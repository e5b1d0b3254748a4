// SPDX-License-Identifier: GPL-2.0
/* Access to pages: whether it works, what it reads and how many faults it takes. */
#include "mprotect_model.h"

/* More is not ours: the shadow memory of a sanitizer. */
#define WARM_BYTES	(64UL << 20)

/*
 * After fork() or NUMA hinting the test's own memory faults once, also where only
 * the kernel writes (rseq); its code does where nobody has run it yet, such as that of
 * a signal. Take all those faults before any are counted.
 */
void access_warm_up(const struct area *area)
{
	char *end = area->reserved + area->reserved_len;
	FILE *file = fopen("/proc/self/maps", "re");
	unsigned long first, last;
	static __u64 dummy;
	char line[256], write, kind;

	if (!file)
		ksft_exit_fail_msg("/proc/self/maps: %s\n", strerror(errno));
	while (fgets(line, sizeof(line), file))
		/* One that cannot be filled, such as [vvar], has no such faults. */
		if (sscanf(line, "%lx-%lx r%c%*c%c", &first, &last, &write, &kind) == 4 &&
		    kind == 'p' && last - first < WARM_BYTES &&
		    ((char *)first >= end || (char *)last <= area->reserved))
			madvise((void *)first, last - first, write == 'w' ?
				MADV_POPULATE_WRITE : MADV_POPULATE_READ);
	fclose(file);
	access_word(&dummy, true, 1);
	access_word(&dummy, false, 0);
}

static const char *signal_of(int code)
{
	return code > 0 ? "SIGSEGV" : code < 0 ? "SIGBUS" : "signal";
}

/* Each access that ends in a signal is followed by this. */
void access_signalled(const struct area *area)
{
	for (struct area_state *const *s = area_states; *s; s++)
		if ((*s)->signalled)
			(*s)->signalled(area);
}

static void check_code(struct area *area, size_t page, bool is_write, int seen, int code)
{
	if (seen)
		access_signalled(area);
	if (seen != code)
		area_mark(area, page, "a %s gives %s %d, expected %s %d",
			  is_write ? "write" : "read", signal_of(seen), abs(seen),
			  signal_of(code), abs(code));
}

/* Accesses the page's first word, which must work, or be refused with @code. */
struct access access_first(struct area *area, size_t page, bool is_write, int code)
{
	struct access access = access_word(page_word(area, page), is_write,
					   area->page[page].value);

	check_code(area, page, is_write, access.code, code);
	return access;
}

/* Reads or writes the page's first and last word, and marks what is wrong. */
struct access access_page(struct area *area, size_t page, bool is_write)
{
	__u64 value = area->page[page].value;
	struct access access = access_words(page_word(area, page), last_word(area, page),
					    is_write, value);

	check_code(area, page, is_write, access.code, 0);
	if (!access.code && !is_write && (access.value != value || access.last != value))
		area_mark(area, page, "value %#llx and %#llx, expected %#llx",
			  access.value, access.last, value);
	return access;
}

void area_access_start(struct area *area)
{
	size_t i;

	for (i = 0; i < area->nr_pages; i++)
		area->sight[i].is_accessed = false;
	area->generation++;
	access_warm_up(area);
}

/* What the page is after an access. */
void area_accessed(struct area *area, size_t page, bool is_write, int faults)
{
	size_t i = page, end = page + 1;

	area->sight[page].was_huge = area->page[page].by_pmd;
	for (struct area_state *const *s = area_states; *s; s++)
		if ((*s)->accessed)
			(*s)->accessed(area, page, is_write, faults);
	area->page[page].may_be_old = false;
	if (!is_write)
		return;
	area->page[page].may_be_clean = false;
	/* A PMD becomes writable as one, see do_huge_pmd_wp_page(). */
	if (area->page[page].by_pmd)
		area_pmd(area, page, &i, &end);
	for (; i < end; i++)
		area->page[i].readonly = READONLY_NO;
}

/* @large is the head of the large folio that the page was of. */
static void check_faults(struct area *area, size_t page, const struct access *access,
			 const struct cost *cost, const struct frame *large)
{
	int more = access->faults - cost->max;

	if (access->faults < cost->min ||
	    (more > 0 && !area_has_waited(area, large, more)))
		area_mark(area, page, "%d faults, expected %d%s", access->faults,
			  cost->min, cost->max > cost->min ? " or more" : "");
	if (access->major > cost->major)
		area_mark(area, page, "%d of %d faults are major", access->major,
			  access->faults);
}

/* An access that is refused for what the VMA is: nothing comes of it. */
void access_denied(struct area *area, size_t page, bool is_write, int code)
{
	struct access access = access_first(area, page, is_write, code);

	check_faults(area, page, &access, &(struct cost){}, NULL);
}

/* An access that is refused is one that reads, as far as the page goes. */
static bool is_resolved(struct area *area, size_t page, struct cost cost)
{
	const struct frame *large = area_large_folio(area, page);
	struct access access;
	bool good = false;

	/* A fault that ends in a signal is not counted, see mm_account_fault(). */
	if (cost.is_one)
		cost = (struct cost){ .code = cost.code, .is_one = true };
	access = access_first(area, page, area->request->is_write, cost.code);
	check_faults(area, page, &access, &cost, large);
	for (struct area_state *const *s = area_states; *s && !good; s++)
		good = (*s)->resolve && (*s)->resolve(area, page);
	if (access.faults || cost.is_one)
		area_accessed(area, page, false, access.faults);
	return good;
}

/* Reads or writes a page where that is allowed, and notes what it took. */
void area_access(struct area *area, size_t page)
{
	bool is_write = area->request->is_write;
	struct sight *sight = &area->sight[page];
	struct page *it = &area->page[page];
	int code = area_denied(area, page, is_write);

	if (it->what == &page_outside ||
	    !(it->prot & (is_write ? PROT_WRITE : PROT_READ)))
		return;
	if (code) {
		access_denied(area, page, is_write, code);
		return;
	}
	sight->cost = area_cost(area, page, is_write);
	if (sight->cost.code && !is_resolved(area, page, sight->cost))
		return;
	sight->cost = area_cost(area, page, is_write);
	sight->was = it->frame ? it->frame->pfn : 0;
	sight->large = area_large_folio(area, page);
	sight->is_accessed = true;
	if (is_write)
		it->value = area_new_value(area, page);
	sight->access = access_page(area, page, is_write);
	if (sight->access.code)
		return;
	area_accessed(area, page, is_write, sight->access.faults);
}

/* Learns a frame that may be, or must be, another than what @was there before. */
void area_settle_frame(struct area *area, size_t page, struct cost cost, __u64 was)
{
	__u64 pfn = seen_pfn(area, page);

	if (cost.fate == FRAME_IS_NEW && pfn == was)
		area_mark(area, page, "frame %#llx is written in place, others map it",
			  pfn);
	if (cost.fate == FRAME_MAY_BE_NEW && pfn != was)
		area_new_frame(area, page);
	if (area->page[page].frame && cost.fate != FRAME_STAYS)
		area->page[page].frame->pfn = pfn;
}

/*
 * As an access does, where it would take a fault: see faultin_page(). Flags of the
 * PTE that is there are left as they are.
 */
void area_fault_in(struct area *area, size_t page, bool is_write)
{
	struct page *it = &area->page[page];
	bool may_be_old = it->may_be_old, may_be_clean = it->may_be_clean;
	__u64 was = it->frame ? it->frame->pfn : 0;
	struct cost cost;

	it->may_be_old = false;
	it->may_be_clean = false;
	cost = area_cost(area, page, is_write);
	if (cost.max) {
		area_accessed(area, page, is_write, cost.max);
		area->entry[page] = pagemap_get_entry(area->pagemap_fd,
						      page_addr(area, page));
		area_settle_frame(area, page, cost, was);
	}
	it->may_be_old |= may_be_old;
	it->may_be_clean |= may_be_clean;
}

/* Holds the page's frame, and its faults, against what the access allows. */
static void settle(struct area *area, size_t page)
{
	const struct sight *sight = &area->sight[page];
	const struct access *access = &sight->access;
	const struct cost *cost = &sight->cost;
	bool is_moved;

	area_settle_frame(area, page, *cost, sight->was);
	is_moved = area_is_moved(area, page);
	if (!is_moved)
		area_check_frame(area, page);
	/* It comes back from swap by a major fault; no other one is excused. */
	if (is_moved && access->major)
		return;
	check_faults(area, page, access, cost, sight->large);
}

bool area_access_end(struct area *area)
{
	size_t i;

	if (!area_look(area))
		return false;
	for (i = 0; i < area->nr_pages; i++)
		if (area->sight[i].is_accessed)
			settle(area, i);
	return area_verdict(area);
}

/* Reads, or writes, each page of the range where that is allowed. */
bool area_serve_access(struct area *area, const struct request *request)
{
	size_t i;

	area_access_start(area);
	for (i = request->range.first; i < request->range.end; i++)
		area_access(area, i);
	return area_access_end(area);
}

/*
 * Writes the @chosen pages where that is allowed, and then has more put into each that
 * was written. Frees @chosen. The request is one that writes.
 */
bool area_write_chosen(struct area *area, bool *chosen,
		       void (*put)(struct area *area, size_t page))
{
	size_t i;

	area_access_start(area);
	for (i = 0; i < area->nr_pages; i++) {
		if (!chosen[i])
			continue;
		area_access(area, i);
		if (area->sight[i].is_accessed && !area->sight[i].access.code)
			put(area, i);
	}
	free(chosen);
	return area_access_end(area);
}
