// SPDX-License-Identifier: GPL-2.0
/*
 * The settings that these tests change, and their way back.
 *
 * The tree's own helpers put settings back in atexit() and signal handlers,
 * which a SIGKILL passes by. Here a process of its own waits for the program to
 * end, however it ends, kills what is left of the running test and writes back
 * each file that differs from what it was.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mprotect_model.h"

#define THP_SIZE	THP_DIR "hugepages-%ukB/enabled"
#define DAMON(name)	"/sys/module/damon_" name "/parameters/enabled"

/*
 * What is written while the tests run, or only kept: nothing but the test may
 * move, merge, collapse, age or hint its pages. Put back in this order: KSM's
 * run last of its own, and the watermark after THP, since enabling THP raises
 * it. In the end the switches of all sizes of THP.
 */
static struct {
	char path[80];
	const char *quiet;
	char was[64];
} settings[64] = {
	{ .path = THP_DIR "enabled", .quiet = "madvise" },
	{ .path = THP_DIR "defrag", .quiet = "always" },
	{ .path = THP_DIR "use_zero_page", .quiet = "1" },
	{ .path = THP_DIR "shrink_underused", .quiet = "0" },
	{ .path = THP_DIR "khugepaged/scan_sleep_millisecs", .quiet = "4294967295" },
	{ .path = THP_DIR "khugepaged/pages_to_scan", .quiet = "1" },
	{ .path = KSM_DIR "advisor_mode" },
	{ .path = KSM_DIR "pages_to_scan" },
	{ .path = KSM_DIR "sleep_millisecs" },
	{ .path = KSM_DIR "smart_scan" },
	{ .path = KSM_DIR "use_zero_pages" },
	{ .path = KSM_DIR "run", .quiet = "0" },
	{ .path = NUMA_BALANCING, .quiet = "0" },
	/* Read when a process is forked, so that all tests start with them. */
	{ .path = NUMA_DIR "scan_delay_ms", .quiet = "1" },
	{ .path = NUMA_DIR "scan_period_min_ms", .quiet = "20" },
	{ .path = NUMA_DIR "scan_period_max_ms", .quiet = "40" },
	{ .path = NUMA_DIR "scan_size_mb", .quiet = "256" },
	/* A PTE that they make old while a fault is served is faulted twice. */
	{ .path = DAMON("stat"), .quiet = "N" },
	{ .path = DAMON("reclaim"), .quiet = "N" },
	{ .path = DAMON("lru_sort"), .quiet = "N" },
	{ .path = "/sys/kernel/mm/lru_gen/enabled", .quiet = "0" },
	{ .path = "/proc/sys/vm/compaction_proactiveness", .quiet = "0" },
	{ .path = "/proc/sys/vm/min_free_kbytes" },
};

static pid_t keeper, program;

/* Between the program, its tests and the keeper. */
static struct {
	pid_t test;		/* the process group of the running test */
	int is_quiet;
	int is_over;		/* what comes now comes too late */
	int order;		/* the only one that is offered, or 0 */
} *shared;

/* Reads @path into @value: of "a [b] c" the b, else the line. */
bool setting_read(const char *path, char *value, size_t size)
{
	char line[256], *start = line, *end;

	if (!read_file(path, line, sizeof(line)))
		return false;
	line[strcspn(line, "\n")] = '\0';
	end = strchr(line, ']');
	if (end && strchr(line, '[')) {
		start = strchr(line, '[') + 1;
		*end = '\0';
	}
	return (size_t)snprintf(value, size, "%s", start) < size;
}

/* Not write_file() of vm_util.h, which ends the test where there is no file. */
bool setting_write(const char *path, const char *value)
{
	ssize_t len = strlen(value), written;
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	written = write(fd, value, len);
	close(fd);
	return written == len;
}

/* The number in @path, or -1. */
long setting_number(const char *path)
{
	char value[64];

	return setting_read(path, value, sizeof(value)) ? atol(value) : -1;
}

/* A counter of /proc/vmstat, or -1. */
long vm_counter(const char *name)
{
	static char counters[16384];
	char *line;

	if (!read_file("/proc/vmstat", counters, sizeof(counters)))
		return -1;
	for (line = strtok(counters, " \n"); line; line = strtok(NULL, " \n")) {
		bool is_it = !strcmp(line, name);

		line = strtok(NULL, " \n");
		if (is_it && line)
			return atol(line);
	}
	return -1;
}

static void thp_path(char *path, size_t size, int order)
{
	snprintf(path, size, THP_SIZE, (psize() >> 10) << order);
}

static void save(void)
{
	size_t i, order = 1;

	for (i = 0; i < ARRAY_SIZE(settings); i++) {
		char *path = settings[i].path;

		if (!path[0])
			thp_path(path, sizeof(settings[i].path), order++);
		if (!setting_read(path, settings[i].was, sizeof(settings[i].was)))
			settings[i].was[0] = '\0';
	}
}

/* To what is quiet, or back; only what differs, and is there. */
static void set_all(bool is_quiet)
{
	char is[64];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(settings); i++) {
		const char *want = is_quiet ? settings[i].quiet :
				   settings[i].was;

		if (want && settings[i].was[0] &&
		    setting_read(settings[i].path, is, sizeof(is)) &&
		    strcmp(is, want))
			setting_write(settings[i].path, want);
	}
}

/* A test that begins now ends itself, one that has begun is killed. */
static void kill_test(void)
{
	pid_t test;
	int i;

	__atomic_store_n(&shared->is_over, 1, __ATOMIC_SEQ_CST);
	test = __atomic_load_n(&shared->test, __ATOMIC_SEQ_CST);
	if (!test || kill(-test, SIGKILL))
		return;
	/* It may be in the middle of writing a setting: until it is gone. */
	for (i = 0; i < 1000 && !kill(-test, 0); i++)
		usleep(1000);
}

/*
 * Memory for khugepaged to look at: first on its list, and all that it gets to
 * when a switch of the THP settings wakes it.
 */
static void lay_decoy(void)
{
	size_t len = 2 * read_pmd_pagesize();
	char *decoy;

	decoy = mmap(NULL, len, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	/* khugepaged takes no VMA that was never touched. */
	if (decoy == MAP_FAILED || madvise(decoy, len, MADV_NOHUGEPAGE))
		return;
	*decoy = 1;
	madvise(decoy, len, MADV_HUGEPAGE);
}

/* Quiets the machine, waits for the program to end, and puts settings back. */
static __noreturn void keep(void)
{
	sigset_t set;
	int signal;

	setsid();
	prctl(PR_SET_NAME, "ksft-settings");
	sigfillset(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	set_all(true);
	lay_decoy();
	__atomic_store_n(&shared->is_quiet, 1, __ATOMIC_RELEASE);
	if (getppid() == program) {
		sigemptyset(&set);
		sigaddset(&set, SIGTERM);
		sigwait(&set, &signal);
	}
	kill_test();
	set_all(false);
	_exit(0);
}

/* The tests are forked from the program, have ended, and end without atexit(). */
static void dismiss_keeper(void)
{
	if (getpid() != program)
		return;
	settings_track_test(false);
	kill(keeper, SIGTERM);
	waitpid(keeper, NULL, 0);
}

void area_start(struct area_state *const states[])
{
	int nr = 0;

	for (area_states = states; states[nr]; nr++)
		states[nr]->nr = nr;
	program = getpid();
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		ksft_exit_fail_msg("no memory for the settings\n");
	save();
	fflush(NULL);
	keeper = fork();
	if (keeper < 0)
		ksft_exit_fail_msg("cannot fork\n");
	if (!keeper)
		keep();
	atexit(dismiss_keeper);
	while (!__atomic_load_n(&shared->is_quiet, __ATOMIC_ACQUIRE))
		usleep(1000);
}

/* So that the keeper finds the test when the program is killed. */
void settings_track_test(bool is_running)
{
	__atomic_store_n(&shared->test, is_running ? getpgrp() : 0,
			 __ATOMIC_SEQ_CST);
	if (is_running && __atomic_load_n(&shared->is_over, __ATOMIC_SEQ_CST))
		_exit(KSFT_FAIL);
}

/* Linux 6.8 has a switch for each size of THP. */
bool thp_has_sizes(void)
{
	char path[80];

	thp_path(path, sizeof(path), 2);
	return !access(path, F_OK);
}

static bool thp_switch(int order, const char *value)
{
	char path[80];

	thp_path(path, sizeof(path), order);
	return setting_write(path, value);
}

/*
 * Makes the next page fault in a MADV_HUGEPAGE mapping give a folio of @order;
 * false where the kernel has no such size. Some size is on at any time: with
 * none khugepaged ends, and the next one starts with a scan.
 */
bool thp_offer(int order)
{
	int i, pmd_order = __builtin_ctzl(pmd_pages());

	if (order == shared->order)
		return true;
	if (!thp_switch(order, "madvise"))
		return order == pmd_order && !thp_has_sizes();
	for (i = 1; i <= pmd_order; i++)
		if (i != order && (!shared->order || i == shared->order))
			thp_switch(i, "never");
	shared->order = order;
	return true;
}
