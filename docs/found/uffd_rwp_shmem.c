// SPDX-License-Identifier: GPL-2.0
/*
 * UFFDIO_RWPROTECT (Linux 7.3): accesses to shared memory are not reported if a PMD
 * mapped it, or if it was paged out. As root, with swap space. "control" is neither.
 *
 *	cc -O2 -static -o uffd_rwp_shmem uffd_rwp_shmem.c
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define AREA		((char *)(1UL << 36))
#define LEN		(32UL << 20)	/* no PMD is larger */
#define RWP		0x20000		/* UFFD_FEATURE_RWP */
#define RWPROTECT	_IOWR(UFFDIO, 0x09, struct uffdio_writeprotect)

static void test(const char *name, int before, int after)
{
	struct uffdio_range range = { (unsigned long)AREA, LEN };
	struct uffdio_api api = { UFFD_API, .features = RWP | UFFD_FEATURE_SIGBUS };
	struct uffdio_register reg = { range, .mode = 8 /* UFFDIO_REGISTER_MODE_RWP */ };
	struct uffdio_writeprotect rwp = { range, .mode = 1 /* UFFDIO_RWPROTECT_MODE_RWP */ };
	int uffd = syscall(SYS_userfaultfd, 0), sink = memfd_create("", 0), nr = 0;
	size_t i;

	mmap(AREA, LEN, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	madvise(AREA, LEN, before);
	memset(AREA, 1, LEN);
	if (ioctl(uffd, UFFDIO_API, &api) || ioctl(uffd, UFFDIO_REGISTER, &reg) ||
	    ioctl(uffd, RWPROTECT, &rwp)) {
		printf("ok %s # SKIP no UFFDIO_RWPROTECT\n", name);
		return;
	}
	madvise(AREA, LEN, after);
	/* With UFFD_FEATURE_SIGBUS the access fails if it is reported. */
	for (i = 0; i < LEN; i += getpagesize())
		nr += pwrite(sink, AREA + i, 1, 0) == 1;
	printf("%sok %s: %d of %ld reads are not reported\n", nr ? "not " : "", name, nr,
	       LEN / getpagesize());
}

int main(void)
{
	write(open("/sys/kernel/mm/transparent_hugepage/shmem_enabled", O_WRONLY), "advise", 6);
	printf("TAP version 13\n1..3\n");
	test("1 control", MADV_NOHUGEPAGE, MADV_NORMAL);
	test("2 PMDs", MADV_HUGEPAGE, MADV_NORMAL);
	test("3 paged out", MADV_NOHUGEPAGE, MADV_PAGEOUT);
	return 0;
}
