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

DECLARE_STATE(rwp);

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
		area_ptes_changed(area, i);
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
 * Swap-in comes before it, by a fault of its own. Without the thread the fault does
 * nothing but lift the protection, and others follow for what else there is to do. One
 * that has waited for the thread is tried again, does all, and counts as major.
 */
static void rwp_cost(const struct area *area, size_t page, bool is_write,
		     struct cost *cost)
{
	bool is_swapped = cost->is_one;
	int more = 0;

	if (!is_protected(area, page))
		return;
	cost->is_one = false;
	if (how == RWP_ASYNC)
		more = 1 + (is_swapped && is_write && !area->page[page].exclusive);
	else if (how == RWP_HANDLER)
		more = is_swapped || !cost->min;
	cost->min += more;
	cost->max += more;
	cost->major += how == RWP_HANDLER;
	cost->is_alone = how == RWP_ASYNC;
}

/*
 * The thread lifts the protection of one page; the fault by itself that of all that a
 * PMD maps, before it is split for what else there is to do: do_huge_pmd_uffd_rwp().
 */
static void rwp_accessed(struct area *area, size_t page, bool is_write, int faults)
{
	size_t i = page, end = page + 1;

	(void)faults;
	if (!is_protected(area, page) || how == RWP_SIGBUS)
		return;
	if (how == RWP_HANDLER)
		userfault_expect(area, page, is_write);
	if (how == RWP_HANDLER && area->page[page].by_pmd)
		area_split_pmd(area, page);
	else if (how == RWP_ASYNC && area->sight[page].was_huge)
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
	its->vma &= ~VMA_STATE(state_rwp);
}

/* Nor has memory that moves: move_ptes() makes it accessible, but not writable. */
static void rwp_remapped(struct area *area, size_t page)
{
	struct page *it = &area->page[page];

	if (is_protected(area, page) && it->what == &page_anon)
		it->readonly = READONLY_YES;
	it->mark[state_rwp.nr] = false;
	it->vma &= ~VMA_STATE(state_rwp);
}

static void rwp_show(const struct area *area, size_t page, struct shown *shown)
{
	if (is_protected(area, page))
		bits_must(&shown->entry, PM_UFFD_WP, true);
}

static bool rwp_verify(struct area *area)
{
	return how != RWP_HANDLER || userfault_verify(area);
}

struct area_state state_rwp = {
	.name = "rwp",
	.refused = rwp_refused,
	.resolve = rwp_resolve,
	.cost = rwp_cost,
	.accessed = rwp_accessed,
	.remapped = rwp_remapped,
	.forked = rwp_forked,
	.show = rwp_show,
	.verify = rwp_verify,
};

static bool serve_rwp(struct area *area, const struct request *request)
{
	static const __u64 features_of[RWP_HANDLER + 1] = {
		[RWP_SIGBUS] = UFFD_FEATURE_SIGBUS,
		[RWP_ASYNC] = UFFD_FEATURE_RWP_ASYNC,
	};

	size_t i;

	how = request->rwp;
	fd = userfault_open(area, "read-write protection",
			    features_of[how] | UFFD_FEATURE_RWP, UFFDIO_REGISTER_MODE_RWP);
	if (fd < 0)
		return area_skipped(area);
	for (i = 0; i < area->nr_pages; i++)
		area->page[i].vma |= VMA_STATE(state_rwp);
	return how != RWP_HANDLER ||
	       userfault_handle(area, fd, UFFD_PAGEFAULT_FLAG_RWP, lift);
}

const char *area_rwp(struct area *area, enum area_rwp rwp)
{
	return area_step(area, (struct request){
		.name = "rwp", .serve = serve_rwp, .rwp = rwp,
	});
}

static bool serve_protect(struct area *area, const struct request *request)
{
	return userfault_runs(area, request, set_protected);
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

DECLARE_MAKER(rwp);
const struct area_maker maker_rwp = { .make = make_rwp };
