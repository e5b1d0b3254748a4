// SPDX-License-Identifier: GPL-2.0
/*
 * MADV_FREE of a page that KSM has merged discards pages that are merged with it later,
 * and that nobody has freed. As root, to turn KSM on; it stays on. "control" is the same
 * without MADV_FREE.
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

static void test(const char *name, int advice)
{
	size_t page = getpagesize(), len = NR * page, i;
	char *first = mmap(NULL, 2 * len, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *second = first + len;
	int lost = 0;

	madvise(first, 2 * len, MADV_MERGEABLE);
	for (i = 0; i < 2 * NR; i++)	/* twins, each pair of its own */
		memset(first + i * page, 1 + i % NR, page);
	sleep(3);			/* they are merged */
	memset(second, 0, len);		/* and apart */
	madvise(first, len, advice);
	for (i = 0; i < NR; i++)
		memset(second + i * page, 1 + i, page);
	sleep(3);			/* and merged again */
	munmap(first, len);
	for (i = 0; i < 2; i++) {	/* once may leave some */
		madvise(second, len, MADV_PAGEOUT);
		usleep(100000);
	}
	for (i = 0; i < NR; i++)
		lost += second[i * page] != (char)(1 + i);
	printf("%sok %s: %d of %d pages are lost\n", lost ? "not " : "", name, lost, NR);
	munmap(second, len);
}

int main(void)
{
	write(open("/sys/kernel/mm/ksm/pages_to_scan", O_WRONLY), "10000", 5);
	write(open("/sys/kernel/mm/ksm/run", O_WRONLY), "1", 1);
	printf("TAP version 13\n1..2\n");
	test("1 control", MADV_NORMAL);
	test("2 MADV_FREE of others", MADV_FREE);
	return 0;
}
