# SPDX-License-Identifier: GPL-2.0-only
"""Kernel trees and images: fetch, build, list."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from ksftci.cli.base import ArchOption, CacheOption, ConfigOption, MirrorOption, app, debian, out, say
from ksftci.host.cache import Cache
from ksftci.kernel.build import KernelBuilder
from ksftci.kernel.image import HELP as KERNEL_HELP
from ksftci.kernel.image import KernelRef, Kernels
from ksftci.kernel.tree import HELP as TREE_HELP
from ksftci.kernel.tree import Trees

tree_app = typer.Typer(no_args_is_help=True, help="Kernel source trees.")
kernel_app = typer.Typer(no_args_is_help=True, help="Kernel images.")
app.add_typer(tree_app, name="tree")
app.add_typer(kernel_app, name="kernel")


@tree_app.command("get")
def tree_get(
    source: Annotated[str, typer.Argument(help=f"{TREE_HELP}.")] = "debian:7.3",
    to: Annotated[
        Path | None,
        typer.Option(
            "--to",
            metavar="DIR",
            help="Make a copy there that you may change; a second time it is used again.",
        ),
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="All of it, to build a kernel from, not only what selftests need.")
    ] = False,
    mirror: MirrorOption = None,
    cache: CacheOption = None,
) -> None:
    """Fetch a kernel tree and print its path."""
    store = Cache.find(cache)
    tree = Trees(store, debian(store, "arm64", mirror)).get(source, to, full)
    say(f"Linux {tree.version}")
    print(tree.path)


@kernel_app.command("get")
def kernel_get(
    reference: Annotated[str, typer.Argument(metavar="KERNEL", help=f"{KERNEL_HELP}.")],
    arch: ArchOption = "arm64",
    mirror: MirrorOption = None,
    cache: CacheOption = None,
) -> None:
    """Fetch, or build, a kernel image and print its path."""
    store = Cache.find(cache)
    print(Kernels(store, debian(store, arch, mirror)).get(KernelRef.parse(reference)))


@kernel_app.command("build")
def kernel_build(
    source: Annotated[str, typer.Argument(metavar="TREE", help=f"{TREE_HELP}.")],
    arch: ArchOption = "arm64",
    config: ConfigOption = None,
    jobs: Annotated[
        int | None, typer.Option("-j", "--jobs", min=1, help="Compilers at once. [default: one a processor]")
    ] = None,
    mirror: MirrorOption = None,
    cache: CacheOption = None,
) -> None:
    """Build a small kernel with what the mm tests need and print its image's path.

    The build stays in the cache: the next one compiles what has changed since. With other
    --config values it is another build beside it.

    Examples:

      ksftci kernel build ~/linux

      ksftci kernel build ~/linux --config ARM64_16K_PAGES=y --config debug.config

      ksftci run --kernel build:~/linux --tree ~/linux mm:mkdirty
    """
    store = Cache.find(cache)
    packages = debian(store, arch, mirror)
    tree = Trees(store, packages).get(source, full=True)
    print(KernelBuilder(store, packages.arch, jobs, say).build(tree, config or []))


@kernel_app.command("list")
def kernel_list(arch: ArchOption = "arm64", mirror: MirrorOption = None, cache: CacheOption = None) -> None:
    """What Debian has for an architecture, newest first."""
    store = Cache.find(cache)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("kernel", "version", "page size", "suite", "cached"):
        table.add_column(title)
    for package, suite, cached in Kernels(store, debian(store, arch, mirror)).available():
        here = "yes" if cached else ""
        table.add_row(package.reference, package.version, package.page_size, suite, here)
    out.print(table)
