# SPDX-License-Identifier: GPL-2.0-only
"""Run steps in random orders on a real kernel: any order that `ksftgen check` accepts must be right in the model.

    python -m tests.fuzz.orders --count 200 --seed 1
    python -m tests.fuzz.orders --count 2000 --native --minimize

Each order is a test; those of a program share its setup. The same seed and count give the same orders. Each failure
is printed as a scenario of its own, with --minimize one from which no step can be left out. Exit status 1: something
failed.
"""

import argparse
import random
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tests.ksftgen import orders
from tests.ksftgen.orders import Order

from ksftci.formats import record
from ksftci.results.model import TestResult, Verdict
from ksftgen import spec
from ksftgen.cases import cases
from ksftgen.errors import SpecError, unknown_word
from ksftgen.library import library
from ksftgen.vocabulary import VERBS

_MEASURES = {"map_full", "measure"}
_NEEDS_NODES = {"map_numa", "hint", "touch"}
# What changes memory, and what looks at it, comes more often than the others.
ORDINARY = (*(verb for verb in VERBS if verb not in _MEASURES), "mprotect", "write", "check")
_MOST_ROUNDS = 20


@dataclass(frozen=True)
class Failure:
    """An order that failed, as a scenario with this one test and case."""

    order: Order
    result: TestResult


@dataclass(frozen=True)
class Kernel:
    """Where orders run: options of `ksftci run`, and the tree, in which they are installed."""

    tree: Path
    options: Sequence[str]

    def run(self, programs: Sequence[Order]) -> list[TestResult]:
        """The results of `programs`, which must be valid."""
        with tempfile.TemporaryDirectory() as folder:
            files = [Path(folder, f"{order.name}.yaml") for order in programs]
            for file, order in zip(files, programs, strict=True):
                file.write_text(order.text)
            call("ksftgen", "install", "--tree", self.tree, *files)
            xml = Path(folder, "out.xml")
            names = [f"mm:{order.name}" for order in programs]
            said = call("ksftci", "run", "--tree", self.tree, *self.options, "--junit", xml, *names)
            if not xml.exists():
                raise RuntimeError(said)
            return [result for run in record.read(xml) for result in run.results]


def draw(
    seed: int,
    count: int,
    tests: int = 20,
    verbs: Sequence[str] = ORDINARY,
    layouts: Sequence[str] = tuple(library()),
    values: int = 2,
) -> Iterator[Order]:
    """Programs with `count` orders, `tests` in each of them but the last one; an axis has at most so many `values`."""
    for number, first in enumerate(range(0, count, tests)):
        yield orders.write(
            random.Random(f"{seed}.{number}"),
            min(tests, count - first),
            name=f"mprotect_order_{number:03}",
            layouts=layouts,
            verbs=verbs,
            setup=(0, 3),
            steps=(3, 12),
            values=values,
        )


def failures(programs: Sequence[Order], results: Sequence[TestResult]) -> Iterator[Failure]:
    """The orders behind the results that failed."""
    named = {order.name: order for order in programs}
    for result in results:
        if result.verdict.bad:
            order = named.get(result.program)
            _, _, rest = result.name.partition(".")
            case, _, test = rest.partition(".")
            if order is None or test not in order.tests:
                order, test = Order(result.program, {}, [], {}), ""  # no single test failed
            else:
                order = replace(order, axes=_values(order)[case], tests={test: order.tests[test]})
            yield Failure(order, result)


def minimize(failure: Failure, kernel: Kernel) -> Failure:
    """The failure without steps that it does not need: in each round, all orders that lack one of them are tried."""
    for number in range(_MOST_ROUNDS):
        shorter = [order for order in _without_a_step(failure.order, f"mprotect_order_min{number}") if _is_valid(order)]
        numbered = [replace(order, name=f"{order.name}_{index}") for index, order in enumerate(shorter)]
        found = list(failures(numbered, kernel.run(numbered))) if numbered else []
        if not found:
            return failure
        failure = found[0]
    return failure


def _without_a_step(order: Order, name: str) -> Iterator[Order]:
    (test, steps), *_ = order.tests.items()
    for index in reversed(range(len(steps))):
        yield replace(order, name=name, tests={test: steps[:index] + steps[index + 1 :]})
    for index in reversed(range(1, len(order.setup))):
        yield replace(order, name=name, setup=order.setup[:index] + order.setup[index + 1 :])


def _values(order: Order) -> Mapping[str, dict[str, list[str]]]:
    """The values of each case, as axes, by the case's name."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, f"{order.name}.yaml")
        file.write_text(order.text)
        return {case.name: {axis: [word] for axis, word in case.values.items()} for case in cases(spec.load(file))}


def _is_valid(order: Order) -> bool:
    try:
        return bool(_values(order))
    except SpecError:
        return False


def call(*argv: object) -> str:
    """What a module of ours printed; 0, 1 (something failed) and 3 (everything was skipped) are fine."""
    command = [sys.executable, "-m", *map(str, argv)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1, 3):
        raise RuntimeError(done.stdout + done.stderr)
    return done.stdout + done.stderr


def _report(failure: Failure) -> None:
    print(f"# {failure.result.id}: {failure.result.verdict.value}: {failure.result.reason}")
    print(failure.order.text if failure.order.tests else "", flush=True)


def _kernel(options: argparse.Namespace, folder: str) -> Kernel:
    tree = options.tree
    if tree is None:
        tree = Path(folder, "linux")
        call("ksftci", "tree", "get", "debian:7.3", "--to", tree)
    where = ["--native"] if options.native else ["--kernel", options.kernel, "--swap", "256"]
    return Kernel(tree, where if options.native or not options.arch else [*where, "--arch", options.arch])


def _words(what: str, allowed: Collection[str]) -> Callable[[str], list[str]]:
    """Reads words with commas between them, each of them `allowed`."""

    def read(text: str) -> list[str]:
        words = text.split(",")
        for word in words:
            if word not in allowed:
                raise argparse.ArgumentTypeError(unknown_word(what, word, allowed))
        return words

    return read


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="default: a random one, printed")
    parser.add_argument("--count", type=int, default=100, help="how many orders (100)")
    parser.add_argument("--tests", type=int, default=20, help="how many of them in a program (20)")
    parser.add_argument("--values", type=int, default=2, help="of an axis, at most (2)")
    parser.add_argument("--kernel", default="debian:7.3", help="as for ksftci run (debian:7.3)")
    parser.add_argument("--arch", help="as for ksftci run")
    parser.add_argument("--native", action="store_true", help="this machine's kernel, as root; without NUMA")
    parser.add_argument("--tree", type=Path, help="a kernel tree, in which programs are installed; default: a copy")
    parser.add_argument(
        "--layouts",
        type=_words("layout", library()),
        default=list(library()),
        help="of these, with commas between them (all)",
    )
    parser.add_argument(
        "--verbs", type=_words("verb", VERBS), default=list(ORDINARY), help="of these, each as often as it is named"
    )
    parser.add_argument("--minimize", action="store_true", help="leave out steps that a failure does not need")
    parser.add_argument("--show", action="store_true", help="print the scenarios and run nothing")
    return parser


def main() -> int:
    options = _parser().parse_args()
    verbs = [verb for verb in options.verbs if not options.native or verb not in _NEEDS_NODES]
    if not any(VERBS[verb].maps for verb in verbs):
        verbs.append("map")
    programs = list(draw(options.seed, options.count, options.tests, verbs, options.layouts, options.values))
    if options.show:
        print("---\n".join(order.text for order in programs))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        kernel = _kernel(options, folder)
        results = kernel.run(programs)
        found = list(failures(programs, results))
        for failure in found:
            _report(failure)
            if options.minimize and failure.order.tests:
                _report(minimize(failure, kernel))
    count = Counter(result.verdict for result in results)
    for reason, number in Counter(r.reason for r in results if r.verdict is Verdict.SKIP).most_common(5):
        print(f"# {number} skipped: {reason}")
    said = ", ".join(f"{number} {verdict.value}" for verdict, number in count.items())
    print(f"seed {options.seed}, {options.count} orders: {said}")
    return bool(found) or not count[Verdict.PASS]


if __name__ == "__main__":
    sys.exit(main())
