// SPDX-License-Identifier: GPL-2.0
/*
 * Pinned for DMA, as a fixed buffer of io_uring: what is written to the page must
 * be seen through the pin. fork() copies for the child all that is exclusive of a
 * folio with a pin, and NUMA balancing and reclaim leave such a folio alone.
 */
#include "mprotect_model.h"

#include <linux/io_uring.h>
#include <sys/uio.h>

DECLARE_STATE(pin);

/* Of the process that has pinned. Each run of pages is a buffer. */
static struct {
	int fd, pipe[2];
	struct io_uring_params params;
	char *rings;
	struct io_uring_sqe *sqe;
	struct iovec *buffer;
	unsigned int *buffer_of;	/* each page */
	unsigned int nr_buffers;
} ring;

static bool is_pinned(const struct area *area, size_t page)
{
	return area->page[page].mark[state_pin.nr];
}

/* Pins are counted for the folio. */
static bool pin_held(const struct area *area, size_t page)
{
	const struct frame *frame = area->page[page].frame;
	size_t i, nr, first = area_folio(area, page, &nr);

	for (i = first; frame && i < first + nr; i++)
		if (is_pinned(area, i) && area->page[i].frame->head == frame->head)
			return true;
	return false;
}

/* See folio_try_dup_anon_rmap_pte(): the child gets a page of its own. */
static void pin_forked(struct area *area, size_t page, struct page *its)
{
	its->mark[state_pin.nr] = false;
	if (its->what != &page_anon || !pin_held(area, page))
		return;
	if (area->page[page].by_pmd)
		area_split_pmd(area, page);
	area->page[page].exclusive = true;
	area_own_frame(area, page, its);
	its->by_pmd = false;
}

static unsigned int *of_ring(size_t offset)
{
	return (unsigned int *)(ring.rings + offset);
}

/* Reads a word of the page through its pin: writes it to a pipe, and reads that. */
static bool read_pinned(const struct area *area, size_t page, __u64 *value)
{
	unsigned int *tail = of_ring(ring.params.sq_off.tail);

	*ring.sqe = (struct io_uring_sqe){
		.opcode = IORING_OP_WRITE_FIXED, .fd = ring.pipe[1],
		.addr = (uintptr_t)page_addr(area, page), .len = sizeof(*value),
		.buf_index = ring.buffer_of[page],
	};
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, ring.fd, 1, 1, IORING_ENTER_GETEVENTS, NULL,
		    0) != 1)
		return false;
	__atomic_store_n(of_ring(ring.params.cq_off.head),
			 *of_ring(ring.params.cq_off.tail), __ATOMIC_RELEASE);
	return read(ring.pipe[0], value, sizeof(*value)) == sizeof(*value);
}

static bool pin_verify(struct area *area)
{
	__u64 value = 0;
	size_t i;

	for (i = 0; i < area->nr_pages; i++) {
		if (!is_pinned(area, i))
			continue;
		if (!read_pinned(area, i, &value))
			return area_fail(area, "check: no page %zu through its pin",
					 i);
		if (value != area->page[i].value)
			return area_fail(area, "check: pin of page %zu: %#jx, expected %#jx",
					 i, (uintmax_t)value,
					 (uintmax_t)area->page[i].value);
	}
	return true;
}

struct area_state state_pin = {
	.name = "pin",
	.held = pin_held,
	.forked = pin_forked,
	.verify = pin_verify,
};

static bool open_ring(struct area *area)
{
	size_t len;

	memset(&ring, 0, sizeof(ring));
	ring.fd = syscall(SYS_io_uring_setup, 1, &ring.params);
	if (ring.fd < 0)
		return area_skip(area, "no io_uring: %s", strerror(errno));
	len = ring.params.cq_off.cqes + ring.params.cq_entries * sizeof(struct io_uring_cqe);
	ring.rings = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED,
			  ring.fd, IORING_OFF_SQ_RING);
	ring.sqe = mmap(NULL, sizeof(*ring.sqe), PROT_READ | PROT_WRITE, MAP_SHARED,
			ring.fd, IORING_OFF_SQES);
	ring.buffer = calloc(area->nr_pages, sizeof(*ring.buffer));
	ring.buffer_of = calloc(area->nr_pages, sizeof(*ring.buffer_of));
	return (ring.rings != MAP_FAILED && ring.sqe != MAP_FAILED &&
		ring.buffer && ring.buffer_of && !pipe2(ring.pipe, O_CLOEXEC | O_NONBLOCK)) ||
	       area_fail(area, "io_uring: %s", strerror(errno));
}

/*
 * What lies where no pin may be for long (CMA, ZONE_MOVABLE) is migrated first, see
 * check_and_migrate_movable_folios(). Nothing else may move it.
 */
static void note_moved(struct area *area, const bool *chosen)
{
	size_t i;

	for (i = 0; i < area->nr_pages; i++) {
		const struct frame *frame = area->page[i].frame;

		if (chosen[i] && frame && frame->pfn && seen_pfn(area, i) &&
		    seen_pfn(area, i) != frame->pfn)
			area_follow(area, i);
	}
}

/* What is writable, and not refused. */
static bool can_pin(const struct area *area, size_t page)
{
	return area->page[page].prot & PROT_WRITE && !area_denied(area, page, true) &&
	       !area_cost(area, page, true).code;
}

/* What the VMA does not let this thread write, or its key. */
static bool is_forbidden(const struct area *area, size_t page)
{
	return !(area->page[page].prot & PROT_WRITE) || area_denied(area, page, true);
}

static int register_buffers(const struct iovec *buffer, unsigned int nr)
{
	return syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_BUFFERS,
		       buffer, nr) ? errno : 0;
}

/* See check_vma_flags(): a page that is mapped is not pinned for that. */
static bool forbidden_refused(struct area *area, enum area_pages pages)
{
	bool *chosen = area_choose(area, pages, is_forbidden);
	int error = EFAULT;
	size_t i;

	for (i = 0; i < area->nr_pages && error == EFAULT; i++)
		if (chosen[i])
			error = register_buffers(&(struct iovec){ page_addr(area, i), psize() },
						 1);
	free(chosen);
	if (error == EFAULT)
		return true;
	return area_fail(area, "pin of page %zu, which must not be written: %s", i - 1,
			 error ? strerror(error) : "not refused");
}

static bool serve_pin(struct area *area, const struct request *request)
{
	bool *chosen, good;
	size_t i, end;
	long moved;

	if (!open_ring(area) || area_skipped(area))
		return area_skipped(area);
	if (!forbidden_refused(area, request->pages))
		return false;
	chosen = area_choose(area, request->pages, can_pin);
	for (i = 0; i < area->nr_pages; i = end) {
		end = area_run(area, i, area->nr_pages, chosen);
		if (chosen[i])
			ring.buffer[ring.nr_buffers++] = (struct iovec){
				page_addr(area, i), (end - i) * psize(),
			};
	}
	moved = vm_counter("pgmigrate_success");
	if (ring.nr_buffers && register_buffers(ring.buffer, ring.nr_buffers))
		return area_skip(area, "cannot pin: %s", strerror(errno));
	for (i = 0, end = 0; i < area->nr_pages; i++) {
		if (!chosen[i])
			continue;
		if (page_addr(area, i) >= (char *)ring.buffer[end].iov_base +
		    ring.buffer[end].iov_len)
			end++;
		ring.buffer_of[i] = end;
		area_fault_in(area, i, true);
		area->page[i].mark[state_pin.nr] = true;
	}
	/* What is split is so by now: a pinned folio stays as it is. */
	good = area_look(area);
	moved = vm_counter("pgmigrate_success") - moved;
	area->answer->moved += moved;
	if (good && moved)
		note_moved(area, chosen);
	free(chosen);
	return good && area_verdict(area);
}

const char *area_pin(struct area *area, enum area_pages pages)
{
	return area_step(area, (struct request){
		.name = "pin", .serve = serve_pin, .pages = pages,
	});
}

static bool serve_unpin(struct area *area, const struct request *request)
{
	size_t i;

	(void)request;
	for (i = 0; i < area->nr_pages; i++)
		area->page[i].mark[state_pin.nr] = false;
	return !ring.nr_buffers ||
	       !syscall(SYS_io_uring_register, ring.fd, IORING_UNREGISTER_BUFFERS,
			NULL, 0) ||
	       area_fail(area, "unpin: %s", strerror(errno));
}

const char *area_unpin(struct area *area)
{
	return area_step(area, (struct request){
		.name = "unpin", .serve = serve_unpin,
	});
}

DECLARE_MAKER(pinned);
const struct area_maker maker_pinned = { .make = area_pin };
