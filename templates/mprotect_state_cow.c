// SPDX-License-Identifier: GPL-2.0
/*
 * Copy on write: fork() leaves anonymous pages shared. The first write to such a
 * page takes a fault, and a copy while another process maps it.
 */
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
	size_t i, first, end;

	area_pmd(area, page, &first, &end);
	for (i = first; i < end; i++)
		if (area->page[i].frame->mappers > 1)
			return false;
	if (!area_is_huge(area, page))
		return false;
	for (i = first; i < end; i++)
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

DECLARE_STATE(cow);
struct area_state state_cow = {
	.name = "cow",
	.cost = cow_cost,
	.accessed = cow_accessed,
	.forked = cow_forked,
};

/* MADV_DONTFORK for what is mapped and not chosen, or MADV_DOFORK for all. */
static bool advise(struct area *area, const bool *chosen)
{
	size_t i, end;

	for (i = 0; i < area->nr_pages; i = end) {
		end = area_run(area, i, area->nr_pages, chosen);
		if (area->page[i].what == &page_outside)
			continue;
		if (!area_advise(area, i, end - i, chosen && !chosen[i] ?
				 MADV_DONTFORK : MADV_DOFORK))
			return false;
		if (chosen)
			area_vma_edge(area, i);
	}
	return true;
}

/* What the child has of the chosen pages. */
static void note_forked(struct area *area, enum area_process child,
			const bool *chosen)
{
	struct page *its = area_view(area, child), *mine = area->page;
	unsigned short copy = 0;
	size_t i;

	area_share_anon_vmas(area);
	for (i = 0; i < area->nr_pages; i++, its++, mine++) {
		if (i && !area_is_one_vma(area, i))
			copy++;
		if (!chosen[i] || mine->what == &page_outside) {
			*its = (struct page){ .what = &page_outside };
			continue;
		}
		*its = *mine;
		its->copy = copy;
		if (!its->has_anon_vma)
			area_empty(its, &page_empty);
		for (struct area_state *const *s = area_states; *s; s++)
			if ((*s)->forked)
				(*s)->forked(area, i, its);
		if (its->frame) {
			its->frame->mappers++;
			its->frame->head->mapped_by |= 1U << child;
		}
	}
}

/* A child with the chosen pages. */
bool area_fork_pages(struct area *area, enum area_process child, const bool *chosen)
{
	pid_t pid, parent = getpid();

	if (!advise(area, chosen))
		return false;
	note_forked(area, child, chosen);
	fflush(stdout);
	pid = fork();
	if (!pid)
		actor_main(area, child, parent);
	if (pid < 0)
		return area_fail(area, "fork: %s", strerror(errno));
	area->actor[child].pid = pid;
	area->actor[child].forked_by = area->self;
	return advise(area, NULL);
}

static bool serve_fork(struct area *area, const struct request *request)
{
	bool *chosen = area_choose(area, request->pages, NULL);
	bool good = area_fork_pages(area, request->child, chosen);

	free(chosen);
	return good;
}

const char *area_fork(struct area *area, enum area_process process,
		      enum area_process child, enum area_pages pages)
{
	return area_step(area, (struct request){
		.name = "fork", .serve = serve_fork,
		.process = process, .child = child, .pages = pages,
	});
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
	return area_step(area, (struct request){
		.name = "exit", .serve = area_serve_exit,
		.process = area->actor[child].forked_by, .child = child,
	});
}
