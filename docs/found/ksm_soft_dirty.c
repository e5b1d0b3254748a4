// SPDX-License-Identifier: GPL-2.0
/*
 * KSM merges pages that were written, and loses their soft-dirty bits. As root, to turn
 * KSM on; it stays on. "control" is pages that KSM does not merge.
 *
 *	cc -O2 -static -o ksm_soft_dirty ksm_soft_dirty.c
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define NR	64
#define LEN	(NR * 4096)

int main(void)
{
	char *area = mmap(NULL, 2 * LEN, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int pagemap = open("/proc/self/pagemap", O_RDONLY), nr[2] = {}, i;
	unsigned long entry[2 * NR];

	madvise(area + LEN, LEN, MADV_MERGEABLE);
	memset(area, 1, 2 * LEN);
	write(open("/proc/self/clear_refs", O_WRONLY), "4", 1);
	memset(area, 2, 2 * LEN);
	write(open("/sys/kernel/mm/ksm/pages_to_scan", O_WRONLY), "10000", 5);
	write(open("/sys/kernel/mm/ksm/run", O_WRONLY), "1", 1);
	sleep(3);
	pread(pagemap, entry, sizeof(entry), (unsigned long)area / 4096 * 8);
	for (i = 0; i < 2 * NR; i++)
		nr[i / NR] += entry[i] >> 55 & 1;
	printf("TAP version 13\n1..2\n");
	printf("%sok 1 control: %d of %d pages are soft-dirty\n",
	       nr[0] < NR ? "not " : "", nr[0], NR);
	printf("%sok 2 KSM: %d of %d pages are soft-dirty\n",
	       nr[1] < NR ? "not " : "", nr[1], NR);
	return nr[0] < NR || nr[1] < NR;
}
