// SPDX-License-Identifier: GPL-2.0
/* Pages, frames, folios and VMAs, and the rules that hold whatever the state. */
#include "mprotect_model.h"

#include <sys/utsname.h>

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
	static struct utsname name;
	static int is_major, is_minor;

	/* Once: this is asked for every page. */
	if (!name.release[0])
		uname(&name);
	if (!is_major &&
	    sscanf(name.release, "%d.%d", &is_major, &is_minor) != 2)
		return false;
	snprintf(area_rule, sizeof(area_rule), "%s by its version (Linux %d.%d)",
		 name.release, major, minor);
	return is_major > major || (is_major == major && is_minor >= minor);
}

/* The pages as @process sees them. */
struct page *area_view(const struct area *area, enum area_process process)
{
	return area->pages + process * area->nr_pages;
}

/* The end of the pages from @first on that are alike: mapped, and chosen, or not. */
size_t area_run(const struct area *area, size_t first, size_t end, const bool *chosen)
{
	const struct page *it = area->page;
	size_t i = first + 1;

	while (i < end && (!chosen || chosen[i] == chosen[first]) &&
	       (it[i].what == &page_outside) == (it[first].what == &page_outside))
		i++;
	return i;
}

void area_leave_frame(struct page *page)
{
	if (page->frame)
		page->frame->mappers--;
	page->frame = NULL;
}

/* Mapped, or the head of a folio of which another page is. */
static bool is_used(const struct area *area, const struct frame *frame)
{
	size_t i;

	for (i = 0; frame->nr > 1 && i < NR_VIEWS * area->nr_pages; i++)
		if (area->pages[i].frame && area->pages[i].frame->head == frame)
			return true;
	return frame->mappers;
}

/*
 * A page of its own, which is a folio. Each view maps one frame at most, and is
 * inside of one folio at most: there is a layer for each of them.
 */
static struct frame *unused_frame(const struct area *area, size_t page)
{
	struct frame *frame = area->frames + page;

	while (is_used(area, frame))
		frame += area->nr_pages;
	*frame = (struct frame){ .head = frame, .nr = 1 };
	return frame;
}

void area_new_frame(struct area *area, size_t page)
{
	struct page *it = &area->page[page];

	area_leave_frame(it);
	it->frame = unused_frame(area, page);
	it->frame->mappers = 1;
	it->frame->mapped_by = 1U << area->self;
	it->what = &page_anon;
	it->exclusive = true;
	it->has_anon_vma = true;
}

/* fork() has copied the page: @its is one of its own. */
void area_own_frame(struct area *area, size_t page, struct page *its)
{
	its->frame = unused_frame(area, page);
	its->exclusive = true;
	its->readonly = READONLY_NO;
}

/* The frames of @nr pages are a folio. */
void area_fold_frames(struct area *area, size_t first, size_t nr)
{
	struct page *page = area->page;
	size_t i;

	for (i = first; i < first + nr; i++) {
		if (!page[i].frame)
			area_new_frame(area, i);
		page[i].frame->head = page[first].frame;
		page[i].frame->pfn = seen_pfn(area, i);
	}
	page[first].frame->nr = nr;
	page[first].frame->mapped_by = 1U << area->self;
}

/* The first page of the folio that @page is of, and the folio's pages. */
size_t area_folio(const struct area *area, size_t page, size_t *nr)
{
	const struct frame *frame = area->page[page].frame;

	*nr = frame ? frame->head->nr : 1;
	/* The head can be in another layer of frames. */
	return frame ? (frame->head - area->frames) % area->nr_pages : page;
}

/* The head of the page's folio, or NULL where the page is a folio by itself. */
const struct frame *area_large_folio(const struct area *area, size_t page)
{
	size_t nr;

	area_folio(area, page, &nr);
	return nr > 1 ? area->page[page].frame->head : NULL;
}

/* Whether another process maps a page of the folio; see folio_maybe_mapped_shared(). */
bool area_is_shared_folio(const struct area *area, size_t page)
{
	const struct frame *head = area->page[page].frame->head;
	size_t nr, i, first = area_folio(area, page, &nr);
	int view;

	for (view = 0; view < NR_VIEWS; view++) {
		const struct page *its = area_view(area, view);

		if (its == area->page)
			continue;
		for (i = first; i < first + nr; i++)
			if (its[i].frame && its[i].frame->head == head)
				return true;
	}
	return false;
}

bool area_is_held(const struct area *area, size_t page)
{
	for (struct area_state *const *s = area_states; *s; s++)
		if ((*s)->held && (*s)->held(area, page))
			return true;
	return false;
}

/* Nothing is left of the page, but in others that map it. */
void area_empty(struct page *page, struct area_state *what)
{
	area_leave_frame(page);
	page->what = what;
	page->value = 0;
	page->by_pmd = false;
	page->exclusive = false;
	page->readonly = READONLY_NO;
	page->may_be_old = false;
	page->may_be_clean = false;
	memset(page->mark, 0, sizeof(page->mark));
}

bool area_can_zap(const struct area *area, size_t page)
{
	return !area->page[page].what->outlives_zap;
}

bool area_may_go(const struct area *area, size_t page)
{
	for (struct area_state *const *s = area_states; *s; s++)
		if ((*s)->may_go && (*s)->may_go(area, page))
			return true;
	return false;
}

/* The pages that the PMD of @page can map, inside of the window. */
void area_pmd(const struct area *area, size_t page, size_t *first, size_t *end)
{
	bool is_below = page < area->boundary;

	*first = is_below ? 0 : area->boundary;
	*end = is_below ? area->boundary : area->nr_pages;
}

void area_split_pmd(struct area *area, size_t page)
{
	size_t i, end;

	area_pmd(area, page, &i, &end);
	for (; i < end; i++) {
		if (!area->page[i].by_pmd)
			continue;
		for (struct area_state *const *s = area_states; *s; s++)
			if ((*s)->pmd_split)
				(*s)->pmd_split(area, i);
		area->page[i].by_pmd = false;
	}
}

/* A VMA begins, or ends, at @page: a PMD cannot go across. */
void area_vma_edge(struct area *area, size_t page)
{
	if (page > 0 && page < area->nr_pages && page != area->boundary)
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

	return a->prot == b->prot && a->vma == b->vma && a->copy == b->copy &&
	       (a->what == &page_outside) == (b->what == &page_outside);
}

/* What was changed from @first to @end is in VMAs of its own, if it differs. */
void area_vma_edges(struct area *area, size_t first, size_t end)
{
	if (first > 0 && !area_is_one_vma(area, first))
		area_vma_edge(area, first);
	if (end < area->nr_pages && !area_is_one_vma(area, end))
		area_vma_edge(area, end);
	for (struct area_state *const *s = area_states; *s; s++)
		if ((*s)->vmas_changed)
			(*s)->vmas_changed(area, first, end);
}

/* How the VMA at @page refuses @change. */
static int vma_refuses(struct area *area, size_t page, struct vma_change *change)
{
	int error = 0;

	for (struct area_state *const *s = area_states; *s && !error; s++)
		if ((*s)->vma_changes)
			error = (*s)->vma_changes(area, page, change);
	return error;
}

void area_ptes_changed(struct area *area, size_t page)
{
	for (struct area_state *const *s = area_states; *s; s++)
		if ((*s)->ptes_changed)
			(*s)->ptes_changed(area, page);
}

/*
 * What mprotect() has made of the pages, one after the other until there is none, or
 * one that refuses; returns the errno that must come. A VMA whose bits of @mask are
 * @vma, and that has @prot, already stays as it is.
 */
int area_vma_change(struct area *area, size_t first, size_t end, int prot, __u64 mask,
		    __u64 vma)
{
	struct vma_change change = { first, end, prot, mask, vma, .its = prot };
	struct page *page = area->page;
	bool *differs = area_bools(area);
	size_t i, last;
	int error = 0;

	for (i = first; i < end && page[i].what != &page_outside; i++) {
		error = vma_refuses(area, i, &change);
		if (error)
			break;
		differs[i] = page[i].prot != change.its || (page[i].vma & mask) != vma;
		page[i].had = page[i].prot;
		page[i].prot = change.its;
		page[i].vma = (page[i].vma & ~mask) | vma;
	}
	last = i;
	if (last > first)
		area_vma_edges(area, first, last);
	for (i = first; i < last; i++) {
		if (!differs[i])
			continue;
		/* As in can_change_private_pte_writable(). */
		if (page[i].prot & PROT_WRITE)
			page[i].readonly = READONLY_NO;
		for (struct area_state *const *s = area_states; *s; s++)
			if ((*s)->mprotected)
				(*s)->mprotected(area, i);
		area_ptes_changed(area, i);
	}
	free(differs);
	return error || last == end ? error : ENOMEM;
}

int area_vma_mprotect(struct area *area, size_t first, size_t end, int prot)
{
	return area_vma_change(area, first, end, prot, 0, 0);
}

/*
 * How an access of this thread is refused because of the VMA, whatever the page and
 * its protection are; 0: it is not.
 */
int area_denied(const struct area *area, size_t page, bool is_write)
{
	int code = 0;

	for (struct area_state *const *s = area_states; *s && !code; s++)
		if ((*s)->denied)
			code = (*s)->denied(area, page, is_write);
	return code;
}

static int refused(const struct area *area, size_t page, bool is_write)
{
	int code = 0;

	for (struct area_state *const *s = area_states; *s && !code; s++)
		if ((*s)->refused)
			code = (*s)->refused(area, page, is_write);
	return code;
}

/* Whether a read may take a fault that sets the access flag, and nothing else. */
bool area_may_be_old(const struct area *area, size_t page)
{
	return area->page[page].may_be_old && !area->sets_accessed;
}

/* Before Linux 6.2 a clean PTE is left to the fault handler all the same. */
static bool sets_dirty(const struct area *area)
{
	return area->sets_dirty && kernel_at_least(6, 2);
}

/* Without the faults that the flags of a PTE may take. */
static struct cost bare_cost(const struct area *area, size_t page, bool is_write)
{
	struct cost cost = { .code = refused(area, page, is_write) };
	const struct page *it = &area->page[page];
	bool is_own;
	size_t nr;

	/* That is what a read does. */
	if (cost.code)
		is_write = false;
	is_own = is_write && it->exclusive;
	cost.min = is_own && it->readonly == READONLY_YES;
	cost.max = is_own && it->readonly != READONLY_NO;
	area_folio(area, page, &nr);
	/*
	 * Before Linux 6.2 mprotect() leaves PMDs and clean PTEs to the fault
	 * handler, and splitting a PMD makes clean PTEs.
	 */
	if (is_own && nr > 1 && !kernel_at_least(6, 2))
		cost.max = 1;
	for (struct area_state *const *s = area_states; *s; s++)
		if ((*s)->cost)
			(*s)->cost(area, page, is_write, &cost);
	return cost;
}

/* What an access that the protection allows costs; one that is refused, up to there. */
struct cost area_cost(const struct area *area, size_t page, bool is_write)
{
	struct cost cost = bare_cost(area, page, is_write);
	const struct page *it = &area->page[page];
	bool is_own = is_write && !cost.code && it->exclusive;

	/* Any other fault sets the flags, too. */
	if (!cost.max && (area_may_be_old(area, page) ||
			  (is_own && it->may_be_clean && !sets_dirty(area))))
		cost.max = 1;
	/* A PTE that DAMON makes old while a fault is served is faulted twice. */
	if (cost.max && area->has_damon)
		cost.max++;
	return cost;
}

/* Whether a read of the page works, and changes nothing but the access flag. */
bool area_is_there(const struct area *area, size_t page)
{
	const struct page *it = &area->page[page];
	struct cost cost = bare_cost(area, page, false);

	return it->what != &page_outside && it->prot & PROT_READ &&
	       !area_denied(area, page, false) && !cost.code && !cost.max;
}

void bits_must(struct bits *bits, __u64 mask, bool is_set)
{
	bits->mask |= mask;
	bits->value = is_set ? bits->value | mask : bits->value & ~mask;
}

struct shown area_show(const struct area *area, size_t page)
{
	const struct page *it = &area->page[page];
	const struct frame *frame = it->frame;
	struct shown shown = {};

	/* There is no userfaultfd here, and no guard region. */
	bits_must(&shown.entry, PM_SWAP | PM_UFFD_WP | PM_GUARD_REGION, false);
	bits_must(&shown.entry, PM_PRESENT,
		  it->what != &page_outside && it->what != &page_empty);
	if (area->has_soft_dirty && it->what != &page_outside)
		bits_must(&shown.entry, PM_SOFT_DIRTY, true);
	if (frame) {
		bool is_head = frame == frame->head;

		bits_must(&shown.entry, PM_MMAP_EXCLUSIVE, frame->mappers == 1);
		bits_must(&shown.flags, KPF_ANON, true);
		bits_must(&shown.flags, KPF_KSM | KPF_ZERO_PAGE, false);
		bits_must(&shown.flags, KPF_COMPOUND_HEAD, is_head && frame->nr > 1);
		bits_must(&shown.flags, KPF_COMPOUND_TAIL, !is_head);
	}
	for (struct area_state *const *s = area_states; *s; s++)
		if ((*s)->show)
			(*s)->show(area, page, &shown);
	shown.flags.mask &= ~area->blind;
	return shown;
}
