// SPDX-License-Identifier: GPL-2.0
/*
 * Pages with a function, which must be callable where the protection says so. PROT_BTI
 * (arm64) lets an indirect branch reach landing pads alone, which that is not; mprotect()
 * without PROT_BTI takes that back.
 */
#include "mprotect_model.h"

#include <sys/auxv.h>

#ifndef PROT_BTI
#define PROT_BTI	0x10
#endif
#ifndef HWCAP2_BTI
#define HWCAP2_BTI	0x20000
#endif

#define CODE_AT		8	/* in the page, behind the word that is written */
#define CODE_BYTES	2048	/* copies of the function side by side */

DECLARE_STATE(exec);

/* A function that returns. */
#if defined(__aarch64__)
static const unsigned char code[4] = { 0xc0, 0x03, 0x5f, 0xd6 };
#elif defined(__x86_64__)
static const unsigned char code[4] = { 0xc3, 0xc3, 0xc3, 0xc3 };
#elif defined(__riscv)
static const unsigned char code[4] = { 0x67, 0x80, 0x00, 0x00 };
#else
static const unsigned char code[4];	/* none that is known */
#endif

/*
 * QEMU translates code once, and forgets then whether BTI is asked for: each check of
 * each process calls another copy.
 */
static size_t fresh_copy(const struct area *area)
{
	static unsigned int checks;

	checks++;
	return CODE_AT + (checks * NR_VIEWS + area->self) * sizeof(code) % CODE_BYTES;
}

static bool has_bti(void)
{
#ifdef __aarch64__
	return getauxval(AT_HWCAP2) & HWCAP2_BTI;
#else
	return false;
#endif
}

/* It must be called, and must not, as long as that takes no fault. */
static bool exec_verify(struct area *area)
{
	size_t i, at = fresh_copy(area);

	for (i = 0; i < area->nr_pages; i++) {
		const struct page *it = &area->page[i];
		int seen, must = 0;

		if (!it->mark[state_exec.nr] || (it->prot && !area_is_there(area, i)))
			continue;
		if (!(it->prot & PROT_EXEC))
			must = SEGV_ACCERR;
		else if (it->prot & PROT_BTI)
			must = ACCESS_ILL;
		seen = access_call(page_addr(area, i) + at);
		if (seen)
			access_signalled(area);
		if (seen != must)
			area_mark(area, i, "a call %s (%#x), expected %#x",
				  seen ? "gives a signal" : "returns", seen, must);
	}
	return true;
}

struct area_state state_exec = {
	.name = "exec",
	.verify = exec_verify,
};

/* Whether memory that was written may be called: a policy can forbid that. */
static bool may_execute(void)
{
	size_t len = psize();
	char *page = mmap(NULL, len, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	bool may;

	if (page == MAP_FAILED)
		return false;
	*page = 1;
	may = !mprotect(page, len, PROT_READ | PROT_EXEC);
	munmap(page, len);
	return may;
}

/*
 * One by one: where a page has tags, QEMU 7.2 refuses a store of 16 bytes that reaches
 * into the next granule, though both have the pointer's tag.
 */
static void put_code(struct area *area, size_t page)
{
	char *addr = (char *)page_word(area, page) + CODE_AT;
	size_t at;

	for (at = 0; at < CODE_BYTES; at += sizeof(code)) {
		memcpy(addr + at, code, sizeof(code));
		asm volatile("" : : : "memory");
	}
	__builtin___clear_cache(addr, addr + CODE_BYTES);
	area->page[page].mark[state_exec.nr] = true;
}

static bool serve_code(struct area *area, const struct request *request)
{
	if (!code[0])
		return area_skip(area, "no code for this architecture");
	if (!may_execute())
		return area_skip(area, "PROT_EXEC for what was written: %s", strerror(errno));
	return area_write_chosen(area, area_choose(area, request->pages, NULL), put_code);
}

const char *area_code(struct area *area, enum area_process process,
		      enum area_pages pages)
{
	return area_step(area, (struct request){
		.name = "code", .serve = serve_code, .is_write = true,
		.process = process, .pages = pages,
	});
}

static bool serve_bti(struct area *area, const struct request *request)
{
	if (!has_bti())
		return area_skip(area, "no BTI, which is a feature of arm64 processors");
	return area_protect(area, request->range, PROT_READ | PROT_EXEC | PROT_BTI) &&
	       area_verdict(area);
}

const char *area_bti(struct area *area, enum area_process process,
		     enum area_range range)
{
	return area_step(area, (struct request){
		.name = "bti", .serve = serve_bti,
		.process = process, .range = area_find_range(area, range),
	});
}
