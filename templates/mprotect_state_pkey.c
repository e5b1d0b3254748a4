// SPDX-License-Identifier: GPL-2.0
/*
 * Protection keys: a VMA has a key, which its PTEs must have, too. What a thread may
 * do with each key is in a register of its own, PKRU, which it writes without a system
 * call. An access that the key denies is refused before the kernel looks at anything
 * else, and nothing is faulted in for it: see access_error() of x86.
 */
#include "mprotect_model.h"

#include <sys/syscall.h>

#ifndef PKEY_DISABLE_ACCESS
#define PKEY_DISABLE_ACCESS	0x1
#define PKEY_DISABLE_WRITE	0x2
#endif
#ifndef SEGV_PKUERR
#define SEGV_PKUERR		4
#endif

#define NR_KEYS			(PKEY_NO_WRITE + 1)
#define PKRU_BITS		2	/* of each key, as for pkey_alloc() */

DECLARE_STATE(pkey);

#define KEY_BITS		(VMA_STATE(state_pkey) | VMA_STATE_TOO(state_pkey))

static const unsigned char denied_by[NR_KEYS] = {
	[PKEY_NO_ACCESS] = PKEY_DISABLE_ACCESS,
	[PKEY_NO_WRITE] = PKEY_DISABLE_WRITE,
};

static int keys[NR_KEYS];	/* of this process, once it has some */

/*
 * What is denied with each key to the first and the second thread of this process:
 * before it is allocated everything, see init_pkru_value.
 */
static unsigned char denied[2][NR_KEYS] = {
	{ 0, PKEY_DISABLE_ACCESS, PKEY_DISABLE_ACCESS },
};

static bool has_two;		/* the second has its own */

#ifdef __x86_64__
#define KNOWS_PKRU		true

static unsigned int read_pkru(void)
{
	unsigned int pkru, zero;

	/* RDPKRU */
	asm volatile(".byte 0x0f, 0x01, 0xee" : "=a" (pkru), "=d" (zero) : "c" (0));
	return pkru;
}

static void write_pkru(unsigned int pkru)
{
	/* WRPKRU */
	asm volatile(".byte 0x0f, 0x01, 0xef" : : "a" (pkru), "c" (0), "d" (0) : "memory");
}
#else
#define KNOWS_PKRU		false

static unsigned int read_pkru(void)
{
	return 0;
}

static void write_pkru(unsigned int pkru)
{
	(void)pkru;
}
#endif

/* A thread starts with what the one may do that has started it. */
static unsigned char *denied_to_me(const struct area *area)
{
	const struct actor *second = &area->actor[PROCESS_THREAD];

	if (second->thread && !has_two)
		memcpy(denied[1], denied[0], sizeof(denied[1]));
	has_two = second->thread;
	return denied[has_two && pthread_equal(second->thread, pthread_self())];
}

/* What PKRU must be, if it is @pkru for other keys. */
static unsigned int my_pkru(const struct area *area, unsigned int pkru)
{
	const unsigned char *mine = denied_to_me(area);
	int i;

	for (i = PKEY_NO_ACCESS; i < NR_KEYS; i++) {
		pkru &= ~(((1U << PKRU_BITS) - 1) << keys[i] * PKRU_BITS);
		pkru |= mine[i] << keys[i] * PKRU_BITS;
	}
	return pkru;
}

static enum area_pkey key_of(const struct page *page)
{
	if (page->vma & VMA_STATE(state_pkey))
		return PKEY_NO_ACCESS;
	return page->vma & VMA_STATE_TOO(state_pkey) ? PKEY_NO_WRITE : PKEY_DEFAULT;
}

static __u64 bits_of(enum area_pkey key)
{
	if (key == PKEY_NO_ACCESS)
		return VMA_STATE(state_pkey);
	return key == PKEY_NO_WRITE ? VMA_STATE_TOO(state_pkey) : 0;
}

static int pkey_denied(const struct area *area, size_t page, bool is_write)
{
	enum area_pkey key = key_of(&area->page[page]);
	int what = key == PKEY_DEFAULT ? 0 : denied_to_me(area)[key];

	return what & PKEY_DISABLE_ACCESS || (is_write && what) ? SEGV_PKUERR : 0;
}

/* Linux runs a handler with what a new program may do, see fpu__clear_user_states(). */
static void pkey_signalled(const struct area *area)
{
	if (keys[PKEY_NO_ACCESS])
		write_pkru(my_pkru(area, read_pkru()));
}

/* fork(), and whatever else was done meanwhile, has left it alone. */
static bool pkey_verify(struct area *area)
{
	unsigned int pkru = keys[PKEY_NO_ACCESS] ? read_pkru() : 0;

	return !keys[PKEY_NO_ACCESS] || pkru == my_pkru(area, pkru) ||
	       area_fail(area, "check: PKRU is %#x, expected %#x", pkru,
			 my_pkru(area, pkru));
}

struct area_state state_pkey = {
	.name = "pkey",
	.denied = pkey_denied,
	.signalled = pkey_signalled,
	.verify = pkey_verify,
};

/* Once a process. A child has those of its parent. */
static bool allocate(struct area *area)
{
	unsigned char *mine = denied_to_me(area);
	int i;

	if (!KNOWS_PKRU)
		area_skip(area, "no protection keys: the test knows those of x86-64");
	for (i = PKEY_NO_ACCESS; i < NR_KEYS && !keys[i] && !area_skipped(area); i++) {
		int key = syscall(SYS_pkey_alloc, 0, denied_by[i]);

		if (key < 0) {
			area_skip(area, "no protection keys (PKU): pkey_alloc(): %s",
				  strerror(errno));
			break;
		}
		keys[i] = key;
		mine[i] = denied_by[i];
	}
	return !area_skipped(area);
}

/* What changes is changed as by mprotect() to the protection that it has. */
static bool set_key(struct area *area, size_t first, size_t end, enum area_pkey key)
{
	int prot = area->page[first].prot;

	if (syscall(SYS_pkey_mprotect, page_addr(area, first), (end - first) * psize(), prot,
		    keys[key]))
		return area_fail(area, "pkey_mprotect(%zu pages at %zu, %#x, %d): %s",
				 end - first, first, prot, keys[key], strerror(errno));
	area_vma_change(area, first, end, prot, KEY_BITS, bits_of(key));
	return true;
}

/* One call for each run of pages that are mapped, with one protection. */
static bool serve_pkey(struct area *area, const struct request *request)
{
	size_t i, end, run, last = request->range.end;
	const struct page *it = area->page;
	bool good = true;

	if (!allocate(area))
		return true;
	for (i = request->range.first; good && i < last; i = end) {
		run = area_run(area, i, last, NULL);
		for (end = i + 1; end < run && it[end].prot == it[i].prot;)
			end++;
		good = it[i].what == &page_outside ||
		       set_key(area, i, end, request->pkey);
	}
	return good;
}

const char *area_pkey(struct area *area, enum area_process process,
		      enum area_range range, enum area_pkey pkey)
{
	return area_step(area, (struct request){
		.name = "pkey", .serve = serve_pkey, .pkey = pkey,
		.process = process, .range = area_find_range(area, range),
	});
}

static bool serve_rights(struct area *area, const struct request *request)
{
	unsigned char *mine = denied_to_me(area);
	int i;

	if (!allocate(area))
		return true;
	for (i = PKEY_NO_ACCESS; i < NR_KEYS; i++)
		mine[i] = request->is_write ? 0 : denied_by[i];
	write_pkru(my_pkru(area, read_pkru()));
	return true;
}

const char *area_pkey_allow(struct area *area, enum area_process process)
{
	return area_step(area, (struct request){
		.name = "pkey_allow", .serve = serve_rights, .is_write = true,
		.process = process,
	});
}

const char *area_pkey_deny(struct area *area, enum area_process process)
{
	return area_step(area, (struct request){
		.name = "pkey_deny", .serve = serve_rights, .process = process,
	});
}
