// SPDX-License-Identifier: GPL-2.0
/*
 * UFFDIO_MOVE of a page in swap takes along that it is write-protected (bit 57 of pagemap),
 * to where no userfaultfd protects anything, and no write changes that. "control" is a page
 * that is not in swap. As root, with swap space.
 *
 *	cc -O2 -static -o uffd_move_swap uffd_move_swap.c
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

struct move {	/* struct uffdio_move, which older headers do not have */
	__u64 dst, src, len, mode;
	__s64 moved;
};

static void test(const char *name, __u64 entry)
{
	entry = entry >> 57 & 1;
	printf("%sok %s: the page %s as write-protected\n", entry ? "not " : "", name,
	       entry ? "counts" : "does not count");
}

int main(void)
{
	size_t size = getpagesize(), len = 2 * size;
	char *src = mmap(NULL, 2 * len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *dst = src + len;
	struct uffdio_api api = { .api = UFFD_API, .features = 1 << 16 /* MOVE */ };
	struct uffdio_range from = { (unsigned long)src, len }, to = { (unsigned long)dst, len };
	struct uffdio_register reg_from = { from, .mode = UFFDIO_REGISTER_MODE_WP };
	struct uffdio_register reg_to = { to, .mode = UFFDIO_REGISTER_MODE_MISSING };
	struct uffdio_writeprotect wp = { from, .mode = UFFDIO_WRITEPROTECT_MODE_WP };
	struct move move = { .dst = to.start, .src = from.start, .len = len };
	int uffd = syscall(SYS_userfaultfd, 0), pagemap = open("/proc/self/pagemap", O_RDONLY);
	__u64 entry[2];

	memset(src, 1, len);
	if (ioctl(uffd, UFFDIO_API, &api) || ioctl(uffd, UFFDIO_REGISTER, &reg_from) ||
	    ioctl(uffd, UFFDIO_REGISTER, &reg_to) || ioctl(uffd, UFFDIO_WRITEPROTECT, &wp))
		return puts("1..0 # SKIP no UFFDIO_MOVE"), 4;
	madvise(src + size, size, MADV_PAGEOUT);
	pread(pagemap, entry, sizeof(entry), from.start / size * 8);
	if (!(entry[1] >> 62 & 1) || ioctl(uffd, _IOWR(UFFDIO, 5, struct move), &move))
		return puts("1..0 # SKIP no swap space"), 4;
	memset(dst, 2, len);
	pread(pagemap, entry, sizeof(entry), to.start / size * 8);
	printf("TAP version 13\n1..2\n");
	test("1 control", entry[0]);
	test("2 page of swap", entry[1]);
	return 0;
}
