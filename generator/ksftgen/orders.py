# SPDX-License-Identifier: GPL-2.0-only
"""Orders of steps: which steps may follow which, in setup and then in each test.

A `State` is what the order of steps depends on.  It says of the next step why it is refused, and changes with it.  The
words of a step may come from axes: what holds for an order must hold in every case of the scenario.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ksftgen.conflicts import CONFLICTS, NEEDS, ONCE, UNDONE
from ksftgen.errors import join_or
from ksftgen.scenario import Case, Scenario, Step
from ksftgen.source import Document
from ksftgen.verb import Verb
from ksftgen.vocabulary import VERBS
from ksftgen.words import TYPES
from plainyaml.problem import Problem

# The words of a step, by the names of its parameters.
Words = Mapping[str, str]

# The types of words on which an order depends.
_TYPES = ("process", "child", "kind", "state", "uffd", "rwp")
# Whom a process may fork; the second thread and the grandchild fork nobody.
_FORKS: Mapping[str, tuple[str, ...]] = {
    "parent": ("child", "second_child", "third_child"),
    **dict.fromkeys(("child", "second_child", "third_child"), ("grandchild",)),
}
# The kinds for which map_numa forks a child, those whose child lives on, and the one that starts the second thread.
_KINDS_THAT_FORK = ("shared", "shared_half", "exited")
_KINDS_WITH_CHILD = ("shared", "shared_half")
_KIND_WITH_THREAD = "threaded"

# The verbs whose words matter to the steps behind them, beside those that map.
_LASTING = ("fork", "exit", "make", "uffd", "rwp")
# The steps that `make` stands for, by the state.
_PARENT: Words = {"process": "parent"}
_MADE_BY: Mapping[str, tuple[tuple[str, Words], ...]] = {
    "empty": (("zap", _PARENT),),
    "zero": (("zap", _PARENT),),
    "shared": (("fork", {**_PARENT, "child": "child"}),),
    "left": (("fork", {**_PARENT, "child": "second_child"}), ("exit", {"child": "second_child"})),
    "merged": (("merge", {}),),
    "swapped": (("swap_out", _PARENT),),
    "lazy": (("lazyfree", _PARENT),),
    "guarded": (("guard", _PARENT),),
    "protected": (("uffd", {}), ("uffd_wp", {})),
    "rwp": (("rwp", {}), ("rwp_protect", {})),
    "pinned": (("pin", {}),),
    "migrated": (("migrate", _PARENT),),
    "poisoned": (("poison", _PARENT),),
    "tagged": (("mte", {}), ("tag", _PARENT)),
}


@dataclass
class State:
    """What the order of steps depends on: the memory, and the processes that live.

    `mapped` is the verb that has mapped the memory, `kind` its kind if that is map_numa, and `last` the last verb.
    `living` are the children that live, each with the process that has forked it; `has_forked` is about steps.
    `done` are the verbs so far that nothing has undone; `has_handler` is whether a thread serves a userfaultfd.
    """

    mapped: str = ""
    kind: str = ""
    last: str = ""
    living: dict[str, str] = field(default_factory=dict)
    has_thread: bool = False
    has_forked: bool = False
    done: set[str] = field(default_factory=set)
    has_handler: bool = False

    def refusal(self, verb: Verb, words: Words) -> tuple[str, str] | None:
        """Why a step may not come next: the parameter at fault, "" for the verb itself, and the reason; else None."""
        if verb.memory and self.mapped not in verb.memory:
            return "", f"{verb.name} after {self.mapped}; it needs memory of {join_or(verb.memory)}"
        if verb.name == "make":
            refused = [self.refusal(VERBS[name], args) for name, args in _MADE_BY.get(words["state"], ())[:1]]
            return ("state", refused[0][1]) if refused and refused[0] else None
        if reason := self._refused_after(verb.name):
            return "", reason
        if verb.name == "fork":
            return self._refused_fork(words["process"], words["child"])
        if verb.name == "exit":
            return self._refused_exit(words["child"])
        if "process" in words:
            return self._refused_process(words["process"])
        reasons = {
            "thread": lambda: "the second thread runs already; start it once" if self.has_thread else None,
            "merge": lambda: self._refused_merge(verb.name, ("map", "map_full")),
            "merge_zero": lambda: self._refused_merge(verb.name, ("map", "map_full", "merge")),
            "pin": self._refused_pin,
            "measure": self._refused_measure,
        }
        reason = reasons[verb.name]() if verb.name in reasons else None
        return ("", reason) if reason else None

    def apply(self, verb: Verb, words: Words) -> None:
        """Change the state by a step, even if it was refused: what follows may be right but for that."""
        for name, args in _MADE_BY.get(words["state"], ()) if verb.name == "make" else ():
            self.apply(VERBS[name], args)
        self.last = verb.name
        self.done.add(verb.name)
        self.done.discard(UNDONE.get(verb.name, ""))
        if verb.maps:
            self.mapped, self.kind = self.last, words.get("kind", "")
            self.living = {"child": "parent"} if self.kind in _KINDS_WITH_CHILD else {}
            self.has_thread = self.kind == _KIND_WITH_THREAD
        elif self.last == "fork":
            self.living[words["child"]] = words["process"]
            self.has_forked = True
        elif self.last == "exit":
            self.living.pop(words["child"], None)
        elif self.last == "thread":
            self.has_thread = True
        elif self.last in ("uffd", "rwp"):
            self.done.discard("mremap")  # what has moved is registered now
            self.has_handler |= words.get(self.last) == "handler"

    def _refused_after(self, verb: str) -> str | None:
        needed = NEEDS.get(verb)
        if needed and needed not in self.done:
            return f"{verb} without {needed}; add {needed} before this step"
        if verb in ONCE and verb in self.done:
            undo = next((name for name, undone in UNDONE.items() if undone == verb), None)
            return f"{verb} again; {f'add {undo} before this step' if undo else 'once is enough'}"
        reasons = CONFLICTS.get(verb, {})
        return next((f"{verb} after {other}; {reasons[other]}" for other in reasons if other in self.done), None)

    def _refused_process(self, process: str, among: Collection[str] = ()) -> tuple[str, str] | None:
        """Why `process` can do nothing; of those who can, only those of `among` are named if there are any."""
        living = ["parent", *self.living, *(["thread"] if self.has_thread else [])]
        others = [name for name in living if not among or name in among]
        return None if process in living else ("process", self._absence(process, others))

    def _absence(self, process: str, others: Sequence[str]) -> str:
        """Why `process` does not live, and what to do about it; `others` may be named instead."""
        if process == "thread":
            return "there is no second thread here; start it with thread before this step"
        reason = f"{process} does not live here"
        remedies = [] if self.kind in _KINDS_THAT_FORK else ["fork it before this step"]
        if process == "child" and self.kind and self.kind not in _KINDS_WITH_CHILD and not self.has_forked:
            reason = f'map_numa of kind "{self.kind}" leaves no child living'
            remedies.append(f"use kind {join_or(_KINDS_WITH_CHILD)}")
        elif others:
            remedies.append(f"name another: {join_or(others)}")
        return f"{reason}; {', or '.join(remedies or ['remove this step'])}"

    def _refused_fork(self, process: str, child: str) -> tuple[str, str] | None:
        if self.kind in _KINDS_THAT_FORK:
            kinds = join_or(kind for kind in TYPES["kind"].values or () if kind not in _KINDS_THAT_FORK)
            return "", f'fork after map_numa of kind "{self.kind}", which forks by itself; allowed kinds: {kinds}'
        forkers = [name for name, children in _FORKS.items() if child in children]
        if process == "thread":
            return "process", f"the second thread forks nobody; {child} is forked by {join_or(forkers)}"
        if refused := self._refused_process(process, forkers):
            return refused
        if process not in forkers:
            return "child", f"{process} cannot fork {child}; allowed: {join_or(forkers)}"
        if child in self.living:
            free = join_or(name for name in _FORKS[process] if name not in self.living)
            another = f", or name another: {free}" if free else ""
            return "child", f"{child} lives already; let it exit first{another}"
        return None

    def _refused_exit(self, child: str) -> tuple[str, str] | None:
        if child not in self.living:
            return "child", self._absence(child, list(self.living))
        own = [name for name, forker in self.living.items() if forker == child]
        return ("child", f"{child} has forked {own[0]}, which lives; let that exit first") if own else None

    def _refused_merge(self, verb: str, after: Sequence[str]) -> str | None:
        if self.last in after:
            return None
        return (
            f"{verb} after {self.last}; allowed: directly after {join_or(after)}, since KSM merges pages before they "
            "are shared, protected or hinted"
        )

    def _refused_pin(self) -> str | None:
        return "pin after a userfaultfd with handler; all events of one pin come at once" if self.has_handler else None

    def _refused_measure(self) -> str | None:
        if self.has_forked or self.has_thread:
            return "measure after fork or thread; it measures a process alone, so it must come before them"
        return None


def check(document: Document, scenario: Scenario) -> None:
    """Report every step that may not come where it is, and every test that checks nothing."""
    problems = list(_problems(scenario, (), scenario.setup))
    keys = document.mapping("tests").keys
    for test, steps in scenario.tests.items():
        problems += _problems(scenario, scenario.setup, steps)
        if not any(step.verb.checks for step in (*scenario.setup, *steps)):
            verbs = join_or(verb.name for verb in VERBS.values() if verb.checks)
            problems.append(keys[test].problem(f'test "{test}" checks nothing; add {verbs}'))
    for problem in problems:
        document.report(problem)


def _problems(scenario: Scenario, before: Sequence[Step], steps: Sequence[Step]) -> Iterator[Problem]:
    """The problems of `steps`, which follow the steps `before`: one for each place.

    A problem that only some values of axes have says which.
    """
    # The steps whose words matter to those behind them.
    lasting = [step for step in (*before, *steps) if step.verb.maps or step.verb.name in _LASTING]
    tried: Counter[int] = Counter()  # by the index of the step
    refusals: dict[tuple[int, int], list[tuple[int, Problem, Case]]] = {}
    for state_case in _cases(scenario, {}, lasting):
        state = State()
        for step in before:
            state.apply(step.verb, _words(step, state_case))
        for index, step in enumerate(steps):
            for case in _cases(scenario, state_case, [step]):
                tried[index] += 1
                if refused := state.refusal(step.verb, _words(step, case)):
                    problem = _problem(step, *refused)
                    refusals.setdefault((problem.line, problem.column), []).append((index, problem, case))
            state.apply(step.verb, _words(step, state_case))
    for refused_cases in refusals.values():
        index, problem, case = refused_cases[0]
        if len(refused_cases) < tried[index]:
            values = " and ".join(f'{axis} "{word}"' for axis, word in case.items())
            problem = replace(problem, text=f"with {values}: {problem.text}")
        yield problem


def _cases(scenario: Scenario, case: Case, steps: Sequence[Step]) -> Iterator[Case]:
    """`case` with every combination of the axes on which the order of `steps` depends, if no `exclude` forbids it."""
    used = {argument.value for step in steps for argument in step.arguments if argument.is_axis}
    axes = [axis for axis in scenario.axes if axis.name in used - set(case) and axis.type.name in _TYPES]
    for values in itertools.product(*(axis.values for axis in axes)):
        extended = {**case, **dict(zip((axis.name for axis in axes), values, strict=True))}
        if not any(_holds(entry, extended) for entry in scenario.exclude):
            yield extended


def _holds(entry: Mapping[str, Collection[str]], case: Case) -> bool:
    return all(axis in case and case[axis] in words for axis, words in entry.items())


def _words(step: Step, case: Case) -> Words:
    """The words of the step; "" for an axis that is not in `case`."""
    return {
        argument.parameter.name: case.get(argument.value, "") if argument.is_axis else argument.value
        for argument in step.arguments
    }


def _problem(step: Step, parameter: str, reason: str) -> Problem:
    """The problem at the word for `parameter`, or at the verb if `parameter` is ""."""
    nodes = {argument.parameter.name: argument.node for argument in step.arguments}
    return nodes.get(parameter, step.node).problem(reason)
