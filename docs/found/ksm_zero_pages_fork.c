// SPDX-License-Identifier: GPL-2.0
/*
 * fork() hands the count of zero pages that KSM has placed on to the child, whole, even
 * where it hands on none of them (MADV_DONTFORK, MADV_WIPEONFORK); what the child does
 * not have is never taken off ksm_zero_pages again. As root, while nothing else uses KSM.
 *
 *	cc -O2 -static -o ksm_zero_pages_fork ksm_zero_pages_fork.c
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define NR	64
#define FORKS	10
#define KSM	"/sys/kernel/mm/ksm/"

static void ksm(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY);

	if (write(fd, value, strlen(value)) < 0)
		perror(path);
	close(fd);
}

static long zero_pages(void)
{
	FILE *file = fopen(KSM "ksm_zero_pages", "r");
	long nr = -1;

	if (!file || fscanf(file, "%ld", &nr) != 1)
		nr = -1;
	if (file)
		fclose(file);
	return nr;
}

/* How many pages are counted that are not there, when all is over. */
static long left_over(int advice)
{
	size_t len = NR * getpagesize();
	char *area = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	long before = zero_pages();
	pid_t child;
	int i;

	madvise(area, len, MADV_NOHUGEPAGE);
	for (i = 0; i < NR; i++)
		area[i * (len / NR)] = 0;
	madvise(area, len, MADV_MERGEABLE);
	ksm(KSM "run", "1");
	for (i = 0; i < 100 && zero_pages() < before + NR; i++)
		usleep(100000);
	ksm(KSM "run", "0");
	if (zero_pages() != before + NR)
		return -1;
	madvise(area, len, advice);
	for (i = 0; i < FORKS; i++) {
		child = fork();
		if (!child)
			_exit(0);
		waitpid(child, NULL, 0);
	}
	munmap(area, len);
	return zero_pages() - before;
}

int main(void)
{
	long control, dontfork, wipe;

	printf("TAP version 13\n");
	if (zero_pages() < 0) {
		printf("1..0 # SKIP no ksm_zero_pages (Linux 6.6)\n");
		return 4;
	}
	printf("1..3\n");
	ksm(KSM "use_zero_pages", "1");
	ksm(KSM "pages_to_scan", "1000");
	ksm(KSM "sleep_millisecs", "10");
	control = left_over(MADV_DOFORK);
	dontfork = left_over(MADV_DONTFORK);
	wipe = left_over(MADV_WIPEONFORK);
	printf("%sok 1 control: %ld pages are counted that are not there\n",
	       control ? "not " : "", control);
	printf("%sok 2 MADV_DONTFORK, %d forks: %ld pages are counted that are not there\n",
	       dontfork ? "not " : "", FORKS, dontfork);
	printf("%sok 3 MADV_WIPEONFORK, %d forks: %ld pages are counted that are not there\n",
	       wipe ? "not " : "", FORKS, wipe);
	return 0;
}
