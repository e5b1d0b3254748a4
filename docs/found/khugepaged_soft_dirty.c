// SPDX-License-Identifier: GPL-2.0
/*
 * khugepaged collapses written pages of a VMA that is read-only by now, and loses
 * their soft-dirty bits. As root. "control" is the same with a writable VMA.
 *
 *	cc -O2 -static -o khugepaged_soft_dirty khugepaged_soft_dirty.c
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
#define THP(name, value) put("/sys/kernel/mm/transparent_hugepage/" name, value)

static uint64_t entry[NR];

static void put(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY);

	write(fd, value, strlen(value));
	close(fd);
}

static int count_soft_dirty(char *area)
{
	int pagemap = open("/proc/self/pagemap", O_RDONLY), nr_dirty = 0, i;

	pread(pagemap, entry, sizeof(entry), (uintptr_t)area / 4096 * 8);
	for (i = 0; i < NR; i++)
		nr_dirty += entry[i] >> 55 & 1;
	close(pagemap);
	return nr_dirty;
}

static int lost(int test, const char *name, int prot)
{
	char *area = mmap(NULL, 2 * LEN, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int nr_written, nr_after, i;
	uint64_t frame;

	area += LEN - (uintptr_t)area % LEN;
	memset(area, 1, LEN);
	put("/proc/self/clear_refs", "4");
	memset(area, 2, LEN);
	mprotect(area, LEN, prot);
	nr_written = count_soft_dirty(area);
	frame = entry[0] << 9;
	THP("hugepages-64kB/enabled", "madvise");
	madvise(area, LEN, MADV_HUGEPAGE);
	for (i = 0; i < 100 && entry[0] << 9 == frame; i++) {
		usleep(100000);
		count_soft_dirty(area);
	}
	sleep(1);
	THP("hugepages-64kB/enabled", "never");
	nr_after = count_soft_dirty(area);
	printf("%sok %d %s: %d pages are soft-dirty, then %d%s\n",
	       nr_after < nr_written ? "not " : "", test, name, nr_written, nr_after,
	       entry[0] << 9 == frame ? " # SKIP nothing collapsed" : "");
	return nr_after < nr_written;
}

int main(void)
{
	THP("hugepages-2048kB/enabled", "never");
	THP("hugepages-64kB/enabled", "never");
	THP("khugepaged/scan_sleep_millisecs", "10");
	THP("khugepaged/pages_to_scan", "100000");
	printf("TAP version 13\n1..2\n");
	return lost(1, "control", PROT_READ | PROT_WRITE) + lost(2, "read-only", PROT_READ);
}
