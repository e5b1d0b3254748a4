# SPDX-License-Identifier: GPL-2.0-only
"""`ksftci tree get` and `ksftci kernel get`, `build` and `list`."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from ksftci import arch as arches
from ksftci.assembly import assemble
from ksftci.cli.base import ArchOption, ConfigOption, app, out, say, say_path
from ksftci.cli.groups import StoreGroup, grouped
from ksftci.kernel.image import HELP as KERNEL_HELP
from ksftci.kernel.image import KernelRef
from ksftci.kernel.tree import DEFAULT as DEFAULT_TREE
from ksftci.kernel.tree import HELP as TREE_HELP
from ksftci.report import unbroken
from plainprint import options, usage

tree_app = usage.app("Kernel source trees.")
kernel_app = usage.app("Kernel images.")
app.add_typer(tree_app, name="tree")
app.add_typer(kernel_app, name="kernel")


@tree_app.command("get")
@grouped
def tree_get(
    source: Annotated[str, typer.Argument(help=f"{TREE_HELP}.")] = DEFAULT_TREE,
    to: Annotated[
        Path | None,
        typer.Option(
            "--to",
            metavar="DIR",
            help="Make a copy in this folder that you may change; an existing copy is used again.",
        ),
    ] = None,
    full: Annotated[
        bool,
        typer.Option(
            "--full", help="Fetch the whole tree, to build a kernel from, instead of the parts that selftests need."
        ),
    ] = False,
    arch: ArchOption = arches.DEFAULT.name,
    store: StoreGroup = StoreGroup(),
) -> None:
    """Fetch a kernel tree and print its path."""
    tree = assemble(store.options(arch), say).trees.get(source, to, full)
    say(f"Linux {tree.version}")
    say_path(tree.path)


@kernel_app.command("get")
@grouped
def kernel_get(
    reference: Annotated[str, typer.Argument(metavar="KERNEL", help=f"{KERNEL_HELP}.")],
    arch: ArchOption = arches.DEFAULT.name,
    store: StoreGroup = StoreGroup(),
) -> None:
    """Fetch or build a kernel image, and print its path."""
    say_path(assemble(store.options(arch), say).kernels.get(KernelRef.parse(reference)))


@kernel_app.command("build")
@grouped
def kernel_build(
    source: Annotated[str, typer.Argument(metavar="TREE", help=f"{TREE_HELP}.")],
    arch: ArchOption = arches.DEFAULT.name,
    config: ConfigOption = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            "-j",
            "--jobs",
            parser=options.whole(1),
            metavar="N",
            help="Compilers at once. Default: one a processor.",
        ),
    ] = None,
    store: StoreGroup = StoreGroup(),
) -> None:
    """Build a small kernel with everything that the mm tests need, and print the path of its image.

    The build stays in the cache, so that the next one compiles only what has changed. Each choice of --config values
    has a build of its own.

    Examples:

      ksftci kernel build ~/linux

      ksftci kernel build ~/linux --config ARM64_16K_PAGES=y --config debug

      ksftci run --kernel build:~/linux --tree ~/linux mm:mkdirty
    """
    tools = assemble(replace(store.options(arch), compilers=jobs), say)
    say_path(tools.kernel_builder.build(tools.trees.get(source, full=True), config or []))


@kernel_app.command("list")
@grouped
def kernel_list(
    arch: ArchOption = arches.DEFAULT.name,
    store: StoreGroup = StoreGroup(),
) -> None:
    """List Debian's kernels for an architecture, newest first."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("kernel", "version", "page size", "suite", "cached"):
        table.add_column(title)
    for package, suite, cached in assemble(store.options(arch), say).kernels.available():
        here = "yes" if cached else ""
        table.add_row(package.reference, package.version, package.page_size, suite, here)
    unbroken.show(table, out)
