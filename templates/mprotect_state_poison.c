// SPDX-License-Identifier: GPL-2.0
/*
 * Poisoned by UFFDIO_POISON (Linux 6.6): what was there is gone, and each access
 * is refused as if the memory were broken. A marker in the page table says so,
 * which outlives the userfaultfd; fork() hands it on, see copy_pte_marker().
 */
#include "mprotect_model.h"

#include <linux/userfaultfd.h>

#ifndef UFFDIO_POISON
struct uffdio_poison {
	struct uffdio_range range;
	__u64 mode;
	__s64 updated;
};

#define UFFDIO_POISON	_IOWR(UFFDIO, 0x08, struct uffdio_poison)
#endif

#define CAN_POISON	BIT_ULL(8)	/* of struct uffdio_register, ioctls */

DECLARE_STATE(poison);

/*
 * As an access finds it that the hardware refuses, see handle_pte_marker(). On x86
 * do_sigbus() knows broken memory only with CONFIG_MEMORY_FAILURE.
 */
static int poison_code(void)
{
	static int code;

	if (code)
		return code;
	code = BUS_MCEERR_AR;
#ifdef __x86_64__
	if (access("/proc/sys/vm/memory_failure_recovery", F_OK))
		code = BUS_ADRERR;
#endif
	return code;
}

static int poison_refused(const struct area *area, size_t page, bool is_write)
{
	(void)is_write;
	return area->page[page].what == &state_poison ? -poison_code() : 0;
}

static void poison_show(const struct area *area, size_t page, struct shown *shown)
{
	if (area->page[page].what != &state_poison)
		return;
	bits_must(&shown->entry, PM_PRESENT, false);
	bits_must(&shown->entry, PM_SWAP, true);
}

struct area_state state_poison = {
	.name = "poison",
	.refused = poison_refused,
	.show = poison_show,
};

static bool poison(struct area *area, int fd, size_t first, size_t end)
{
	struct uffdio_poison poison = {
		.range.start = (uintptr_t)page_addr(area, first),
		.range.len = (end - first) * psize(),
	};
	size_t i;

	/* It is there only where nothing else is. */
	if (!area_advise(area, first, end - first, MADV_DONTNEED))
		return false;
	if (ioctl(fd, UFFDIO_POISON, &poison))
		return area_fail(area, "UFFDIO_POISON(%zu pages at %zu): %s",
				 end - first, first, strerror(errno));
	area_vma_edge(area, first);
	area_vma_edge(area, end);
	for (i = first; i < end; i++) {
		area_empty(&area->page[i], &state_poison);
		/* See find_vma_and_prepare_anon(), before Linux 6.9 mfill_atomic(). */
		area->page[i].has_anon_vma = true;
	}
	return true;
}

/* For this step: its VMAs are those that were there when it is closed. */
static int open_uffd(struct area *area)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC);
	size_t i, end;

	if (fd < 0 || ioctl(fd, UFFDIO_API, &api)) {
		area_skip(area, "no userfaultfd: %s", strerror(errno));
		return fd;
	}
	for (i = 0; i < area->nr_pages; i = end) {
		end = area_run(area, i, area->nr_pages, NULL);
		reg.range.start = (uintptr_t)page_addr(area, i);
		reg.range.len = (end - i) * psize();
		if (area->page[i].what == &page_outside)
			continue;
		if (ioctl(fd, UFFDIO_REGISTER, &reg))
			area_skip(area, "UFFDIO_REGISTER: %s", strerror(errno));
		else if (!(reg.ioctls & CAN_POISON))
			area_skip(area, "no UFFDIO_POISON (Linux 6.6)");
	}
	return fd;
}

static bool serve_poison(struct area *area, const struct request *request)
{
	bool *chosen = area_choose(area, request->pages, area_can_zap), good = true;
	int fd = open_uffd(area);
	size_t i, end;

	for (i = 0; good && !area_skipped(area) && i < area->nr_pages; i = end) {
		/* Inside of one VMA, as the ioctl needs it. */
		for (end = i + 1; end < area->nr_pages && chosen[end]; end++)
			if (!chosen[i] || !area_is_one_vma(area, end))
				break;
		if (chosen[i])
			good = poison(area, fd, i, end);
	}
	close(fd);
	free(chosen);
	return good;
}

const char *area_poison(struct area *area, enum area_process process,
			enum area_pages pages)
{
	return area_step(area, (struct request){
		.name = "poison", .serve = serve_poison,
		.process = process, .pages = pages,
	});
}

static const char *make_poisoned(struct area *area, enum area_pages pages)
{
	return area_poison(area, PROCESS_PARENT, pages);
}

DECLARE_MAKER(poisoned);
const struct area_maker maker_poisoned = { .make = make_poisoned };
