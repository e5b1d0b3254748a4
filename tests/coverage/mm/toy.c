// SPDX-License-Identifier: GPL-2.0-only
/* The source of toy.json, in the kernel's style: what gcov says of one run of it. */
#include "toy.h"

#define twice(x)	\
	({		\
		(x) * 2; \
	})

struct toy {
	int size;
};

static int toy_clipped;

static __always_inline int toy_clip(int value,
		int most)
{
	if (value > most) {
		toy_clipped++;
		return most;
	}
	return value;
}

static int
toy_never(int value)
{
	return toy_clip(value, 1);
}

/* Two copies of toy_clip() are in here. */
int toy_sum(const struct toy *toy, int number)
{
	int sum = 0;

	for (int i = 0; i < number; i++) {
		sum += toy_clip(toy[i].size, 10);
		sum += toy_clip(twice(toy[i].size), 100);
	}
	if (sum < 0)
		return toy_never(sum);
	return toy_rest(sum);
}

int main(void)
{
	const struct toy toys[] = { { 4 }, { 40 } };

	return toy_sum(toys, 2) != 4 + 8 + 10 + 80 || toy_clipped != 1;
}
