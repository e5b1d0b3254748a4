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
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define LEN	(2UL << 20)
#define NR	512

static char *map_huge(void)
{
	char *area = mmap(NULL, 2 * LEN, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	area += LEN - (uintptr_t)area % LEN;
	madvise(area, LEN, MADV_HUGEPAGE);
	return area;
}

static int count_soft_dirty(char *area)
{
	int pagemap = open("/proc/self/pagemap", O_RDONLY), nr_dirty = 0, i;
	uint64_t entry[NR];

	pread(pagemap, entry, sizeof(entry), (uintptr_t)area / 4096 * 8);
	for (i = 0; i < NR; i++)
		nr_dirty += entry[i] >> 55 & 1;
	close(pagemap);
	return nr_dirty;
}

static int lost(int test, const char *name, int write_it)
{
	char *from = map_huge(), *to = map_huge();
	int refs = open("/proc/self/clear_refs", O_WRONLY), nr_moved, nr_after;

	if (write_it)
		*from = 1;
	(void)*(volatile char *)from;
	memset(to, 2, LEN);
	write(refs, "4", 1);
	mremap(from, LEN, LEN, MREMAP_MAYMOVE | MREMAP_FIXED, to);
	nr_moved = count_soft_dirty(to);
	mprotect(to, 4096, PROT_READ);
	nr_after = count_soft_dirty(to);
	printf("%sok %d %s: %d pages are soft-dirty, then %d\n",
	       nr_after < nr_moved ? "not " : "", test, name, nr_moved, nr_after);
	return nr_after < nr_moved;
}

int main(void)
{
	printf("TAP version 13\n1..2\n");
	return lost(1, "control", 1) + lost(2, "huge zero page", 0);
}
