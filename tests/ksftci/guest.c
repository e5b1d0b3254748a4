// SPDX-License-Identifier: GPL-2.0-only
/* A test program that ends in the way that -DMODE chooses. It knows nothing of kselftest.h. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FINE, FAILS, PANICS, HANGS, CRASHES, SLEEPS, SKIPS, NO_LINE_END, WARNS, FLAKY };

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	if (file) {
		fputs(text, file);
		fclose(file);
	}
}

/* A random bit of this boot, another one for each last character of the program's name. */
static int bit(const char *program)
{
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "r");
	char id[9] = "";

	if (!file || fread(id, 1, 8, file) != 8)
		return 0;
	fclose(file);
	return strtoul(id, NULL, 16) >> (program[strlen(program) - 1] - '0') & 1;
}

int main(int argc, char **argv)
{
	(void)argc;
	(void)argv;
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
	case FLAKY:
		if (!bit(argv[0]))
			break;
		printf("not ok 2 second\nok 3 third\n");
		return 1;
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
