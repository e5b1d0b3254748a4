// SPDX-License-Identifier: GPL-2.0
/*
 * move_pages() moves pages that tagged pointers name, but does not say where they are.
 * "control" asks with the same pointers without tags.
 *
 *	cc -O2 -static -o move_pages_tagged move_pages_tagged.c
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TAG	(0x5aULL << 56)

/* The status of a page: its node, or an error. @node: where to move it; NULL asks. */
static int status(void *page, const int *node)
{
	int it = 999;

	if (syscall(SYS_move_pages, 0, 1UL, &page, node, &it, 2 /* MPOL_MF_MOVE */))
		return -1000;
	return it;
}

int main(void)
{
	char *page = mmap(NULL, getpagesize(), PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *tagged = (char *)((uintptr_t)page | TAG);
	int node = 0, plain, moved, asked;

	/* PR_SET_TAGGED_ADDR_CTRL, PR_TAGGED_ADDR_ENABLE: system calls take tagged pointers. */
	if (prctl(55, 1, 0, 0, 0) || madvise(tagged, getpagesize(), MADV_NORMAL))
		return puts("1..0 # SKIP no tagged addresses here"), 4;
	*page = 1;
	plain = status(page, NULL);
	moved = status(tagged, &node);
	asked = status(tagged, NULL);
	if (plain < 0)
		return puts("1..0 # SKIP no move_pages() here"), 4;
	printf("TAP version 13\n1..3\n");
	printf("ok 1 control: the page is on node %d\n", plain);
	printf("%sok 2 moved by a tagged pointer: %d\n", moved == node ? "" : "not ", moved);
	printf("%sok 3 asked with a tagged pointer: %d%s%s\n", asked == moved ? "" : "not ", asked,
	       asked < 0 ? ", " : "", asked < 0 ? strerror(-asked) : "");
	return moved != node || asked != moved;
}
