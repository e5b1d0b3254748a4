// SPDX-License-Identifier: GPL-2.0
/*
 * Splitting a THP gives all of its pages the PG_mte_tagged of the first one: pages lose
 * their tags (MTE), or get those that another user has left in the frame. "control" is
 * not split.
 *
 *	aarch64-linux-gnu-gcc -O2 -static -march=armv8.5-a+memtag -o mte_split mte_split.c
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>

#define AREA	((char *)(1UL << 36))
#define MB	0x100000UL
#define RW	(PROT_READ | PROT_WRITE)
#define RW_MTE	(RW | 0x20)	/* PROT_MTE */

/* One half of a THP gets tags, and then the other one. Returns how many pages have others. */
static int wrong_pages(char *half, long tag, int advice)
{
	char *page, *tagged;
	int nr = 0;

	mmap(AREA, 2 * MB, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	madvise(AREA, 2 * MB, MADV_HUGEPAGE);
	memset(AREA, 1, 2 * MB);
	mprotect(half, MB, RW_MTE);
	for (page = half; page < half + MB; page += 4096)
		asm volatile("stg %0, [%0]" : : "r"(page + (tag << 56)) : "memory");
	madvise(AREA, 4096, advice);
	mprotect(AREA, 2 * MB, RW_MTE);
	for (page = AREA; page < AREA + 2 * MB; page += 4096) {
		tagged = page;
		asm volatile("ldg %0, [%0]" : "+r"(tagged) : : "memory");
		nr += (tagged - page) >> 56 != (page >= half && page < half + MB ? tag : 0);
	}
	return nr;
}

int main(void)
{
	int control = 0, lost = 0, stale = 0, i;

	if (!(getauxval(AT_HWCAP2) & HWCAP2_MTE))
		return puts("1..0 # SKIP no MTE"), 4;
	for (i = 0; i < 16; i++) {
		lost += wrong_pages(AREA + MB, 5, MADV_COLD);	/* MADV_COLD of a page splits it */
		control += wrong_pages(AREA + MB, 5, MADV_NORMAL);
		stale += wrong_pages(AREA, 0, MADV_COLD);	/* often has the same frame */
	}
	printf("TAP version 13\n1..3\n");
	printf("%sok 1 control: %d pages have another tag\n", control ? "not " : "", control);
	printf("%sok 2 half, tag 5: %d pages have another tag\n", lost ? "not " : "", lost);
	printf("%sok 3 half, tag 0: %d pages have another tag\n", stale ? "not " : "", stale);
	return control || lost || stale;
}
