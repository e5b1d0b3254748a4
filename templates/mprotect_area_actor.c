// SPDX-License-Identifier: GPL-2.0
/*
 * Who acts on the window: the test, processes that were forked for it, and a
 * thread. Each of them serves what comes through its socket, one request after
 * the other, with the pages of the model that are its own.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mprotect_model.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open	434
#endif

struct reply {
	bool good;
	char what[sizeof(((struct area *)NULL)->what)];
	char found[sizeof(((struct area *)NULL)->found)];
	char skip[sizeof(((struct area *)NULL)->skip)];
};

/* Before the first fork: a child's child finds its socket, too. */
void actors_init(struct area *area)
{
	int i;

	area->actor = mmap(NULL, NR_ACTORS * sizeof(*area->actor),
			   PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			   -1, 0);
	if (area->actor == MAP_FAILED)
		ksft_exit_fail_msg("no memory for the actors\n");
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

		if (i != PROCESS_PARENT && i < NR_VIEWS && actor->pid) {
			kill(actor->pid, SIGKILL);
			if (actor->forked_by == PROCESS_PARENT)
				waitpid(actor->pid, NULL, 0);
		}
		close(actor->fds[0]);
		close(actor->fds[1]);
	}
	munmap(area->actor, NR_ACTORS * sizeof(*area->actor));
}

/* Serves requests until the test ends, or a request ends the process. */
static void serve_all(struct area *area, int fd)
{
	struct request request;
	struct reply reply;

	while (read(fd, &request, sizeof(request)) == sizeof(request)) {
		area->generation++;
		reply.good = request.serve(area, &request);
		memcpy(reply.what, area->what, sizeof(reply.what));
		memcpy(reply.found, area->found, sizeof(reply.found));
		memcpy(reply.skip, area->skip, sizeof(reply.skip));
		fflush(stdout);
		if (write(fd, &reply, sizeof(reply)) != sizeof(reply))
			break;
	}
}

/* A forked process becomes @self. */
void actor_main(struct area *area, enum area_process self)
{
	size_t before = area->self * area->nr_pages;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	area->sight += self * area->nr_pages - before;
	area->page = area_view(area, self);
	area->self = self;
	/* The one that is open shows the other process. */
	close(area->pagemap_fd);
	area->pagemap_fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	if (area->pagemap_fd >= 0)
		serve_all(area, area->actor[self].fds[1]);
	_exit(1);
}

/* Waits for the actor's answer; false where it ends without one. */
static bool is_answered(const struct actor *actor, enum area_process process)
{
	struct pollfd fds[] = {
		{ .fd = actor->fds[0], .events = POLLIN },
		{ .fd = -1, .events = POLLIN },
	};

	if (process < NR_VIEWS)
		fds[1].fd = syscall(SYS_pidfd_open, actor->pid, 0);
	while (poll(fds, ARRAY_SIZE(fds), -1) < 0 && errno == EINTR)
		;
	if (fds[1].fd >= 0)
		close(fds[1].fd);
	return fds[0].revents & POLLIN;
}

/* Has @request served by who it is for. */
bool area_ask(struct area *area, enum area_process process,
	      const struct request *request)
{
	const struct actor *actor = &area->actor[process];
	struct reply reply;

	if (process == area->self)
		return request->serve(area, request);
	if (!actor->pid)
		return area_fail(area, "%s: nobody is there to do it",
				 request->name);
	if (write(actor->fds[0], request, sizeof(*request)) != sizeof(*request) ||
	    !is_answered(actor, process) ||
	    read(actor->fds[0], &reply, sizeof(reply)) != sizeof(reply))
		return area_fail(area, "%s: process %d has ended", request->name,
				 actor->pid);
	memcpy(area->what, reply.what, sizeof(area->what));
	memcpy(area->skip, reply.skip, sizeof(area->skip));
	if (reply.found[0])
		memcpy(area->found, reply.found, sizeof(area->found));
	if (!reply.good)
		area->found[0] = '\0';
	return reply.good;
}

static void *thread_main(void *arg)
{
	struct area *area = arg;

	serve_all(area, area->actor[PROCESS_THREAD].fds[1]);
	return NULL;
}

/* A second thread of the parent: asked like a process, it sees what that sees. */
const char *area_thread(struct area *area)
{
	pthread_t thread;

	if (area_skipped(area))
		return area_answer(area, true);
	if (pthread_create(&thread, NULL, thread_main, area))
		return area_answer(area, area_skip(area, "cannot start a thread"));
	area->actor[PROCESS_THREAD].pid = getpid();
	return area_answer(area, true);
}
