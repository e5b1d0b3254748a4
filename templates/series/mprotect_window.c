// SPDX-License-Identifier: GPL-2.0
/* A window of anonymous memory, and a model of each page in it. */
#define __SANE_USERSPACE_TYPES__	/* __u64 is %llx on each architecture */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/mempolicy.h>
#include <linux/types.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "{{ tree.kselftest_include }}"
#include "{{ tree.settings_header }}"
#include "vm_util.h"
#include "mprotect_window.h"

#define THP_DIR		"/sys/kernel/mm/transparent_hugepage/"
#define MAX_MESSAGES	4

/* What must hold for a page of one process. */
struct page_model {
	enum { PAGE_OUTSIDE, PAGE_EMPTY, PAGE_MAPPED } what;
	int prot;
	bool is_split;		/* of a VMA that window_split_vma() has set apart */
	bool by_pmd;
	bool exclusive;		/* where @prot allows writes, they take no fault */
	__u64 value;		/* of its first word */
};

struct range {
	size_t first, end;
};

/* A step that another process is asked for. */
struct request {
	bool (*serve)(struct window *window, const struct request *request);
	struct range range;
	int prot;
};

static sigjmp_buf access_env;
static bool is_armed;

static struct page_model *window_page(const struct window *window, size_t page)
{
	return &window->pages[window->self * window->nr_pages + page];
}

static char *page_addr(const struct window *window, size_t page)
{
	return window->addr + page * psize();
}

static size_t pmd_pages(void)
{
	return read_pmd_pagesize() / psize();
}

/* Pages of a contiguous block of PTEs on arm64; elsewhere just a run to straddle. */
static size_t contpte_pages(void)
{
	return psize() == 16384 ? 128 : psize() == 65536 ? 32 : 16;
}

/* What the kernel has moved, swapped or split for reasons of its own: accesses wait for it. */
static unsigned long read_disturbances(void)
{
	static const char * const stats[] = { "split", "split_failed" };
	unsigned long number, sum = 0, orders = thp_supported_orders();
	FILE *file = fopen("/proc/vmstat", "r");
	char name[128], text[32];
	size_t order, i;

	while (file && fscanf(file, "%63s %lu", name, &number) == 2)
		if (!strcmp(name, "pgmigrate_success") || !strcmp(name, "pswpout") ||
		    !strcmp(name, "zswpout"))
			sum += number;
	if (file)
		fclose(file);
	for (order = 0; order < NR_ORDERS; order++)
		for (i = 0; orders & 1UL << order && i < ARRAY_SIZE(stats); i++) {
			snprintf(name, sizeof(name), THP_DIR "hugepages-%lukB/stats/%s",
				 ((unsigned long)psize() << order) >> 10, stats[i]);
			if (read_file(name, text, sizeof(text)))
				sum += strtoul(text, NULL, 10);
		}
	return sum;
}

/* DAMON makes PTEs old. That is a fault where the machine sets no access flag. */
static bool is_old_by_damon(const struct window *window)
{
	char enabled[8];

	return !window->sets_accessed &&
	       read_file("/sys/module/damon_stat/parameters/enabled", enabled,
			 sizeof(enabled)) && enabled[0] == 'Y';
}

/* Since this step began. What has happened may not have been counted yet. */
static bool is_disturbed(const struct window *window)
{
	if (read_disturbances() != window->disturbances || is_old_by_damon(window))
		return true;
	usleep(10000);
	return read_disturbances() != window->disturbances;
}

static void access_handler(int signum, siginfo_t *info, void *context)
{
	(void)info;
	(void)context;
	if (is_armed)
		siglongjmp(access_env, signum);
	signal(signum, SIG_DFL);
}

/* Reads or writes a word; returns the signal that comes instead, or 0. */
static int access_word(__u64 *word, bool is_write, __u64 *value, int *faults)
{
	struct rusage before, after;
	int signum;

	getrusage(RUSAGE_SELF, &before);
	signum = sigsetjmp(access_env, 0);
	is_armed = !signum;
	asm volatile("" : : : "memory");
	if (is_armed && is_write)
		*word = *value;
	else if (is_armed)
		*value = *word;
	asm volatile("" : : : "memory");
	is_armed = false;
	getrusage(RUSAGE_SELF, &after);
	*faults = after.ru_minflt + after.ru_majflt - before.ru_minflt - before.ru_majflt;
	return signum;
}

/*
 * After fork() the program's own memory is copied on write, also where only the kernel
 * writes (rseq). Take these faults before any are counted.
 */
static void access_warm_up(const struct window *window)
{
	char *end = window->addr + window->nr_pages * psize();
	FILE *file = fopen("/proc/self/maps", "r");
	unsigned long first, last;
	static __u64 word;
	char line[256];
	__u64 value;
	int faults;

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "%lx-%lx", &first, &last) == 2 && strstr(line, " rw-p ") &&
		    ((char *)first >= end || (char *)last <= window->addr))
			madvise((void *)first, last - first, MADV_POPULATE_WRITE);
	if (file)
		fclose(file);
	access_word(&word, true, &value, &faults);
	access_word(&word, false, &value, &faults);
}

static __printf(3, 4)
void page_is_wrong(const struct window *window, size_t page, const char *fmt, ...)
{
	static const char * const names[] = { "parent", "child", "second child" };
	size_t folio = window->folio[page];
	char text[128];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	ksft_print_msg("%s, page %zu (%zu of folio %zu+%zu): %s\n", names[window->self],
		       page, page - folio, folio, window->folio_nr[page], text);
}

/*
 * Accesses a page; prints what differs from the signal that must come, and from whether
 * a fault must. A fault that is owed may be taken twice: the PTE may become old meanwhile.
 */
static bool access_page(const struct window *window, size_t page, bool is_write,
			int signum, bool faults)
{
	__u64 value = window_page(window, page)->value, seen = value;
	const char *what = is_write ? "write" : "read";
	int seen_faults, seen_signum;

	seen_signum = access_word((__u64 *)page_addr(window, page), is_write, &seen,
				  &seen_faults);
	if (seen_signum != signum)
		page_is_wrong(window, page, "%s: signal %d, expected %d", what, seen_signum,
			      signum);
	else if (seen != value)
		page_is_wrong(window, page, "read: %#llx, expected %#llx", seen, value);
	else if (!seen_faults && faults)
		page_is_wrong(window, page, "%s: no fault, expected one", what);
	else if (seen_faults && !faults && !is_disturbed(window))
		page_is_wrong(window, page, "%s: %d faults, expected none", what,
			      seen_faults);
	else
		return true;
	return false;
}

static bool is_huge(const struct window *window, size_t page)
{
	struct page_region region;
	struct pm_scan_arg arg = {
		.size = sizeof(arg),
		.start = (uintptr_t)page_addr(window, page),
		.end = (uintptr_t)page_addr(window, page + 1),
		.vec = (uintptr_t)&region,
		.vec_len = 1,
		.category_mask = PAGE_IS_HUGE,
		.return_mask = PAGE_IS_HUGE,
	};

	return ioctl(window->pagemap_fd, PAGEMAP_SCAN, &arg) == 1;
}

/* The pages that are on the same side of the boundary: a PMD maps all of them, or none. */
static struct range pmd_range(const struct window *window, size_t page)
{
	if (page < window->boundary)
		return (struct range){ 0, window->boundary };
	return (struct range){ window->boundary, window->nr_pages };
}

static void split_pmd(const struct window *window, size_t page)
{
	struct range range = pmd_range(window, page);

	for (; range.first < range.end; range.first++)
		window_page(window, range.first)->by_pmd = false;
}

/* VMAs that do not differ are merged. Where one begins, no PMD goes across. */
static void split_at_vma(const struct window *window, size_t page)
{
	const struct page_model *model, *before;
	bool is_outside, was_outside;

	if (!page || page == window->nr_pages || page == window->boundary)
		return;
	model = window_page(window, page);
	before = model - 1;
	is_outside = model->what == PAGE_OUTSIDE;
	was_outside = before->what == PAGE_OUTSIDE;
	if (model->prot != before->prot || model->is_split != before->is_split ||
	    is_outside != was_outside)
		split_pmd(window, page);
}

static bool serve_split_vma(struct window *window, const struct request *request)
{
	struct range range = request->range;
	size_t i;

	if (madvise(page_addr(window, range.first), (range.end - range.first) * psize(),
		    MADV_DONTDUMP)) {
		ksft_print_msg("MADV_DONTDUMP: %s\n", strerror(errno));
		return false;
	}
	for (i = range.first; i < range.end; i++)
		window_page(window, i)->is_split = true;
	split_at_vma(window, range.first);
	split_at_vma(window, range.end);
	return true;
}

/* The end of the run of pages from @page on that are all mapped, or all not. */
static size_t mapped_run(const struct window *window, size_t page, size_t end)
{
	bool is_outside = window_page(window, page)->what == PAGE_OUTSIDE;

	while (page < end && (window_page(window, page)->what == PAGE_OUTSIDE) == is_outside)
		page++;
	return page;
}

static bool serve_mprotect(struct window *window, const struct request *request)
{
	size_t first, end, i;

	for (first = request->range.first; first < request->range.end; first = end) {
		end = mapped_run(window, first, request->range.end);
		if (window_page(window, first)->what == PAGE_OUTSIDE)
			continue;
		if (mprotect(page_addr(window, first), (end - first) * psize(),
			     request->prot)) {
			ksft_print_msg("mprotect: %s\n", strerror(errno));
			return false;
		}
		for (i = first; i < end; i++)
			window_page(window, i)->prot = request->prot;
		split_at_vma(window, first);
		split_at_vma(window, end);
	}
	return true;
}

/*
 * The write of a page that fork() has shared. A PMD is reused if nobody else maps it, and
 * if its folio could be locked, else split; both are right, so look which.
 */
static void become_exclusive(const struct window *window, size_t page)
{
	struct range range = pmd_range(window, page);

	if (window_page(window, page)->by_pmd && !is_huge(window, page))
		split_pmd(window, page);
	if (!window_page(window, page)->by_pmd)
		range = (struct range){ page, page + 1 };
	for (; range.first < range.end; range.first++)
		window_page(window, range.first)->exclusive = true;
}

/* Writes new values where that is allowed. Only a page that is exclusive takes no fault. */
static bool serve_write(struct window *window, const struct request *request)
{
	int nr_wrong = 0;
	size_t i;

	window->generation++;
	for (i = request->range.first; i < request->range.end && nr_wrong < MAX_MESSAGES; i++) {
		struct page_model *model = window_page(window, i);

		if (model->what == PAGE_OUTSIDE || !(model->prot & PROT_WRITE))
			continue;
		model->value = (__u64)window->generation << 32 | window->self << 24 | i;
		nr_wrong += !access_page(window, i, true, 0, !model->exclusive);
		if (!model->exclusive)
			become_exclusive(window, i);
		model->what = PAGE_MAPPED;
	}
	return !nr_wrong;
}

static bool check_page(const struct window *window, size_t page)
{
	const struct page_model *model = window_page(window, page);
	bool expected = model->what == PAGE_MAPPED;
	bool present = pagemap_get_entry(window->pagemap_fd, page_addr(window, page)) &
		       PM_PRESENT;

	if (model->what == PAGE_OUTSIDE)
		return true;
	if (present != expected && !is_disturbed(window)) {
		page_is_wrong(window, page, "present %d, expected %d", present, expected);
		return false;
	}
	if (!(model->prot & PROT_WRITE) && !access_page(window, page, true, SIGSEGV, false))
		return false;
	if (!(model->prot & PROT_READ))
		return access_page(window, page, false, SIGSEGV, false);
	/* A read would make it one that maps the zero page. */
	return model->what == PAGE_EMPTY || access_page(window, page, false, 0, false);
}

/* What is not allowed gives a signal; what is there can be read, without a fault. */
static bool serve_check(struct window *window, const struct request *request)
{
	const size_t sides[] = { 0, window->boundary };
	int nr_wrong = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sides); i++) {
		bool by_pmd = window_page(window, sides[i])->by_pmd;

		if (is_huge(window, sides[i]) != by_pmd && !is_disturbed(window)) {
			page_is_wrong(window, sides[i], "mapped by a %s, expected a %s",
				      by_pmd ? "PTE" : "PMD", by_pmd ? "PMD" : "PTE");
			nr_wrong++;
		}
	}
	for (i = request->range.first; i < request->range.end && nr_wrong < MAX_MESSAGES; i++)
		nr_wrong += !check_page(window, i);
	return !nr_wrong;
}

static bool serve(struct window *window, const struct request *request)
{
	bool good;

	window->disturbances = read_disturbances();
	good = request->serve(window, request);
	fflush(stdout);
	return good;
}

static bool ask(struct window *window, enum window_process process, struct request request)
{
	int fd = window->process[process].fds[0];
	bool good;

	if (window->skip[0])
		return true;
	if (process == window->self)
		return serve(window, &request);
	if (send(fd, &request, sizeof(request), MSG_NOSIGNAL) == sizeof(request) &&
	    read(fd, &good, sizeof(good)) == sizeof(good))
		return good;
	ksft_print_msg("process %d: has ended\n", window->process[process].pid);
	return false;
}

/* First page and size of the first of the largest folios above the boundary. */
static size_t the_folio(const struct window *window, size_t *nr)
{
	size_t i, folio = window->boundary;

	for (i = folio; i < window->nr_pages; i += window->folio_nr[i])
		if (window->folio_nr[i] > window->folio_nr[folio])
			folio = i;
	*nr = window->folio_nr[folio] > 1 ? window->folio_nr[folio] : 8;
	return folio;
}

static struct range find_range(const struct window *window, enum window_range range)
{
	size_t nr, next, folio, end = window->nr_pages, boundary = window->boundary;
	size_t block = boundary + contpte_pages();

	if (window->skip[0])
		return (struct range){};
	folio = the_folio(window, &nr);
	switch (range) {
	case RANGE_WHOLE:
		break;
	case RANGE_INSIDE:
		return (struct range){ folio + 1, folio + nr - 1 };
	case RANGE_HEAD:
		return (struct range){ folio, folio + nr / 2 + 1 };
	case RANGE_TAIL:
		return (struct range){ folio + nr / 2 - 1, folio + nr };
	case RANGE_STRADDLE:
		/* Into the next folio, or from the one before into the last. */
		next = window->folio_nr[folio + nr < end ? folio + nr : folio - 1];
		next = (next + 1) / 2;
		if (folio + nr < end)
			return (struct range){ folio + nr / 2, folio + nr + next };
		return (struct range){ folio - next, folio + nr / 2 };
	case RANGE_STRADDLE_PMD:
		return (struct range){ boundary - 3, boundary + 5 };
	case RANGE_STRADDLE_CONTPTE:
		return (struct range){ block - 3, block + 5 };
	case RANGE_ONE_PAGE:
		return (struct range){ folio + nr / 2, folio + nr / 2 + 1 };
	case RANGE_VMA_END:
		return (struct range){ end - window->folio_nr[end - 1] / 2 - 1, end };
	}
	return (struct range){ 0, end };
}

bool window_split_vma(struct window *window, enum window_range range)
{
	return ask(window, PROCESS_PARENT, (struct request){
		.serve = serve_split_vma, .range = find_range(window, range),
	});
}

bool window_mprotect(struct window *window, enum window_process process,
		     enum window_range range, int prot)
{
	return ask(window, process, (struct request){
		.serve = serve_mprotect, .range = find_range(window, range), .prot = prot,
	});
}

bool window_write(struct window *window, enum window_process process,
		  enum window_range range)
{
	return ask(window, process, (struct request){
		.serve = serve_write, .range = find_range(window, range),
	});
}

bool window_check(struct window *window)
{
	int process, nr_wrong = 0;

	for (process = 0; process < NR_PROCESSES; process++)
		if (window->process[process].pid)
			nr_wrong += !ask(window, process, (struct request){
				.serve = serve_check, .range = { 0, window->nr_pages },
			});
	return !nr_wrong;
}

static bool is_chosen(const struct window *window, size_t page, enum window_pages pages)
{
	size_t nr = window->folio_nr[page], at = page - window->folio[page];

	if (nr == 1) {
		nr = 8;
		at = page % nr;
	}
	switch (pages) {
	case PAGES_ALL:
		break;
	case PAGES_FIRST_HALF:
		return at < nr / 2;
	case PAGES_ALTERNATE:
		return at % 2 == 0;
	case PAGES_ONE:
		return at == nr / 2;
	}
	return true;
}

/* The child serves requests until it is killed, or the test has ended. */
static void child_main(struct window *window, enum window_process child)
{
	int fd = window->process[child].fds[1];
	struct request request;
	__u64 value;
	int faults, process;
	size_t i;

	/* Where a process holds the test's end of a socket, nobody sees that the test ends. */
	for (process = PROCESS_PARENT + 1; process < NR_PROCESSES; process++)
		if (process == (int)child || window->process[process].pid)
			close(window->process[process].fds[0]);
	window->self = child;
	window->pagemap_fd = open("/proc/self/pagemap", O_RDONLY);
	access_warm_up(window);
	/* fork() has made PTEs old, which is a fault where the machine sets no access flag. */
	for (i = 0; i < window->nr_pages; i++)
		if (window_page(window, i)->what == PAGE_MAPPED)
			access_word((__u64 *)page_addr(window, i), false, &value, &faults);
	while (read(fd, &request, sizeof(request)) == sizeof(request)) {
		bool good = serve(window, &request);

		if (send(fd, &good, sizeof(good), MSG_NOSIGNAL) != sizeof(good))
			break;
	}
	_exit(1);
}

/* What fork() leaves of the pages: those that both have are exclusive to none. */
static void note_fork(const struct window *window, enum window_process child,
		      enum window_pages pages)
{
	struct page_model *of_child = &window->pages[child * window->nr_pages];
	size_t i;

	for (i = 0; i < window->nr_pages; i++) {
		struct page_model *model = window_page(window, i);

		if (is_chosen(window, i, pages)) {
			model->exclusive = false;
			of_child[i] = *model;
		} else {
			of_child[i] = (struct page_model){ .what = PAGE_OUTSIDE };
		}
	}
}

bool window_fork(struct window *window, enum window_process child, enum window_pages pages)
{
	size_t i;
	pid_t pid;

	if (window->skip[0])
		return true;
	for (i = 0; i < window->nr_pages; i++) {
		bool is_shared = is_chosen(window, i, pages);

		if (!is_shared && madvise(page_addr(window, i), psize(), MADV_DONTFORK))
			return false;
		if (i && i != window->boundary && is_shared != is_chosen(window, i - 1, pages))
			split_pmd(window, i);
	}
	note_fork(window, child, pages);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, window->process[child].fds))
		return false;
	fflush(stdout);
	pid = fork();
	if (!pid)
		child_main(window, child);
	close(window->process[child].fds[1]);
	if (pid < 0) {
		ksft_print_msg("fork: %s\n", strerror(errno));
		return false;
	}
	window->process[child].pid = pid;
	access_warm_up(window);
	return !madvise(window->addr, window->nr_pages * psize(), MADV_DOFORK);
}

bool window_exit(struct window *window, enum window_process child)
{
	pid_t pid = window->process[child].pid;

	if (window->skip[0])
		return true;
	if (!pid)
		return false;
	window->process[child].pid = 0;
	close(window->process[child].fds[0]);
	return !kill(pid, SIGKILL) && waitpid(pid, NULL, 0) == pid;
}

/* Not for a user, and not where a container has /sys read-only. */
static bool can_set_thp(void)
{
	return read_pmd_pagesize() && !access(THP_DIR "enabled", W_OK);
}

void window_set_thp(void)
{
	struct thp_settings settings;
	int i;

	if (!can_set_thp())
		return;
	thp_save_settings();
{% if not tree.has("hugepage_save_settings") %}
	atexit(thp_restore_settings);	/* test_harness_run() does not return */
{% endif %}
	thp_read_settings(&settings);
	settings.thp_defrag = THP_DEFRAG_ALWAYS;
	for (i = 0; i < NR_ORDERS; i++)
		settings.hugepages[i].enabled = THP_MADVISE;
	thp_push_settings(&settings);
}

static __printf(2, 3) bool skip(struct window *window, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(window->skip, sizeof(window->skip), fmt, args);
	va_end(args);
	return false;
}

/*
 * Fills one folio of the layout; false where the kernel gives no such folio. The VMA that
 * asks for THP is as large as the folio, which is the largest that fits.
 */
static bool fill_folio(struct window *window, size_t page, int order, bool by_pmd)
{
	size_t i, nr = 1UL << order, len = nr * psize();
	char *addr = page_addr(window, page);

	if (order && !(thp_supported_orders() & nr))
		return skip(window, "needs THP of %zu pages", nr);
	if (order && madvise(addr, len, MADV_HUGEPAGE))
		return skip(window, "MADV_HUGEPAGE: %s", strerror(errno));
	/* The first write maps all of the folio. If not, do not fill its size with pages. */
	*(__u64 *)addr = page;
	if (!is_backed_by_folio(addr, order, window->pagemap_fd, window->kpageflags_fd))
		return skip(window, "the kernel gives no folio of order %d", order);
	for (i = page; i < page + nr; i++) {
		struct page_model *model = window_page(window, i);

		model->what = PAGE_MAPPED;
		model->by_pmd = by_pmd;
		model->exclusive = true;
		model->value = i;
		*(__u64 *)page_addr(window, i) = i;
	}
	/* khugepaged leaves it as it is; the edge of a VMA splits a PMD, not its folio. */
	if (madvise(addr, len, MADV_NOHUGEPAGE) ||
	    (nr == pmd_pages() && !by_pmd && (madvise(addr, psize(), MADV_DONTDUMP) ||
					      madvise(addr, psize(), MADV_DODUMP))))
		return skip(window, "madvise: %s", strerror(errno));
	if (is_huge(window, page) != by_pmd)
		return skip(window, "a folio of order %d is %smapped by a PMD", order,
			    by_pmd ? "not " : "");
	return true;
}

static int folio_order(char c)
{
	if (c == LAYOUT_PMD || c == LAYOUT_PTE)
		return __builtin_ctzl(pmd_pages());
	return c == LAYOUT_HOLE ? 0 : c >= 'a' ? c - 'a' + 10 : c - '0';
}

static size_t pattern_pages(const char *pattern, size_t len)
{
	size_t i, nr = 0;

	for (i = 0; i < len; i++)
		nr += 1UL << folio_order(pattern[i]);
	return nr;
}

static size_t side_pages(size_t pattern)
{
	size_t nr = 2 * (pattern > contpte_pages() ? pattern : contpte_pages());

	if (nr < 32)
		nr = 32;
	return nr > pmd_pages() ? pmd_pages() : nr;
}

static bool fill_side(struct window *window, struct range side, const char *pattern, size_t len)
{
	size_t i, at, nr;

	for (at = 0; side.first < side.end; at = (at + 1) % len, side.first += nr) {
		nr = 1UL << folio_order(pattern[at]);
		for (i = side.first; i < side.first + nr; i++) {
			window->folio[i] = side.first;
			window->folio_nr[i] = nr;
		}
		if (pattern[at] != LAYOUT_HOLE &&
		    !fill_folio(window, side.first, folio_order(pattern[at]),
				pattern[at] == LAYOUT_PMD))
			return false;
	}
	return true;
}

/* Shared by all processes, and by each test of its own. */
static void *shared_memory(size_t size)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

static void *reserve(void *addr, size_t size, int flags)
{
	return mmap(addr, size, PROT_NONE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE | flags,
		    -1, 0);
}

/*
 * Maps the window where no other VMA is next to it. Its VMA is split while folios are
 * filled, and only VMAs with the same anon_vma are merged again: a write, to a page that
 * is beyond the window's page tables and goes away, gives it one.
 */
static bool map_window(struct window *window)
{
	size_t pmd_bytes = pmd_pages() * psize(), nr = window->nr_pages;
	size_t size = nr * psize();
	char *addr = reserve(NULL, 7 * pmd_bytes, 0);

	window->pages = shared_memory(nr * (NR_PROCESSES * sizeof(*window->pages) +
					    2 * sizeof(size_t)));
	if (addr == MAP_FAILED || window->pages == MAP_FAILED)
		return false;
	window->folio = (size_t *)(window->pages + NR_PROCESSES * nr);
	window->folio_nr = window->folio + nr;
	addr += 4 * pmd_bytes - (uintptr_t)addr % pmd_bytes;
	addr -= window->boundary * psize();
	window->addr = addr;
	addr -= pmd_bytes;
	if (mmap(addr, pmd_bytes + size, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != addr)
		return false;
	*addr = 1;
	return reserve(addr, pmd_bytes, MAP_FIXED) == addr;
}

static bool fill_window(struct window *window, const char *layout)
{
	const char *above = strchr(layout, '|') + 1;
	size_t below_len = above - layout - 1, above_len = strlen(above);
	size_t below_pages = pattern_pages(layout, below_len);
	size_t above_pages = pattern_pages(above, above_len);
	size_t i;

	if (below_pages > pmd_pages() || above_pages > pmd_pages())
		return skip(window, "a page table has %zu pages", pmd_pages());
	window->boundary = side_pages(below_pages);
	window->nr_pages = window->boundary + side_pages(above_pages);
	if (!map_window(window))
		return skip(window, "no memory for the window");
	for (i = 0; i < window->nr_pages; i++)
		*window_page(window, i) = (struct page_model){
			.what = PAGE_EMPTY, .prot = PROT_READ | PROT_WRITE,
		};
	return fill_side(window, pmd_range(window, 0), layout, below_len) &&
	       fill_side(window, pmd_range(window, window->boundary), above, above_len);
}

/* MADV_FREE leaves a PTE old: is it a fault to read the page? */
static void learn_access_flag(struct window *window)
{
	__u64 value = 1, *word = mmap(NULL, psize(), PROT_READ | PROT_WRITE,
				      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int faults;

	if (word == MAP_FAILED)
		return;
	access_word(word, true, &value, &faults);
	madvise(word, psize(), MADV_FREE);
	access_word(word, false, &value, &faults);
	window->sets_accessed = !faults;
	munmap(word, psize());
}

bool window_map(struct window *window, const char *layout)
{
	struct sigaction action = {
		.sa_sigaction = access_handler,
		.sa_flags = SA_SIGINFO | SA_NODEFER,
	};

	*window = (struct window){ .process[PROCESS_PARENT].pid = getpid() };
	/* Nothing in the background makes pages fault: no KSM, no NUMA hints. */
	prctl(PR_SET_MEMORY_MERGE, 0, 0, 0, 0);
	syscall(SYS_set_mempolicy, MPOL_LOCAL, NULL, 0);
	window->pagemap_fd = open("/proc/self/pagemap", O_RDONLY);
	window->kpageflags_fd = open("/proc/kpageflags", O_RDONLY);
	if (geteuid() || window->kpageflags_fd < 0)
		skip(window, "needs root, and /proc/kpageflags");
	else if (!can_set_thp())
		skip(window, "needs THP, and its settings in /sys writable");
	else
		fill_window(window, layout);
	if (window->skip[0])
		return true;
	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	learn_access_flag(window);
	access_warm_up(window);
	return !madvise(window->addr, window->nr_pages * psize(), MADV_NOHUGEPAGE);
}

void window_exit_all(struct window *window)
{
	int process;

	for (process = PROCESS_PARENT + 1; process < NR_PROCESSES; process++)
		if (window->process[process].pid)
			window_exit(window, process);
}
