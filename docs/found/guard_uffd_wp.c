// SPDX-License-Identifier: GPL-2.0
/*
 * MADV_GUARD_INSTALL never ends where userfaultfd write-protects shared memory.
 * "control" is the same with private memory.
 *
 *	cc -O2 -static -o guard_uffd_wp guard_uffd_wp.c
 */
#define _GNU_SOURCE
#include <linux/userfaultfd.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define GUARD_INSTALL	102	/* MADV_GUARD_INSTALL */

static int guard_install(int share)
{
	size_t len = getpagesize();
	char *page = mmap(NULL, len, PROT_READ | PROT_WRITE, share | MAP_ANONYMOUS, -1, 0);
	struct uffdio_range range = { (unsigned long)page, len };
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { range, .mode = UFFDIO_REGISTER_MODE_WP };
	struct uffdio_writeprotect wp = { range, .mode = UFFDIO_WRITEPROTECT_MODE_WP };
	int uffd = syscall(SYS_userfaultfd, 0);

	*page = 1;
	if (ioctl(uffd, UFFDIO_API, &api) || ioctl(uffd, UFFDIO_REGISTER, &reg) ||
	    ioctl(uffd, UFFDIO_WRITEPROTECT, &wp))
		return 2;
	alarm(5);	/* SIGALRM ends the process */
	return madvise(page, len, GUARD_INSTALL) != 0;
}

int main(void)
{
	char *page = mmap(NULL, 1, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int control, shared;

	if (madvise(page, 1, GUARD_INSTALL))
		return puts("1..0 # SKIP no MADV_GUARD_INSTALL"), 4;
	if (!fork())
		_exit(guard_install(MAP_PRIVATE));
	wait(&control);
	if (!fork())
		_exit(guard_install(MAP_SHARED));
	wait(&shared);
	printf("TAP version 13\n1..2\n%sok 1 control: %s\n", control ? "not " : "",
	       WIFSIGNALED(control) ? "does not end within 5 seconds" : "ends");
	printf("%sok 2 shared: %s\n", shared ? "not " : "",
	       WIFSIGNALED(shared) ? "does not end within 5 seconds" : "ends");
	return control || shared;
}
