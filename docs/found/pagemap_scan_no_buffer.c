// SPDX-License-Identifier: GPL-2.0
/*
 * PAGEMAP_SCAN protects pages that do not match, if it has no buffer to report them.
 * "control" is the same scan with a buffer.
 *
 *	cc -O2 -static -o pagemap_scan_no_buffer pagemap_scan_no_buffer.c
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/userfaultfd.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef PAGEMAP_SCAN
struct page_region {
	__u64 start, end, categories;
};

struct pm_scan_arg {
	__u64 size, flags, start, end, walk_end, vec, vec_len, max_pages;
	__u64 category_inverted, category_mask, category_anyof_mask, return_mask;
};

#define PAGEMAP_SCAN		_IOWR('f', 16, struct pm_scan_arg)
#define PAGE_IS_WRITTEN		0x02
#define PAGE_IS_PFNZERO		0x20
#define PM_SCAN_WP_MATCHING	1
#define PM_SCAN_CHECK_WPASYNC	2
#endif

#define NR	4

/* Protects the written pages that are the zero page; returns who is protected, or -1. */
static int scan(int pagemap, struct page_region *vec)
{
	/* UFFD_FEATURE_WP_ASYNC */
	struct uffdio_api api = { .api = UFFD_API, .features = 1 << 15 };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_WP };
	size_t i, size = getpagesize(), len = NR * size;
	char *page = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct pm_scan_arg arg = {
		.size = sizeof(arg),
		.flags = PM_SCAN_WP_MATCHING | PM_SCAN_CHECK_WPASYNC,
		.start = (uintptr_t)page, .end = (uintptr_t)page + len,
		.vec = (uintptr_t)vec, .vec_len = vec ? NR : 0,
		.category_mask = PAGE_IS_WRITTEN | PAGE_IS_PFNZERO,
		.return_mask = PAGE_IS_WRITTEN,
	};
	int uffd = syscall(SYS_userfaultfd, O_CLOEXEC), is_protected = 0;
	__u64 entry;

	madvise(page, len, MADV_NOHUGEPAGE);
	reg.range = (struct uffdio_range){ (uintptr_t)page, len };
	if (ioctl(uffd, UFFDIO_API, &api) || ioctl(uffd, UFFDIO_REGISTER, &reg))
		return -1;
	page[0] = 1;
	madvise(page + size, size, 22 /* MADV_POPULATE_READ */);
	page[2 * size] = 1;
	if (ioctl(pagemap, PAGEMAP_SCAN, &arg) < 0)
		return -1;
	for (i = 0; i < NR; i++)
		if (pread(pagemap, &entry, sizeof(entry),
			  (uintptr_t)(page + i * size) / size * sizeof(entry)) == sizeof(entry))
			is_protected |= (entry >> 57 & 1) << i;
	close(uffd);
	return is_protected;
}

int main(void)
{
	struct page_region vec[NR];
	int pagemap = open("/proc/self/pagemap", O_RDONLY);
	int with = scan(pagemap, vec), without = scan(pagemap, NULL);

	if (with < 0 || without < 0)
		return puts("1..0 # SKIP no PAGEMAP_SCAN, or no asynchronous protection, here"), 4;
	printf("TAP version 13\n1..2\n");
	printf("%sok 1 control: with a buffer pages %#x of 0x2 are protected\n",
	       with == 2 ? "" : "not ", with);
	printf("%sok 2 without a buffer pages %#x of 0x2 are protected\n",
	       without == 2 ? "" : "not ", without);
	return with != 2 || without != 2;
}
