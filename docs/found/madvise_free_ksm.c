// SPDX-License-Identifier: GPL-2.0
/*
 * MADV_FREE of a page that KSM has merged discards pages that are merged with it later,
 * and that nobody has freed. As root, to turn KSM on; it stays on.
 *
 *	cc -O2 -static -o madvise_free_ksm madvise_free_ksm.c
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define NR	64

static void put(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY);

	if (write(fd, value, strlen(value)) < 0)
		perror(path);
	close(fd);
}

int main(void)
{
	size_t page = getpagesize(), len = NR * page, i;
	int round, lost[2] = {};
	char *area[2];

	put("/sys/kernel/mm/ksm/pages_to_scan", "10000");
	put("/sys/kernel/mm/ksm/run", "1");
	printf("TAP version 13\n1..2\n");
	for (round = 0; round < 2; round++) {
		for (i = 0; i < 2; i++) {
			area[i] = mmap(NULL, len, PROT_READ | PROT_WRITE,
				       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
			madvise(area[i], len, MADV_NOHUGEPAGE);
			madvise(area[i], len, MADV_MERGEABLE);
		}
		for (i = 0; i < 2 * NR; i++)	/* twins, each pair of its own */
			memset(area[i / NR] + i % NR * page, 1 + i % NR, page);
		sleep(3);			/* they are merged */
		memset(area[1], 0, len);	/* and apart */
		if (round)
			madvise(area[0], len, MADV_FREE);
		for (i = 0; i < NR; i++)
			memset(area[1] + i * page, 1 + i, page);
		sleep(3);			/* and merged again */
		munmap(area[0], len);
		madvise(area[1], len, MADV_PAGEOUT);
		for (i = 0; i < NR; i++)
			lost[round] += area[1][i * page] != (char)(1 + i);
		munmap(area[1], len);
	}
	for (i = 0; i < 2; i++)
		printf("%sok %zu %s: %d of %d pages are lost\n", lost[i] ? "not " : "", i + 1,
		       i ? "MADV_FREE of others" : "control", lost[i], NR);
	return !!(lost[0] | lost[1]);
}
