// SPDX-License-Identifier: GPL-2.0
/*
 * Reclaim makes pages writable that a child shares, if it must put a lazily freed folio
 * back. "control" is the same without MADV_FREE. As root, without swap space. It turns
 * off MGLRU, whose aging of page tables sees first what was written.
 *
 *	cc -O2 -static -o lazyfree_put_back lazyfree_put_back.c
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#define SIZES	"/sys/kernel/mm/transparent_hugepage/hugepages-64kB/enabled"
#define RECLAIM	"/sys/fs/cgroup/memory.reclaim"
#define AREA	((char *)(1UL << 36))
#define LEN	(64UL << 10)

/* The child gets the second half of a folio. It must not see what its parent writes. */
static void test(const char *name, int advice)
{
	int reclaim = open(RECLAIM, O_WRONLY), go[2], seen, i;

	mmap(AREA, LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	madvise(AREA, LEN, MADV_HUGEPAGE);
	memset(AREA, 1, LEN);
	madvise(AREA, LEN / 2, MADV_DONTFORK);
	pipe(go);
	if (!fork()) {
		read(go[0], &i, 1);
		_exit(AREA[LEN - 1] == 2);
	}
	madvise(AREA, LEN / 2, MADV_DOFORK);
	madvise(AREA, LEN, advice);
	AREA[0] = 1;	/* this page is not free any more, which reclaim sees */
	for (i = 0; i < 50; i++)
		pwrite(reclaim, "64K", 3, 0);
	AREA[LEN - 1] = 2;
	write(go[1], "", 1);
	wait(&seen);
	printf("%sok %s: the child %s what its parent writes\n", seen ? "not " : "", name,
	       seen ? "sees" : "does not see");
}

int main(void)
{
	mount("none", "/sys/fs/cgroup", "cgroup2", 0, NULL);
	write(open("/sys/kernel/mm/lru_gen/enabled", O_WRONLY), "0", 1);
	if (access(RECLAIM, W_OK) || write(open(SIZES, O_WRONLY), "madvise", 7) < 0)
		return puts("1..0 # SKIP needs root, memory.reclaim and folios of 64 kB"), 4;
	printf("TAP version 13\n1..2\n");
	test("1 control", MADV_NORMAL);
	test("2 freed lazily", MADV_FREE);
	return 0;
}
