// SPDX-License-Identifier: GPL-2.0
/*
 * Read-write protection by a userfaultfd (Linux 7.3). Each access, also a read, is
 * refused until the protection is lifted (UFFD_FEATURE_SIGBUS), waits for a thread
 * that lifts it, or lifts it by a fault that nobody hears of (UFFD_FEATURE_RWP_ASYNC);
 * whatever mprotect() and fork() make of the right to access meanwhile. See
 * do_uffd_rwp().
 */
#include "mprotect_model.h"

#include <linux/userfaultfd.h>

#ifndef UFFDIO_RWPROTECT
#define UFFD_FEATURE_RWP		BIT_ULL(17)
#define UFFD_FEATURE_RWP_ASYNC		BIT_ULL(18)
#define UFFD_PAGEFAULT_FLAG_RWP		BIT_ULL(3)
#define UFFDIO_REGISTER_MODE_RWP	BIT_ULL(3)
#define UFFDIO_RWPROTECT_MODE_RWP	BIT_ULL(0)
#define UFFDIO_RWPROTECT		_IOWR(UFFDIO, 0x09, struct uffdio_rwprotect)
struct uffdio_rwprotect {
	struct uffdio_range range;
	__u64 mode;
};
#endif

struct area_state state_rwp;

static int fd;			/* of the parent's window */
static enum area_rwp how;	/* an access is answered */

static bool is_protected(const struct area *area, size_t page)
{
	return area->page[page].mark[state_rwp.nr];
}

static bool protect(char *addr, size_t nr, bool is_on)
{
	struct uffdio_rwprotect rwp = {
		.range.start = (uintptr_t)addr,
		.range.len = nr * psize(),
		.mode = is_on ? UFFDIO_RWPROTECT_MODE_RWP : 0,
	};

	return !ioctl(fd, UFFDIO_RWPROTECT, &rwp);
}

static bool lift(char *addr)
{
	return protect(addr, 1, false);
}

/* Only what is there, or swapped out, can be protected: there are no markers. */
static bool set_protected(struct area *area, size_t first, size_t end, bool is_on)
{
	size_t i;

	if (!protect(page_addr(area, first), end - first, is_on))
		return area_fail(area, "UFFDIO_RWPROTECT(%zu pages at %zu): %s",
				 end - first, first, strerror(errno));
	area_vma_edge(area, first);
	area_vma_edge(area, end);
	for (i = first; i < end; i++) {
		struct page *it = &area->page[i];

		it->mark[state_rwp.nr] = false;
		/* What others refuse has a marker of theirs. */
		if (is_on)
			it->mark[state_rwp.nr] = it->what != &page_empty &&
						 !area_cost(area, i, false).code;
		else if (it->prot & PROT_WRITE)
			it->readonly = READONLY_NO;
	}
	return true;
}

static int rwp_refused(const struct area *area, size_t page, bool is_write)
{
	(void)is_write;
	return is_protected(area, page) && how == RWP_SIGBUS ? -BUS_ADRERR : 0;
}

static bool rwp_resolve(struct area *area, size_t page)
{
	return is_protected(area, page) && set_protected(area, page, page + 1, false);
}

/*
 * Another fault before it brings the page from swap. The one that lifts the protection
 * does nothing else, but that it makes a PTE writable that can be; and one that has
 * waited for the thread is tried again, does all, and counts as major.
 */
static void rwp_cost(const struct area *area, size_t page, bool is_write,
		     struct cost *cost)
{
	const struct page *it = &area->page[page];
	bool is_swapped = cost->is_one;
	int more = 0;

	if (!is_protected(area, page))
		return;
	cost->is_one = false;
	if (how != RWP_SIGBUS && is_write && it->exclusive && it->readonly != READONLY_NO)
		cost->min = cost->max;
	else if (how == RWP_ASYNC)
		more = 1 + (is_swapped && is_write && !it->exclusive);
	else if (how == RWP_HANDLER)
		more = is_swapped || !cost->min;
	cost->min += more;
	cost->max += more;
	cost->major += how == RWP_HANDLER;
}

/*
 * The thread lifts the protection of one page, the fault by itself that of all that a
 * PMD maps, see do_huge_pmd_uffd_rwp().
 */
static void rwp_accessed(struct area *area, size_t page, bool is_write, int faults)
{
	size_t i = page, end = page + 1;

	(void)faults;
	if (!is_protected(area, page) || how == RWP_SIGBUS)
		return;
	if (how == RWP_HANDLER)
		handler_expect(area, page, is_write);
	if (area->page[page].by_pmd && how == RWP_HANDLER)
		area_split_pmd(area, page);
	else if (area->page[page].by_pmd)
		area_pmd(area, page, &i, &end);
	for (; i < end; i++) {
		area->page[i].mark[state_rwp.nr] = false;
		if (area->page[i].prot & PROT_WRITE)
			area->page[i].readonly = READONLY_NO;
	}
}

/* The child's memory has no userfaultfd. */
static void rwp_forked(struct area *area, size_t page, struct page *its)
{
	(void)area;
	(void)page;
	its->mark[state_rwp.nr] = false;
}

static void rwp_show(const struct area *area, size_t page, struct shown *shown)
{
	if (is_protected(area, page))
		bits_must(&shown->entry, PM_UFFD_WP, true);
}

static bool rwp_verify(struct area *area)
{
	return how != RWP_HANDLER || handler_verify(area);
}

struct area_state state_rwp = {
	.name = "rwp",
	.refused = rwp_refused,
	.resolve = rwp_resolve,
	.cost = rwp_cost,
	.accessed = rwp_accessed,
	.forked = rwp_forked,
	.show = rwp_show,
	.verify = rwp_verify,
};

/* Registers the window. */
static bool serve_rwp(struct area *area, const struct request *request)
{
	struct uffdio_register reg = {
		.range.start = (uintptr_t)area->addr,
		.range.len = area->nr_pages * psize(),
		.mode = UFFDIO_REGISTER_MODE_RWP,
	};
	struct uffdio_api api = { .api = UFFD_API };

	how = request->rwp;
	api.features = UFFD_FEATURE_RWP;
	if (how != RWP_HANDLER)
		api.features |= how == RWP_ASYNC ? UFFD_FEATURE_RWP_ASYNC :
				UFFD_FEATURE_SIGBUS;
	fd = syscall(SYS_userfaultfd, O_CLOEXEC);
	if (fd < 0)
		return area_skip(area, "no userfaultfd: %s", strerror(errno));
	if (ioctl(fd, UFFDIO_API, &api))
		return area_skip(area, "no read-write protection by userfaultfd");
	if (ioctl(fd, UFFDIO_REGISTER, &reg))
		return area_fail(area, "UFFDIO_REGISTER: %s", strerror(errno));
	return how != RWP_HANDLER ||
	       handler_start(area, fd, UFFD_PAGEFAULT_FLAG_RWP, lift);
}

const char *area_rwp(struct area *area, enum area_rwp rwp)
{
	return area_step(area, (struct request){
		.name = "rwp", .serve = serve_rwp, .rwp = rwp,
	});
}

/* Protects the pages, or lifts the protection, in runs inside of one VMA. */
static bool serve_protect(struct area *area, const struct request *request)
{
	size_t i, end;

	for (i = 0; i < area->nr_pages; i = end) {
		end = i + 1;
		if (!area_is_selected(area, i, request->pages))
			continue;
		while (end < area->nr_pages && area_is_one_vma(area, end) &&
		       area_is_selected(area, end, request->pages))
			end++;
		if (!set_protected(area, i, end, request->is_write))
			return false;
	}
	return true;
}

const char *area_rwp_protect(struct area *area, enum area_pages pages)
{
	return area_step(area, (struct request){
		.name = "rwp_protect", .serve = serve_protect, .is_write = true,
		.pages = pages,
	});
}

const char *area_rwp_resolve(struct area *area, enum area_pages pages)
{
	return area_step(area, (struct request){
		.name = "rwp_resolve", .serve = serve_protect, .pages = pages,
	});
}

static const char *make_rwp(struct area *area, enum area_pages pages)
{
	const char *answer = area_rwp(area, RWP_SIGBUS);

	return strcmp(answer, "ok") ? answer : area_rwp_protect(area, pages);
}

const struct area_maker maker_rwp = { .make = make_rwp };
