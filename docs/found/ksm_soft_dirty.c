// SPDX-License-Identifier: GPL-2.0
/*
 * KSM merges pages that were written, and loses their soft-dirty bits. As root.
 *
 *	cc -O2 -static -o ksm_soft_dirty ksm_soft_dirty.c
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define NR	64

static void put(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY);

	write(fd, value, strlen(value));
	close(fd);
}

static int count_soft_dirty(char *area)
{
	int pagemap = open("/proc/self/pagemap", O_RDONLY), nr_dirty = 0, i;
	uint64_t entry[NR];

	pread(pagemap, entry, sizeof(entry), (uintptr_t)area / getpagesize() * 8);
	for (i = 0; i < NR; i++)
		nr_dirty += entry[i] >> 55 & 1;
	close(pagemap);
	return nr_dirty;
}

int main(void)
{
	size_t len = NR * getpagesize(), i;
	int nr_written[2], nr_after[2];
	char *area[2];

	put("/sys/kernel/mm/ksm/pages_to_scan", "10000");
	for (i = 0; i < 2; i++) {
		area[i] = mmap(NULL, len, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		madvise(area[i], len, MADV_NOHUGEPAGE);
		memset(area[i], 1, len);
	}
	madvise(area[1], len, MADV_MERGEABLE);
	put("/proc/self/clear_refs", "4");
	for (i = 0; i < 2; i++) {
		memset(area[i], 2, len);
		nr_written[i] = count_soft_dirty(area[i]);
	}
	put("/sys/kernel/mm/ksm/run", "1");
	sleep(3);
	printf("TAP version 13\n1..2\n");
	for (i = 0; i < 2; i++) {
		nr_after[i] = count_soft_dirty(area[i]);
		printf("%sok %zu %s: %d pages are soft-dirty, then %d\n",
		       nr_after[i] < NR ? "not " : "", i + 1, i ? "KSM" : "control",
		       nr_written[i], nr_after[i]);
	}
	put("/sys/kernel/mm/ksm/run", "2");
	return nr_after[0] < NR || nr_after[1] < NR;
}
