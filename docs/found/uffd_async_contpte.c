// SPDX-License-Identifier: GPL-2.0
/*
 * Asynchronous write protection by userfaultfd: the first write to a page that
 * fork() has shared takes two faults and two copies where arm64 maps the page by
 * a contiguous block of PTEs. One of both must do, as it does elsewhere.
 *
 *	cc -O2 -static -o uffd_async_contpte uffd_async_contpte.c
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LEN	(64UL << 20)	/* aligned to any THP */

static long faults_of_write(char *word)
{
	struct rusage before, after;

	getrusage(RUSAGE_SELF, &before);
	*word = 2;
	asm volatile("" : : : "memory");
	getrusage(RUSAGE_SELF, &after);
	return after.ru_minflt - before.ru_minflt;
}

int main(void)
{
	struct uffdio_api api = { .api = UFFD_API, .features = 1 << 15 /* WP_ASYNC */ };
	struct uffdio_register reg = {
		.range.len = LEN, .mode = UFFDIO_REGISTER_MODE_WP,
	};
	struct uffdio_writeprotect wp = {
		.range.len = LEN, .mode = UFFDIO_WRITEPROTECT_MODE_WP,
	};
	size_t page = getpagesize(), i, nr = LEN / page, nr_two = 0;
	pid_t child;
	int uffd = syscall(SYS_userfaultfd, O_CLOEXEC);
	char *area = mmap(NULL, 2 * LEN, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	area += LEN - (uintptr_t)area % LEN;
	madvise(area, LEN, MADV_HUGEPAGE);
	memset(area, 1, LEN);
	reg.range.start = (uintptr_t)area;
	wp.range.start = (uintptr_t)area;
	if (ioctl(uffd, UFFDIO_API, &api) || ioctl(uffd, UFFDIO_REGISTER, &reg) ||
	    ioctl(uffd, UFFDIO_WRITEPROTECT, &wp)) {
		puts("1..0 # SKIP no asynchronous write protection");
		return 4;
	}
	/* PTEs instead of PMDs: the child does without the first page of each. */
	for (i = 0; i < LEN; i += page / 8 * page)
		madvise(area + i, page, MADV_DONTFORK);
	child = fork();
	if (!child)
		pause();
	for (i = 0; i < nr; i++)
		nr_two += faults_of_write(area + i * page) > 1;
	printf("TAP version 13\n1..1\n%sok 1 %zu of %zu writes take more than one fault\n",
	       nr_two ? "not " : "", nr_two, nr);
	kill(child, SIGKILL);
	return nr_two > 0;
}
