// SPDX-License-Identifier: GPL-2.0
/*
 * VMAs: where each begins and ends, and which of them merge. Other states only tell
 * what sets two VMAs apart; here is what the kernel makes of each change of a part of
 * a VMA, one VMA after the other, see vma_modify() in mm/vma.c (before Linux 6.6
 * vma_merge() and split_vma() of mprotect_fixup()):
 *
 *	       prev  middle  next		 prev  middle  next
 *	before |rrrr|wwwwwww|rrrr|	before	|rrrr|wwwwwwwwwww|
 *	change       ^^^^^^^		change	      ^^^^
 *	after  |rrrrrrrrrrrrrrrrr|	after	|rrrrrrrr|wwwwwww|
 *
 * area_check_vmas() holds that against /proc/self/maps, smaps and PROCMAP_QUERY.
 */
#include "mprotect_state_vma.h"

DECLARE_STATE(vma);

struct area_state page_file = { .name = "of a file" };

/* The VMA that a page is in. */
struct vma {
	bool starts;		/* at this page */
	bool is_mapped;
	int prot;
	__u64 bits;		/* as in struct page */
	__u64 its_bits;		/* what a child gets of them */
	unsigned int file;	/* 0: none */
	bool is_accounted;	/* VM_ACCOUNT */
	unsigned int anon;	/* its anon_vma, 0: none yet */
	bool is_copied;		/* by fork(), and so is that */
};

#define RW	(PROT_READ | PROT_WRITE)

#define ANON	(MAP_PRIVATE | MAP_ANONYMOUS)

const struct vma_memory vma_memories[NR_MEMORIES] = {
	[MEMORY_ANON] = { .prot = RW, .flags = ANON },
	[MEMORY_READ_ONLY] = { .prot = PROT_READ, .flags = ANON },
	[MEMORY_NO_RESERVE] = {
		.prot = RW, .flags = ANON | MAP_NORESERVE, .no_reserve = true,
	},
	[MEMORY_GROWS_DOWN] = { .prot = RW, .flags = ANON | MAP_GROWSDOWN, .grows = true },
	[MEMORY_SHARED] = {
		.prot = RW, .flags = MAP_SHARED | MAP_ANONYMOUS,
		.is_file = true, .is_shared = true,
	},
	[MEMORY_FILE] = { .prot = RW, .flags = MAP_PRIVATE, .is_file = true },
	[MEMORY_SHARED_FILE] = {
		.prot = RW, .flags = MAP_SHARED, .is_file = true, .is_shared = true,
	},
	[MEMORY_READ_ONLY_FILE] = {
		.prot = PROT_READ, .flags = MAP_SHARED, .is_file = true, .is_shared = true,
		.no_write = true,
	},
	[MEMORY_NO_EXEC_FILE] = {
		.prot = RW, .flags = MAP_PRIVATE, .is_file = true, .no_exec = true,
	},
};

static struct vma *vmas;		/* one for each page, of this process */
static enum area_process owner;		/* as which it has been here last */
static unsigned int nr_anons, nr_files;
static bool is_mdwe, is_exec_implied;
static long maps_left = NO_LIMIT, data_left = NO_LIMIT;

/* What the window is when it has been mapped and filled. */
static void begin(struct area *area)
{
	size_t i;

	vmas = calloc(area->nr_pages, sizeof(*vmas));
	if (!vmas)
		ksft_exit_fail_msg("no memory\n");
	owner = area->self;
	for (i = 0; i < area->nr_pages; i++) {
		vmas[i] = (struct vma){
			.is_mapped = true, .prot = RW, .is_accounted = true,
		};
		if (area->page[i].what != &page_empty)
			nr_anons = 1;
	}
	for (i = 0; i < area->nr_pages; i++)
		vmas[i].anon = nr_anons;
	vmas[0].starts = true;
}

size_t vma_end(struct area *area, size_t page)
{
	do
		page++;
	while (page < area->nr_pages && !vmas[page].starts);
	return page;
}

/* A child has the VMAs of its parent, one by one, each with an anon_vma of its own. */
static void adopt(struct area *area)
{
	size_t i, k, end;

	owner = area->self;
	for (i = 0; i < area->nr_pages; i++) {
		if (area->page[i].what == &page_outside)
			vmas[i] = (struct vma){ .starts = true };
		vmas[i].starts |= !i || !vmas[i - 1].is_mapped;
		vmas[i].bits = vmas[i].its_bits;
	}
	for (i = 0; i < area->nr_pages; i = end) {
		end = vma_end(area, i);
		if (!vmas[i].anon)
			continue;
		nr_anons++;
		for (k = i; k < end; k++) {
			vmas[k].anon = nr_anons;
			vmas[k].is_copied = true;
		}
	}
}

static struct vma *vmas_of(struct area *area)
{
	if (!vmas)
		begin(area);
	if (owner != area->self)
		adopt(area);
	return vmas;
}

size_t vma_first(struct area *area, size_t page)
{
	vmas_of(area);
	while (!vmas[page].starts)
		page--;
	return page;
}

static const struct vma_memory *memory_of(const struct vma *vma)
{
	return &vma_memories[vma->bits / VMA_MEMORY % NR_MEMORIES];
}

bool vma_grows(struct area *area, size_t page)
{
	return memory_of(&vmas_of(area)[page])->grows;
}

/* As is_data_mapping() has it. */
static bool is_data(const struct vma *vma)
{
	return vma->prot & PROT_WRITE && !memory_of(vma)->is_shared && !memory_of(vma)->grows;
}

/*
 * Whether @next, which becomes a part of @target, has an anon_vma that fits: see
 * is_mergeable_anon_vma(). Before Linux 6.16 ("mm/vma: fix incorrectly disallowed
 * anonymous VMA merges") a VMA without one takes none over.
 */
static bool fits_anon(const struct vma *target, const struct vma *next)
{
	if (!target->anon && next->anon)
		return kernel_at_least(6, 16) && !next->is_copied;
	if (target->anon && !next->anon)
		return !target->is_copied;
	return target->anon == next->anon;
}

/* As is_mergeable_vma() has it. */
static bool may_merge(const struct vma *target, const struct vma *next)
{
	return target->is_mapped && target->prot == next->prot &&
	       target->bits == next->bits && target->file == next->file &&
	       target->is_accounted == next->is_accounted && fits_anon(target, next);
}

static bool split(struct area *area, size_t page)
{
	if (!maps_left)
		return false;
	if (maps_left > 0)
		maps_left--;
	vmas[page].starts = true;
	area_vma_edge(area, page);
	return true;
}

/* All pages of the VMA have the anon_vma that one of them has brought. */
static void share_anon(struct area *area, size_t page)
{
	size_t i, first = vma_first(area, page), end = vma_end(area, page), with = first;

	while (with < end && !vmas[with].anon)
		with++;
	for (i = first; with < end && i < end; i++) {
		vmas[i].anon = vmas[with].anon;
		vmas[i].is_copied = vmas[with].is_copied;
	}
}

/* Pages of one VMA become what @its is, but for the anon_vma; false: there is no VMA left. */
static bool modify(struct area *area, size_t first, size_t end, struct vma its)
{
	size_t i, start = vma_first(area, first), last = vma_end(area, first);
	bool left, right;

	its.anon = vmas[first].anon;
	its.is_copied = vmas[first].is_copied;
	left = first == start && first && may_merge(&vmas[first - 1], &its);
	right = end == last && end < area->nr_pages && may_merge(&vmas[end], &its);
	/* What is merged with both must bring them together, see can_vma_merge_right(). */
	if (left && right && vmas[first - 1].anon && vmas[end].anon)
		right = vmas[first - 1].anon == vmas[end].anon;
	/* Where the first edge can be made and the second one cannot, that one stays. */
	if (!left && !right &&
	    ((first > start && !split(area, first)) || (end < last && !split(area, end))))
		return false;
	if (maps_left != NO_LIMIT && first == start && end == last)
		maps_left += left + right;
	for (i = first; i < end; i++) {
		its.starts = i == first && !left;
		its.its_bits = vmas[i].its_bits;
		vmas[i] = its;
	}
	if (end < area->nr_pages)
		vmas[end].starts = !right;
	share_anon(area, first);
	return true;
}

/* VM_ACCOUNT, as mprotect_fixup() changes it. */
static bool becomes_accounted(const struct vma *was, const struct vma *its)
{
	const struct vma_memory *memory = memory_of(was);

	if (its->prot & PROT_WRITE)
		return was->is_accounted || !(was->prot & PROT_WRITE ||
					      memory->is_shared || memory->no_reserve);
	/* Linux 6.7: what was never touched is given back. */
	return was->is_accounted &&
	       (memory->is_file || was->anon || !kernel_at_least(6, 7));
}

/* How a VMA refuses to become @its, in the order of do_mprotect_pkey(). */
static int refusal(const struct vma *was, const struct vma *its)
{
	const struct vma_memory *memory = memory_of(was);
	bool is_denied;

	is_denied = (its->prot & PROT_WRITE && memory->no_write) ||
		    (its->prot & PROT_EXEC && memory->no_exec);
	/* See map_deny_write_exec(). */
	is_denied |= is_mdwe && its->prot & PROT_EXEC &&
		     (its->prot & PROT_WRITE || !(was->prot & PROT_EXEC));
	return is_denied ? EACCES : was->bits & VMA_SEALED ? EPERM : 0;
}

static int vma_vma_changes(struct area *area, size_t page, struct vma_change *change)
{
	struct vma was = vmas_of(area)[page], its = was;
	size_t end = vma_end(area, page);
	bool has_room;
	long nr;
	int error;

	if (page != change->first && !was.starts)
		return 0;
	end = end < change->end ? end : change->end;
	nr = end - page;
	its.prot = change->prot;
	its.bits = (was.bits & ~change->mask) | change->vma;
	if (is_exec_implied && its.prot & PROT_READ && !memory_of(&was)->no_exec)
		its.prot |= PROT_EXEC;
	error = refusal(&was, &its);
	if (error)
		return error;
	change->its = its.prot;
	if (its.prot == was.prot && its.bits == was.bits)
		return 0;
	has_room = data_left == NO_LIMIT || !is_data(&its) || is_data(&was) || nr <= data_left;
	its.is_accounted = becomes_accounted(&was, &its);
	has_room = has_room && modify(area, page, end, its);
	if (has_room && data_left != NO_LIMIT)
		data_left += nr * (is_data(&was) - is_data(&its));
	return has_room ? 0 : ENOMEM;
}

static bool is_changed(const struct area *area, size_t page)
{
	const struct page *it = &area->page[page];

	return vmas[page].is_mapped &&
	       (vmas[page].prot != it->prot || vmas[page].bits != it->vma);
}

/* By madvise() and the like, one VMA after the other. */
static void vma_vmas_changed(struct area *area, size_t first, size_t end)
{
	size_t i, next, last;

	vmas_of(area);
	for (i = first; i < end; i = next) {
		struct vma its = vmas[i];

		last = vma_end(area, i);
		next = last < end ? last : end;
		if (!is_changed(area, i))
			continue;
		its.prot = area->page[i].prot;
		its.bits = area->page[i].vma;
		modify(area, i, next, its);
	}
}

/* Whether a VMA without an anon_vma may use that of @other: see anon_vma_compatible(). */
static bool may_use_anon(const struct vma *vma, const struct vma *other)
{
	const __u64 no_flags = VMA_NAMED | VMA_RENAMED | VMA_SECOND_UFFD;

	return other->anon && !other->is_copied && vma->file == other->file &&
	       vma->is_accounted == other->is_accounted &&
	       !((vma->bits ^ other->bits) & ~no_flags);
}

/* The first page of one's own that is in a VMA brings an anon_vma to it. */
static void vma_accessed(struct area *area, size_t page, bool is_write, int faults)
{
	size_t first = vma_first(area, page), end = vma_end(area, page);
	struct vma *its = &vmas[page];

	(void)faults;
	if (!is_write || its->anon || memory_of(its)->is_shared)
		return;
	if (end < area->nr_pages && may_use_anon(its, &vmas[end]))
		its->anon = vmas[end].anon;
	else if (first && may_use_anon(its, &vmas[first - 1]))
		its->anon = vmas[first - 1].anon;
	else
		its->anon = ++nr_anons;
	share_anon(area, page);
}

/* A userfaultfd is not inherited. */
static void vma_forked(struct area *area, size_t page, struct page *its)
{
	its->vma &= ~(VMA_UFFD | VMA_SECOND_UFFD);
	vmas_of(area)[page].its_bits = its->vma;
}

/* Content and access of other memory, and nothing of what is behind it. */
static void vma_cost(const struct area *area, size_t page, bool is_write,
		     struct cost *cost)
{
	(void)is_write;
	if (area->page[page].what == &page_file)
		cost->max = 1;
}

static void vma_show(const struct area *area, size_t page, struct shown *shown)
{
	if (area->page[page].what == &page_file)
		*shown = (struct shown){};
}

/* The limits that the next changes meet, in VMAs and pages; NO_LIMIT: none. */
void vma_limit(long maps, long data)
{
	maps_left = maps;
	data_left = data;
}

/* For this process, and those that it forks. What PR_SET_MDWE forbids is for ever. */
void vma_set_exec_rule(enum area_exec_rule rule)
{
	if (rule == EXEC_RULE_MDWE)
		is_mdwe = true;
	else
		is_exec_implied = rule == EXEC_RULE_IMPLIED;
}

/* Other memory has taken the place of a part of the window. */
void vma_place(struct area *area, size_t first, size_t end, enum area_memory kind)
{
	const struct vma_memory *memory = &vma_memories[kind];
	size_t i;
	struct vma its = {
		.is_mapped = kind != MEMORY_NOTHING,
		.prot = memory->prot,
		.bits = area->page[first].vma,
		.file = memory->is_file ? ++nr_files : 0,
		.is_accounted = memory->prot & PROT_WRITE && !memory->is_shared &&
				!memory->no_reserve,
	};

	vmas_of(area);
	for (i = first; i < end; i++)
		vmas[i] = its;
	vmas[first].starts = true;
	if (end < area->nr_pages)
		vmas[end].starts = true;
	if (its.is_mapped)
		modify(area, first, end, its);
}

/* What must be seen of a VMA. */
static void expect(struct area *area, size_t page, struct vma_sight *sight)
{
	const struct vma *vma = &vmas[page];
	const struct vma_memory *memory = memory_of(vma);

	*sight = (struct vma_sight){
		.first = page, .end = vma_end(area, page), .prot = vma->prot,
		.is_shared = memory->is_shared,
		.flags = (vma->is_accounted ? VMA_FLAG_AC : 0) |
			 (vma->bits & VMA_SPLIT ? VMA_FLAG_DD : 0) |
			 (vma->bits & VMA_UFFD ? VMA_FLAG_UW : 0) |
			 (vma->bits & VMA_SEALED ? VMA_FLAG_SL : 0) |
			 (memory->grows ? VMA_FLAG_GD : 0) |
			 (memory->no_reserve ? VMA_FLAG_NR : 0) |
			 (memory->no_write ? 0 : VMA_FLAG_MW) |
			 (memory->no_exec ? 0 : VMA_FLAG_ME),
	};
	snprintf(sight->name, sizeof(sight->name), "%s", memory->is_file ? "/" :
		 vma->bits & VMA_NAMED ? "[anon:window]" :
		 vma->bits & VMA_RENAMED ? "[anon:another]" : "");
}

static bool serve_check_vmas(struct area *area, const struct request *request)
{
	static struct vma_sight must[1024];
	size_t page, nr = 0;

	vmas_of(area);
	if (!area_serve_check(area, request))
		return false;
	for (page = 0; page < area->nr_pages; page = vma_end(area, page)) {
		if (nr == ARRAY_SIZE(must))
			return area_fail(area, "check: more than %zu VMAs", nr);
		if (vmas[page].is_mapped)
			expect(area, page, &must[nr++]);
	}
	return maps_check(area, must, nr);
}

struct area_state state_vma = {
	.name = "vma",
	.vma_changes = vma_vma_changes,
	.vmas_changed = vma_vmas_changed,
	.accessed = vma_accessed,
	.forked = vma_forked,
	.cost = vma_cost,
	.show = vma_show,
};

/* As area_check(), and the VMAs of each process. */
const char *area_check_vmas(struct area *area)
{
	struct request check = { .name = "check_vmas", .serve = serve_check_vmas };
	const char *answer = "ok";

	for (; check.process < NR_VIEWS && !strcmp(answer, "ok"); check.process++)
		if (area->actor[check.process].pid)
			answer = area_step(area, check);
	return answer;
}
