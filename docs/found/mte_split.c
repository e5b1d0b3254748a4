// SPDX-License-Identifier: GPL-2.0
/*
 * Splitting a THP gives all of its pages the PG_mte_tagged of the first one: pages lose
 * their tags (MTE), or get those that another user has left in the frame.
 *
 *	aarch64-linux-gnu-gcc -O2 -static -o mte_split mte_split.c
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define MB	0x100000UL
#define RW	(PROT_READ | PROT_WRITE)
#define PROT_MTE 0x20

static void set_tag(char *p, uint64_t tag)
{
	asm volatile(".arch armv8.5-a+memtag\n\tstg %0, [%0]" : :
		     "r"((uint64_t)p | tag << 56) : "memory");
}

static int get_tag(char *p)
{
	asm volatile(".arch armv8.5-a+memtag\n\tldg %0, [%0]" : "+r"(p) : : "memory");
	return (uint64_t)p >> 56 & 0xf;
}

/* Of a THP a part has tags, and it is split. Returns the pages with a wrong tag. */
static int try(size_t first, size_t len, int tag, int is_split)
{
	char *map = mmap(NULL, 4 * MB, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *thp = (char *)(((uintptr_t)map + 2 * MB - 1) & -(2 * MB));
	size_t i, nr = 0;

	madvise(thp, 2 * MB, MADV_HUGEPAGE);
	memset(thp, 1, 2 * MB);
	if (mprotect(thp + first, len, RW | PROT_MTE))
		perror("PROT_MTE");
	for (i = first; tag && i < first + len; i += 16)
		set_tag(thp + i, tag);
	if (is_split)
		madvise(thp, 4096, MADV_COLD);	/* of one page */
	mprotect(thp, 2 * MB, RW | PROT_MTE);
	for (i = 0; i < 2 * MB; i += 4096)
		nr += get_tag(thp + i) != (i >= first && i < first + len ? tag : 0);
	munmap(map, 4 * MB);
	return nr;
}

int main(void)
{
	static const char * const names[] = { "whole, not split", "half, tag 5", "half, tag 0" };
	int i, k, nr, wrong = 0;

	printf("TAP version 13\n1..3\n");
	for (k = 0; k < 3; k++) {
		for (nr = 0, i = 0; i < 16; i++) {
			try(0, 2 * MB, 7, 0);	/* the next one gets this frame */
			nr += !k ? try(0, 2 * MB, 5, 0) : k == 1 ? try(MB, MB, 5, 1) :
			      try(0, MB, 0, 1);
		}
		wrong += nr;
		printf("%sok %d %s: %d of %d pages have another tag\n", nr ? "not " : "", k + 1,
		       names[k], nr, 16 * 512);
	}
	return !!wrong;
}
