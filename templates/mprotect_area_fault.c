// SPDX-License-Identifier: GPL-2.0
/*
 * One access, its signal and its faults. In a file of its own, so that there is
 * one copy of the code: what access_warm_up() has run is what is counted.
 */
#include "mprotect_model.h"

#include <setjmp.h>
#include <sys/resource.h>

static __thread sigjmp_buf access_env;
static __thread bool is_armed;

/* A signal that no access has asked for kills, as it would without a handler. */
static void access_handler(int signum, siginfo_t *info, void *context)
{
	(void)context;
	if (is_armed)
		siglongjmp(access_env, signum == SIGBUS ? -info->si_code :
			   signum == SIGILL ? ACCESS_ILL : info->si_code);
	signal(signum, SIG_DFL);
}

void access_init(void)
{
	struct sigaction action = {
		.sa_sigaction = access_handler,
		.sa_flags = SA_SIGINFO | SA_NODEFER,
	};

	if (sigaction(SIGSEGV, &action, NULL) || sigaction(SIGBUS, &action, NULL) ||
	    sigaction(SIGILL, &action, NULL))
		ksft_exit_fail_msg("sigaction: %s\n", strerror(errno));
}

/* Plainly: an atomic store can be one that loads first, as on riscv64. */
__attribute__((no_sanitize("address", "undefined")))
static void access_once(struct access *access, __u64 *word, __u64 *last,
			bool is_write, __u64 value)
{
	/* Without the signal mask: the handler does not block its signal. */
	access->code = sigsetjmp(access_env, 0);
	is_armed = !access->code;
	asm volatile("" : : : "memory");
	if (is_armed && is_write) {
		*word = value;
		*last = value;
	} else if (is_armed) {
		access->value = *word;
		access->last = *last;
	}
	asm volatile("" : : : "memory");
	is_armed = false;
}

/* Of two words, one after the other. */
struct access access_words(__u64 *word, __u64 *last, bool is_write, __u64 value)
{
	struct rusage before, after;
	struct access access = {};

	getrusage(RUSAGE_THREAD, &before);
	access_once(&access, word, last, is_write, value);
	getrusage(RUSAGE_THREAD, &after);
	access.major = after.ru_majflt - before.ru_majflt;
	access.faults = after.ru_minflt - before.ru_minflt + access.major;
	return access;
}

struct access access_word(__u64 *word, bool is_write, __u64 value)
{
	return access_words(word, word, is_write, value);
}

/* Calls a function that is somewhere in memory; returns as struct access has it. */
int access_call(const void *code)
{
	int signal = sigsetjmp(access_env, 0);

	is_armed = !signal;
	asm volatile("" : : : "memory");
	if (is_armed)
		((void (*)(void))code)();
	asm volatile("" : : : "memory");
	is_armed = false;
	return signal;
}

/*
 * Whether the machine sets the flags of a PTE that is used, or written, by itself:
 * no fault does it then. Of a page that MADV_FREE has left without them.
 */
void access_learn_flags(struct area *area)
{
	__u64 *word = mmap(NULL, psize(), PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (word == MAP_FAILED)
		return;
	access_word(word, true, 1);
	if (!madvise(word, psize(), MADV_FREE)) {
		area->sets_accessed = !access_word(word, false, 0).faults;
		area->sets_dirty = !access_word(word, true, 1).faults;
	}
	munmap(word, psize());
}
