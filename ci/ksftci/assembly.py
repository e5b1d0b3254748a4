# SPDX-License-Identifier: GPL-2.0-only
"""The one place where the cache, trees, kernels, builders and machines are put together.

The commands and the pytest plugin fill in `Options` and call `assemble`.
"""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ksftci.arch import DEFAULT, Arch
from ksftci.errors import CiError
from ksftci.host.cache import Cache
from ksftci.host.debian import Debian
from ksftci.kernel.build import KernelBuilder
from ksftci.kernel.image import KernelRef, Kernels, source_of
from ksftci.kernel.modules import Modules
from ksftci.kernel.tree import Tree, Trees
from ksftci.machine.guests import Guests
from ksftci.machine.machine import Job, Limits, Machine
from ksftci.machine.native import Native
from ksftci.machine.qemu import GuestOptions
from ksftci.programs import find, scenario
from ksftci.programs.build import Builder
from ksftci.programs.libraries import Libraries
from ksftci.session.unit import Lister


@dataclass(frozen=True)
class Options:
    """The choices of a user. A path or an address that is None comes from the environment."""

    arch: Arch = DEFAULT
    cache: Path | None = None
    mirror: str | None = None
    limits: Limits = field(default_factory=Limits)
    guest: GuestOptions = field(default_factory=GuestOptions)
    compilers: int | None = None  # that run at once; None: one for each processor


@dataclass(frozen=True)
class Tools:
    """Everything that fetches, builds and runs, for one architecture. Every method raises CiError."""

    options: Options
    cache: Cache
    debian: Debian
    trees: Trees
    kernel_builder: KernelBuilder
    kernels: Kernels
    modules: Modules
    builder: Builder
    guests: Guests
    lister: Lister
    say: Callable[[str], None] = lambda _: None

    def jobs(
        self, names: Sequence[str], tree: str | None, kernels: Mapping[str, KernelRef], native: bool = False
    ) -> list[Job]:
        """A job for each program. A program that is given by name is built. With `native` a folder must be selftests.

        It is built in `tree`, or without `tree` in the tree of the newest Debian kernel among `kernels`.
        """
        source = self._source(names, tree, kernels)
        place = self.trees.get(source) if source else None
        return find.jobs(names, place, self.options.arch, self.builder, native=native)

    def check(self, names: Sequence[str], tree: str | None, kernels: Mapping[str, KernelRef]) -> None:
        """Raises CiError, before anything is fetched or built, if `jobs` or `machines` cannot do with these.

        So it is when a name or the tree is not understood, or this machine lacks QEMU, make or the compiler.
        """
        source = self._source(names, tree, kernels)
        scenarios, place = scenario.among(names), self.trees.local(source) if source else None
        if scenarios and source is None:
            raise CiError(f"{scenarios[0]}: its test is built in a kernel tree; give --tree TREE")
        others = [name for name in names if name not in scenarios]
        is_built = find.check(others, source is not None, place) if others or not scenarios else True
        if scenarios:
            scenario.check(scenarios, self.say)
        if kernels:
            self.guests.check()
            self.kernels.check(kernels.values())
        else:
            self.native()
        if is_built:
            self.builder.check()

    def check_build(self, tree: Tree, names: Sequence[str]) -> None:
        """Raises CiError, before anything is built, if no kernel of the tree can be built or run, or no program."""
        find.check(names, True, tree)
        self.guests.check()
        self.builder.check()
        self.kernel_builder.check(tree)

    @staticmethod
    def _source(names: Sequence[str], tree: str | None, kernels: Mapping[str, KernelRef]) -> str | None:
        is_built = bool(scenario.among(names)) or find.need_tree(names)
        return source_of(kernels.values()) if tree is None and is_built else tree

    @contextmanager
    def prepared(
        self, names: Sequence[str], tree: str | None, kernels: Mapping[str, KernelRef]
    ) -> Iterator[tuple[list[str], str | None]]:
        """The names and the tree that `jobs` takes: of a scenario its program, in a copy of the tree that has it.

        No other run has the copy, or changes what is built in it, until the block ends.
        """
        scenarios = scenario.among(names)
        source = self._source(names, tree, kernels)
        if not scenarios or source is None:
            yield list(names), tree
            return
        with scenario.installed(self.cache, self.trees.get(source), scenarios, self.say) as copy:
            yield list(map(scenario.program, names)), str(copy.path)

    def machines(self, kernels: Mapping[str, KernelRef], jobs: Sequence[Job]) -> list[Machine]:
        """A guest for each kernel, under the kernel's label; this machine when no kernel is given."""
        if not kernels:
            return [self.native()]
        return [self._guest(label, self.kernels.get(ref), jobs) for label, ref in kernels.items()]

    def _guest(self, label: str, image: Path, jobs: Sequence[Job]) -> Machine:
        return self.guests.machine(label, image, jobs, self.modules.get(image, self.options.guest.needs))

    def native(self) -> Native:
        """This machine. Raises CiError if it cannot run programs of the architecture, or the user is not root."""
        Native.check(self.options.arch)
        return Native(self.options.limits, self.options.guest.load, say=self.say)


def assemble(
    options: Options, say: Callable[[str], None] = lambda _: None, stop: threading.Event | None = None
) -> Tools:
    """Create the tools. This fetches and builds nothing.

    The tools call `say` with a line of progress before each long step. Setting `stop` ends a build.
    Raises CiError if the cache's folder cannot be created.
    """
    arch, stop = options.arch, stop or threading.Event()
    cache = Cache.find(options.cache)
    cache.sweep()
    debian = Debian(cache, arch, options.mirror, say)
    trees = Trees(cache, Debian(cache, DEFAULT, options.mirror, say), arch)  # whose suites have most sources
    kernel_builder = KernelBuilder(cache, arch, options.compilers, say, stop)
    return Tools(
        options,
        cache,
        debian,
        trees,
        kernel_builder,
        Kernels(cache, debian, trees, kernel_builder),
        Modules(cache, debian),
        Builder(cache, arch, options.compilers, say, stop, Libraries(cache, debian)),
        Guests(cache, debian, options.limits, options.guest),
        Lister(cache),
        say,
    )
