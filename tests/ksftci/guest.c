// SPDX-License-Identifier: GPL-2.0-only
/* A test program that ends in the way that -DMODE chooses. It knows nothing of kselftest.h. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { FINE, FAILS, PANICS, HANGS, CRASHES, SLEEPS, SKIPS, NO_LINE_END, WARNS };

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	if (file) {
		fputs(text, file);
		fclose(file);
	}
}

int main(void)
{
	printf("TAP version 13\n1..3\n");
	printf("ok 1 first\n");
	printf("# [RUN] second\n");
	switch (MODE) {
	case FAILS:
		printf("# guest.c:42:second:Expected 1 (1) == 2 (2)\n");
		printf("not ok 2 second\nok 3 # SKIP third\n");
		return 1;
	case PANICS:
		write_file("/proc/sys/kernel/sysrq", "1");
		write_file("/proc/sysrq-trigger", "c");
		/* Without sysrq: the guest's first process cannot be killed, a fault can. */
		return 5;
	case HANGS:
		for (;;)
			pause();
	case CRASHES:
		raise(SIGSEGV);
		break;
	case SLEEPS:
		for (int i = 0; i < 3000; i++) {
			printf("# still here %d\n", i);
			usleep(100000);
		}
		break;
	case SKIPS:
		printf("ok 2 # SKIP second\nok 3 # SKIP third\n");
		return 4;
	case WARNS:
		usleep(300000);
		write_file("/dev/kmsg", "<4>------------[ cut here ]------------");
		write_file("/dev/kmsg", "<4>WARNING: guest.c:1 at main+0x1/0x2, CPU#0: warns");
		write_file("/dev/kmsg", "<4>---[ end trace 0000000000000000 ]---");
		usleep(300000);
		break;
	case NO_LINE_END:
		printf("ok 2 second\nok 3 third");
		fflush(stdout);
		_exit(0);
	}
	printf("ok 2 second\nok 3 third\n");
	return 0;
}
