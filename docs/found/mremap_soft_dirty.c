// SPDX-License-Identifier: GPL-2.0
/*
 * mremap() moves written memory over other written memory. The contents of the new
 * place change, so that its pages must be soft-dirty: they are not if mremap() moves
 * whole page tables. "control" is the same move, one page off. As root.
 *
 *	cc -O2 -static -o mremap_soft_dirty mremap_soft_dirty.c
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE	4096
#define LEN	(2UL << 20)
#define NR	512

static char *map_written(int value)
{
	char *area = mmap(NULL, 3 * LEN, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	area += LEN - (unsigned long)area % LEN;
	madvise(area, 2 * LEN, MADV_NOHUGEPAGE);
	memset(area, value, 2 * LEN);
	return area;
}

static int clean(int test, const char *name, size_t shift)
{
	char *from = map_written(1), *to = map_written(2) + shift;
	int refs = open("/proc/self/clear_refs", O_WRONLY);
	int pagemap = open("/proc/self/pagemap", O_RDONLY), nr_clean = 0, i;
	unsigned long entry[NR];

	write(refs, "4", 1);
	mremap(from, LEN, LEN, MREMAP_MAYMOVE | MREMAP_FIXED, to);
	pread(pagemap, entry, sizeof(entry), (unsigned long)to / PAGE * 8);
	for (i = 0; i < NR; i++)
		nr_clean += to[i * PAGE] == 1 && !(entry[i] >> 55 & 1);
	printf("%sok %d %s: %d of %d pages changed from 2 to 1 and are not soft-dirty\n",
	       nr_clean ? "not " : "", test, name, nr_clean, NR);
	return nr_clean > 0;
}

int main(void)
{
	printf("TAP version 13\n1..2\n");
	return clean(1, "control", PAGE) + clean(2, "page table", 0);
}
