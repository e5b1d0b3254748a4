// SPDX-License-Identifier: GPL-2.0
/*
 * The soft-dirty bits of a process are cleared, and none of its pages is written.
 * mprotect() of a large folio that PTEs map makes its pages soft-dirty all the same.
 *
 *	cc -O2 -static -o soft_dirty_mprotect soft_dirty_mprotect.c
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define LEN	(64UL << 20)	/* aligned to any THP */

static size_t soft_dirty_pages(const char *area, size_t page)
{
	int fd = open("/proc/self/pagemap", O_RDONLY);
	size_t i, nr = 0;
	uint64_t entry;

	for (i = 0; i < LEN / page; i++)
		if (pread(fd, &entry, 8, ((uintptr_t)area / page + i) * 8) == 8)
			nr += entry >> 55 & 1;
	close(fd);
	return nr;
}

int main(void)
{
	size_t page = getpagesize(), i, before, after;
	int fd = open("/proc/self/clear_refs", O_WRONLY);
	char *area = mmap(NULL, 2 * LEN, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	area += LEN - (uintptr_t)area % LEN;
	madvise(area, LEN, MADV_HUGEPAGE);
	memset(area, 1, LEN);
	if (!soft_dirty_pages(area, page)) {
		puts("1..0 # SKIP no soft-dirty bit");
		return 4;
	}
	/* PTEs instead of PMDs: the first page of each is in a VMA of its own. */
	for (i = 0; i < LEN; i += page / 8 * page)
		madvise(area + i, page, MADV_DONTFORK);
	if (write(fd, "4", 1) != 1)
		return 1;
	mprotect(area, LEN, PROT_READ);
	before = soft_dirty_pages(area, page);
	mprotect(area, LEN, PROT_READ | PROT_WRITE);
	after = soft_dirty_pages(area, page);
	printf("TAP version 13\n1..1\n%sok 1 %zu and %zu of %zu pages are soft-dirty after mprotect()\n",
	       before || after ? "not " : "", before, after, LEN / page);
	return before || after;
}
