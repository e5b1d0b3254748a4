// SPDX-License-Identifier: GPL-2.0
/*
 * The settings that these tests change. The tree's own helpers put them back in
 * atexit() and signal handlers, which a SIGKILL passes by. Here a process of its
 * own waits for the program to end, however it ends, kills what is left of the
 * running test and writes back each file that differs from what it was.
 */
#include "mprotect_model.h"

#include <stdatomic.h>
#include <sys/file.h>

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
	{ .path = NUMA_DIR "scan_period_min_ms", .quiet = "10" },
	{ .path = NUMA_DIR "scan_period_max_ms", .quiet = "40" },
	{ .path = NUMA_DIR "scan_size_mb", .quiet = "32" },
	/* A PTE that they make old while a fault is served is faulted twice. */
	{ .path = DAMON("stat"), .quiet = "N" },
	{ .path = DAMON("reclaim"), .quiet = "N" },
	{ .path = DAMON("lru_sort"), .quiet = "N" },
	{ .path = "/sys/kernel/mm/lru_gen/enabled", .quiet = "0" },
	{ .path = "/proc/sys/vm/compaction_proactiveness", .quiet = "0" },
	{ .path = "/proc/sys/vm/min_free_kbytes" },
	{ .path = "/proc/sys/vm/max_map_count" },
};

static pid_t keeper, program;

/* Between the program, its tests and the keeper. */
static struct {
	atomic_int test;	/* the process group of the running test */
	atomic_int is_quiet;
	atomic_int is_over;	/* what comes now comes too late */
} *shared;

/* Reads @path into @value: of "a [b] c" the b, else the line. */
bool setting_read(const char *path, char *value, size_t size)
{
	char line[256], *start;

	if (!read_file(path, line, sizeof(line)))
		return false;
	start = strchr(line, '[');
	start = start ? start + 1 : line;
	start[strcspn(start, "]\n")] = '\0';
	return (size_t)snprintf(value, size, "%s", start) < size;
}

/* Not write_file() of vm_util.h, which ends the test where there is no file. */
bool setting_write(const char *path, const char *value)
{
	ssize_t len = strlen(value), written;
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	written = write(fd, value, len);
	close(fd);
	return written == len;
}

/* Writes what differs, and is there. */
static bool setting_change(const char *path, const char *value)
{
	char is[64];

	return setting_read(path, is, sizeof(is)) &&
	       (!strcmp(is, value) || setting_write(path, value));
}

/* The number in @path, or -1. */
long setting_number(const char *path)
{
	char value[64];

	return setting_read(path, value, sizeof(value)) ? atol(value) : -1;
}

/* A counter of a file in /proc, or -1. */
long stat_counter(const char *path, const char *name)
{
	FILE *file = fopen(path, "re");
	long value, found = -1;
	char is[64];

	while (file && found < 0 && fscanf(file, "%63s %ld", is, &value) == 2)
		if (!strcmp(is, name))
			found = value;
	if (file)
		fclose(file);
	return found;
}

long vm_counter(const char *name)
{
	return stat_counter("/proc/vmstat", name);
}

static const char *thp_path(int order)
{
	static char path[80];

	snprintf(path, sizeof(path), THP_DIR "hugepages-%zukB/enabled",
		 ((size_t)psize() >> 10) << order);
	return path;
}

static void save(void)
{
	size_t i, order = 1;

	for (i = 0; i < ARRAY_SIZE(settings); i++) {
		if (!settings[i].path[0])
			snprintf(settings[i].path, sizeof(settings[i].path), "%s",
				 thp_path(order++));
		if (!setting_read(settings[i].path, settings[i].was,
				  sizeof(settings[i].was)))
			settings[i].was[0] = '\0';
	}
}

/* To what is quiet, or back to what was. */
static void set_all(bool is_quiet)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(settings); i++)
		if (settings[i].was[0] && (!is_quiet || settings[i].quiet))
			setting_change(settings[i].path, is_quiet ?
				       settings[i].quiet : settings[i].was);
}

/*
 * Memory for khugepaged to look at: first on its list, and all that it gets to
 * when a switch of the THP settings wakes it.
 */
static void lay_decoy(void)
{
	size_t len = 2 * read_pmd_pagesize();
	char *decoy = mmap(NULL, len, PROT_READ | PROT_WRITE,
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
	int signal, i;
	pid_t test;

	setsid();
	prctl(PR_SET_NAME, "ksft-settings");
	sigfillset(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	set_all(true);
	lay_decoy();
	shared->is_quiet = true;
	if (getppid() == program) {
		sigemptyset(&set);
		sigaddset(&set, SIGTERM);
		sigwait(&set, &signal);
	}
	/* A test that begins now ends itself, one that has begun is killed. */
	shared->is_over = true;
	test = shared->test;
	if (test)
		kill(-test, SIGKILL);
	/* It may be in the middle of writing a setting: until it is gone. */
	for (i = 0; test && i < 1000 && !kill(-test, 0); i++)
		usleep(1000);
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

/* Whether the program only lists its tests, or its options: the harness reads -l, -h. */
static bool runs_nothing(void)
{
	int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
	char args[4096] = {}, *arg;
	ssize_t len;
	bool is_so = false;

	len = read(fd, args, sizeof(args) - 1);
	close(fd);
	for (arg = args; len > 0 && arg < args + len; arg += strlen(arg) + 1)
		is_so |= !strcmp(arg, "-l") || !strcmp(arg, "-h");
	return is_so;
}

void area_start(struct area_state *const states[])
{
	int fd;

	area_states = states;
	for (int nr = 0; states[nr]; nr++) {
		if (nr == MAX_STATES)
			ksft_exit_fail_msg("more than %d states\n", MAX_STATES);
		states[nr]->nr = nr;
	}
	if (runs_nothing())
		return;
	/*
	 * One program at a time, where the kernel has locks; the keeper, which ends
	 * last, holds it, too.
	 */
	fd = open(THP_DIR "enabled", O_RDONLY);
	if (flock(fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK) {
		ksft_print_msg("waits for another of these programs to end\n");
		flock(fd, LOCK_EX);
	}
	program = getpid();
	shared = shared_memory(sizeof(*shared));
	save();
	fflush(NULL);
	keeper = fork();
	if (keeper < 0)
		ksft_exit_fail_msg("cannot fork\n");
	if (!keeper)
		keep();
	atexit(dismiss_keeper);
	for (; !shared->is_quiet; usleep(1000))
		if (waitpid(keeper, NULL, WNOHANG))
			ksft_exit_fail_msg("the keeper of the settings has ended\n");
}

/* So that the keeper finds the test when the program is killed. */
void settings_track_test(bool is_running)
{
	shared->test = is_running ? getpgrp() : 0;
	if (is_running && shared->is_over)
		_exit(KSFT_FAIL);
}

/* Linux 6.8 has a switch for each size of THP. */
bool thp_has_sizes(void)
{
	return !access(thp_path(2), F_OK);
}

/*
 * Makes the next page fault in a MADV_HUGEPAGE mapping give a folio of @order;
 * false where the kernel has no such size. Some size is on at any time: with
 * none khugepaged ends, and the next one starts with a scan.
 */
bool thp_offer(int order)
{
	int i, pmd_order = __builtin_ctzl(pmd_pages());

	if (!setting_change(thp_path(order), "madvise"))
		return order == pmd_order && !thp_has_sizes();
	for (i = 1; i <= pmd_order; i++)
		if (i != order)
			setting_change(thp_path(i), "never");
	return true;
}
