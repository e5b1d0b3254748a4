// SPDX-License-Identifier: GPL-2.0
/*
 * The soft-dirty bits of a process are cleared, and none of its pages is written.
 * mprotect() of a large folio that PTEs map makes its pages soft-dirty all the same.
 * "control" is the same without THP. As root.
 *
 *	cc -O2 -static -o soft_dirty_mprotect soft_dirty_mprotect.c
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define AREA	((char *)(1UL << 36))
#define LEN	(2UL << 20)
#define NR	512

static void test(const char *name, int advice)
{
	int pagemap = open("/proc/self/pagemap", O_RDONLY), nr = 0, i;
	unsigned long entry[NR];

	mmap(AREA, LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	madvise(AREA, LEN, advice);
	memset(AREA, 1, LEN);
	mprotect(AREA, 4096, PROT_READ);	/* splits the PMD */
	write(open("/proc/self/clear_refs", O_WRONLY), "4", 1);
	mprotect(AREA, LEN, PROT_READ);
	pread(pagemap, entry, sizeof(entry), (unsigned long)AREA / 4096 * 8);
	for (i = 0; i < NR; i++)
		nr += entry[i] >> 55 & 1;
	printf("%sok %s: %d of %d pages are soft-dirty\n", nr ? "not " : "", name, nr, NR);
}

int main(void)
{
	printf("TAP version 13\n1..2\n");
	test("1 control", MADV_NOHUGEPAGE);
	test("2 THP", MADV_HUGEPAGE);
	return 0;
}
