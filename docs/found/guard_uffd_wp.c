// SPDX-License-Identifier: GPL-2.0
/*
 * MADV_GUARD_INSTALL never ends where userfaultfd write-protects shared memory.
 * "control" is the same with private memory.
 *
 *	cc -O2 -static -o guard_uffd_wp guard_uffd_wp.c
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int guard_install(int share)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_WP };
	struct uffdio_writeprotect wp = { .mode = UFFDIO_WRITEPROTECT_MODE_WP };
	int uffd = syscall(SYS_userfaultfd, O_CLOEXEC);
	size_t len = getpagesize();
	char *page = mmap(NULL, len, PROT_READ | PROT_WRITE, share | MAP_ANONYMOUS, -1, 0);

	*page = 1;
	if (madvise(page, len, 102 /* MADV_GUARD_INSTALL */))
		return 4;
	madvise(page, len, 103 /* MADV_GUARD_REMOVE */);
	*page = 1;
	reg.range = wp.range = (struct uffdio_range){ (uintptr_t)page, len };
	if (ioctl(uffd, UFFDIO_API, &api) || ioctl(uffd, UFFDIO_REGISTER, &reg) ||
	    ioctl(uffd, UFFDIO_WRITEPROTECT, &wp))
		return 4;
	alarm(5);	/* SIGALRM ends the process */
	return madvise(page, len, 102) ? 1 : 0;
}

int main(void)
{
	const int share[] = { MAP_PRIVATE, MAP_SHARED };
	int status[2], i;

	for (i = 0; i < 2; i++) {
		if (!fork())
			_exit(guard_install(share[i]));
		wait(&status[i]);
	}
	if (WEXITSTATUS(status[0]) == 4 || WEXITSTATUS(status[1]) == 4)
		return puts("1..0 # SKIP no guard regions here"), 4;
	printf("TAP version 13\n1..2\n");
	for (i = 0; i < 2; i++)
		printf("%sok %d %s: %s\n", status[i] ? "not " : "", i + 1, i ? "shared" : "control",
		       WIFSIGNALED(status[i]) ? "does not end within 5 seconds" : "ends");
	return status[0] || status[1];
}
