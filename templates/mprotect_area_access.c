// SPDX-License-Identifier: GPL-2.0
/* Access to pages: whether it works, what it reads and how many faults it takes. */
#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "mprotect_model.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE	23
#endif

static __thread sigjmp_buf access_env;
static __thread volatile sig_atomic_t is_armed;

/* A signal that no access has asked for kills, as it would without a handler. */
static void access_handler(int signum, siginfo_t *info, void *context)
{
	(void)context;
	if (!is_armed) {
		signal(signum, SIG_DFL);
		return;
	}
	is_armed = 0;
	siglongjmp(access_env, info->si_code);
}

void access_init(void)
{
	struct sigaction action = {
		.sa_sigaction = access_handler,
		.sa_flags = SA_SIGINFO | SA_NODEFER,
	};

	if (sigaction(SIGSEGV, &action, NULL) || sigaction(SIGBUS, &action, NULL))
		ksft_exit_fail_msg("sigaction: %s\n", strerror(errno));
}

static void access_once(struct access *access, volatile __u64 *word,
			bool is_write, __u64 value)
{
	/* Without the signal mask: the handler does not block its signal. */
	access->code = sigsetjmp(access_env, 0);
	if (access->code)
		return;
	is_armed = 1;
	/* Plainly: an atomic store can be one that loads first, as on riscv64. */
	if (is_write)
		*word = value;
	else
		access->value = *word;
	is_armed = 0;
}

struct access access_word(__u64 *word, bool is_write, __u64 value)
{
	struct rusage before, after;
	struct access access = {};

	getrusage(RUSAGE_THREAD, &before);
	access_once(&access, word, is_write, value);
	getrusage(RUSAGE_THREAD, &after);
	access.major = after.ru_majflt - before.ru_majflt;
	access.faults = after.ru_minflt - before.ru_minflt + access.major;
	return access;
}

/*
 * After fork() or NUMA hinting the test's own memory faults once, and not only
 * where the test looks: the kernel writes to the thread's rseq area when it is
 * preempted. So does the code of an access. Take all those faults before any are
 * counted.
 */
void access_warm_up(const struct area *area)
{
	static __u64 dummy;
	char *end = area->reserved + area->reserved_len;
	unsigned long first, last;
	char line[256];
	FILE *file;

	file = fopen("/proc/self/maps", "re");
	if (!file)
		ksft_exit_fail_msg("/proc/self/maps: %s\n", strerror(errno));
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%lx-%lx", &first, &last) != 2 ||
		    !strstr(line, " rw-p "))
			continue;
		if ((char *)first < end && (char *)last > area->reserved)
			continue;
		/* One that cannot be filled, such as [vvar], has no such faults. */
		madvise((void *)first, last - first, MADV_POPULATE_WRITE);
	}
	fclose(file);
	access_word(&dummy, true, 1);
	access_word(&dummy, false, 0);
}

void area_access_start(struct area *area)
{
	size_t i;

	for (i = 0; i < area->nr_pages; i++)
		area->sight[i].is_accessed = false;
	area->generation++;
	access_warm_up(area);
}

/* Reads or writes a page, and notes what it took. */
void area_access(struct area *area, const struct request *request, size_t page)
{
	struct sight *sight = &area->sight[page];
	struct page *it = &area->page[page];
	bool is_write = request->is_write;
	struct access access, again;
	struct cost cost;
	size_t i;

	if (it->what == &page_outside ||
	    !(it->prot & (is_write ? PROT_WRITE : PROT_READ)))
		return;
	cost = area_cost(area, page, is_write);
	if (is_write)
		it->value = area_new_value(area, page);
	access = access_word(page_word(area, page), is_write, it->value);
	if (!access.code)
		again = access_word(last_word(area, page), is_write, it->value);
	if (access.code) {
		area_mark(area, request, page, "SIGSEGV or SIGBUS (si_code %d)",
			  access.code);
		return;
	}
	if (again.code)
		area_mark(area, request, page, "si_code %d at its end",
			  again.code);
	if (!is_write && (access.value != it->value || again.value != it->value))
		area_mark(area, request, page, "value %#jx, expected %#jx",
			  (uintmax_t)(access.value == it->value ? again.value :
				      access.value), (uintmax_t)it->value);
	sight->is_accessed = true;
	sight->was = it->frame ? it->frame->pfn : 0;
	sight->fate = cost.fate;
	sight->min = cost.min;
	sight->max = cost.max;
	sight->major = access.major + again.major;
	sight->faults = access.faults + again.faults;
	for_each_state(i, accessed)
		area_states[i]->accessed(area, page, is_write, sight->faults);
	if (is_write)
		it->readonly = false;
}

/* Holds the page's frame, and its faults, against what the access allows. */
static void settle(struct area *area, const struct request *request, size_t page)
{
	const struct sight *sight = &area->sight[page];
	struct page *it = &area->page[page];
	__u64 pfn = seen_pfn(sight);

	if (it->frame && !pfn && !area_is_moved(area, page))
		area_mark(area, request, page, "no page after it");
	if (sight->fate == FRAME_IS_NEW && pfn && pfn == sight->was)
		area_mark(area, request, page,
			  "frame %#jx is written in place, others map it",
			  (uintmax_t)pfn);
	if (sight->fate == FRAME_MAY_BE_NEW && pfn != sight->was)
		area_new_frame(area, page);
	if (it->frame && sight->fate != FRAME_STAYS)
		it->frame->pfn = pfn;
	if (area_is_moved(area, page))
		return;
	if (it->frame && it->frame->pfn != pfn)
		area_mark(area, request, page, "frame %#jx, expected %#jx",
			  (uintmax_t)pfn, (uintmax_t)it->frame->pfn);
	if (sight->faults < sight->min || sight->faults > sight->max)
		area_mark(area, request, page, "%d fault%s, expected %d%s",
			  sight->faults, sight->faults == 1 ? "" : "s",
			  sight->min, sight->max > sight->min ? " or more" : "");
	if (sight->major)
		area_mark(area, request, page, "%d major fault%s",
			  sight->major, sight->major == 1 ? "" : "s");
}

bool area_access_end(struct area *area, const struct request *request)
{
	size_t i;

	if (!area_look(area))
		return false;
	for (i = 0; i < area->nr_pages; i++)
		if (area->sight[i].is_accessed)
			settle(area, request, i);
	return area_verdict(area, request);
}

/* Reads, or writes, each page of the range where that is allowed. */
bool area_serve_access(struct area *area, const struct request *request)
{
	size_t i;

	area_access_start(area);
	for (i = request->first; i < request->first + request->nr; i++)
		area_access(area, request, i);
	return area_access_end(area, request);
}
