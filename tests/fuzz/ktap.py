# SPDX-License-Identifier: GPL-2.0-only
"""Mangle logs for some time: what failed in a log is what failed in its tree. tests/ksftci/ktap has the property.

    python -m tests.fuzz.ktap --minutes 30
    python -m tests.fuzz.ktap --seed 4711

Prints what was tried. For a failure it prints the smallest log that fails, and the seed that finds it again; exit
status 1.
"""

import argparse
import sys
import time
from collections import Counter

from hypothesis import HealthCheck, Phase, given, seed, settings
from tests.ksftci.ktap.mangled import Log, logs
from tests.ksftci.ktap.test_mangled import check

_EACH = 200  # logs of one seed


def fails(number: int, tried: Counter[str]) -> bool:
    """Try the logs of a seed, and print the smallest that fails."""

    @seed(number)
    @settings(
        max_examples=_EACH,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
    )
    @given(logs())
    def one(log: Log) -> None:
        tried.update(["logs", *log.done])
        check(log)

    try:
        one()
    except AssertionError as err:
        print(f"--seed {number}: {err}", *getattr(err, "__notes__", []), sep="\n", flush=True)
        return True
    return False


def main() -> int:
    """The command. Gives the exit status."""
    options = argparse.ArgumentParser(description="Mangle logs of KTAP, and read them.")
    options.add_argument("--minutes", type=float, default=0, help="for how long; default: one seed")
    options.add_argument("--seed", type=int, default=1, help="the first seed; default: 1")
    options.add_argument("--keep-going", action="store_true", help="not only to the first failure")
    args = options.parse_args()
    end, number, tried, failures = time.monotonic() + args.minutes * 60, args.seed, Counter[str](), 0
    while number == args.seed or time.monotonic() < end:
        failures += fails(number, tried)
        if failures and not args.keep_going:
            break
        number += 1
    print(f"seeds {args.seed} to {number - (not failures or args.keep_going)}:", end=" ")
    print(", ".join(f"{count} {what}" for what, count in tried.most_common()))
    return int(failures > 0)


if __name__ == "__main__":
    sys.exit(main())
