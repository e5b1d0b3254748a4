// SPDX-License-Identifier: GPL-2.0
/*
 * Copy on write: fork() leaves anonymous pages shared. The first write to such a
 * page takes a fault, and a copy while another process maps it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mprotect_model.h"

static bool is_shared(const struct page *page)
{
	return page->what == &page_anon && !page->exclusive;
}

/* See do_wp_page(): whether it is reused depends on all references there are. */
static void cow_cost(const struct area *area, size_t page, bool is_write,
		     struct cost *cost)
{
	const struct page *it = &area->page[page];

	if (!is_write || !is_shared(it))
		return;
	cost->min++;
	cost->max++;
	cost->fate = it->frame->mappers > 1 ? FRAME_IS_NEW : FRAME_MAY_BE_NEW;
}

/*
 * A PMD that nobody else maps is reused as a whole, or split, and then its pages
 * are written one by one: decided once, and seen in what maps it afterwards.
 */
static bool is_reused(struct area *area, size_t page)
{
	size_t i, first, nr;

	area_pmd(area, page, &first, &nr);
	for (i = first; i < first + nr; i++)
		if (area->page[i].frame->mappers > 1)
			return false;
	if (!area_is_huge(area, page))
		return false;
	for (i = first; i < first + nr; i++)
		area->page[i].exclusive = true;
	return true;
}

static void cow_accessed(struct area *area, size_t page, bool is_write,
			 int faults)
{
	struct page *it = &area->page[page];

	(void)faults;
	if (!is_write || !is_shared(it) || (it->by_pmd && is_reused(area, page)))
		return;
	if (it->by_pmd)
		area_split_pmd(area, page);
	if (it->frame->mappers > 1)
		area_new_frame(area, page);
	it->exclusive = true;
}

static void cow_forked(struct area *area, size_t page, struct page *its)
{
	if (its->what != &page_anon)
		return;
	area->page[page].exclusive = false;
	its->exclusive = false;
}

struct area_state state_cow = {
	.name = "cow",
	.cost = cow_cost,
	.accessed = cow_accessed,
	.forked = cow_forked,
};

/*
 * MADV_DONTFORK for what is not chosen, or MADV_DOFORK for all of it; what this
 * process does not map is not there to be advised.
 */
static bool advise(struct area *area, const bool *chosen)
{
	size_t i, nr;

	for (i = 0; i < area->nr_pages; i += nr) {
		const struct page *it = &area->page[i];
		int advice = chosen && !chosen[i] ? MADV_DONTFORK : MADV_DOFORK;

		for (nr = 1; i + nr < area->nr_pages; nr++)
			if ((it[nr].what == &page_outside) !=
			    (it->what == &page_outside) ||
			    (chosen && chosen[i + nr] != chosen[i]))
				break;
		if (it->what == &page_outside)
			continue;
		if (madvise(page_addr(area, i), nr * psize(), advice))
			return area_fail(area, "madvise(%d): %s", advice,
					 strerror(errno));
		if (chosen)
			area_vma_edge(area, i);
	}
	return true;
}

static void note_forked(struct area *area, enum area_process child,
			const bool *chosen)
{
	struct page *its = area_view(area, child);
	struct area_state *const *s;
	unsigned short vma = 0;
	size_t i;

	for (i = 0; i < area->nr_pages; i++) {
		struct page *mine = &area->page[i];

		if (i && !area_is_one_vma(area, i))
			vma++;
		its[i] = *mine;
		its[i].vma = vma;
		if (!chosen[i] || mine->what == &page_outside) {
			its[i] = (struct page){ .what = &page_outside };
			continue;
		}
		for_each_state(s)
			if ((*s)->forked)
				(*s)->forked(area, i, &its[i]);
		if (mine->frame) {
			mine->frame->mappers++;
			mine->frame->head->mapped_by |= 1U << child;
		}
	}
}

/* A child with the chosen pages; returns in the process that forks. */
static pid_t fork_child(struct area *area, enum area_process child,
			const bool *chosen)
{
	pid_t pid;

	if (!advise(area, chosen))
		return -1;
	note_forked(area, child, chosen);
	fflush(stdout);
	pid = fork();
	if (!pid)
		actor_main(area, child);
	if (pid < 0)
		area_fail(area, "fork: %s", strerror(errno));
	return advise(area, NULL) ? pid : -1;
}

bool area_fork_pages(struct area *area, enum area_process child,
		     const bool *chosen)
{
	pid_t pid = fork_child(area, child, chosen);

	if (pid < 0)
		return false;
	area->actor[child].pid = pid;
	area->actor[child].forked_by = area->self;
	return true;
}

static bool serve_fork(struct area *area, const struct request *request)
{
	bool *chosen = area_bools(area), good;
	size_t i;

	for (i = 0; i < area->nr_pages; i++)
		chosen[i] = area_is_selected(area, i, request->pages);
	good = area_fork_pages(area, request->child, chosen);
	free(chosen);
	return good;
}

const char *area_fork(struct area *area, enum area_process process,
		      enum area_process child, enum area_pages pages)
{
	const struct request request = {
		.name = "fork", .range = "", .serve = serve_fork,
		.child = child, .pages = pages,
	};

	return area_answer(area, area_skipped(area) ||
				 area_ask(area, process, &request));
}

/* By the one that has forked it, which alone can wait for it. */
bool area_serve_exit(struct area *area, const struct request *request)
{
	struct page *its = area_view(area, request->child);
	struct actor *actor = &area->actor[request->child];
	size_t i;

	if (kill(actor->pid, SIGKILL) || waitpid(actor->pid, NULL, 0) < 0)
		return area_fail(area, "exit: %s", strerror(errno));
	actor->pid = 0;
	for (i = 0; i < area->nr_pages; i++) {
		area_leave_frame(&its[i]);
		its[i].what = &page_outside;
	}
	return true;
}

/* Ends the child: what it still mapped has a mapper less. */
const char *area_exit(struct area *area, enum area_process child)
{
	const struct request request = {
		.name = "exit", .range = "", .serve = area_serve_exit, .child = child,
	};

	return area_answer(area, area_skipped(area) ||
				 area_ask(area, area->actor[child].forked_by,
					  &request));
}
