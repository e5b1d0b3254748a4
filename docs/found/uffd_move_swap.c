// SPDX-License-Identifier: GPL-2.0
/*
 * UFFDIO_MOVE of a page in swap takes along that it is write-protected, to where no
 * userfaultfd protects anything. One that does so later is not told of writes to the
 * page. "control" moves a page that is there.
 *
 *	cc -O2 -static -o uffd_move_swap uffd_move_swap.c
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/types.h>
#include <linux/userfaultfd.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

struct move {
	__u64 dst, src, len, mode;
	__s64 moved;
};

#ifndef PAGEMAP_SCAN
struct pm_scan_arg {
	__u64 size, flags, start, end, walk_end, vec, vec_len, max_pages;
	__u64 category_inverted, category_mask, category_anyof_mask, return_mask;
};

#define PAGEMAP_SCAN	_IOWR('f', 16, struct pm_scan_arg)
#define PAGE_IS_WRITTEN	2
#endif

#define MOVE	_IOWR(UFFDIO, 0x05, struct move)

static int is_present(char *page)
{
	int fd = open("/proc/self/pagemap", O_RDONLY);
	__u64 entry = 0;

	if (pread(fd, &entry, sizeof(entry), (uintptr_t)page / getpagesize() * 8) != 8)
		perror("read");
	close(fd);
	return entry >> 63;
}

/* Whether a userfaultfd that protects the page from now on hears of a write. */
static int is_reported(char *page)
{
	struct uffdio_api api = { .api = UFFD_API, .features = 1 << 15 /* WP_ASYNC */ };
	int uffd = syscall(SYS_userfaultfd, O_CLOEXEC), fd = open("/proc/self/pagemap", O_RDONLY);
	struct uffdio_register wp = {
		.range = { (uintptr_t)page, getpagesize() }, .mode = UFFDIO_REGISTER_MODE_WP,
	};
	struct { __u64 start, end, categories; } region;
	struct pm_scan_arg scan = {
		.size = sizeof(scan),
		.flags = 3,	/* PM_SCAN_WP_MATCHING, PM_SCAN_CHECK_WPASYNC */
		.start = (uintptr_t)page, .end = (uintptr_t)page + getpagesize(),
		.vec = (uintptr_t)&region, .vec_len = 1,
		.category_mask = PAGE_IS_WRITTEN, .return_mask = PAGE_IS_WRITTEN,
	};

	if (ioctl(uffd, UFFDIO_API, &api) || ioctl(uffd, UFFDIO_REGISTER, &wp) ||
	    ioctl(fd, PAGEMAP_SCAN, &scan) < 0)
		return -1;
	*page = 3;
	return ioctl(fd, PAGEMAP_SCAN, &scan);
}

static char *map(void)
{
	/* No neighbour to merge with. */
	char *pages = mmap(NULL, 3 * getpagesize(), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	mprotect(pages + getpagesize(), getpagesize(), PROT_READ | PROT_WRITE);
	return pages + getpagesize();
}

/* Whether a write to the page is reported where it is then; -1: it cannot be tried. */
static int moved(int is_swapped)
{
	struct uffdio_api api = { .api = UFFD_API, .features = 1 << 16 /* MOVE */ };
	int uffd = syscall(SYS_userfaultfd, O_CLOEXEC), try;
	char *from = map(), *to = map();
	size_t size = getpagesize();
	struct uffdio_register wp = {
		.range = { (uintptr_t)from, size }, .mode = UFFDIO_REGISTER_MODE_WP,
	};
	struct uffdio_register missing = {
		.range = { (uintptr_t)to, size }, .mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	struct uffdio_writeprotect protect = { .range = wp.range, .mode = 1 };
	struct move move = { .dst = (uintptr_t)to, .src = (uintptr_t)from, .len = size };

	*from = 1;
	if (ioctl(uffd, UFFDIO_API, &api) || ioctl(uffd, UFFDIO_REGISTER, &wp) ||
	    ioctl(uffd, UFFDIO_REGISTER, &missing) || ioctl(uffd, UFFDIO_WRITEPROTECT, &protect))
		return -1;
	for (try = 0; is_swapped && try < 200 && is_present(from); try++) {
		madvise(from, size, 21 /* MADV_PAGEOUT */);
		usleep(1000);
	}
	if (is_present(from) == is_swapped || ioctl(uffd, MOVE, &move))
		return -1;
	*to = 2;
	ioctl(uffd, UFFDIO_UNREGISTER, &missing.range);
	return is_reported(to);
}

int main(void)
{
	int control = moved(0), swapped = moved(1);

	if (control < 0 || swapped < 0)
		return puts("1..0 # SKIP needs UFFDIO_MOVE (Linux 6.8) and swap space"), 4;
	printf("TAP version 13\n1..2\n");
	printf("%sok 1 control: a write is %s\n", control ? "" : "not ",
	       control ? "reported" : "not reported");
	printf("%sok 2 a page that was in swap: a write is %s\n", swapped ? "" : "not ",
	       swapped ? "reported" : "not reported");
	return !control || !swapped;
}
