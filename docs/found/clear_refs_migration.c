// SPDX-License-Identifier: GPL-2.0
/*
 * Writes are lost to soft-dirty tracking if /proc/self/clear_refs is written while
 * pages migrate. As root, with two NUMA nodes. "control" is without migration.
 *
 *	cc -O2 -static -o clear_refs_migration clear_refs_migration.c
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NR	1024
#define ROUNDS	50

static void test(const char *name, char *area)
{
	int refs = open("/proc/self/clear_refs", O_WRONLY), lost = 0, round, i;
	int pagemap = open("/proc/self/pagemap", O_RDONLY);
	unsigned long entry[NR];

	for (round = 0; round < ROUNDS; round++) {
		usleep(5000);
		pwrite(refs, "4", 1, 0);
		memset(area, round, NR * 4096);
		pread(pagemap, entry, sizeof(entry), (unsigned long)area / 4096 * 8);
		for (i = 0; i < NR; i++)
			lost += !(entry[i] >> 55 & 1);
	}
	printf("%sok %s: %d of %d writes are lost\n", lost ? "not " : "", name, lost, ROUNDS * NR);
}

int main(void)
{
	char *area = mmap(NULL, NR * 4096, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int nodes[NR] = {}, status[NR], parent = getpid(), child, i;
	void *pages[NR];

	madvise(area, NR * 4096, MADV_NOHUGEPAGE);
	printf("TAP version 13\n1..2\n");
	test("1 control", area);
	child = fork();
	while (!child) {	/* moves the pages of its parent to and fro: MPOL_MF_MOVE */
		for (i = 0; i < NR; i++) {
			pages[i] = area + i * 4096;
			nodes[i] = !nodes[i];
		}
		syscall(SYS_move_pages, parent, (long)NR, pages, nodes, status, 2);
	}
	test("2 migration", area);
	kill(child, SIGKILL);
	return 0;
}
