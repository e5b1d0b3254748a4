// SPDX-License-Identifier: GPL-2.0
/*
 * khugepaged collapses written pages of a VMA that is read-only by now, and loses
 * their soft-dirty bits. As root. "control" is the same with a writable VMA.
 *
 *	cc -O2 -static -o khugepaged_soft_dirty khugepaged_soft_dirty.c
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
#define THP	"/sys/kernel/mm/transparent_hugepage/"

static void put(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY);

	write(fd, value, strlen(value));
	close(fd);
}

static void test(const char *name, int prot)
{
	int pagemap = open("/proc/self/pagemap", O_RDONLY), nr = 0, i;
	unsigned long entry[NR], before;

	mmap(AREA, LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	memset(AREA, 1, LEN);
	put("/proc/self/clear_refs", "4");
	memset(AREA, 2, LEN);
	mprotect(AREA, LEN, prot);
	pread(pagemap, &before, 8, (unsigned long)AREA / 4096 * 8);
	madvise(AREA, LEN, MADV_HUGEPAGE);
	sleep(5);
	pread(pagemap, entry, sizeof(entry), (unsigned long)AREA / 4096 * 8);
	for (i = 0; i < NR; i++)
		nr += entry[i] >> 55 & 1;
	printf("%sok %s: %d of %d pages are soft-dirty%s\n", nr < NR ? "not " : "", name, nr, NR,
	       entry[0] << 9 == before << 9 ? " # SKIP not collapsed" : "");	/* the same frame */
}

int main(void)
{
	put(THP "hugepages-2048kB/enabled", "never");
	put(THP "hugepages-64kB/enabled", "madvise");
	put(THP "khugepaged/scan_sleep_millisecs", "10");
	printf("TAP version 13\n1..2\n");
	test("1 control", PROT_READ | PROT_WRITE);
	test("2 read-only", PROT_READ);
	return 0;
}
