// SPDX-License-Identifier: GPL-2.0
/*
 * UFFDIO_RWPROTECT (Linux 7.3): accesses to shared memory are not reported if a PMD
 * mapped it, or if it was paged out. As root. The first test is the control.
 *
 *	cc -O2 -static -o uffd_rwp_shmem uffd_rwp_shmem.c
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LEN		(32UL << 20)	/* any PMD is aligned to it and not larger */
#define RWPROTECT	_IOWR(UFFDIO, 0x09, struct uffdio_writeprotect)
#define RWP		(1 << 17)	/* UFFD_FEATURE_RWP */

static sigjmp_buf reported;

static void on_sigbus(int sig)
{
	siglongjmp(reported, sig);
}

static long silent_reads(int before, int after)
{
	struct uffdio_api api = { .api = UFFD_API, .features = RWP | UFFD_FEATURE_SIGBUS };
	struct uffdio_register reg = { .mode = 8 /* UFFDIO_REGISTER_MODE_RWP */ };
	struct uffdio_writeprotect rwp = { .mode = 1 /* UFFDIO_RWPROTECT_MODE_RWP */ };
	int uffd = syscall(SYS_userfaultfd, O_CLOEXEC);
	char *area = mmap(NULL, 2 * LEN, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	volatile long nr_silent = 0, i;

	area += LEN - (uintptr_t)area % LEN;
	madvise(area, LEN, before);
	memset(area, 1, LEN);
	reg.range = rwp.range = (struct uffdio_range){ (uintptr_t)area, LEN };
	if (ioctl(uffd, UFFDIO_API, &api) || ioctl(uffd, UFFDIO_REGISTER, &reg) ||
	    ioctl(uffd, RWPROTECT, &rwp))
		return -1;
	madvise(area, LEN, after);
	for (i = 0; i < (long)LEN; i += getpagesize()) {
		if (!sigsetjmp(reported, 1)) {
			(void)*(volatile char *)(area + i);
			nr_silent++;
		}
	}
	return nr_silent;
}

int main(void)
{
	const char *const name[] = { "PTEs", "PMDs", "PTEs, paged out" };
	long nr[3], i;
	int fd = open("/sys/kernel/mm/transparent_hugepage/shmem_enabled", O_WRONLY);

	write(fd, "advise", 6);
	signal(SIGBUS, on_sigbus);
	nr[0] = silent_reads(MADV_NOHUGEPAGE, MADV_NORMAL);
	nr[1] = silent_reads(MADV_HUGEPAGE, MADV_NORMAL);
	nr[2] = silent_reads(MADV_NOHUGEPAGE, MADV_PAGEOUT);
	if (nr[0] < 0)
		return puts("1..0 # SKIP no UFFDIO_RWPROTECT"), 4;
	printf("TAP version 13\n1..3\n");
	for (i = 0; i < 3; i++)
		printf("%sok %ld %s: %ld of %ld reads are not reported\n",
		       nr[i] ? "not " : "", i + 1, name[i], nr[i], LEN / getpagesize());
	return nr[0] || nr[1] || nr[2];
}
