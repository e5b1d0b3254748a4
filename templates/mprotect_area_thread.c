// SPDX-License-Identifier: GPL-2.0
/* A second thread of the parent: asked like a process, it sees what that sees. */
#include <string.h>
#include <unistd.h>

#include "mprotect_model.h"

static void *thread_main(void *arg)
{
	struct area *area = arg;

	actor_serve(area, area->actor[PROCESS_THREAD].fds[1]);
	return NULL;
}

const char *area_thread(struct area *area)
{
	struct actor *actor = &area->actor[PROCESS_THREAD];
	pthread_t thread;

	if (area_skipped(area))
		return area_answer(area, true);
	if (pthread_create(&thread, NULL, thread_main, area))
		return area_answer(area, area_skip(area, "cannot start a thread"));
	actor->thread = thread;
	actor->pid = getpid();
	return area_answer(area, true);
}

static bool start_thread(struct area *area, const bool *chosen)
{
	(void)chosen;
	return !strcmp(area_thread(area), "ok");
}

DECLARE_KIND(threaded);
const struct area_kind kind_threaded = {
	.finish = start_thread,
	.is_local = true,
};
