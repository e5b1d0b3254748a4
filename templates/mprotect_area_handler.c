// SPDX-License-Identifier: GPL-2.0
/*
 * A thread that hears of the faults of a userfaultfd, and lifts the protection of each
 * page: whoever has accessed it goes on then. There must be one event for each access
 * that needs one, and no other.
 */
#include "mprotect_model.h"

#include <linux/userfaultfd.h>

static struct {
	int fd;
	__u64 flags;		/* of each event, but for that of a write */
	bool (*lift)(char *addr);
	long nr, expected;	/* events */
	struct {
		char *addr;
		__u64 flags;
	} last;
} handler = { .fd = -1 };

static void *handler_main(void *arg)
{
	struct uffd_msg msg;

	while (read(handler.fd, &msg, sizeof(msg)) == sizeof(msg)) {
		char *addr = (char *)(uintptr_t)msg.arg.pagefault.address;

		addr -= (uintptr_t)addr % psize();
		handler.last.addr = addr;
		handler.last.flags = msg.arg.pagefault.flags;
		__atomic_fetch_add(&handler.nr, 1, __ATOMIC_RELEASE);
		if (!handler.lift(addr))
			break;
	}
	return arg;
}

/* Once a test, which is a process of its own; its end is the end of the thread. */
bool handler_start(struct area *area, int fd, __u64 flags, bool (*lift)(char *addr))
{
	pthread_t thread;

	handler.fd = fd;
	handler.flags = flags;
	handler.lift = lift;
	if (pthread_create(&thread, NULL, handler_main, NULL))
		return area_skip(area, "cannot start a thread");
	pthread_detach(thread);
	return true;
}

/* The thread must have heard of the access that has just come back. */
void handler_expect(struct area *area, size_t page, bool is_write)
{
	__u64 flags = handler.flags | (is_write ? UFFD_PAGEFAULT_FLAG_WRITE : 0);
	long nr = __atomic_load_n(&handler.nr, __ATOMIC_ACQUIRE);

	handler.expected++;
	if (nr != handler.expected)
		area_mark(area, page, "%ld events of the userfaultfd, expected %ld", nr,
			  handler.expected);
	else if (handler.last.addr != page_addr(area, page))
		area_mark(area, page, "the userfaultfd's event is about page %td",
			  (handler.last.addr - area->addr) / (ptrdiff_t)psize());
	else if (handler.last.flags != flags)
		area_mark(area, page, "the userfaultfd's event has flags %#llx, expected %#llx",
			  handler.last.flags, flags);
}

/* No event has come of which nothing is known. */
bool handler_verify(struct area *area)
{
	long nr = __atomic_load_n(&handler.nr, __ATOMIC_ACQUIRE);

	return nr == handler.expected ||
	       area_fail(area, "%ld events of the userfaultfd, expected %ld", nr,
			 handler.expected);
}
