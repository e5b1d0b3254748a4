// SPDX-License-Identifier: GPL-2.0
/*
 * fork() counts the zero pages that KSM has mapped (ksm_zero_pages) for the child as well. If
 * that gets none of them ("control": all), nothing takes them off the count again. As root.
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
#define KSM	"/sys/kernel/mm/ksm/"

static int zero_pages(void)
{
	int fd = open(KSM "ksm_zero_pages", O_RDONLY);
	char text[32] = "";

	read(fd, text, sizeof(text) - 1);
	close(fd);
	return atoi(text);
}

static void test(const char *name, int advice)
{
	size_t len = NR * getpagesize();
	char *area = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int before = zero_pages(), left;

	memset(area, 0, len);
	madvise(area, len, MADV_MERGEABLE);
	while (zero_pages() < before + NR)
		usleep(10000);
	madvise(area, len, advice);
	if (!fork())
		_exit(0);
	wait(NULL);
	munmap(area, len);
	left = zero_pages() - before;
	printf("%sok %s: %d pages are counted but not there\n", left ? "not " : "", name, left);
}

int main(void)
{
	if (access(KSM "ksm_zero_pages", R_OK))
		return puts("1..0 # SKIP no ksm_zero_pages (Linux 6.6)"), 4;
	write(open(KSM "use_zero_pages", O_WRONLY), "1", 1);
	write(open(KSM "run", O_WRONLY), "1", 1);
	printf("TAP version 13\n1..2\n");
	test("1 control", MADV_DOFORK);
	test("2 MADV_DONTFORK", MADV_DONTFORK);
	return 0;
}
