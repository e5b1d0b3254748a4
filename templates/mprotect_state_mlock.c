// SPDX-License-Identifier: GPL-2.0
/*
 * mlock(): pages are there before they are touched. What is private and may be
 * written is populated as by a write, which leaves nothing shared. What becomes
 * writable is populated by mprotect() itself, see mprotect_fixup(). With
 * MLOCK_ONFAULT nobody populates anything, see populate_vma_page_range().
 */
#include "mprotect_model.h"

DECLARE_STATE(mlock);

#define ONFAULT		VMA_STATE_TOO(state_mlock)

/* The lock that a VMA has, as bits; the last call decides, see apply_vma_lock_flags(). */
static void set_lock(struct page *page, __u64 lock)
{
	page->vma &= ~(VMA_STATE(state_mlock) | ONFAULT);
	page->vma |= lock;
}

static bool is_locked(const struct page *page)
{
	return page->vma & VMA_STATE(state_mlock);
}

static void mlock_mprotected(struct area *area, size_t page)
{
	const struct page *it = &area->page[page];

	if (is_locked(it) && !(it->vma & ONFAULT) && it->prot & ~it->had & PROT_WRITE &&
	    !area_denied(area, page, true))
		area_fault_in(area, page, true);
}

/* Locks are not inherited. */
static void mlock_forked(struct area *area, size_t page, struct page *its)
{
	(void)area;
	(void)page;
	set_lock(its, 0);
}

/* What the process has locked, in KB; -1: that is not known. */
static long seen_locked(void)
{
	FILE *file = fopen("/proc/self/status", "re");
	char line[256];
	long kb = -1;

	while (file && kb < 0 && fgets(line, sizeof(line), file))
		sscanf(line, "VmLck: %ld", &kb);
	if (file)
		fclose(file);
	return kb;
}

static bool mlock_verify(struct area *area)
{
	long seen = seen_locked(), nr = 0;
	size_t i;

	for (i = 0; i < area->nr_pages; i++)
		nr += area->page[i].what != &page_outside && is_locked(&area->page[i]);
	return seen == nr * (long)(psize() >> 10) ||
	       area_fail(area, "VmLck is %ld kB, expected that of %ld pages", seen, nr);
}

struct area_state state_mlock = {
	.name = "mlock",
	.mprotected = mlock_mprotected,
	.forked = mlock_forked,
	.verify = mlock_verify,
};

/* Not mlock(), which does nothing under a sanitizer. */
static bool lock_pages(struct area *area, size_t first, size_t end, __u64 lock)
{
	int flags = lock & ONFAULT ? MLOCK_ONFAULT : 0;
	size_t i;

	if (syscall(SYS_mlock2, page_addr(area, first), (end - first) * psize(), flags))
		return area_fail(area, "mlock2(%zu pages at %zu, %d): %s", end - first,
				 first, flags, strerror(errno));
	for (i = first; i < end; i++)
		set_lock(&area->page[i], lock);
	area_vma_edges(area, first, end);
	return true;
}

/* What has no access is left out: it is locked, and then mlock() fails. */
static bool serve_mlock(struct area *area, const struct request *request)
{
	size_t i, end, k;

	for (i = request->range.first; i < request->range.end; i = end) {
		const struct page *it = &area->page[i];

		for (end = i + 1; end < request->range.end; end++)
			if (!area_is_one_vma(area, end))
				break;
		if (it->what == &page_outside || !it->prot ||
		    area_denied(area, i, it->prot & PROT_WRITE))
			continue;
		if (!lock_pages(area, i, end, VMA_STATE(state_mlock)))
			return false;
		for (k = i; k < end; k++)
			area_fault_in(area, k, it->prot & PROT_WRITE);
	}
	return area_verdict(area);
}

const char *area_mlock(struct area *area, enum area_process process,
		       enum area_range range)
{
	return area_step(area, (struct request){
		.name = "mlock", .serve = serve_mlock,
		.process = process, .range = area_find_range(area, range),
	});
}

static bool serve_onfault(struct area *area, const struct request *request)
{
	size_t i, end;

	for (i = request->range.first; i < request->range.end; i = end) {
		end = area_run(area, i, request->range.end, NULL);
		if (area->page[i].what != &page_outside &&
		    !lock_pages(area, i, end, VMA_STATE(state_mlock) | ONFAULT))
			return false;
	}
	return true;
}

const char *area_mlock_onfault(struct area *area, enum area_process process,
			       enum area_range range)
{
	return area_step(area, (struct request){
		.name = "mlock_onfault", .serve = serve_onfault,
		.process = process, .range = area_find_range(area, range),
	});
}
