// SPDX-License-Identifier: GPL-2.0
/*
 * KSM merges pages that userfaultfd write-protects, and loses the protection:
 * writes to them are not reported. As root. "control" is the same without KSM.
 *
 *	cc -O2 -static -o ksm_uffd_wp ksm_uffd_wp.c
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NR	64
#define KSM(name, value) ksm("/sys/kernel/mm/ksm/" name, value)

static sigjmp_buf reported;

static void on_sigbus(int sig)
{
	siglongjmp(reported, sig);
}

static void ksm(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY);

	write(fd, value, strlen(value));
	close(fd);
}

static int silent_writes(int advice)
{
	size_t len = NR * getpagesize();
	struct uffdio_api api = { .api = UFFD_API, .features = UFFD_FEATURE_SIGBUS };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_WP };
	struct uffdio_writeprotect wp = { .mode = UFFDIO_WRITEPROTECT_MODE_WP };
	int uffd = syscall(SYS_userfaultfd, O_CLOEXEC);
	char *area = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	volatile int nr_silent = 0, i;

	madvise(area, len, MADV_NOHUGEPAGE);
	memset(area, 1, len);
	reg.range = wp.range = (struct uffdio_range){ (uintptr_t)area, len };
	if (ioctl(uffd, UFFDIO_API, &api) || ioctl(uffd, UFFDIO_REGISTER, &reg) ||
	    ioctl(uffd, UFFDIO_WRITEPROTECT, &wp))
		return -1;
	madvise(area, len, advice);
	sleep(3);
	for (i = 0; i < NR; i++) {
		if (!sigsetjmp(reported, 1)) {
			*(volatile char *)(area + i * (len / NR)) = 2;
			nr_silent++;
		}
	}
	return nr_silent;
}

int main(void)
{
	int control, merged;

	signal(SIGBUS, on_sigbus);
	KSM("pages_to_scan", "10000");
	KSM("run", "1");
	control = silent_writes(MADV_NORMAL);
	merged = silent_writes(MADV_MERGEABLE);
	if (control < 0)
		return puts("1..0 # SKIP no write protection by userfaultfd"), 4;
	printf("TAP version 13\n1..2\n%sok 1 control: %d of %d writes are not reported\n",
	       control ? "not " : "", control, NR);
	printf("%sok 2 KSM: %d of %d writes are not reported\n", merged ? "not " : "", merged, NR);
	KSM("run", "2");
	return control || merged;
}
