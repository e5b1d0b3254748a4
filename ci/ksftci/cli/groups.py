# SPDX-License-Identifier: GPL-2.0-only
"""Options that several commands have, as dataclasses: each field is an option, and `grouped` adds them to a command."""

import inspect
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, is_dataclass
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from ksftci import arch as arches
from ksftci.assembly import Options
from ksftci.errors import CiError
from ksftci.host.files import STANDARD, check_place, same_file
from ksftci.machine.machine import Limits
from ksftci.machine.qemu import GuestOptions
from plainprint.options import seconds, whole


def grouped(command: Callable[..., None]) -> Callable[..., None]:
    """The command with a signature in which the fields of a dataclass replace each parameter of its type.

    Typer makes options of the signature; the command itself gets the dataclass.
    """
    signature = inspect.signature(command)
    groups: dict[str, Any] = {
        name: parameter.annotation
        for name, parameter in signature.parameters.items()
        if is_dataclass(parameter.annotation)
    }
    parameters: list[inspect.Parameter] = []
    for name, parameter in signature.parameters.items():
        if name in groups:
            hints = get_type_hints(groups[name], include_extras=True)
            parameters += [  # the parameter's default is a group with the defaults of the options
                parameter.replace(
                    name=option.name, default=getattr(parameter.default, option.name), annotation=hints[option.name]
                )
                for option in fields(groups[name])
            ]
        else:
            parameters.append(parameter)

    @wraps(command)
    def run(**given: Any) -> None:
        for name, group in groups.items():
            given[name] = group(**{option.name: given.pop(option.name) for option in fields(group)})
        command(**given)

    run.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return run


@dataclass(frozen=True)
class StoreGroup:
    """Where things come from and where they are kept."""

    mirror: Annotated[
        str | None,
        typer.Option("--mirror", metavar="URL", help="A Debian mirror, ending in /debian; also KSFTCI_MIRROR."),
    ] = None
    cache: Annotated[
        Path | None,
        typer.Option(
            "--cache", metavar="DIR", help="Folder for everything that is fetched or built; also KSFTCI_CACHE."
        ),
    ] = None

    def options(self, arch: str) -> Options:
        """Options with this store and the architecture of a name. Raises CiError for an unknown one."""
        return Options(arches.find(arch), self.cache, self.mirror)


TimeoutOption = Annotated[
    float,
    typer.Option(
        "--timeout",
        parser=seconds,
        metavar="SECONDS",
        help="Time for everything on one kernel; natively for each program.",
    ),
]
SilenceOption = Annotated[
    float,
    typer.Option(
        "--silence",
        parser=seconds,
        metavar="SECONDS",
        help="Time without a printed line after which a test counts as hung.",
    ),
]


@dataclass(frozen=True)
class GuestGroup:
    """The size of a guest, and its time limits."""

    timeout: TimeoutOption = 1800
    silence: SilenceOption = 120
    memory: Annotated[
        int,
        typer.Option(
            "--memory",
            parser=whole(256),
            metavar="MB",
            help="Megabytes of memory of the guest, in two NUMA nodes.",
        ),
    ] = 2048
    swap: Annotated[
        int,
        typer.Option(
            "--swap",
            parser=whole(0),
            metavar="MB",
            help="Megabytes of swap on zram; the guest's kernel is Debian's or has zram built in.",
        ),
    ] = 0
    cpus: Annotated[int, typer.Option("--cpus", parser=whole(2), metavar="N", help="Processors of the guest.")] = 2
    append: Annotated[str, typer.Option("--append", help="Words to add to the kernel's command line.")] = ""

    @property
    def limits(self) -> Limits:
        """The time limits."""
        return Limits(self.timeout, self.silence)

    @property
    def guest(self) -> GuestOptions:
        """The size."""
        return GuestOptions(self.memory, self.cpus, self.append, swap_mb=self.swap)


def check_files(outputs: Sequence[Path | None], inputs: Sequence[Path | None] = ()) -> None:
    """Raises CiError when an output cannot be written, or is an input or another output as well."""
    given = [file for file in outputs if file is not None]
    for index, file in enumerate(given):
        if file != STANDARD and not os.path.isdir(os.path.dirname(file) or "."):
            if os.path.exists(file.parent):
                raise CiError(f"{file}: {file.parent} is no folder; name another file")
            raise CiError(f"{file}: the folder {file.parent} is not there; make it, or name another file")
        check_place(file)
        if any(same_file(file, other) for other in inputs if other is not None):
            raise CiError(f"{file}: is read, and writing would replace it; name another file")
        if any(same_file(file, other) for other in given[:index]):
            raise CiError(f"{file}: is named twice; each output needs a file of its own")
