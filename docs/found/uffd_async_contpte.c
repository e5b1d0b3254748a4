// SPDX-License-Identifier: GPL-2.0
/*
 * The first write to a page that fork() has shared, and that userfaultfd write-protects
 * asynchronously, takes two faults and two copies where arm64 maps the page by a
 * contiguous block of PTEs. "control" is the same without THP.
 *
 *	cc -O2 -static -o uffd_async_contpte uffd_async_contpte.c
 */
#define _GNU_SOURCE
#include <linux/userfaultfd.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define AREA	((char *)(1UL << 36))
#define LEN	(64L << 20)	/* whole PMDs of any size */

static void test(const char *name, char *area)
{
	struct rusage before = {}, after;	/* set now: fork() has shared the stack, too */
	long size = getpagesize(), i, nr;

	getrusage(RUSAGE_SELF, &before);
	for (i = 0; i < LEN; i += size)
		area[i] = 2;
	getrusage(RUSAGE_SELF, &after);
	nr = after.ru_minflt - before.ru_minflt - LEN / size;
	printf("%sok %s: %ld of %ld writes fault twice\n", nr ? "not " : "", name, nr, LEN / size);
}

int main(void)
{
	struct uffdio_range range = { (unsigned long)AREA, 2 * LEN };
	struct uffdio_api api = { .api = UFFD_API, .features = 1 << 15 /* WP_ASYNC */ };
	struct uffdio_register reg = { range, .mode = UFFDIO_REGISTER_MODE_WP };
	struct uffdio_writeprotect wp = { range, .mode = UFFDIO_WRITEPROTECT_MODE_WP };
	long uffd = syscall(SYS_userfaultfd, 0), size = getpagesize(), child, i;

	mmap(AREA, 2 * LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	madvise(AREA, LEN, MADV_NOHUGEPAGE);
	madvise(AREA + LEN, LEN, MADV_HUGEPAGE);
	madvise(AREA, 2 * LEN, MADV_POPULATE_WRITE);
	if (ioctl(uffd, UFFDIO_API, &api) || ioctl(uffd, UFFDIO_REGISTER, &reg) ||
	    ioctl(uffd, UFFDIO_WRITEPROTECT, &wp))
		return puts("1..0 # SKIP no asynchronous write protection"), 4;
	for (i = 0; i < 2 * LEN; i += size / 8 * size)
		madvise(AREA + i, size, MADV_DONTFORK);	/* the PMD is split */
	child = fork();
	if (!child)
		pause();
	printf("TAP version 13\n1..2\n");
	test("1 control", AREA);
	test("2 THP", AREA + LEN);
	return kill(child, SIGKILL);
}
