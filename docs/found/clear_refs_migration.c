// SPDX-License-Identifier: GPL-2.0
/*
 * Writes are lost to soft-dirty tracking if /proc/self/clear_refs is written while
 * pages migrate. Needs two NUMA nodes. "control" is the same without migration.
 *
 *	cc -O2 -static -pthread -o clear_refs_migration clear_refs_migration.c
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NR		1024
#define ROUNDS		50

static volatile char *area;
static volatile int stop;

static void *migrate(void *unused)
{
	static void *pages[NR];
	static int nodes[NR], status[NR];
	int i, node;

	for (node = 0; !stop; node = !node) {
		for (i = 0; i < NR; i++) {
			pages[i] = (void *)(area + (size_t)i * getpagesize());
			nodes[i] = node;
		}
		syscall(SYS_move_pages, 0, (long)NR, pages, nodes, status, 2 /* MPOL_MF_MOVE */);
	}
	return unused;
}

int main(void)
{
	int refs = open("/proc/self/clear_refs", O_WRONLY), nr_lost[2] = { 0 };
	int pagemap = open("/proc/self/pagemap", O_RDONLY), moving, round, i;
	size_t bytes = getpagesize(), len = NR * bytes;
	static uint64_t entry[NR];
	pthread_t thread;

	area = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	madvise((void *)area, len, MADV_NOHUGEPAGE);
	printf("TAP version 13\n1..2\n");
	for (moving = 0; moving < 2; moving++) {
		for (round = 0; round < ROUNDS; round++) {
			for (i = 0; i < NR; i++)
				area[i * bytes] = 1;
			stop = !moving;
			pthread_create(&thread, NULL, migrate, NULL);
			usleep(3000 + 100 * round);
			pwrite(refs, "4", 1, 0);
			stop = 1;
			pthread_join(thread, NULL);
			/* Nothing migrates any more. Each write must be seen. */
			for (i = 0; i < NR; i++)
				area[i * bytes] = 2;
			pread(pagemap, entry, sizeof(entry), (uintptr_t)area / bytes * 8);
			for (i = 0; i < NR; i++)
				nr_lost[moving] += !(entry[i] >> 55 & 1);
		}
		printf("%sok %d %s: %d of %d writes are not seen\n", nr_lost[moving] ? "not " : "",
		       moving + 1, moving ? "migration" : "control", nr_lost[moving], ROUNDS * NR);
	}
	return nr_lost[0] || nr_lost[1];
}
