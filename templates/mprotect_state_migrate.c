// SPDX-License-Identifier: GPL-2.0
/*
 * Migrated: moved to the memory of another node by move_pages(2), folio by folio
 * and in all processes that map it. Each page has another frame afterwards, and
 * nothing else differs: see try_to_migrate_one() and remove_migration_pte().
 */
#include "mprotect_model.h"

#include <linux/mempolicy.h>
#include <time.h>

#define TRIES		100
#define RACE_SECONDS	3	/* at most */
#define RACE_TURNS	8	/* of the thread that moves */

DECLARE_STATE(migrate);
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

/* What can move of the chosen pages, and then the rest of them. */
static void moves_init(struct area *area, struct moves *moves,
		       enum area_pages pages, const int *nodes)
{
	size_t i, nr = area->nr_pages;
	bool *chosen = area_choose(area, pages, NULL);
	int can;

	moves->nr = 0;
	moves->page = calloc(nr, sizeof(*moves->page));
	moves->addr = calloc(nr, sizeof(*moves->addr));
	moves->node = calloc(nr, sizeof(*moves->node));
	moves->status = calloc(nr, sizeof(*moves->status));
	choose_first(area, chosen);
	/* Those that stay come last: move_pages() ends where it has failed. */
	for (can = 1; can >= 0; can--)
		for (i = 0; i < nr; i++)
			if (chosen[i] && can_move(area, i) == can)
				add(area, moves, i, nodes);
	free(chosen);
}

static void moves_free(struct moves *moves)
{
	free(moves->page);
	free(moves->addr);
	free(moves->node);
	free(moves->status);
}

static bool serve_migrate(struct area *area, const struct request *request)
{
	struct moves moves;
	int nodes[2];
	bool good;
	size_t i;

	if (!area_find_nodes(area, &nodes[0], &nodes[1]))
		return true;
	moves_init(area, &moves, request->pages, nodes);
	if (move(area, &moves))
		area_skip(area, "the kernel did not move all that it can move");
	good = area_look(area);
	for (i = 0; good && i < moves.nr && !area_skipped(area); i++) {
		if (can_move(area, moves.page[i]))
			area->answer->moved += area_follow(area, moves.page[i]);
		else if (node_of(moves.addr[i]) == moves.node[i])
			area_mark(area, moves.page[i], "moved to node %d, which must not be",
				  moves.node[i]);
	}
	moves_free(&moves);
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

/* A thread that moves folios to the other node and back, until it is to stop. */
struct mover {
	const struct moves *moves;
	const int *nodes;
	bool has_to_stop;
	int turns;
};

static void *mover_main(void *arg)
{
	struct mover *mover = arg;
	const struct moves *moves = mover->moves;
	size_t i;

	while (!__atomic_load_n(&mover->has_to_stop, __ATOMIC_RELAXED)) {
		for (i = 0; i < moves->nr; i++)
			moves->node[i] = mover->nodes[mover->turns % 2];
		syscall(SYS_move_pages, 0, moves->nr, moves->addr, moves->node,
			moves->status, MPOL_MF_MOVE_ALL);
		__atomic_fetch_add(&mover->turns, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

/* No write may get through, and what can be read is right, on one page of four. */
static void try_protected(struct area *area, struct range range, size_t round)
{
	struct cost cost;
	size_t i;
	int code;

	for (i = range.first + round % 4; i < range.end; i += 4) {
		if (area->page[i].what == &page_outside)
			continue;
		code = area_denied(area, i, true);
		if (code || !(area->page[i].prot & PROT_WRITE))
			access_first(area, i, true, code ? code : SEGV_ACCERR);
		cost = area_cost(area, i, false);
		if (area->page[i].prot & PROT_READ && !cost.max && !cost.code &&
		    !area_denied(area, i, false))
			access_page(area, i, false);
	}
}

/* What is written while it is moved must be there afterwards: on another page of them. */
static void try_writable(struct area *area, struct range range, size_t round)
{
	struct cost cost;
	size_t i;

	area->generation++;
	for (i = range.first + (round + 1) % 4; i < range.end; i += 4) {
		cost = area_cost(area, i, true);
		if (area->page[i].what == &page_outside || cost.code || cost.max ||
		    area_denied(area, i, true))
			continue;
		area->page[i].value = area_new_value(area, i);
		if (!access_page(area, i, true).code)
			area_accessed(area, i, true, 0);
	}
}

/* Takes rights from the range and gives them back until the mover has gone round. */
static bool race(struct area *area, const struct request *request, struct mover *mover)
{
	time_t end = time(NULL) + RACE_SECONDS;
	bool good = true;
	size_t round;

	for (round = 0; good && !area->nr_wrong && time(NULL) <= end &&
	     __atomic_load_n(&mover->turns, __ATOMIC_RELAXED) < RACE_TURNS; round++) {
		good = area_protect(area, request->range, request->prot);
		try_protected(area, request->range, round);
		good = good && area_protect(area, request->range, PROT_READ | PROT_WRITE);
		try_writable(area, request->range, round);
	}
	return good;
}

static bool serve_race(struct area *area, const struct request *request)
{
	long moved = vm_counter("pgmigrate_success");
	struct moves moves;
	pthread_t thread;
	int nodes[2];
	struct mover mover = { .moves = &moves, .nodes = nodes };
	bool good, any;
	size_t i;

	if (!area_find_nodes(area, &nodes[0], &nodes[1]))
		return true;
	moves_init(area, &moves, PAGES_ALL, nodes);
	any = moves.nr && can_move(area, moves.page[0]);
	if (pthread_create(&thread, NULL, mover_main, &mover)) {
		moves_free(&moves);
		return area_skip(area, "cannot start a thread");
	}
	good = race(area, request, &mover);
	__atomic_store_n(&mover.has_to_stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	/* What was a migration entry is exclusive, but not writable yet. */
	good = good && area_protect(area, request->range, PROT_READ) &&
	       area_protect(area, request->range, PROT_READ | PROT_WRITE);
	moved = vm_counter("pgmigrate_success") - moved;
	if (any && !moved)
		area_skip(area, "the kernel moved nothing");
	good = good && area_look(area);
	area->answer->moved += moved;
	moves_free(&moves);
	/* Again, as some folios may have been split. */
	moves_init(area, &moves, PAGES_ALL, nodes);
	for (i = 0; good && i < moves.nr; i++)
		if (can_move(area, moves.page[i]))
			area_follow(area, moves.page[i]);
	moves_free(&moves);
	return good && area_verdict(area);
}

const char *area_race_migrate(struct area *area, enum area_range range, int prot)
{
	return area_step(area, (struct request){
		.name = "race_migrate", .serve = serve_race,
		.range = area_find_range(area, range), .prot = prot,
	});
}

static const char *make_migrated(struct area *area, enum area_pages pages)
{
	return area_migrate(area, PROCESS_PARENT, pages);
}

DECLARE_MAKER(migrated);
const struct area_maker maker_migrated = { .make = make_migrated };
