// SPDX-License-Identifier: GPL-2.0
/*
 * NUMA hinting: what NUMA balancing makes of memory on another node.
 *
 * task_numa_work() has change_protection() take the access from the pages of a
 * process, so that the next access of each folio tells which node it is wanted
 * on. Balancing is on in area_hint() only, for as long as the kernel needs to
 * visit all of the process's memory. Afterwards nothing changes by itself, and
 * the faults of each page are counted at leisure.
 */
#define _GNU_SOURCE
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "mprotect_model.h"

#define BALANCE_TURNS	5
#define LOCAL_ROUNDS	3
#define AGAIN_TURNS	5
#define AGAIN_PAGES	100	/* more than the program has itself */
#define TURN_SECONDS	2

/* Whether the next access takes a NUMA hinting fault: a page's mark. */
enum hint {
	HINT_NO,
	HINT_YES,
	HINT_MAYBE,
	HINT_LOCAL,		/* not, but for a moment's second user of the mm */
};

DECLARE_STATE(numa);

static size_t nr_local_faults;
static long highest_seq;	/* mm->numa_scan_seq after the last hint */

static __u8 *hint_of(const struct area *area, size_t page)
{
	return &area->page[page].mark[state_numa.nr];
}

/*
 * A hinting fault comes before what else the access takes, see do_numa_page(). It
 * makes a PTE writable that could be, so that no other fault follows for that.
 */
static void numa_cost(const struct area *area, size_t page, bool is_write,
		      struct cost *cost)
{
	enum hint hint = *hint_of(area, page);
	const struct page *it = &area->page[page];

	if (is_write && it->exclusive && it->readonly != READONLY_NO) {
		if (hint == HINT_YES)
			cost->min = 1;
		return;
	}
	cost->min += hint == HINT_YES;
	cost->max += hint != HINT_NO;
}

/* What a hinting fault of the folio with this head makes of the page. */
static void restore(struct area *area, size_t page, const struct frame *head,
		    enum hint fault)
{
	struct page *it = &area->page[page];

	if (*hint_of(area, page) == HINT_NO || it->frame->head != head)
		return;
	if (fault != HINT_YES) {
		*hint_of(area, page) = fault;
		return;
	}
	*hint_of(area, page) = HINT_NO;
	it->readonly = READONLY_NO;
}

/*
 * A hinting fault has restored the page's folio, as far as its VMA and page
 * table go: see numa_rebuild_large_mapping(). Before Linux 6.10 it restores one
 * page where the folio is mapped by PTEs.
 */
static void numa_accessed(struct area *area, size_t page, bool is_write,
			  int faults)
{
	const struct page *it = &area->page[page];
	size_t i, nr, first = area_folio(area, page, &nr);
	enum hint hint = *hint_of(area, page);

	if (hint == HINT_LOCAL)
		nr_local_faults += faults > 0;
	if (hint == HINT_NO || !faults) {
		*hint_of(area, page) = HINT_NO;
		return;
	}
	/* That of a write may be for something else. */
	if (hint != HINT_YES)
		hint = is_write ? HINT_MAYBE : HINT_YES;
	restore(area, page, it->frame->head, HINT_YES);
	if (!it->by_pmd && !kernel_at_least(6, 10))
		return;
	for (i = page + 1; i < first + nr && area_is_one_vma(area, i); i++)
		restore(area, i, it->frame->head, hint);
	for (i = page; i > first && area_is_one_vma(area, i); i--)
		restore(area, i - 1, it->frame->head, hint);
}

/* The PTE gets the access of the VMA. */
static void numa_ptes_changed(struct area *area, size_t page)
{
	*hint_of(area, page) = HINT_NO;
}

/*
 * The PTEs get the access of the VMA, but none that is writable, see
 * __split_huge_pmd_locked().
 */
static void numa_pmd_split(struct area *area, size_t page)
{
	enum hint hint = *hint_of(area, page);

	/* Before Linux 6.2 a hinted PMD remembers that it was writable. */
	if (hint != HINT_NO && kernel_at_least(6, 2))
		area->page[page].readonly = hint == HINT_YES ? READONLY_YES :
					    READONLY_MAYBE;
	*hint_of(area, page) = HINT_NO;
}

struct area_state state_numa = {
	.name = "numa",
	.cost = numa_cost,
	.accessed = numa_accessed,
	.ptes_changed = numa_ptes_changed,
	.pmd_split = numa_pmd_split,
};

/* Whether kallsyms lists the function; a compiler may have taken it away. */
static bool kernel_has_function(const char *symbol)
{
	FILE *file = fopen("/proc/kallsyms", "re");
	char line[256], name[128];
	bool has = false;

	while (file && !has && fgets(line, sizeof(line), file))
		if (sscanf(line, "%*s %*s %127s", name) == 1)
			has = !strcmp(name, symbol);
	if (file)
		fclose(file);
	return has;
}

/* Whether folio_can_map_prot_numa() is asked about the page. */
static bool is_filtered(const struct page *page)
{
	static int has_filter = -1;

	/* Before that change_huge_pmd() hints a PMD whatever the folio is. */
	if (has_filter < 0)
		has_filter = kernel_has_function("folio_can_map_prot_numa") ||
			     kernel_at_least(6, 19);
	return !page->by_pmd || has_filter;
}

/* All of the folio's pages in the window are mapped by others, too. */
static bool is_shared_whole(const struct area *area, size_t page)
{
	size_t i, nr, first = area_folio(area, page, &nr);

	for (i = first; i < first + nr; i++)
		if (!area->page[i].frame || area->page[i].frame->mappers < 2 ||
		    area->page[i].frame->head != area->page[page].frame->head)
			return false;
	return true;
}

/* What folio_can_map_prot_numa() will say of the page. */
static enum hint predict(const struct area *area, size_t page, int home)
{
	const struct page *it = &area->page[page];
	bool is_large, is_shared;
	size_t nr;

	if (!it->prot || it->what != &page_anon)
		return HINT_NO;
	if (!is_filtered(it))
		return HINT_YES;
	if (area_is_held(area, page))
		return HINT_NO;
	area_folio(area, page, &nr);
	is_large = nr > 1;
	is_shared = area_is_shared_folio(area, page);
	/*
	 * Of a folio that is shared in part Linux 6.15 knows that it is; before
	 * that the first page's mappings were taken for those of all. Of more
	 * than two processes the folio does not know that one is left alone.
	 */
	if (is_large && is_shared && !is_shared_whole(area, page) &&
	    !kernel_at_least(6, 15))
		return HINT_MAYBE;
	if (is_shared)
		return HINT_NO;
	if (is_large && __builtin_popcount(it->frame->head->mapped_by) > 2)
		return HINT_MAYBE;
	if (node_of(page_addr(area, page)) == home &&
	    !area->actor[PROCESS_THREAD].pid)
		return HINT_LOCAL;
	/*
	 * Before Linux 6.9 a page with a reference beside its mapping, from a
	 * batch for the LRU or of another page of the folio, is left out.
	 */
	return kernel_at_least(6, 9) ? HINT_YES : HINT_MAYBE;
}

/* How often NUMA balancing has been through all memory of this process. */
static long scans_done(void)
{
	char line[256];
	long scans = -1;
	FILE *file;

	file = fopen("/proc/self/sched", "re");
	if (!file)
		return -1;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "mm->numa_scan_seq : %ld", &scans) == 1)
			break;
	fclose(file);
	return scans;
}

/* What NUMA balancing has done: in this process, and to PTEs and PMDs of all. */
struct balanced {
	long scans, updates, huge_updates;
};

static struct balanced balanced_since(const struct balanced *before)
{
	return (struct balanced){
		.scans = scans_done() - before->scans,
		.updates = vm_counter("numa_pte_updates") - before->updates,
		.huge_updates = vm_counter("numa_huge_pte_updates") -
				before->huge_updates,
	};
}

/*
 * All memory of the process was visited, and @nr PTEs and PMDs have changed, or
 * will not any more.
 */
static bool is_balanced(const struct balanced *before, long nr)
{
	struct balanced now = balanced_since(before);

	return now.scans > 8 || (now.scans > 0 && now.updates >= nr);
}

/* Of the CPU: it is while the thread runs that its memory is scanned. */
static time_t cpu_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return now.tv_sec;
}

/*
 * Above which mm->numa_scan_seq, that is @seq now, no VMA is left out any more.
 * task_numa_work() leaves out one for which it is what it was at the last visit,
 * and vma_is_accessed() one that was not accessed lately, until it is larger by
 * the number of threads; but neither does so twice with the first two numbers if
 * the VMA was first visited at 0. To fork, or to start a thread, sets it to 0, see
 * init_numa_balancing().
 */
static long visits_before(const struct area *area, long seq)
{
	long threads = area->actor[PROCESS_THREAD].pid ? 2 : 1;
	static long newest_seq;
	long visits = 0;

	if (seq < highest_seq)
		visits = newest_seq ? highest_seq + threads : 1;
	else if (seq)
		visits = seq + threads;
	if (newest_seq < seq)
		newest_seq = seq;
	return visits;
}

/*
 * Turns balancing on until that has happened. Not for longer than a second or two
 * at a time: an emulator can miss that the kernel patches its code to turn it on
 * (QEMU before 8.1), and then nothing is visited until it is turned on again.
 */
static struct balanced balance(struct area *area, long nr)
{
	struct balanced before, nothing = {};
	int turn;

	before = balanced_since(&nothing);
	before.scans = visits_before(area, before.scans);
	for (turn = 0; turn < BALANCE_TURNS && !is_balanced(&before, nr); turn++) {
		time_t end = cpu_seconds() + TURN_SECONDS;

		if (!setting_write(NUMA_BALANCING, "1")) {
			area_skip(area, "cannot turn NUMA balancing on");
			break;
		}
		while (cpu_seconds() < end && !is_balanced(&before, nr))
			;
		setting_write(NUMA_BALANCING, "0");
	}
	highest_seq = scans_done();
	return balanced_since(&before);
}

/* PTEs of others that change meanwhile: who sleeps is not scanned. */
static long changed_by_others(void)
{
	long before = vm_counter("numa_pte_updates");

	setting_write(NUMA_BALANCING, "1");
	sleep(TURN_SECONDS);
	setting_write(NUMA_BALANCING, "0");
	return vm_counter("numa_pte_updates") - before;
}

/*
 * A scan counts none of the @nr PTEs, which are hinted already. It does count some
 * of the program itself and of others: fewer, in one turn of several.
 */
static bool hint_again(struct area *area, long nr)
{
	struct balanced done;
	int turn;

	for (turn = 0; turn < AGAIN_TURNS; turn++) {
		done = balance(area, 0);
		if (area_skipped(area) || done.updates < nr)
			return true;
	}
	if (changed_by_others() > nr / 2)
		return area_skip(area, "NUMA balancing scans others, too");
	/* Once more: others may have just ended. */
	done = balance(area, 0);
	return area_skipped(area) || done.updates < nr ||
	       area_fail(area, "hint: %ld scans have changed %ld PTEs; all %ld were hinted",
			 done.scans, done.updates, nr);
}

static bool hint_all(struct area *area)
{
	long nr = 0, nr_huge = 0, nr_hinted = 0;
	struct balanced done;
	int home, remote;
	size_t i;

	if (scans_done() < 0)
		return area_skip(area, "needs /proc/self/sched (CONFIG_SCHED_DEBUG)");
	if (!area_find_nodes(area, &home, &remote))
		return true;
	for (i = 0; i < area->nr_pages; i++) {
		enum hint before = *hint_of(area, i);

		/* What is hinted already is not changed again. */
		if (before == HINT_YES) {
			nr_hinted++;
			continue;
		}
		*hint_of(area, i) = predict(area, i, home);
		if (before != HINT_NO && *hint_of(area, i) == HINT_NO)
			*hint_of(area, i) = before;
		if (before != HINT_NO || *hint_of(area, i) != HINT_YES)
			continue;
		nr++;
		nr_huge += area->page[i].by_pmd &&
			   (!i || i == area->boundary);
	}
	if (!nr && nr_hinted >= AGAIN_PAGES)
		return hint_again(area, nr_hinted);
	done = balance(area, nr);
	return area_skipped(area) || (done.scans > 0 && done.updates >= nr &&
				      done.huge_updates >= nr_huge) ||
	       area_fail(area, "hint: %ld scans, %ld PTEs and %ld PMDs changed of %ld and %ld",
			 done.scans, done.updates, done.huge_updates, nr,
			 nr_huge);
}

const char *area_hint(struct area *area)
{
	return area_answer(area, area_skipped(area) || hint_all(area));
}

/* Reads all pages, folio by folio, and counts the hinting faults of each. */
static bool touch(struct area *area, enum area_probe probe)
{
	static const struct request request = { .name = "touch" };
	size_t i, k, nr;

	nr_local_faults = 0;
	area->request = &request;
	area_access_start(area);
	for (i = 0; i < area->nr_pages; i += nr) {
		size_t at = i;

		if (area_folio(area, i, &nr) != i)
			nr = 1;
		if (probe == PROBE_LAST)
			at = i + nr - 1;
		else if (probe == PROBE_MIDDLE)
			at = i + nr / 2;
		area_access(area, at);
		for (k = i; k < i + nr; k++)
			if (k != at)
				area_access(area, k);
	}
	return area_access_end(area);
}

/*
 * A page on the node of the only thread is hinted while something else uses the
 * mm, such as a reader of /proc/PID: for a moment, but not time after time.
 */
const char *area_touch(struct area *area, enum area_probe probe)
{
	bool good = true;
	int round;

	for (round = 0; good && !area_skipped(area); round++) {
		good = touch(area, probe);
		if (!good || !nr_local_faults || area_skipped(area))
			break;
		if (round == LOCAL_ROUNDS)
			good = area_fail(area, "touch: %zu faults on the own node, %d times",
					 nr_local_faults, round + 1);
		else
			good = hint_all(area);
	}
	return area_answer(area, good);
}
