// SPDX-License-Identifier: GPL-2.0
/*
 * Write protection by a userfaultfd. Each write is refused until the protection
 * is lifted (UFFD_FEATURE_SIGBUS), waits for a thread that lifts it, or lifts it by
 * a fault that nobody hears of (UFFD_FEATURE_WP_ASYNC); whatever mprotect() does
 * meanwhile.
 */
#include "mprotect_model.h"

#include <linux/userfaultfd.h>

#ifndef UFFD_FEATURE_WP_UNPOPULATED
#define UFFD_FEATURE_WP_UNPOPULATED	BIT_ULL(13)
#endif
#ifndef UFFD_FEATURE_WP_ASYNC
#define UFFD_FEATURE_WP_ASYNC		BIT_ULL(15)
#endif

DECLARE_STATE(uffd);

static int fd;			/* of the parent's window */
static __u64 features;
static bool has_handler;

/* What is not there is protected by a marker, see userfaultfd_wp_use_markers(). */
static bool has_markers(void)
{
	return features & (UFFD_FEATURE_WP_UNPOPULATED | UFFD_FEATURE_WP_ASYNC);
}

static bool is_async(void)
{
	return features & UFFD_FEATURE_WP_ASYNC;
}

static bool is_refused(void)
{
	return features & UFFD_FEATURE_SIGBUS;
}

static bool is_protected(const struct area *area, size_t page)
{
	return area->page[page].mark[state_uffd.nr];
}

static bool write_protect(char *addr, size_t nr, bool is_on)
{
	struct uffdio_writeprotect wp = {
		.range.start = (uintptr_t)addr,
		.range.len = nr * psize(),
		.mode = is_on ? UFFDIO_WRITEPROTECT_MODE_WP : 0,
	};

	return !ioctl(fd, UFFDIO_WRITEPROTECT, &wp);
}

static bool lift(char *addr)
{
	return write_protect(addr, 1, false);
}

/* Whether the page's VMA has the userfaultfd still. */
static bool is_registered(const struct page *page)
{
	return page->vma & VMA_STATE(state_uffd);
}

static void note_protected(struct area *area, size_t page, bool is_on)
{
	struct page *it = &area->page[page];

	/* Pages that cannot even be read have other markers, and keep them. */
	if (area_cost(area, page, false).code)
		return;
	it->mark[state_uffd.nr] = is_on && (has_markers() || it->what != &page_empty);
	area_ptes_changed(area, page);
	/* Linux 6.2 makes it writable, as mprotect() does: uffd_wp_range(). */
	if (!is_on && it->prot & PROT_WRITE)
		it->readonly = kernel_at_least(6, 2) ? READONLY_NO : READONLY_MAYBE;
}

static bool set_protected(struct area *area, size_t first, size_t end, bool is_on)
{
	size_t i;

	if (!write_protect(page_addr(area, first), end - first, is_on))
		return area_fail(area, "UFFDIO_WRITEPROTECT(%zu pages at %zu): %s",
				 end - first, first, strerror(errno));
	area_vma_edge(area, first);
	area_vma_edge(area, end);
	for (i = first; i < end; i++)
		note_protected(area, i, is_on);
	return true;
}

static int uffd_refused(const struct area *area, size_t page, bool is_write)
{
	return is_write && is_protected(area, page) && is_refused() ? -BUS_ADRERR : 0;
}

/* A write has found a marker: there is a page now, which is protected. */
static void fill_marker(struct area *area, size_t page)
{
	area_new_frame(area, page);
	area->entry[page] = pagemap_get_entry(area->pagemap_fd,
					      page_addr(area, page));
	area->page[page].frame->pfn = seen_pfn(area, page);
}

static bool uffd_resolve(struct area *area, size_t page)
{
	if (!is_protected(area, page))
		return false;
	if (area->page[page].what == &page_empty)
		fill_marker(area, page);
	return set_protected(area, page, page + 1, false);
}

/*
 * Whether arm64 may map the shared page by a contiguous block. Then do_wp_page()
 * takes the PTE that it has changed for one that somebody else has: the copy is
 * thrown away, and there is another fault (Linux 6.9 to 7.3).
 */
static bool may_copy_twice(const struct area *area, size_t page)
{
	size_t i, first = page - page % contpte_pages();
	const struct page *it = &area->page[page];

	if (!is_async())
		return false;
	for (i = first; it->frame && i < first + contpte_pages(); i++)
		if (!is_protected(area, i) || !area->page[i].frame ||
		    area->page[i].frame->head != it->frame->head)
			return false;
#ifdef __aarch64__
	return it->frame && !it->exclusive;
#else
	return false;
#endif
}

/*
 * The fault that lifts the protection does all else that the write needs; but for
 * the one that finds a marker, which puts a protected page there. One that has waited
 * for the thread is tried again, and counts as major.
 */
static void uffd_cost(const struct area *area, size_t page, bool is_write,
		      struct cost *cost)
{
	const struct page *it = &area->page[page];

	if (!is_write || !is_protected(area, page))
		return;
	if (it->exclusive || it->what == &page_empty) {
		cost->min = 1;
		cost->max = 1;
	}
	cost->max += may_copy_twice(area, page);
	cost->major |= has_handler;
}

/* See wp_huge_pmd() and do_wp_page(). */
static void uffd_accessed(struct area *area, size_t page, bool is_write,
			  int faults)
{
	if (!is_write || !is_protected(area, page))
		return;
	if (has_handler)
		userfault_expect(area, page, true);
	if (faults > 1 && may_copy_twice(area, page))
		snprintf(area->answer->found, sizeof(area->answer->found),
			 "a userfaultfd's asynchronous protection in a contpte block is copied twice");
	if (area->page[page].by_pmd)
		area_split_pmd(area, page);
	area->page[page].mark[state_uffd.nr] = false;
}

/* The child's memory has no userfaultfd. */
static void uffd_forked(struct area *area, size_t page, struct page *its)
{
	(void)area;
	(void)page;
	its->mark[state_uffd.nr] = false;
	its->vma &= ~VMA_STATE(state_uffd);
}

/* Nor has memory that moves: move_ptes() leaves it read-only, and drops markers. */
static void uffd_remapped(struct area *area, size_t page)
{
	struct page *it = &area->page[page];

	/* Fixed in 6.12.11: "clear uffd-wp PTE/PMD state on mremap()". */
	if (is_protected(area, page) && !kernel_at_least(6, 12))
		area_skip(area, "needs Linux 6.12: mremap() keeps the protection before");
	if (is_protected(area, page) && it->what == &page_anon)
		it->readonly = READONLY_YES;
	it->mark[state_uffd.nr] = false;
	it->vma &= ~VMA_STATE(state_uffd);
}

static void uffd_show(const struct area *area, size_t page, struct shown *shown)
{
	if (!is_protected(area, page))
		return;
	bits_must(&shown->entry, PM_UFFD_WP, true);
	if (area->page[page].what == &page_empty)
		bits_must(&shown->entry, PM_SWAP, true);
}

static bool uffd_verify(struct area *area)
{
	return !has_handler || userfault_verify(area);
}

struct area_state state_uffd = {
	.name = "uffd",
	.refused = uffd_refused,
	.resolve = uffd_resolve,
	.cost = uffd_cost,
	.accessed = uffd_accessed,
	.remapped = uffd_remapped,
	.forked = uffd_forked,
	.show = uffd_show,
	.verify = uffd_verify,
};

static bool serve_uffd(struct area *area, const struct request *request)
{
	static const __u64 features_of[UFFD_HANDLER + 1] = {
		[UFFD_SIGBUS] = UFFD_FEATURE_SIGBUS,
		[UFFD_UNPOPULATED] = UFFD_FEATURE_SIGBUS | UFFD_FEATURE_WP_UNPOPULATED,
		[UFFD_ASYNC] = UFFD_FEATURE_WP_ASYNC,
	};
	size_t i;

	features = features_of[request->uffd];
	has_handler = request->uffd == UFFD_HANDLER;
	fd = userfault_open(area, is_async() ? "asynchronous write protection" :
			    "write protection", features | UFFD_FEATURE_PAGEFAULT_FLAG_WP,
			    UFFDIO_REGISTER_MODE_WP);
	if (fd < 0)
		return area_skipped(area);
	for (i = 0; i < area->nr_pages; i++)
		area->page[i].vma |= VMA_STATE(state_uffd);
	return !has_handler || userfault_handle(area, fd, UFFD_PAGEFAULT_FLAG_WP, lift);
}

const char *area_uffd(struct area *area, enum area_uffd uffd)
{
	return area_step(area, (struct request){
		.name = "uffd", .serve = serve_uffd, .uffd = uffd,
	});
}

static bool serve_wp(struct area *area, const struct request *request)
{
	return userfault_runs(area, request, set_protected);
}

const char *area_uffd_wp(struct area *area, enum area_pages pages)
{
	return area_step(area, (struct request){
		.name = "uffd_wp", .serve = serve_wp, .is_write = true,
		.pages = pages,
	});
}

const char *area_uffd_resolve(struct area *area, enum area_pages pages)
{
	return area_step(area, (struct request){
		.name = "uffd_resolve", .serve = serve_wp, .pages = pages,
	});
}

/* The thread still reads from it: then the memory is unregistered. */
static bool serve_close(struct area *area, const struct request *request)
{
	struct uffdio_range range = {
		.start = (uintptr_t)area->addr,
		.len = area->nr_pages * psize(),
	};
	size_t i;

	(void)request;
	/* Fixed in 6.9: "reset ptes when close() for wr-protected ones". */
	if (!has_handler && !kernel_at_least(6, 9))
		return area_skip(area, "needs Linux 6.9: before, pages stay protected");
	if (has_handler ? ioctl(fd, UFFDIO_UNREGISTER, &range) : close(fd))
		return area_fail(area, "no end of the userfaultfd: %s", strerror(errno));
	for (i = 0; i < area->nr_pages; i++) {
		if (is_registered(&area->page[i]))
			note_protected(area, i, false);
		area->page[i].vma &= ~VMA_STATE(state_uffd);
	}
	return true;
}

const char *area_uffd_close(struct area *area)
{
	return area_step(area, (struct request){
		.name = "uffd_close", .serve = serve_close,
	});
}

/*
 * The pages that PAGEMAP_SCAN reports as written, and those of them that it reports as
 * the zero page; it reads their entries in two ways.
 */
static bool scan(struct area *area, struct range range, __u64 flags, __u64 return_mask,
		 bool *is_written, bool *is_zero)
{
	struct page_region *regions = calloc(area->nr_pages, sizeof(*regions));
	struct pm_scan_arg arg = {
		.size = sizeof(arg),
		.flags = flags,
		.start = (uintptr_t)page_addr(area, range.first),
		.end = (uintptr_t)page_addr(area, range.end),
		.vec = (uintptr_t)regions,
		.vec_len = area->nr_pages,
		.category_mask = PAGE_IS_WRITTEN,
		.return_mask = return_mask,
	};
	long k, nr = ioctl(area->pagemap_fd, PAGEMAP_SCAN, &arg);
	__u64 at;

	for (k = 0; k < nr; k++) {
		for (at = regions[k].start; at < regions[k].end; at += psize()) {
			size_t i = (at - (uintptr_t)area->addr) / psize();

			is_written[i] = true;
			is_zero[i] |= !!(regions[k].categories & PAGE_IS_PFNZERO);
		}
	}
	if (nr < 0 && errno == ENOTTY)
		area_skip(area, "no PAGEMAP_SCAN (Linux 6.7)");
	else if (nr < 0)
		area_fail(area, "PAGEMAP_SCAN: %s", strerror(errno));
	free(regions);
	return nr >= 0;
}

/* Of what was never touched Linux 6.7 to 7.2 say this or that: it is as it is seen. */
static void check_written(struct area *area, size_t page, bool is_written, bool is_taken,
			  bool is_zero)
{
	struct page *it = &area->page[page];
	const struct bits flags = area_show(area, page).flags;
	bool must = !is_protected(area, page);
	__u64 entry;

	if (it->what == &page_outside || (it->what == &page_empty && !has_markers()))
		return;
	if (it->what == &page_empty && !kernel_at_least(7, 3)) {
		entry = pagemap_get_entry(area->pagemap_fd, page_addr(area, page));
		it->mark[state_uffd.nr] = !!(entry & PM_UFFD_WP);
		return;
	}
	if (is_written != must || is_taken != must)
		area_mark(area, page, "%sreported as written", must ? "not " : "");
	else if (is_written && flags.mask & KPF_ZERO_PAGE &&
		 is_zero != !!(flags.value & KPF_ZERO_PAGE))
		area_mark(area, page, "%sreported as the zero page", is_zero ? "" : "not ");
	it->mark[state_uffd.nr] |= is_async();
}

/*
 * Asks what was written since the last time, as a checkpointer does; which protects it
 * again, where that is asynchronous. A PMD that is only in part in the range is split.
 */
static bool serve_scan(struct area *area, const struct request *request)
{
	__u64 flags = is_async() ? PM_SCAN_WP_MATCHING | PM_SCAN_CHECK_WPASYNC : 0;
	size_t i, edges[] = { request->range.first, request->range.end };
	bool *is_written = area_bools(area), *is_taken = area_bools(area);
	bool *is_zero = area_bools(area), good;

	for (i = 0; i < ARRAY_SIZE(edges); i++)
		if (is_async() && edges[i] < area->nr_pages &&
		    !is_protected(area, edges[i]))
			area_vma_edge(area, edges[i]);
	good = scan(area, request->range, 0, PAGE_IS_WRITTEN | PAGE_IS_PFNZERO,
		    is_written, is_zero) &&
	       scan(area, request->range, flags, PAGE_IS_WRITTEN, is_taken, is_zero);
	for (i = request->range.first; good && i < request->range.end; i++)
		check_written(area, i, is_written[i], is_taken[i], is_zero[i]);
	free(is_written);
	free(is_taken);
	free(is_zero);
	return (good || area_skipped(area)) && area_verdict(area);
}

const char *area_uffd_scan(struct area *area, enum area_range range)
{
	return area_step(area, (struct request){
		.name = "uffd_scan", .serve = serve_scan,
		.range = area_find_range(area, range),
	});
}

static const char *make_protected(struct area *area, enum area_pages pages)
{
	const char *answer = area_uffd(area, UFFD_SIGBUS);

	return strcmp(answer, "ok") ? answer : area_uffd_wp(area, pages);
}

DECLARE_MAKER(protected);
const struct area_maker maker_protected = { .make = make_protected };
