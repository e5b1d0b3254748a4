// SPDX-License-Identifier: GPL-2.0
/*
 * What the states that a userfaultfd makes have in common: how it is opened, runs of
 * pages, and a thread that hears of faults. It lifts the protection of each page, and
 * whoever has accessed the page goes on; there must be one event for each access that
 * needs one, and no other.
 */
#include "mprotect_model.h"

#include <linux/userfaultfd.h>

/* Registers the window; -1: that is not possible, and the test skipped, or failed. */
int userfault_open(struct area *area, const char *what, __u64 features, __u64 mode)
{
	struct uffdio_api api = { .api = UFFD_API, .features = features };
	struct uffdio_register reg = {
		.range.start = (uintptr_t)area->addr,
		.range.len = area->nr_pages * psize(),
		.mode = mode,
	};
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC);

	if (fd < 0)
		area_skip(area, "no userfaultfd: %s", strerror(errno));
	else if (ioctl(fd, UFFDIO_API, &api))
		area_skip(area, "no %s by userfaultfd (features %#jx)", what,
			  (uintmax_t)features);
	else if (ioctl(fd, UFFDIO_REGISTER, &reg))
		area_fail(area, "UFFDIO_REGISTER: %s", strerror(errno));
	else
		return fd;
	return -1;
}

/* Protects the pages, or lifts the protection, in runs inside of one VMA. */
bool userfault_runs(struct area *area, const struct request *request,
		    bool (*set)(struct area *area, size_t first, size_t end, bool is_on))
{
	size_t i, end;

	for (i = 0; i < area->nr_pages; i = end) {
		end = i + 1;
		if (!area_is_selected(area, i, request->pages))
			continue;
		while (end < area->nr_pages && area_is_one_vma(area, end) &&
		       area_is_selected(area, end, request->pages))
			end++;
		if (!set(area, i, end, request->is_write))
			return false;
	}
	return true;
}

static struct {
	int fd;
	__u64 flags;		/* of each event, but for that of a write */
	bool (*lift)(char *addr);
	long nr, expected;	/* events */
	int error;		/* that ended the thread */
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
		if (!handler.lift(addr)) {
			/* Who has accessed the page goes on. */
			handler.error = errno;
			close(handler.fd);
			break;
		}
	}
	return arg;
}

/* Once a test, which is a process of its own; its end is the end of the thread. */
bool userfault_handle(struct area *area, int fd, __u64 flags, bool (*lift)(char *addr))
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
void userfault_expect(struct area *area, size_t page, bool is_write)
{
	__u64 flags = handler.flags | (is_write ? UFFD_PAGEFAULT_FLAG_WRITE : 0);
	long nr = __atomic_load_n(&handler.nr, __ATOMIC_ACQUIRE);

	handler.expected++;
	if (handler.error)
		area_mark(area, page, "the protection cannot be lifted: %s",
			  strerror(handler.error));
	else if (nr != handler.expected)
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
bool userfault_verify(struct area *area)
{
	long nr = __atomic_load_n(&handler.nr, __ATOMIC_ACQUIRE);

	return nr == handler.expected ||
	       area_fail(area, "%ld events of the userfaultfd, expected %ld", nr,
			 handler.expected);
}
