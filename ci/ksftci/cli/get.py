# SPDX-License-Identifier: GPL-2.0-only
"""Kernel trees and images: fetch, list."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from ksftci.cache import Cache
from ksftci.cli.base import ArchOption, CacheOption, MirrorOption, app, debian, out, say
from ksftci.kernel import HELP as KERNEL_HELP
from ksftci.kernel import KernelRef, Kernels
from ksftci.tree import HELP as TREE_HELP
from ksftci.tree import Trees

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
    mirror: MirrorOption = None,
    cache: CacheOption = None,
) -> None:
    """Fetch a kernel tree and print its path."""
    store = Cache.find(cache)
    tree = Trees(store, debian(store, "arm64", mirror)).get(source, to)
    say(f"Linux {tree.version}")
    print(tree.path)


@kernel_app.command("get")
def kernel_get(
    reference: Annotated[str, typer.Argument(metavar="KERNEL", help=f"{KERNEL_HELP}.")],
    arch: ArchOption = "arm64",
    mirror: MirrorOption = None,
    cache: CacheOption = None,
) -> None:
    """Fetch a kernel image and print its path."""
    store = Cache.find(cache)
    print(Kernels(store, debian(store, arch, mirror)).get(KernelRef.parse(reference)))


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
