// SPDX-License-Identifier: GPL-2.0
/*
 * Which rules this kernel has. What decides must not be the behaviour under
 * test, or a kernel with a bug would choose its own rule. Distributions carry
 * changes to older kernels: a symbol is better than a version.
 */
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "mprotect_model.h"

static char rules[256];

static bool is_at_least(int major, int minor)
{
	int have_major = 0, have_minor = 0;
	struct utsname name;

	uname(&name);
	if (sscanf(name.release, "%d.%d", &have_major, &have_minor) != 2)
		return false;
	return have_major > major ||
	       (have_major == major && have_minor >= minor);
}

/* 1 or 0: the kernel has the function, or not; -1: it does not say. */
static int has_function(const char *symbol)
{
	char line[256], name[128];
	int has = -1;
	FILE *file;

	file = fopen("/proc/kallsyms", "re");
	if (!file)
		return -1;
	while (has < 1 && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%*s %*s %127s", name) != 1)
			continue;
		has = !strcmp(name, symbol);
	}
	fclose(file);
	return has;
}

/*
 * Whether a rule holds that came with Linux @major.@minor: by @symbol, a global
 * function that came with it, else by the version.
 */
bool kernel_has(const char *symbol, int major, int minor)
{
	static struct { int version, has; } known[8];
	size_t i, len = strlen(rules);
	int has = -1;

	for (i = 0; i < ARRAY_SIZE(known) && known[i].version; i++)
		if (known[i].version == (major << 8 | minor))
			return known[i].has;
	if (symbol)
		has = has_function(symbol);
	snprintf(rules + len, sizeof(rules) - len, "%s%s of Linux %d.%d by %s",
		 len ? ", " : "", (has < 0 ? is_at_least(major, minor) : has) ?
		 "rules" : "not those", major, minor,
		 has < 0 ? "the version" : symbol);
	if (has < 0)
		has = is_at_least(major, minor);
	if (i < ARRAY_SIZE(known)) {
		known[i].version = major << 8 | minor;
		known[i].has = has;
	}
	return has;
}

/* What was decided so far, for a message. */
const char *kernel_rules(void)
{
	return rules;
}
