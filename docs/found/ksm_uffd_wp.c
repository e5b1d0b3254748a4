// SPDX-License-Identifier: GPL-2.0
/*
 * KSM merges pages that userfaultfd write-protects, and loses the protection: writes
 * to them are not reported. As root, to turn KSM on; it stays on. "control" is pages
 * that KSM does not merge.
 *
 *	cc -O2 -static -o ksm_uffd_wp ksm_uffd_wp.c
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

#define NR	64

int main(void)
{
	size_t size = getpagesize(), len = 2 * NR * size;
	char *area = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct uffdio_range range = { (unsigned long)area, len };
	struct uffdio_api api = { .api = UFFD_API, .features = UFFD_FEATURE_SIGBUS };
	struct uffdio_register reg = { range, .mode = UFFDIO_REGISTER_MODE_WP };
	struct uffdio_writeprotect wp = { range, .mode = UFFDIO_WRITEPROTECT_MODE_WP };
	int uffd = syscall(SYS_userfaultfd, 0), silent[2] = {}, i;
	int zero = open("/dev/zero", O_RDONLY);

	memset(area, 1, len);
	if (ioctl(uffd, UFFDIO_API, &api) || ioctl(uffd, UFFDIO_REGISTER, &reg) ||
	    ioctl(uffd, UFFDIO_WRITEPROTECT, &wp))
		return puts("1..0 # SKIP no write protection by userfaultfd"), 4;
	madvise(area + len / 2, len / 2, MADV_MERGEABLE);
	write(open("/sys/kernel/mm/ksm/pages_to_scan", O_WRONLY), "10000", 5);
	write(open("/sys/kernel/mm/ksm/run", O_WRONLY), "1", 1);
	sleep(3);
	/* With UFFD_FEATURE_SIGBUS a read() into the page fails if the write is reported. */
	for (i = 0; i < 2 * NR; i++)
		silent[i / NR] += read(zero, area + i * size, 1) == 1;
	printf("TAP version 13\n1..2\n");
	printf("%sok 1 control: %d of %d writes are not reported\n",
	       silent[0] ? "not " : "", silent[0], NR);
	printf("%sok 2 KSM: %d of %d writes are not reported\n",
	       silent[1] ? "not " : "", silent[1], NR);
	return silent[0] || silent[1];
}
