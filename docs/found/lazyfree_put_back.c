// SPDX-License-Identifier: GPL-2.0
/*
 * Reclaim makes pages writable that a child shares, if it must put a lazily freed
 * folio back. "control" is the same without MADV_FREE.
 *
 *	cc -O2 -static -o lazyfree_put_back lazyfree_put_back.c
 *
 * Without swap space: with it, reclaim goes on and swaps out what it has put back. It
 * turns off MGLRU, whose aging of page tables sees first what was written.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/types.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SIZES	"/sys/kernel/mm/transparent_hugepage/hugepages-64kB/enabled"
#define CGROUP	"/tmp/lazyfree_put_back"
#define FOLIO	65536UL

static int put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY), good = fd >= 0 && write(fd, text, strlen(text)) > 0;

	close(fd);
	return good;
}

/* KPF_SWAPBACKED: the folio is not free, or not any more. */
static int is_swapbacked(char *page)
{
	int pagemap = open("/proc/self/pagemap", O_RDONLY);
	int kpageflags = open("/proc/kpageflags", O_RDONLY);
	__u64 entry = 0, flags = 0;

	if (pread(pagemap, &entry, 8, (uintptr_t)page / getpagesize() * 8) != 8 ||
	    pread(kpageflags, &flags, 8, (entry & ((1ULL << 55) - 1)) * 8) != 8)
		perror("page flags");
	close(pagemap);
	close(kpageflags);
	return flags >> 14 & 1;
}

/* Whether the child sees what its parent writes; -1: it cannot be tried. */
static int is_seen(int is_freed)
{
	size_t size = getpagesize(), half = FOLIO / 2;
	char *mem = mmap(NULL, 2 * FOLIO, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *folio = (char *)(((uintptr_t)mem + FOLIO - 1) & ~(FOLIO - 1));
	char *last = folio + FOLIO - size;
	int go[2], status, i;

	if (pipe(go) || madvise(folio, FOLIO, MADV_HUGEPAGE))
		return -1;
	memset(folio, 1, FOLIO);
	/* The child shares the second half only. */
	madvise(folio, half, MADV_DONTFORK);
	if (!fork()) {
		char c;

		_exit(read(go[0], &c, 1) == 1 && *last == 2);
	}
	madvise(folio, half, MADV_DOFORK);
	if (is_freed && madvise(folio, FOLIO, MADV_FREE))
		return -1;
	mlock(mem, 1);		/* has the kernel note what was freed */
	munlock(mem, 1);
	*folio = 1;		/* this page is not free any more */
	/* Until reclaim has seen that, and has put the folio back. */
	for (i = 0; i < 50 && is_freed && !is_swapbacked(folio); i++)
		put(CGROUP "/test/memory.reclaim", "64K");
	*last = 2;
	if (write(go[1], "", 1) != 1)
		return -1;
	wait(&status);
	munmap(mem, 2 * FOLIO);
	return WEXITSTATUS(status);
}

int main(void)
{
	int control, freed;

	put("/sys/kernel/mm/lru_gen/enabled", "0");
	mkdir(CGROUP, 0700);
	mount("none", CGROUP, "cgroup2", 0, NULL);
	put(CGROUP "/cgroup.subtree_control", "+memory");
	mkdir(CGROUP "/test", 0700);
	if (!put(CGROUP "/test/cgroup.procs", "0") || access(CGROUP "/test/memory.reclaim", W_OK) ||
	    !put(SIZES, "madvise"))
		return puts("1..0 # SKIP needs root, memory.reclaim and folios of 64 kB"), 4;
	control = is_seen(0);
	freed = is_seen(1);
	if (control < 0 || freed < 0)
		return puts("1..0 # SKIP cannot be tried here"), 4;
	printf("TAP version 13\n1..2\n");
	printf("%sok 1 control: the child %s what its parent writes\n",
	       control ? "not " : "", control ? "sees" : "does not see");
	printf("%sok 2 freed lazily: the child %s what its parent writes\n",
	       freed ? "not " : "", freed ? "sees" : "does not see");
	return control || freed;
}
