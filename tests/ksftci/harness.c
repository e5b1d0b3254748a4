// SPDX-License-Identifier: GPL-2.0-only
/* A program with the kernel's own harness, of which one test takes the kernel down. */
#include <fcntl.h>
#include <unistd.h>

#include "kselftest_harness.h"

TEST(first)
{
}

TEST(panics)
{
	int fd = open("/proc/sysrq-trigger", O_WRONLY);

	ASSERT_GE(fd, 0);
	ASSERT_EQ(write(fd, "c", 1), 1);
}

TEST(third)
{
}

TEST_HARNESS_MAIN
