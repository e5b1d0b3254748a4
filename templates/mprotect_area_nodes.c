// SPDX-License-Identifier: GPL-2.0
/* Memory on the nodes of the machine, for NUMA balancing to look at. */
#define _GNU_SOURCE
#include <linux/mempolicy.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "mprotect_model.h"

#define NODE_DIR	"/sys/devices/system/node/"

/* Bits of a list like "0-2,5"; what does not fit is left out. */
static unsigned long list_mask(const char *path)
{
	unsigned long mask = 0;
	char line[256], *item, *rest = line;

	if (!setting_read(path, line, sizeof(line)))
		return 0;
	while ((item = strsep(&rest, ","))) {
		unsigned int first, last;
		int nr = sscanf(item, "%u-%u", &first, &last);

		if (nr < 1)
			continue;
		if (nr < 2)
			last = first;
		for (; first <= last && first < 8 * sizeof(mask); first++)
			mask |= 1UL << first;
	}
	return mask;
}

/* The node to run on, and another one with memory. */
bool area_find_nodes(struct area *area, int *home, int *remote)
{
	unsigned long memory = list_mask(NODE_DIR "has_memory");
	unsigned long homes = memory & list_mask(NODE_DIR "has_cpu");

	*home = homes ? __builtin_ctzl(homes) : 0;
	memory &= ~(1UL << *home);
	if (!homes || !memory) {
		area_skip(area, "needs two NUMA nodes with memory, one of them with a CPU");
		return false;
	}
	*remote = __builtin_ctzl(memory);
	return true;
}

static bool run_on(int node)
{
	unsigned long cpus;
	char path[64];
	cpu_set_t set;
	size_t i;

	snprintf(path, sizeof(path), NODE_DIR "node%d/cpulist", node);
	cpus = list_mask(path);
	CPU_ZERO(&set);
	for (i = 0; i < 8 * sizeof(cpus); i++)
		if (cpus & 1UL << i)
			CPU_SET(i, &set);
	return cpus && !sched_setaffinity(0, sizeof(set), &set);
}

/*
 * New memory comes from @node. A policy under which NUMA balancing hints pages
 * (Linux 5.12), but does not move them to another node than this.
 */
static bool allocate_on(struct area *area, int node)
{
	unsigned long mask = 1UL << node;

	return !syscall(SYS_set_mempolicy, MPOL_BIND | MPOL_F_NUMA_BALANCING,
			&mask, 8 * sizeof(mask) + 1) ||
	       area_fail(area, "set_mempolicy to node %d", node);
}

int node_of(void *addr)
{
	int status = -1;

	if (syscall(SYS_move_pages, 0, 1UL, &addr, NULL, &status, 0))
		return -1;
	return status;
}

/* Whether a folio of the window, the @index-th, is of the other kind. */
static bool is_other(size_t index, enum area_folios folios)
{
	return folios == FOLIOS_ALL || index % 2 == (folios == FOLIOS_ODD);
}

/*
 * Fills the window folio by folio: those that are to be hinted on the remote
 * node, between them those of @kind.
 */
static bool populate(struct area *area, const struct area_kind *kind,
		     enum area_folios folios, int home, int remote, bool *chosen)
{
	size_t page = 0, nr, first, index = 0;

	for (; !area_skipped(area) && page < area->nr_pages; page += nr) {
		struct segment folio = *area_segment(area, page, &first);
		bool is_of_kind = is_other(index++, folios), good;

		folio.count = 1;
		nr = segment_pages(&folio);
		if (!allocate_on(area, is_of_kind && kind->is_local ? home :
				 remote))
			return false;
		if (is_of_kind && kind->populate)
			good = kind->populate(area, page, nr, &folio, chosen);
		else
			good = area_populate(area, page, &folio);
		if (!good)
			return false;
	}
	return allocate_on(area, remote);
}

static bool map_numa(struct area *area, const struct layout *layout,
		     const struct area_kind *kind, enum area_folios folios)
{
	int home, remote;
	bool *chosen, good;

	if (!area_find_nodes(area, &home, &remote))
		return true;
	if (!run_on(home))
		return area_skip(area, "cannot run on node %d", home);
	if (!area_alloc(area, layout) || area_skipped(area))
		return area_skipped(area);
	chosen = area_bools(area);
	good = populate(area, kind, folios, home, remote, chosen);
	if (good && !area_skipped(area))
		good = area_allow_thp(area, false) && area_adopt(area) &&
		       (!kind->finish || kind->finish(area, chosen));
	free(chosen);
	return good;
}

const char *area_map_numa(struct area *area, const struct layout *layout,
			  const struct area_kind *kind, enum area_folios folios)
{
	return area_answer(area, area_skipped(area) ||
				 map_numa(area, layout, kind, folios));
}

DECLARE_KIND(none);
const struct area_kind kind_none = {};

DECLARE_KIND(local);
const struct area_kind kind_local = {
	.is_local = true,
};
