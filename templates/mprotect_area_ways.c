// SPDX-License-Identifier: GPL-2.0
/*
 * Ways of mprotect(): what must be refused, or do nothing, whatever the memory is, and
 * the limits that it meets. A limit is in force for the one call.
 */
#include "mprotect_state_vma.h"

#include <sys/personality.h>
#include <sys/resource.h>

#ifndef SYS_pkey_mprotect
#define SYS_pkey_mprotect	-1
#endif
#ifndef PR_SET_MDWE
#define PR_SET_MDWE		65
#define PR_MDWE_REFUSE_EXEC_GAIN 1
#endif
#ifndef PROT_GROWSDOWN
#define PROT_GROWSDOWN		0x01000000
#define PROT_GROWSUP		0x02000000
#endif

#define PROT_UNKNOWN		0x100
#define UNUSED_KEY		13
#define TAG			0x5aUL
#define MAX_MAP_COUNT		"/proc/sys/vm/max_map_count"
#define LOW_MAP_COUNT		2048

/* What one call is given, and what must come of it. */
struct call {
	unsigned long addr;
	size_t len;
	int prot, key;
	bool has_key;
	size_t first, end;	/* that the model is to change; none if it is 0 */
	int expected;
};

static int errno_of(const struct call *call)
{
	long ret = call->has_key ?
		syscall(SYS_pkey_mprotect, call->addr, call->len, call->prot, call->key) :
		syscall(SYS_mprotect, call->addr, call->len, call->prot);

	return ret ? errno : 0;
}

/* As do_mprotect_pkey() looks for the VMA: the first one that is in the range. */
static void grow_down(struct area *area, struct call *call)
{
	size_t i = call->first;

	while (i < call->end && area->page[i].what == &page_outside)
		i++;
	call->expected = i == call->end ? ENOMEM : vma_grows(area, i) ? 0 : EINVAL;
	if (call->expected)
		call->end = call->first;
	else
		call->first = vma_first(area, i);
}

/* What is refused, or does nothing, before anybody looks at a VMA. */
static void spoil(const struct area *area, struct call *call, enum area_way way)
{
	bool is_hole = area->page[call->first].what == &page_outside;

	call->end = call->first;
	call->expected = EINVAL;
	switch (way) {
	case WAY_UNALIGNED:
		call->addr++;
		break;
	case WAY_NO_LENGTH:
		call->len = 0;
		call->expected = 0;
		break;
	case WAY_WRAPS:
		call->len = -(size_t)psize();
		call->expected = ENOMEM;
		break;
	case WAY_WRAPS_TO_ZERO:
		call->len = -1UL;
		call->expected = ENOMEM;
		break;
	case WAY_GROWS_BOTH:
		call->prot |= PROT_GROWSDOWN | PROT_GROWSUP;
		call->len = 0;
		break;
	case WAY_GROWS_UP:
		/* No memory does, on the architectures that have these tests. */
		call->prot |= PROT_GROWSUP;
		call->expected = is_hole ? ENOMEM : EINVAL;
		break;
	case WAY_UNKNOWN_PROT:
		call->prot |= PROT_UNKNOWN;
		break;
	case WAY_FREE_KEY:
		call->has_key = true;
		call->key = UNUSED_KEY;
		break;
	default:
		/* In the kernel's half. */
		call->addr = -2UL * psize();
		call->len = psize();
		call->expected = ENOMEM;
	}
}

/* The pages of VMAs, one page each, that fill a process up to its limit. */
static struct {
	char *addr;
	size_t nr, max;
	char was[32];
} filler;

static bool add_map(void)
{
	char *addr = filler.addr + filler.nr * psize();

	if (filler.nr == filler.max ||
	    mmap(addr, psize(), filler.nr % 2 ? PROT_WRITE : PROT_NONE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) != addr)
		return false;
	filler.nr++;
	return true;
}

static bool drop_map(void)
{
	return filler.nr &&
	       !munmap(filler.addr + --filler.nr * psize(), psize());
}

/*
 * Leaves @left VMAs below vm.max_map_count, which mmap() may exceed by one and nobody
 * else: see do_mmap(). What can be split once more tells that none is left.
 */
static bool fill_maps(struct area *area, int left)
{
	char low[32];
	char *probe;

	snprintf(low, sizeof(low), "%d", LOW_MAP_COUNT);
	filler.max = LOW_MAP_COUNT + 2;
	if (!setting_read(MAX_MAP_COUNT, filler.was, sizeof(filler.was)) ||
	    !setting_write(MAX_MAP_COUNT, low))
		return area_skip(area, "cannot write " MAX_MAP_COUNT);
	filler.nr = 0;
	probe = mmap(NULL, 2 * psize(), PROT_NONE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	filler.addr = mmap(NULL, (filler.max + 2) * psize(), PROT_NONE,
			   MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	/* A page at both ends keeps it off what would merge with it. */
	filler.addr += psize();
	munmap(filler.addr, filler.max * psize());
	while (add_map())
		;
	while (mprotect(probe, psize(), PROT_WRITE) && drop_map())
		;
	for (; left && drop_map(); left--)
		;
	return !left || area_skip(area, "a process cannot be filled with VMAs");
}

static void empty_maps(void)
{
	munmap(filler.addr - psize(), (filler.max + 2) * psize());
	setting_write(MAX_MAP_COUNT, filler.was);
}

/* Does the call with RLIMIT_DATA such that so many pages are left. */
static int errno_with_data(const struct call *call, size_t left)
{
	struct rlimit was, limit;
	int error;

	getrlimit(RLIMIT_DATA, &was);
	limit = was;
	limit.rlim_cur = (maps_status("VmData:") << 10) + left * psize();
	setrlimit(RLIMIT_DATA, &limit);
	error = errno_of(call);
	setrlimit(RLIMIT_DATA, &was);
	return error;
}

static int errno_with_maps(struct area *area, const struct call *call, int left)
{
	int error = 0;

	if (fill_maps(area, left))
		error = errno_of(call);
	empty_maps();
	return error;
}

/* Does the call, and tells the model what it meets. */
static int errno_of_way(struct area *area, const struct call *call, enum area_way way)
{
	size_t end = vma_end(area, call->first), left = 0;

	switch (way) {
	case WAY_SOME_DATA:
	case WAY_NO_DATA:
		if (way == WAY_SOME_DATA)
			left = (end < call->end ? end : call->end) - call->first;
		vma_limit(NO_LIMIT, left);
		return errno_with_data(call, left);
	case WAY_NO_VMA:
	case WAY_ONE_VMA:
	case WAY_TWO_VMAS:
		vma_limit(way - WAY_NO_VMA, NO_LIMIT);
		return errno_with_maps(area, call, way - WAY_NO_VMA);
	default:
		return errno_of(call);
	}
}

static bool serve_call_mprotect(struct area *area, const struct request *request)
{
	size_t first = request->range.first, end = request->range.end;
	enum area_way way = request->way;
	struct call call = {
		.addr = (uintptr_t)page_addr(area, first), .len = (end - first) * psize(),
		.prot = request->prot, .key = -1, .has_key = way == WAY_PKEY,
		.first = first, .end = end,
	};
	int error;

	/* The model must know the VMAs as they are before the call. */
	vma_first(area, first);
	if (way >= WAY_UNALIGNED)
		spoil(area, &call, way);
	if (way == WAY_GROWS_DOWN) {
		call.prot |= PROT_GROWSDOWN;
		grow_down(area, &call);
	}
	if (way == WAY_TAGGED) {
		call.addr |= TAG << 56;
		/* Only arm64 takes it away again: see untagged_addr(). */
#ifndef __aarch64__
		call.expected = ENOMEM;
		call.end = first;
#endif
	}
	if (call.has_key && syscall(SYS_pkey_mprotect, call.addr, 0UL, 0UL, -1))
		return area_skip(area, "no pkey_mprotect()");
	error = errno_of_way(area, &call, way);
	if (area_skipped(area))
		return true;
	if (call.end > call.first)
		call.expected = area_vma_mprotect(area, call.first, call.end, request->prot);
	vma_limit(NO_LIMIT, NO_LIMIT);
	if (error != call.expected)
		return area_fail(area, "call_mprotect(%zu pages at %zu, %#x), %d: %s, expected %s",
				 end - first, first, call.prot, way, strerror(error),
				 strerror(call.expected));
	return area_verdict(area);
}

const char *area_call_mprotect(struct area *area, enum area_process process,
			       enum area_range range, int prot, enum area_way way)
{
	return area_step(area, (struct request){
		.name = "call_mprotect", .serve = serve_call_mprotect, .prot = prot,
		.way = way, .process = process, .range = area_find_range(area, range),
	});
}

static bool serve_exec_rule(struct area *area, const struct request *request)
{
	enum area_exec_rule rule = request->exec_rule;
	unsigned long was = personality(-1UL);

	if (rule == EXEC_RULE_MDWE) {
		if (prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0))
			return area_skip(area, "no PR_SET_MDWE (Linux 6.3)");
	} else if (personality(rule == EXEC_RULE_IMPLIED ? was | READ_IMPLIES_EXEC :
			       was & ~READ_IMPLIES_EXEC) < 0) {
		return area_fail(area, "personality: %s", strerror(errno));
	}
	vma_first(area, 0);
	vma_set_exec_rule(rule);
	return true;
}

const char *area_exec_rule(struct area *area, enum area_process process,
			   enum area_exec_rule rule)
{
	return area_step(area, (struct request){
		.name = "exec_rule", .serve = serve_exec_rule, .exec_rule = rule,
		.process = process,
	});
}

/* What the machine has, or all processes have committed, in bytes. */
static long memory_of_all(const char *name)
{
	char text[4096], *line = NULL;

	if (read_file("/proc/meminfo", text, sizeof(text)))
		line = strstr(text, name);
	return line ? atol(line + strlen(name)) << 10 : 0;
}

/* Whether the call commits so many bytes more, give or take what others do meanwhile. */
static bool is_charged(struct area *area, const char *what, const struct call *call, long by)
{
	long before = memory_of_all("Committed_AS:");
	int error = errno_of(call);
	long more = memory_of_all("Committed_AS:") - before;

	if (error == call->expected && labs(more - by) < (long)call->len / 4)
		return true;
	return area_fail(area, "account: memory that %s: %s, %ld MB more, expected %s and %ld",
			 what, strerror(error), more >> 20, strerror(call->expected),
			 by >> 20);
}

/* Of memory that was mapped read-only, and that is never touched. */
static bool is_all_charged(struct area *area, char *addr, size_t len)
{
	/* Linux 6.7 gives back what is not writable, and was never touched. */
	long back = kernel_at_least(6, 7) ? len : 0;
	struct call read = { .addr = (uintptr_t)addr, .len = len, .prot = PROT_READ };
	struct call write = {
		.addr = (uintptr_t)addr, .len = len, .prot = PROT_READ | PROT_WRITE,
	};
	struct call some = {
		.addr = (uintptr_t)addr + psize(), .len = len - 2 * psize(),
		.prot = PROT_READ | PROT_WRITE, .expected = ENOMEM,
	};
	bool good;

	good = is_charged(area, "becomes writable", &write, len) &&
	       is_charged(area, "becomes read-only", &read, -back) &&
	       is_charged(area, "becomes writable again", &write, back) &&
	       is_charged(area, "becomes read-only again", &read, -back);
	if (!good || !back)
		return good;
	/* It is charged, and then there is no VMA for it: see mprotect_fixup(). */
	good = fill_maps(area, 0) &&
	       (area_skipped(area) || is_charged(area, "has no VMA", &some, 0));
	empty_maps();
	return good;
}

static char *map_untouched(size_t len)
{
	return mmap(NULL, len, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

/*
 * Half of what the machine has is more than others commit meanwhile; where they do, it
 * is tried again. What is more than there is must be refused.
 */
static bool serve_account(struct area *area, const struct request *request)
{
	struct call much = { .prot = PROT_READ | PROT_WRITE, .expected = ENOMEM };
	long ram = memory_of_all("MemTotal:"), all = ram + memory_of_all("SwapTotal:");
	size_t len = ram / 2 / psize() * psize();
	bool good = false;
	char *addr;
	int try;

	(void)request;
	if (setting_number("/proc/sys/vm/overcommit_memory"))
		return area_skip(area, "vm.overcommit_memory is not 0");
	for (try = 0; try < 3 && !good; try++) {
		addr = map_untouched(len);
		if (addr == MAP_FAILED)
			return area_skip(area, "no address space");
		good = is_all_charged(area, addr, len);
		munmap(addr, len);
	}
	much.len = 2 * all / psize() * psize();
	addr = map_untouched(much.len);
	if (!good || addr == MAP_FAILED)
		return good;
	much.addr = (uintptr_t)addr;
	good = is_charged(area, "is more than there is", &much, 0);
	munmap(addr, much.len);
	return good;
}

const char *area_account(struct area *area)
{
	return area_step(area, (struct request){
		.name = "account", .serve = serve_account,
	});
}
