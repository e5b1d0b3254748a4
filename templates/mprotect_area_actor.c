// SPDX-License-Identifier: GPL-2.0
/*
 * Who acts on the window: the test, processes that were forked for it, and a
 * thread, one at a time. Each serves the requests that come through its socket.
 */
#include "mprotect_model.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>

/* Before the first fork: a child's child finds its socket, too. */
void actors_init(struct area *area)
{
	int i;

	area->actor = shared_memory(NR_ACTORS * sizeof(*area->actor));
	for (i = 0; i < NR_ACTORS; i++)
		if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
			       area->actor[i].fds))
			ksft_exit_fail_msg("socketpair: %s\n", strerror(errno));
	area->actor[PROCESS_PARENT].pid = getpid();
}

void actors_destroy(struct area *area)
{
	int i;

	for (i = 0; i < NR_ACTORS; i++) {
		struct actor *actor = &area->actor[i];
		bool is_forked = actor->pid && actor->pid != getpid();

		if (is_forked)
			kill(actor->pid, SIGKILL);
		if (is_forked && actor->forked_by == PROCESS_PARENT)
			waitpid(actor->pid, NULL, 0);
		/* It may not have come to its first request yet. */
		if (actor->thread) {
			shutdown(actor->fds[0], SHUT_RDWR);
			pthread_join(actor->thread, NULL);
		}
		close(actor->fds[0]);
		close(actor->fds[1]);
	}
	munmap(area->actor, NR_ACTORS * sizeof(*area->actor));
}

static bool serve(struct area *area, const struct request *request)
{
	area->request = request;
	area_share_anon_vmas(area);
	return request->serve(area, request);
}

/* Serves requests until the test ends, or a request ends the process. */
void actor_serve(struct area *area, int fd)
{
	struct request request;
	bool good;

	while (read(fd, &request, sizeof(request)) == sizeof(request)) {
		good = serve(area, &request);
		fflush(stdout);
		if (write(fd, &good, sizeof(good)) != sizeof(good))
			break;
	}
}

/*
 * fork() makes the child's PTEs old. Where the machine does not set the access flag
 * the first access of each then takes a fault, which is not to be counted.
 */
static void make_young(struct area *area)
{
	size_t i;

	if (area->sets_accessed)
		return;
	for (i = 0; i < area->nr_pages; i++) {
		struct page *it = &area->page[i];

		if (it->what == &page_outside)
			continue;
		if (it->prot & PROT_READ && !area_cost(area, i, false).max)
			access_word(page_word(area, i), false, 0);
		else
			it->may_be_old = true;
	}
}

/*
 * A process that @parent has forked becomes @self, and ends with it. Where setup skips a
 * test nothing is torn down, and @parent may be gone before the signal was asked for.
 */
void actor_main(struct area *area, enum area_process self, pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	area->page = area_view(area, self);
	area->self = self;
	/* The one that is open shows the other process. */
	close(area->pagemap_fd);
	area->pagemap_fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	make_young(area);
	if (area->pagemap_fd >= 0)
		actor_serve(area, area->actor[self].fds[1]);
	_exit(1);
}

/* Waits for the actor's answer; false where it ends without one. */
static bool is_answered(const struct actor *actor)
{
	struct pollfd fds[] = {
		{ .fd = actor->fds[0], .events = POLLIN },
		{ .fd = syscall(SYS_pidfd_open, actor->pid, 0), .events = POLLIN },
	};

	while (poll(fds, ARRAY_SIZE(fds), -1) < 0 && errno == EINTR)
		;
	close(fds[1].fd);
	return fds[0].revents & POLLIN;
}

/* Has @request served by who it is for. */
bool area_ask(struct area *area, const struct request *request)
{
	const struct actor *actor = &area->actor[request->process];
	bool good;

	if (request->process == area->self)
		return serve(area, request);
	if (!actor->pid)
		return area_fail(area, "%s: nobody is there to do it", request->name);
	if (write(actor->fds[0], request, sizeof(*request)) != sizeof(*request) ||
	    !is_answered(actor) ||
	    read(actor->fds[0], &good, sizeof(good)) != sizeof(good))
		return area_fail(area, "%s: process %d has ended", request->name,
				 actor->pid);
	return good;
}
