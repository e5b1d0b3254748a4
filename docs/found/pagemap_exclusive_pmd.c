// SPDX-License-Identifier: GPL-2.0
/*
 * pagemap, bit 56 ("page is exclusively mapped"): what it says of the first page of a
 * PMD it says of all. A child shares memory with its parent and writes to the first page,
 * which is copied for it: the parent must see the bit for this page, and for no other.
 * "control" is the same without THP.
 *
 *	cc -O2 -static -o pagemap_exclusive_pmd pagemap_exclusive_pmd.c
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define AREA	((char *)(1UL << 36))
#define LEN	(32UL << 20)	/* no PMD is larger */

static void test(const char *name, int advice)
{
	int pagemap = open("/proc/self/pagemap", O_RDONLY), nr = 0, child;
	unsigned long entry, i, nr_pages = LEN / getpagesize();

	mmap(AREA, LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	madvise(AREA, LEN, advice);
	memset(AREA, 1, LEN);
	child = fork();
	if (!child) {
		AREA[0] = 2;
		raise(SIGSTOP);
	}
	waitpid(child, NULL, WUNTRACED);
	for (i = 0; i < nr_pages; i++) {
		pread(pagemap, &entry, 8, ((unsigned long)AREA / getpagesize() + i) * 8);
		nr += entry >> 56 & 1;
	}
	printf("%sok %s: bit 56 is set for %d of %ld pages, must be for 1\n", nr == 1 ? "" : "not ",
	       name, nr, nr_pages);
	kill(child, SIGKILL);
}

int main(void)
{
	printf("TAP version 13\n1..2\n");
	test("1 control", MADV_NOHUGEPAGE);
	test("2 THP", MADV_HUGEPAGE);
	return 0;
}
