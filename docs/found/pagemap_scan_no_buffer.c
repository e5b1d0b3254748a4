// SPDX-License-Identifier: GPL-2.0
/*
 * PAGEMAP_SCAN protects pages that do not match, if it has no buffer to report them.
 * "control" is the same scan with a buffer.
 *
 *	cc -O2 -static -o pagemap_scan_no_buffer pagemap_scan_no_buffer.c
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

struct scan {	/* struct pm_scan_arg, which older headers do not have */
	__u64 size, flags, start, end, walk_end, vec, vec_len, max_pages;
	__u64 category_inverted, category_mask, category_anyof_mask, return_mask;
};

/* Protects the written pages that are the zero page: one of four. */
static void test(const char *name, __u64 *region)
{
	size_t size = getpagesize(), len = 4 * size, i, pages = 0;
	char *area = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct uffdio_api api = { .api = UFFD_API, .features = 1 << 15 /* WP_ASYNC */ };
	struct uffdio_register reg = { { (unsigned long)area, len }, UFFDIO_REGISTER_MODE_WP, 0 };
	struct scan scan = {
		.size = sizeof(scan), .flags = 1 /* PM_SCAN_WP_MATCHING */,
		.start = (unsigned long)area, .end = (unsigned long)area + len,
		.vec = (unsigned long)region, .vec_len = region ? 1 : 0,
		.category_mask = 0x22, .return_mask = 0x22 /* PAGE_IS_WRITTEN, _PFNZERO */,
	};
	int uffd = syscall(SYS_userfaultfd, 0), pagemap = open("/proc/self/pagemap", O_RDONLY);
	__u64 entry[4];

	area[0] = 1;
	madvise(area + size, size, MADV_POPULATE_READ);
	if (ioctl(uffd, UFFDIO_API, &api) || ioctl(uffd, UFFDIO_REGISTER, &reg) ||
	    ioctl(pagemap, _IOWR('f', 16, struct scan), &scan) < 0) {
		printf("ok %s # SKIP no PAGEMAP_SCAN\n", name);
		return;
	}
	pread(pagemap, entry, sizeof(entry), (unsigned long)area / size * 8);
	for (i = 0; i < 4; i++)
		pages |= (entry[i] >> 57 & 1) << i;
	printf("%sok %s: pages %#zx of 0x2 are protected\n", pages == 2 ? "" : "not ", name, pages);
}

int main(void)
{
	__u64 region[3];	/* struct page_region */

	printf("TAP version 13\n1..2\n");
	test("1 control, with a buffer", region);
	test("2 without a buffer", NULL);
	return 0;
}
