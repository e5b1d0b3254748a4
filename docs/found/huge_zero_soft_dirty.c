// SPDX-License-Identifier: GPL-2.0
/*
 * mremap() moves a huge zero page over written memory, and marks it soft-dirty. The
 * mprotect() of one page splits the PMD, and loses the bit of all its pages. As root.
 * "control" is the same with a THP that was written.
 *
 *	cc -O2 -static -o huge_zero_soft_dirty huge_zero_soft_dirty.c
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define LEN	(2UL << 20)
#define NR	512
#define FROM	((char *)(1UL << 36))
#define TO	(FROM + LEN)

static int soft_dirty_pages(void)
{
	int pagemap = open("/proc/self/pagemap", O_RDONLY), nr = 0, i;
	unsigned long entry[NR];

	pread(pagemap, entry, sizeof(entry), (unsigned long)TO / 4096 * 8);
	for (i = 0; i < NR; i++)
		nr += entry[i] >> 55 & 1;
	close(pagemap);
	return nr;
}

static void test(const char *name, int populate)
{
	int refs = open("/proc/self/clear_refs", O_WRONLY), moved, split;

	mmap(FROM, 2 * LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	madvise(FROM, 2 * LEN, MADV_HUGEPAGE);
	madvise(FROM, LEN, populate);
	memset(TO, 2, LEN);
	write(refs, "4", 1);
	mremap(FROM, LEN, LEN, MREMAP_MAYMOVE | MREMAP_FIXED, TO);
	moved = soft_dirty_pages();
	mprotect(TO, 4096, PROT_READ);
	split = soft_dirty_pages();
	printf("%sok %s: %d pages are soft-dirty, then %d\n", split < moved ? "not " : "", name,
	       moved, split);
}

int main(void)
{
	printf("TAP version 13\n1..2\n");
	test("1 control", MADV_POPULATE_WRITE);
	test("2 huge zero page", MADV_POPULATE_READ);
	return 0;
}
