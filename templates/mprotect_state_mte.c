// SPDX-License-Identifier: GPL-2.0
/*
 * Memory Tagging Extension (arm64): memory that is mapped with PROT_MTE has a tag
 * for each 16 bytes, and an access is refused whose pointer has another one. Tags
 * belong to the frame, and go wherever its content goes; what is new has tag 0.
 * A VMA keeps PROT_MTE whatever mprotect() makes of it.
 */
#include "mprotect_model.h"

#include <sys/auxv.h>

#ifndef PROT_MTE
#define PROT_MTE		0x20
#endif
#ifndef PR_MTE_TCF_SYNC
#define PR_MTE_TCF_SYNC		0x2
#define PR_MTE_TAG_SHIFT	3
#endif
#ifndef HWCAP2_MTE
#define HWCAP2_MTE		0x40000
#endif
#ifndef SEGV_MTESERR
#define SEGV_MTESERR		9
#endif

#define GRANULE			16
#define NR_TAGS			15		/* but 0 */
#define TAG_MASK		0xf		/* of a page's mark */
#define MAY_BE_STALE		0x10

DECLARE_STATE(mte);

/* Whether to split a folio takes the tags from pages, see learn_split(). */
static bool loses_tags, has_learned;

#ifdef __aarch64__
static void set_tag(char *addr, __u64 tag)
{
	__u64 pointer = (uintptr_t)addr | tag << 56;

	asm volatile(".arch armv8.5-a+memtag\n\tstg %0, [%0]"
		     : : "r"(pointer) : "memory");
}

static int get_tag(const char *addr)
{
	__u64 pointer = (uintptr_t)addr;

	asm volatile(".arch armv8.5-a+memtag\n\tldg %0, [%0]"
		     : "+r"(pointer) : : "memory");
	return pointer >> 56 & 0xf;
}
#else
static void set_tag(char *addr, __u64 tag)
{
	(void)addr;
	(void)tag;
}

static int get_tag(const char *addr)
{
	(void)addr;
	return 0;
}
#endif

static bool has_mte(void)
{
#ifdef __aarch64__
	return getauxval(AT_HWCAP2) & HWCAP2_MTE;
#else
	return false;
#endif
}

static __u8 tag_of(const struct page *page)
{
	return page->mark[state_mte.nr] & TAG_MASK;
}

static bool is_mte(const struct page *page)
{
	return page->vma & VMA_STATE(state_mte);
}

static __u8 mte_pointer(const struct area *area, size_t page)
{
	return tag_of(&area->page[page]);
}

/*
 * A PTE that gives access marks the page, and clears its tags if it had no mark, see
 * mte_sync_tags().
 */
static void note_mark(struct area *area, size_t page)
{
	struct page *it = &area->page[page];

	if (!it->frame || !is_mte(it) || !area_is_there(area, page))
		return;
	it->frame->states |= FRAME_STATE(state_mte);
	if (!(it->mark[state_mte.nr] & MAY_BE_STALE))
		return;
	it->mark[state_mte.nr] = get_tag(page_addr(area, page));
	if (get_tag((char *)page_addr(area, page + 1) - GRANULE) != tag_of(it))
		area_skip(area, "a frame has tags of several users");
	snprintf(area->answer->found, sizeof(area->answer->found),
		 "pages of a folio that is split have tags that were left in the frame");
}

static bool is_marked(const struct frame *frame)
{
	return frame->states & FRAME_STATE(state_mte);
}

/* A fault gives access to all that a PMD maps. */
static void mte_accessed(struct area *area, size_t page, bool is_write, int faults)
{
	size_t i = page, end = page + 1;

	(void)is_write;
	(void)faults;
	if (area->sight[page].was_huge)
		area_pmd(area, page, &i, &end);
	for (; i < end; i++)
		note_mark(area, i);
}

/*
 * Linux 5.10 to 7.3 give all pages of a folio that is split the mark of the first one,
 * see __split_folio_to_order(). A page that loses it loses its tags, and one that gets
 * it has those that were left in its frame.
 */
static void mte_folio_split(struct area *area, struct page *page)
{
	if (!loses_tags || is_marked(page->frame->head) == is_marked(page->frame))
		return;
	if (!is_marked(page->frame)) {
		/* Before, the first page's PTE marks, and clears, the whole folio. */
		if (kernel_at_least(6, 2))
			page->mark[state_mte.nr] |= MAY_BE_STALE;
		return;
	}
	if (!tag_of(page))
		return;
	page->mark[state_mte.nr] = 0;
	snprintf(area->answer->found, sizeof(area->answer->found),
		 "pages lose their tags when a folio is split whose first page has none");
}

/* A pointer with another tag is refused, and only where there are tags. */
static bool mte_verify(struct area *area)
{
	size_t i;

	if (!has_mte())
		return true;
	for (i = 0; i < area->nr_pages; i++) {
		const struct page *it = &area->page[i];
		int code = is_mte(it) ? SEGV_MTESERR : 0;
		char *addr = page_addr(area, i);
		struct access access;

		if (!area_is_there(area, i))
			continue;
		addr += (tag_of(it) ^ 1ULL) << 56;
		access = access_word((__u64 *)addr, false, 0);
		if (access.code)
			access_signalled(area);
		if (access.code != code)
			area_mark(area, i, "a pointer with tag %d gives %d, expected %d",
				  tag_of(it) ^ 1, access.code, code);
	}
	return true;
}

struct area_state state_mte = {
	.name = "mte",
	.pointer = mte_pointer,
	.accessed = mte_accessed,
	.ptes_changed = note_mark,
	.folio_split = mte_folio_split,
	.verify = mte_verify,
};

/* Has a folio of which only the last page has a tag split by MADV_COLD. */
static bool learn_split(struct area *area)
{
	int order = thp_has_sizes() ? 2 : __builtin_ctzl(pmd_pages());
	size_t len = psize() << order, page = psize();
	int prot = PROT_READ | PROT_WRITE;
	char *map = mmap(NULL, 2 * len, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *addr = (char *)(((uintptr_t)map + len - 1) & -len), *last = addr + len - page;
	bool good;

	if (map == MAP_FAILED)
		return area_skip(area, "no memory");
	good = thp_offer(order) && !madvise(addr, len, MADV_HUGEPAGE);
	memset(addr, 1, len);
	good = good && !mprotect(last, page, prot | PROT_MTE);
	good = good && frame_flags(area, pagemap_get_pfn(area->pagemap_fd, last)) &
		       KPF_COMPOUND_TAIL;
	if (good) {
		set_tag(last, 1);
		good = !madvise(addr, page, MADV_COLD);
		loses_tags = !get_tag(last);
		good = good && !(frame_flags(area, pagemap_get_pfn(area->pagemap_fd, last)) &
				 KPF_COMPOUND);
	}
	munmap(map, 2 * len);
	return good || area_skip(area, "cannot tell whether a split loses tags");
}

/* Gives the pages of one VMA tags, which are 0. */
static bool map_tagged(struct area *area, size_t first, size_t end)
{
	int error, expected, prot = area->page[first].prot;

	error = mprotect(page_addr(area, first), (end - first) * psize(),
			 prot | PROT_MTE) ? errno : 0;
	expected = area_vma_change(area, first, end, prot, VMA_STATE(state_mte),
				   VMA_STATE(state_mte));
	if (error != expected)
		return area_fail(area, "mprotect(%zu pages at %zu, PROT_MTE): %s, expected %s",
				 end - first, first, strerror(error), strerror(expected));
	return true;
}

static bool serve_mte(struct area *area, const struct request *request)
{
	unsigned long tags = (0xfffeUL << PR_MTE_TAG_SHIFT) | PR_MTE_TCF_SYNC;
	size_t i, end;

	if (!has_mte())
		return area_skip(area, "no MTE, which is a feature of arm64 processors");
	if (prctl(PR_SET_TAGGED_ADDR_CTRL, PR_TAGGED_ADDR_ENABLE | tags, 0, 0, 0))
		return area_skip(area, "no MTE (CONFIG_ARM64_MTE): %s", strerror(errno));
	if (!has_learned && !learn_split(area))
		return false;
	if (area_skipped(area))
		return true;
	has_learned = true;
	for (i = request->range.first; i < request->range.end; i = end) {
		for (end = i + 1; end < request->range.end; end++)
			if (!area_is_one_vma(area, end))
				break;
		if (area->page[i].what != &page_outside && !map_tagged(area, i, end))
			return false;
	}
	return area_verdict(area);
}

const char *area_mte(struct area *area, enum area_range range)
{
	return area_step(area, (struct request){
		.name = "mte", .serve = serve_mte,
		.range = area_find_range(area, range),
	});
}

static bool can_have_tag(const struct area *area, size_t page)
{
	return is_mte(&area->page[page]);
}

static void put_tag(struct area *area, size_t page)
{
	__u8 tag = (page + area->generation) % NR_TAGS + 1;
	size_t at;

	area->page[page].mark[state_mte.nr] = tag;
	for (at = 0; at < psize(); at += GRANULE)
		set_tag(page_addr(area, page) + at, tag);
}

/* Each page gets a tag of its own. */
static bool serve_tag(struct area *area, const struct request *request)
{
	return area_write_chosen(area, area_choose(area, request->pages, can_have_tag),
				 put_tag);
}

const char *area_tag(struct area *area, enum area_process process,
		     enum area_pages pages)
{
	return area_step(area, (struct request){
		.name = "tag", .serve = serve_tag, .is_write = true,
		.process = process, .pages = pages,
	});
}

static const char *make_tagged(struct area *area, enum area_pages pages)
{
	const char *answer = area_mte(area, RANGE_WHOLE);

	return strcmp(answer, "ok") ? answer : area_tag(area, PROCESS_PARENT, pages);
}

DECLARE_MAKER(tagged);
const struct area_maker maker_tagged = { .make = make_tagged };
