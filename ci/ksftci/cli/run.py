# SPDX-License-Identifier: GPL-2.0-only
"""`ksftci run`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from ksftci import annotations, initramfs, junit, programs, record, report
from ksftci import arch as arches
from ksftci.build import Builder
from ksftci.cache import Cache
from ksftci.choice import parse as parse_choice
from ksftci.cli.base import CacheOption, MirrorOption, app, debian, err, out, say
from ksftci.cli.report import AnnotationsOption, SummaryOption, deliver
from ksftci.errors import CiError
from ksftci.files import write_whole
from ksftci.kernel import HELP as KERNEL_HELP
from ksftci.kernel import KernelRef, Kernels, labels
from ksftci.machine import Limits, Machine
from ksftci.native import Native
from ksftci.progress import ProgressDisplay
from ksftci.qemu import Qemu
from ksftci.results import exit_status
from ksftci.session import Session
from ksftci.tree import HELP as TREE_HELP
from ksftci.tree import Trees


@app.command()
def run(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PROGRAM]...",
            help="A built program, a folder of them, or a name to build from --tree: cow, mm:cow. "
            "Without any: every mprotect_* of the tree's selftests/mm.",
        ),
    ] = None,
    tree: Annotated[str | None, typer.Option("--tree", help=f"Build from this kernel tree: {TREE_HELP}.")] = None,
    kernel: Annotated[
        list[str] | None,
        typer.Option(
            "--kernel",
            help=f"Run on this kernel, may be repeated: {KERNEL_HELP}. [default: debian:7.3]",
        ),
    ] = None,
    arch: Annotated[
        str | None,
        typer.Option("--arch", help="arm64 or x86_64 [default: arm64, --native: this machine's]"),
    ] = None,
    expression: Annotated[
        str | None,
        typer.Option(
            "-k",
            metavar="EXPR",
            help='Only tests whose id holds these words: "cow and not (swap or 16k)".',
        ),
    ] = None,
    native: Annotated[bool, typer.Option("--native", help="Run on this machine's own kernel, as root.")] = False,
    junit_file: Annotated[Path | None, typer.Option("--junit", metavar="FILE", help="Write JUnit XML.")] = None,
    html_file: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write a page to look at.")] = None,
    ktap_file: Annotated[
        Path | None,
        typer.Option("--ktap", metavar="FILE", help="Write everything that was printed, as KTAP."),
    ] = None,
    summary: SummaryOption = None,
    annotate: AnnotationsOption = False,
    repeat: Annotated[
        int,
        typer.Option(
            "--repeat",
            min=1,
            help="Run all this often; a test that is not always the same fails the run.",
        ),
    ] = 1,
    jobs: Annotated[int, typer.Option("-j", "--jobs", min=1, help="Machines at once.")] = 1,
    timeout: Annotated[
        float,
        typer.Option("--timeout", min=1, help="Seconds for a whole boot; natively for a program."),
    ] = 1800,
    silence: Annotated[
        float,
        typer.Option("--silence", min=1, help="Seconds without a line before a test counts as hung."),
    ] = 120,
    memory: Annotated[int, typer.Option("--memory", min=256, help="Megabytes of the guest, in two NUMA nodes.")] = 2048,
    cpus: Annotated[int, typer.Option("--cpus", min=2, help="Processors of the guest.")] = 2,
    append: Annotated[str, typer.Option("--append", help="More of the kernel's command line.")] = "",
    load: Annotated[
        bool, typer.Option("--load", help="Keep every processor busy meanwhile, to provoke flakes.")
    ] = False,
    mirror: MirrorOption = None,
    cache: CacheOption = None,
) -> None:
    """Run selftests on kernels.

    Exit status: 0 passed, 1 failed, 2 could not run, 3 nothing ran or all was skipped, 130 interrupted.

    Examples:

      ksftci run --tree debian:7.3 merge mkdirty              build two tests, run them on arm64 7.3

      ksftci run --tree ~/linux --kernel ~/linux/arch/arm64/boot/Image -k "cow and not swap"

      ksftci run ./my_test --kernel debian:6.12 --kernel debian:7.3-16k --junit out.xml

      ksftci run --tree ~/linux --repeat 5 --load             is anything flaky?

      sudo ksftci run --native ./my_test                      on this machine's kernel
    """
    choice = parse_choice(expression) if expression else None
    if native and kernel:
        raise CiError("--native runs on this machine's kernel, --kernel cannot be given with it")
    for file in (junit_file, html_file, ktap_file, summary):
        if file is not None and not file.absolute().parent.is_dir():
            raise CiError(f"{file}: the folder {file.parent} is not there")
    guest = arches.find(arch) if arch else (arches.host() if native else arches.ARM64)
    limits = Limits(timeout, silence)
    store = Cache.find(cache)
    packages = debian(store, guest.name, mirror)
    references = [KernelRef.parse(text) for text in dict.fromkeys(kernel or ["debian:7.3"])]
    if native:
        Native.check(guest)
    source = Trees(store, packages).get(tree) if tree else None
    builder = Builder(store, guest, say=say)
    found = programs.find(names or [], source, guest, builder.build)
    machines: list[Machine]
    if native:
        machines = [Native(limits, load)]
    else:
        kernels, busybox = Kernels(store, packages), initramfs.busybox(store, packages)
        machines = [
            Qemu(label, kernels.get(ref), guest, busybox, limits, memory, cpus, append, load)
            for label, ref in zip(labels(references), references, strict=True)
        ]
    with annotations.stopped(sys.stdout):
        with ProgressDisplay(err) as display:
            runs = Session(machines, found, guest.name, display, repeat, jobs, choice).run()
        report.show(runs, out)
    if ktap_file:
        write_whole(ktap_file, record.write(runs))
    if junit_file:
        write_whole(junit_file, junit.render(runs))
    deliver(runs, html_file, summary, annotate)
    raise typer.Exit(exit_status(runs))
