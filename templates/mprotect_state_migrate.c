// SPDX-License-Identifier: GPL-2.0
/*
 * Migrated: moved to the memory of another node by move_pages(2), folio by folio
 * and in all processes that map it. Each page has another frame afterwards, and
 * nothing else differs: see try_to_migrate_one() and remove_migration_pte().
 */
#include "mprotect_model.h"

#include <linux/mempolicy.h>

#define TRIES	100

struct area_state state_migrate = {
	.name = "migrate",
};

/* What to move, and to where: a page of each folio. */
struct moves {
	size_t nr, *page;
	void **addr;
	int *node, *status;
};

/* What is pinned stays where it is, and what is not there is nowhere. */
static bool can_move(const struct area *area, size_t page)
{
	return area_show(area, page).entry.value & PM_PRESENT &&
	       area->page[page].frame && !area_is_held(area, page);
}

/* Tells the states, of any process. */
static void note_moved(struct page *page)
{
	for (struct area_state *const *s = area_states; *s; s++)
		if ((*s)->moved)
			(*s)->moved(page);
}

/* The folio has other frames now: side by side as before, or each of its own. */
static void follow(struct area *area, size_t page)
{
	const struct frame *head = area->page[page].frame->head;
	size_t i, k, nr, first = area_folio(area, page, &nr);
	bool has_split;
	__u64 by;

	area->answer->moved += nr;
	/* One that is mapped in part is split to be moved, see migrate_pages_batch(). */
	has_split = nr > 1 && !(area->flags[page] & KPF_COMPOUND);
	by = seen_pfn(area, page) - area->page[page].frame->pfn;
	for (i = first; i < first + nr; i++) {
		for (k = i; k < NR_VIEWS * area->nr_pages; k += area->nr_pages)
			if (area->pages[k].frame && area->pages[k].frame->head == head)
				note_moved(&area->pages[k]);
		for (k = i; k < FRAME_LAYERS * area->nr_pages; k += area->nr_pages)
			if (area->frames[k].head == head && area->frames[k].pfn)
				area->frames[k].pfn = has_split ? 0 : area->frames[k].pfn + by;
	}
	if (has_split)
		area_split_folio(area, page);
	else
		area_may_split(area, page);
}

static void add(const struct area *area, struct moves *moves, size_t page,
		const int *nodes)
{
	char *addr = page_addr(area, page);

	moves->page[moves->nr] = page;
	moves->addr[moves->nr] = addr;
	moves->node[moves->nr++] = nodes[node_of(addr) == nodes[0]];
}

/* Tries until all has moved that can; returns how many folios have not. */
static size_t move(const struct area *area, const struct moves *moves)
{
	size_t i, left = 1;
	int try;

	for (try = 0; left && try < TRIES; try++) {
		if (try)
			usleep(1000);
		syscall(SYS_move_pages, 0, moves->nr, moves->addr, moves->node,
			moves->status, MPOL_MF_MOVE_ALL);
		for (i = 0, left = 0; i < moves->nr; i++)
			left += can_move(area, moves->page[i]) &&
				node_of(moves->addr[i]) != moves->node[i];
	}
	return left;
}

/* Leaves the first chosen page of each folio: the others are moved with it. */
static void choose_first(const struct area *area, bool *chosen)
{
	const struct page *it = area->page;
	size_t i, k, nr;

	for (i = 0; i < area->nr_pages; i++) {
		if (!chosen[i] || !it[i].frame)
			continue;
		k = area_folio(area, i, &nr);
		for (nr += k; k < nr; k++)
			if (k > i && it[k].frame && it[k].frame->head == it[i].frame->head)
				chosen[k] = false;
	}
}

static bool serve_migrate(struct area *area, const struct request *request)
{
	size_t i, nr = area->nr_pages;
	struct moves moves = {};
	bool *chosen, good;
	int nodes[2];

	if (!area_find_nodes(area, &nodes[0], &nodes[1]))
		return true;
	chosen = area_bools(area);
	moves.page = calloc(nr, sizeof(*moves.page));
	moves.addr = calloc(nr, sizeof(*moves.addr));
	moves.node = calloc(nr, sizeof(*moves.node));
	moves.status = calloc(nr, sizeof(*moves.status));
	for (i = 0; i < nr; i++)
		chosen[i] = area->page[i].what != &page_outside &&
			    area_is_selected(area, i, request->pages);
	choose_first(area, chosen);
	/* Those that stay come last: move_pages() ends where it has failed. */
	for (i = 0; i < nr; i++)
		if (chosen[i] && can_move(area, i))
			add(area, &moves, i, nodes);
	for (i = 0; i < nr; i++)
		if (chosen[i] && !can_move(area, i))
			add(area, &moves, i, nodes);
	if (move(area, &moves))
		area_skip(area, "the kernel did not move all that it can move");
	good = area_look(area);
	for (i = 0; good && i < moves.nr && !area_skipped(area); i++) {
		if (can_move(area, moves.page[i]))
			follow(area, moves.page[i]);
		else if (node_of(moves.addr[i]) == moves.node[i])
			area_mark(area, moves.page[i], "moved to node %d, which must not be",
				  moves.node[i]);
	}
	free(chosen);
	free(moves.page);
	free(moves.addr);
	free(moves.node);
	free(moves.status);
	return good && area_verdict(area);
}

const char *area_migrate(struct area *area, enum area_process process,
			 enum area_pages pages)
{
	return area_step(area, (struct request){
		.name = "migrate", .serve = serve_migrate,
		.process = process, .pages = pages,
	});
}

static const char *make_migrated(struct area *area, enum area_pages pages)
{
	return area_migrate(area, PROCESS_PARENT, pages);
}

const struct area_maker maker_migrated = { .make = make_migrated };
