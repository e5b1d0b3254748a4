// SPDX-License-Identifier: GPL-2.0
/* Pages, frames, folios and VMAs, and the rules that hold whatever the state. */
#include <errno.h>
#include <sys/mman.h>
#include <sys/utsname.h>

#include "mprotect_model.h"

/* What can be there without any state: see struct page. */
struct area_state page_outside = { .name = "not mapped" };
struct area_state page_empty = { .name = "never touched" };
struct area_state page_anon = { .name = "anonymous" };

struct area_state *const *area_states;
char area_rule[128];		/* that was decided last, for a message */

/*
 * Whether this kernel has a rule that came with Linux @major.@minor. What decides
 * must not be the behaviour under test, or a kernel with a bug would choose its
 * own rule; the version is for what nothing else tells.
 */
bool kernel_at_least(int major, int minor)
{
	int have_major = 0, have_minor = 0;
	struct utsname name;

	uname(&name);
	if (sscanf(name.release, "%d.%d", &have_major, &have_minor) != 2)
		return false;
	snprintf(area_rule, sizeof(area_rule), "%s by its version (Linux %d.%d)",
		 name.release, major, minor);
	return have_major > major ||
	       (have_major == major && have_minor >= minor);
}

/* The pages as @process sees them; a thread sees what its process does. */
struct page *area_view(const struct area *area, enum area_process process)
{
	if (process >= NR_VIEWS)
		process = PROCESS_PARENT;
	return area->pages + process * area->nr_pages;
}

void area_leave_frame(struct page *page)
{
	if (page->frame)
		page->frame->mappers--;
	page->frame = NULL;
}

/* A page of its own, which is a folio: in as many layers as there are views. */
void area_new_frame(struct area *area, size_t page)
{
	struct frame *frame = area->frames + page;

	area_leave_frame(&area->page[page]);
	while (frame->mappers)
		frame += area->nr_pages;
	*frame = (struct frame){
		.mappers = 1,
		.head = frame,
		.nr = 1,
		.mapped_by = 1U << area->self,
	};
	area->page[page].frame = frame;
}

/* The frames of @nr pages are a folio. */
void area_fold_frames(struct area *area, size_t first, size_t nr)
{
	struct frame *head = NULL;
	size_t i;

	for (i = first; i < first + nr; i++) {
		struct page *page = &area->page[i];

		if (!page->frame)
			area_new_frame(area, i);
		if (!head)
			head = page->frame;
		page->frame->head = head;
		page->frame->pfn = seen_pfn(&area->sight[i]);
	}
	head->nr = nr;
	head->mapped_by = 1U << area->self;
}

/* The first page of the folio that @page is of, and the folio's pages. */
size_t area_folio(const struct area *area, size_t page, size_t *nr)
{
	const struct frame *frame = area->page[page].frame;

	*nr = frame ? frame->head->nr : 1;
	/* The head can be in another layer of frames. */
	return frame ? (frame->head - area->frames) % area->nr_pages : page;
}

/* The pages that the PMD of @page can map, inside of the window. */
void area_pmd(const struct area *area, size_t page, size_t *first, size_t *nr)
{
	*first = page < area->boundary ? 0 : area->boundary;
	*nr = page < area->boundary ? area->boundary :
	      area->nr_pages - area->boundary;
}

void area_split_pmd(struct area *area, size_t page)
{
	struct area_state *const *s;
	size_t i, first, nr;

	area_pmd(area, page, &first, &nr);
	for (i = first; i < first + nr; i++) {
		if (!area->page[i].by_pmd)
			continue;
		for_each_state(s)
			if ((*s)->pmd_split)
				(*s)->pmd_split(area, i);
		area->page[i].by_pmd = false;
	}
}

/* A VMA begins, or ends, at @page: a PMD cannot go across. */
void area_vma_edge(struct area *area, size_t page)
{
	if (page > 0 && page < area->nr_pages && page != area->boundary &&
	    area->page[page].by_pmd)
		area_split_pmd(area, page);
}

/*
 * Whether @page and the one before are in one VMA: those that do not differ are
 * merged, see vma_merge_existing_range(). VMAs that fork() has copied have an
 * anon_vma each, and stay apart, see is_mergeable_anon_vma().
 */
bool area_is_one_vma(const struct area *area, size_t page)
{
	const struct page *a = &area->page[page - 1], *b = &area->page[page];

	return a->prot == b->prot && a->is_apart == b->is_apart &&
	       a->vma == b->vma &&
	       (a->what == &page_outside) == (b->what == &page_outside);
}

/* What was changed from @first to @end is in VMAs of its own, if it differs. */
void area_vma_edges(struct area *area, size_t first, size_t end)
{
	if (first > 0 && !area_is_one_vma(area, first))
		area_vma_edge(area, first);
	if (end < area->nr_pages && !area_is_one_vma(area, end))
		area_vma_edge(area, end);
}

/*
 * mprotect() of @nr pages, one after the other until there is none; returns the
 * errno that must come. A VMA that has the protection already is left alone.
 */
int area_vma_mprotect(struct area *area, size_t first, size_t nr, int prot)
{
	struct area_state *const *s;
	size_t i;

	for (i = first; i < first + nr; i++) {
		struct page *page = &area->page[i];

		if (page->what == &page_outside)
			break;
		if (page->prot == prot)
			continue;
		for_each_state(s)
			if ((*s)->mprotected)
				(*s)->mprotected(area, i, prot);
		page->prot = prot;
		/* As in can_change_private_pte_writable(). */
		if (prot & PROT_WRITE)
			page->readonly = false;
	}
	area_vma_edges(area, first, i);
	return i < first + nr ? ENOMEM : 0;
}

/* What an access that is allowed costs. */
struct cost area_cost(const struct area *area, size_t page, bool is_write)
{
	const struct page *it = &area->page[page];
	struct area_state *const *s;
	struct cost cost = {};
	size_t nr;

	area_folio(area, page, &nr);
	if (is_write && it->exclusive && it->readonly)
		cost.min = 1;
	cost.max = cost.min;
	/*
	 * Before Linux 6.2 mprotect() leaves PMDs and clean PTEs to the fault
	 * handler, and splitting a PMD makes clean PTEs.
	 */
	if (is_write && it->exclusive && nr > 1 && !kernel_at_least(6, 2))
		cost.max = 1;
	for_each_state(s)
		if ((*s)->cost)
			(*s)->cost(area, page, is_write, &cost);
	/* A PTE that DAMON makes old while a fault is served is faulted twice. */
	if (cost.max && area->has_damon)
		cost.max++;
	return cost;
}

void shown_must(__u64 *value, __u64 *mask, __u64 bit, bool is_set)
{
	*mask |= bit;
	*value = is_set ? *value | bit : *value & ~bit;
}

/* What pagemap and kpageflags must show of a page. */
struct shown area_show(const struct area *area, size_t page)
{
	const struct page *it = &area->page[page];
	const struct frame *frame = it->frame;
	struct area_state *const *s;
	struct shown shown = {
		/* There is no userfaultfd here, and no guard region. */
		.entry_mask = PM_PRESENT | PM_SWAP | PM_UFFD_WP | PM_GUARD_REGION,
	};

	if (area->has_soft_dirty && it->what != &page_outside)
		shown_must(&shown.entry, &shown.entry_mask, PM_SOFT_DIRTY, true);
	if (it->what != &page_outside && it->what != &page_empty)
		shown.entry |= PM_PRESENT;
	if (frame) {
		shown_must(&shown.entry, &shown.entry_mask, PM_MMAP_EXCLUSIVE,
			   frame->mappers == 1);
		shown.flags = KPF_ANON;
		shown.flags_mask = KPF_ANON | KPF_KSM | KPF_ZERO_PAGE |
				   KPF_COMPOUND_HEAD | KPF_COMPOUND_TAIL;
		if (frame != frame->head)
			shown.flags |= KPF_COMPOUND_TAIL;
		else if (frame->nr > 1)
			shown.flags |= KPF_COMPOUND_HEAD;
	}
	for_each_state(s)
		if ((*s)->show)
			(*s)->show(area, page, &shown);
	shown.flags_mask &= ~area->blind;
	return shown;
}
