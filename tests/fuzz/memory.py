# SPDX-License-Identifier: GPL-2.0-only
"""Hold what `ksftgen explain` tells of pages against the model of the C, after each step of random orders.

    python -m tests.fuzz.memory --count 200 --seed 1 --tree ~/linux
    python -m tests.fuzz.memory --count 200 --seed 1 --tree ~/linux --kernel debian:7.3

Each program is installed in the tree, which should be a copy, and compares the rows of its pages with those of
`explain`. It runs on this machine's kernel, as root, or on a kernel in QEMU. Exit status 1: something differs.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.fuzz.orders import call, draw

from ksftci.formats import record
from ksftci.results.model import TestResult
from ksftgen import account, spec
from ksftgen.account import Told
from ksftgen.cases import cases
from ksftgen.scenario import Scenario
from ksftgen.tree import mm_dir

LAYOUTS = ("base", "order2", "order4", "mixed", "mixed_pmd", "partial", "holes", "pte_thp", "pmd_thp")
# What memory.py models, more often than what leaves marks there, or nothing.
_MODELLED = "map fork exit mprotect write read zap guard unguard make mremap split_vma thread wipe_on_fork check"
_OTHERS = "merge unmerge_twins merge_twins uffd uffd_wp uffd_resolve mlock mlock_onfault pin lazyfree poison code"
VERBS = (*3 * _MODELLED.split(), *_OTHERS.split())
MARK = "explain: "
_EXPLAINED = r"""
#include "mprotect_model.h"

static char may_of(const struct page *it)
{
	bool may_execute = it->prot & PROT_EXEC;

	if (it->prot & PROT_WRITE)
		return may_execute ? 'X' : 'w';
	return may_execute ? 'x' : it->prot ? 'r' : '-';
}

static char is_of(const struct page *it)
{
	if (it->what == &page_anon)
		return it->exclusive ? '.' : it->frame->mappers > 1 ? 'S' : 's';
	return it->what == &page_empty ? '_' : strcmp(it->what->name, "ksm") ? it->what->name[0] : 'm';
}

static char holds_of(const struct page *it, __u64 *letters, char told)
{
	__u64 *value = &letters[told - ' '];

	if (!it->value)
		return is_of(it) == 'g' ? 'g' : '0';
	if (!*value)
		*value = it->value >> 44;
	return *value == it->value >> 44 ? told : '!';
}

/* Without faults for flags of PTEs, and for what else looks at memory. */
static char costs_of(struct area *area, size_t page)
{
	struct page *it = &area->page[page], was = *it;
	bool has_damon = area->has_damon;
	struct cost cost;

	if (!(it->prot & PROT_WRITE) || is_of(it) == 'g')
		return '.';
	area->has_damon = it->may_be_old = it->may_be_clean = false;
	cost = area_cost(area, page, true);
	area->has_damon = has_damon;
	*it = was;
	return cost.min == cost.max ? '0' + cost.max : '!';
}

/* '?' is what is not told, and a state that is not modelled has a letter of its own; '+' is 0 or 1. */
static const char *explained(struct area *area, enum area_process process,
	const char *may, const char *is, const char *holds, const char *costs)
{
	static __u64 letters[NR_VIEWS][128];
	static char what[100] = "ok";
	struct page *was = area->page;
	enum area_process self = area->self;
	size_t i;

	area->page = area_view(area, process);
	area->self = process;
	for (i = 0; !area_skipped(area) && i < area->nr_pages && !strcmp(what, "ok"); i++) {
		struct page *it = &area->page[i];
		bool is_out = it->what == &page_outside;
		char seen[] = { is_out ? '~' : may_of(it), is_out ? '~' : is_of(it),
				is_out ? '~' : holds_of(it, letters[process], holds[i]),
				is_out ? '~' : costs_of(area, i), 0 };
		char told[] = { may[i], is[i], holds[i], costs[i], 0 };

		if (!strchr("._SszmG~g", told[1]))
			seen[1] = told[1];
		if (told[2] == '?')
			seen[2] = '?';
		if (told[3] == '?' || (told[3] == '+' && strchr("01", seen[3])))
			seen[3] = told[3];
		if (told[3] == '+')
			seen[1] = told[1];
		if (strcmp(seen, told))
			snprintf(what, sizeof(what),
				"explain: process %d, page %zu is \"%s\", told \"%s\"",
				process, i, seen, told);
	}
	area->page = was;
	area->self = self;
	return what;
}
"""


def compare(seed: int, count: int, tree: Path, options: Sequence[str]) -> list[TestResult]:
    """The results of so many orders, in programs that compare; `options` are those of ``ksftci run``."""
    programs = list(draw(seed, count, tests=5, verbs=VERBS, layouts=LAYOUTS, values=1))
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder, f"{order.name}.yaml") for order in programs]
        for file, order in zip(files, programs, strict=True):
            file.write_text(order.text)
        call("ksftgen", "install", "--tree", tree, *files)
        for file in files:
            source = mm_dir(tree) / f"{file.stem}.c"
            source.write_text(comparing(spec.load(file), source.read_text()))
        xml = Path(folder, "out.xml")
        said = call("ksftci", "run", "--tree", tree, *options, "--junit", xml, *(f"mm:{file.stem}" for file in files))
        if not xml.exists():
            raise RuntimeError(said)
        return [result for run in record.read(xml) for result in run.results]


def comparing(scenario: Scenario, source: str) -> str:
    """The C source of a program with one case; behind each step it compares."""
    (case,) = cases(scenario)
    told = account.give(scenario, case, list(scenario.tests), account.window(scenario, case, "4k"))
    compared = map(_compared, told.told)
    define = re.search(r"#define STEP\(call\).*\n", source)
    assert define
    text = source.replace(define[0], define[0] + _EXPLAINED)
    return re.sub(r"\tSTEP\(area_[^;]*;\n", lambda step: step[0] + next(compared), text)


def _compared(told: Told) -> str:
    """The steps that compare each process."""
    calls = []
    for process, rows in told.state.items():
        strings = "".join(f',\n\t     "{rows[name]}"' for name in ("may", "is", "holds", "costs"))
        calls.append(f"\tSTEP(explained(area, PROCESS_{process.upper()}{strings}));\n")
    return "".join(calls)


def differences(results: Iterable[TestResult]) -> list[str]:
    """What differs: a line for each test.  A test that fails otherwise is not about `explain`."""
    return [f"{result.id}: {result.reason}" for result in results if MARK in result.reason]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="default: a random one, printed")
    parser.add_argument("--count", type=int, default=100, help="how many orders (100)")
    parser.add_argument("--tree", type=Path, required=True, help="a kernel tree, in which programs are installed")
    parser.add_argument("--kernel", help="as for ksftci run; default: this machine's, as root")
    options = parser.parse_args()
    where = ["--kernel", options.kernel, "--swap", "256"] if options.kernel else ["--native"]
    results = compare(options.seed, options.count, options.tree, where)
    found = differences(results)
    print("\n".join(found))
    said = ", ".join(f"{number} {verdict.value}" for verdict, number in Counter(r.verdict for r in results).items())
    print(f"seed {options.seed}: {len(found)} of {len(results)} differ; {said}")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
