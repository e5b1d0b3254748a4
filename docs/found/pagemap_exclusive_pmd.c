// SPDX-License-Identifier: GPL-2.0
/*
 * pagemap, bit 56: what it says of the first page of a PMD it says of all.
 *
 * A child shares a THP with its parent, and writes to one page of it: that page
 * is copied for the child, so that its frame is mapped by the parent alone. The
 * parent's PMD still maps all pages. Bit 56 ("page is exclusively mapped") must be
 * set for this page, and for no other.
 *
 *	cc -O2 -static -o pagemap_exclusive_pmd pagemap_exclusive_pmd.c
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXCLUSIVE	(1ULL << 56)

static size_t pmd_bytes(void)
{
	size_t bytes = 0;
	FILE *file = fopen("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size", "r");

	if (file && fscanf(file, "%zu", &bytes) != 1)
		bytes = 0;
	return bytes;
}

static size_t wrong_pages(int pagemap, char *thp, size_t nr, size_t written)
{
	size_t i, nr_wrong = 0, bytes = getpagesize();

	for (i = 0; i < nr; i++) {
		uint64_t entry = 0;

		pread(pagemap, &entry, 8, ((uintptr_t)thp / bytes + i) * 8);
		nr_wrong += !(entry & EXCLUSIVE) == (i == written);
	}
	return nr_wrong;
}

int main(void)
{
	size_t bytes = pmd_bytes(), nr = bytes / getpagesize(), i;
	const size_t written[] = { 0, 1, nr / 2 };
	int pagemap = open("/proc/self/pagemap", O_RDONLY), nr_failed = 0;

	printf("TAP version 13\n1..3\n");
	for (i = 0; i < 3; i++) {
		char *thp = mmap(NULL, 2 * bytes, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		size_t nr_wrong;
		int fds[2];
		pid_t child;
		char done;

		thp += bytes - (uintptr_t)thp % bytes;
		madvise(thp, bytes, MADV_HUGEPAGE);
		memset(thp, 1, bytes);
		pipe(fds);
		child = fork();
		if (!child) {
			thp[written[i] * getpagesize()] = 2;
			write(fds[1], "", 1);
			pause();
		}
		read(fds[0], &done, 1);
		nr_wrong = wrong_pages(pagemap, thp, nr, written[i]);
		printf("%sok %zu child writes page %zu of %zu: bit 56 is wrong for %zu pages\n",
		       nr_wrong ? "not " : "", i + 1, written[i], nr, nr_wrong);
		nr_failed += nr_wrong > 0;
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
	}
	return nr_failed > 0;
}
