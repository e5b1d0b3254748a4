// SPDX-License-Identifier: GPL-2.0
/* What sets VMAs apart: advice, names, memory policies, userfaultfds, seals. */
#include "mprotect_state_vma.h"

#include <linux/userfaultfd.h>

#ifndef PR_SET_VMA
#define PR_SET_VMA		0x53564d41
#endif
#ifndef PR_SET_VMA_ANON_NAME
#define PR_SET_VMA_ANON_NAME	0
#endif
#ifndef SYS_mseal
#define SYS_mseal		462
#endif
#define MPOL_DEFAULT		0
#define MPOL_PREFERRED		1

/* What a word does: the call, and the bits that pages have in place of others. */
struct apart {
	bool (*set)(struct area *area, char *addr, size_t len, __u64 bits);
	__u64 mask, bits;
};

static bool refused(struct area *area, const char *call)
{
	return area_fail(area, "%s: %s", call, strerror(errno));
}

static bool set_dump(struct area *area, char *addr, size_t len, __u64 bits)
{
	return !madvise(addr, len, bits ? MADV_DONTDUMP : MADV_DODUMP) ||
	       refused(area, "madvise");
}

static bool set_name(struct area *area, char *addr, size_t len, __u64 bits)
{
	const char *name = !bits ? NULL : bits == VMA_NAMED ? "window" : "another";

	if (!prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, addr, len, name))
		return true;
	if (errno == EINVAL)
		return area_skip(area, "no names of VMAs (CONFIG_ANON_VMA_NAME)");
	return refused(area, "PR_SET_VMA_ANON_NAME");
}

/* Pages stay where they are. */
static bool set_policy(struct area *area, char *addr, size_t len, __u64 bits)
{
	unsigned long node = 1;

	if (access("/proc/self/numa_maps", F_OK))
		return area_skip(area, "no memory policies (CONFIG_NUMA)");
	return !syscall(SYS_mbind, addr, len, bits ? MPOL_PREFERRED : MPOL_DEFAULT,
			bits ? &node : NULL, bits ? 8 * sizeof(node) : 0, 0) ||
	       refused(area, "mbind");
}

/* Two of them, each a context of its own. */
static int context(struct area *area, bool is_second)
{
	static int fds[2] = { -1, -1 };
	struct uffdio_api api = { .api = UFFD_API };
	int *fd = &fds[is_second];

	if (*fd >= 0)
		return *fd;
	*fd = syscall(SYS_userfaultfd, O_CLOEXEC);
	if (*fd < 0)
		area_skip(area, "no userfaultfd: %s", strerror(errno));
	else if (ioctl(*fd, UFFDIO_API, &api))
		refused(area, "UFFDIO_API");
	return *fd;
}

/* One that may write-protect the pages, and does not. */
static bool set_uffd(struct area *area, char *addr, size_t len, __u64 bits)
{
	int fd = context(area, bits & VMA_SECOND_UFFD);
	struct uffdio_register reg = {
		.range = { .start = (uintptr_t)addr, .len = len },
		.mode = UFFDIO_REGISTER_MODE_WP,
	};

	if (area_skipped(area) || !ioctl(fd, UFFDIO_REGISTER, &reg))
		return true;
	if (errno == EINVAL)
		return area_skip(area, "no write protection by userfaultfd");
	return refused(area, "UFFDIO_REGISTER");
}

static bool unset_uffd(struct area *area, char *addr, size_t len, __u64 bits)
{
	struct uffdio_range range = { .start = (uintptr_t)addr, .len = len };

	return !ioctl(context(area, bits & VMA_SECOND_UFFD), UFFDIO_UNREGISTER, &range) ||
	       refused(area, "UFFDIO_UNREGISTER");
}

/* Linux 6.10 and 6.11 looked for seals in all of a range before they changed any of it. */
static bool set_seal(struct area *area, char *addr, size_t len, __u64 bits)
{
	(void)bits;
	if (!kernel_at_least(6, 12))
		return area_skip(area, "mseal() as it is since Linux 6.12");
	if (syscall(SYS_mseal, NULL, 0UL, 0UL))
		return area_skip(area, "no mseal() (a 64-bit kernel)");
	return !syscall(SYS_mseal, addr, len, 0) || refused(area, "mseal");
}

#define UFFDS		(VMA_UFFD | VMA_SECOND_UFFD)
#define NAMES		(VMA_NAMED | VMA_RENAMED)

static const struct apart aparts[] = {
	[VMA_DONTDUMP] = { set_dump, VMA_SPLIT, VMA_SPLIT },
	[VMA_DUMP] = { set_dump, VMA_SPLIT, 0 },
	[VMA_NAME] = { set_name, NAMES, VMA_NAMED },
	[VMA_ANOTHER_NAME] = { set_name, NAMES, VMA_RENAMED },
	[VMA_NO_NAME] = { set_name, NAMES, 0 },
	[VMA_BIND] = { set_policy, VMA_POLICY, VMA_POLICY },
	[VMA_NO_BIND] = { set_policy, VMA_POLICY, 0 },
	[VMA_FIRST_UFFD] = { set_uffd, UFFDS, VMA_UFFD },
	[VMA_ANOTHER_UFFD] = { set_uffd, UFFDS, UFFDS },
	[VMA_NO_UFFD] = { unset_uffd, UFFDS, 0 },
	[VMA_SEAL] = { set_seal, VMA_SEALED, VMA_SEALED },
};

/*
 * What is not anonymous has none of these, what has a userfaultfd gets no other one, and
 * what is to be taken away must be there.
 */
static bool is_for(const struct page *page, const struct apart *apart)
{
	if (page->what == &page_outside || page->what == &page_file)
		return false;
	if (!apart->bits)
		return page->vma & apart->mask;
	return !(apart->bits & page->vma & VMA_UFFD);
}

static bool serve_vma(struct area *area, const struct request *request)
{
	const struct apart *apart = &aparts[request->vma];
	size_t i, k, end, last = request->range.end;
	struct page *it = area->page;

	for (i = request->range.first; i < last; i = end) {
		/* Each userfaultfd forgets what it has itself. */
		__u64 uffd = it[i].vma & UFFDS;

		for (end = i + 1; end < last && (it[end].vma & UFFDS) == uffd; end++)
			if (is_for(&it[end], apart) != is_for(&it[i], apart))
				break;
		if (!is_for(&it[i], apart))
			continue;
		if (!apart->set(area, page_addr(area, i), (end - i) * psize(),
				apart->set == unset_uffd ? uffd : apart->bits))
			return false;
		if (area_skipped(area))
			return true;
		for (k = i; k < end; k++)
			it[k].vma = (it[k].vma & ~apart->mask) | apart->bits;
		area_vma_edges(area, i, end);
	}
	return true;
}

const char *area_vma(struct area *area, enum area_process process,
		     enum area_range range, enum area_vma vma)
{
	return area_step(area, (struct request){
		.name = "vma", .serve = serve_vma, .vma = vma,
		.process = process, .range = area_find_range(area, range),
	});
}
