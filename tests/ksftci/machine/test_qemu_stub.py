# SPDX-License-Identifier: GPL-2.0-only
"""The events of Qemu.run, with a shell script in QEMU's place that prints what a guest prints."""

import base64
import gzip
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from ksftci import arch
from ksftci.errors import CiError
from ksftci.machine.machine import (
    Begin,
    Booted,
    Cause,
    Counted,
    Cut,
    End,
    Event,
    Job,
    KernelLine,
    Limits,
    Line,
    Stopped,
)
from ksftci.machine.qemu import GuestOptions, Qemu

FOREIGN = arch.ARM64 if arch.X86_64.native else arch.X86_64  # so that KVM is not tried
STUB = r"""#!/bin/sh
[ "$1" != --version ] || { echo QEMU emulator version 10.0.2; exit; }
while [ "$1" != -initrd ]; do shift; done
token=$(zcat "$2" | cpio --extract --to-stdout --quiet token)
say() { printf '@@%s %s\r\n' "$token" "$*"; }
"""


class Guest:
    """A guest whose console prints what a shell script, with `say` as in init.sh, prints."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "bin").mkdir()
        self.jobs = [Job(name, self.file(name, "\x7fELF")) for name in ("first", "second")]
        self.options = GuestOptions()
        self.modules: dict[str, bytes] = {}

    def file(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text)
        path.chmod(0o755)
        return path

    def run(self, *script: str, silence: float = 20, stop: bool = False) -> Sequence[Event]:
        self.file(f"bin/{FOREIGN.board.program}", "\n".join([STUB, *script, ""]))
        image, busybox = self.file("Image", "MZ"), self.file("busybox", "#!/bin/sh\n")
        qemu = Qemu(
            "test", image, FOREIGN, busybox, limits=Limits(60, silence), options=self.options, modules=self.modules
        )
        stopping = threading.Event()
        if stop:
            stopping.set()
        return list(qemu.run(self.jobs, stopping))


@pytest.fixture
def guest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Guest:
    guest = Guest(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=":")
    return guest


def test_the_protocol_of_init_becomes_events(guest: Guest) -> None:
    guest.options = GuestOptions(gcov=True)
    data = base64.b64encode(gzip.compress(b"counters")).decode()
    events = guest.run(
        "echo printed by the boot loader",
        "say fact release 7.3.4",
        "say fact nodes 0-1",
        "say boot",
        "say begin 0 1.25",
        "echo ok 1 x",
        "printf 'no line end'; say splat WARNING: at mm/rmap.c:1",
        f"say data {data[:10]}; say data {data[10:]}; say counted /mm/mprotect.gcda",
        "say data lost; say counted /mm/mmap.gcda",
        "say end 0 139",
        "say begin 1",
        "say end 1 137 late",
        "say done",
        "echo after the end",
    )
    times = [event.at for event in events]
    assert times == sorted(times)
    first, second = guest.jobs
    assert [(type(event), *list(vars(event).values())[1:]) for event in events] == [
        (Booted, {"accel": "tcg", "release": "7.3.4", "nodes": "0-1"}),
        (Begin, first, 1.25),
        (Line, "ok 1 x"),
        (Line, "no line end"),
        (KernelLine, "WARNING: at mm/rmap.c:1"),
        (Counted, Path("/mm/mprotect.gcda"), b"counters"),
        (Counted, Path("/mm/mmap.gcda"), b""),
        (End, first, 139, None),
        (Begin, second, None),
        (End, second, 137, Cause.TIMEOUT),
    ]


def test_another_token_is_a_programs_own_line(guest: Guest) -> None:
    events = guest.run("say boot", "say begin 0", "echo '@@0123 done'", "exit")
    assert [event.text for event in events if isinstance(event, Line)] == ["@@0123 done"]


def test_a_line_that_cannot_come_now_is_a_forgery_and_ends_the_guest(
    guest: Guest, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = guest.run("say boot", "say begin 0", "say end 7 0", "sleep 20")
    assert [event.text for event in events if isinstance(event, Line)] == ["@@ end 7 0"]
    assert stopped(events) == (Cause.FORGED, "")
    all_of_it = ("say boot", "say begin 0", "say end 0 0", "say begin 1", "say end 1 0", "say done")
    assert isinstance(guest.run(*all_of_it)[-1], End)
    assert stopped(guest.run(*all_of_it, "say end 0 1")) == (Cause.FORGED, "")
    monkeypatch.setattr("ksftci.machine.qemu._POWER_OFF", 0.1)
    for goes_on in ("sleep 20", "yes"):
        assert stopped(guest.run(*all_of_it, goes_on)) == (Cause.FORGED, "")
    guest.jobs = guest.jobs[:1]  # which it could forge alone: its own results
    assert isinstance(guest.run("say boot", "say begin 0", "say end 0 0", "say done", "sleep 20")[-1], End)


def test_a_guest_that_prints_too_much_is_cut(guest: Guest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ksftci.machine.flood.LINES", 1000)
    events = guest.run("say boot", "say begin 0", "yes | head -n 100000", "echo not ok 1 x", "say end 0 1", "exit")
    (cut,) = [event for event in events if isinstance(event, Cut)]
    assert cut.lines > 90_000
    assert [event.text for event in events if isinstance(event, Line)][-1] == "not ok 1 x"
    assert isinstance(events[-2], End)


def stopped(events: Sequence[Event]) -> tuple[Cause, str]:
    assert isinstance(events[-1], Stopped)
    return events[-1].cause, events[-1].text


def test_a_guest_that_ends_before_its_jobs_has_died_or_panicked(guest: Guest) -> None:
    assert stopped(guest.run("say boot", "say begin 0")) == (Cause.DIED, "")
    panic = "echo '[    1.0] Kernel panic - not syncing: Fatal'"
    assert stopped(guest.run("say boot", "say begin 0", panic)) == (Cause.PANIC, "")


def test_the_limit_of_silence_is_for_a_guest_that_has_booted(guest: Guest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ksftci.machine.console._TICK", 0.01)
    assert isinstance(guest.run("sleep 0.1", "say boot", "exit", silence=0.01)[0], Booted)
    assert stopped(guest.run("say boot", "sleep 20", silence=0.01)) == (Cause.SILENCE, "")


def test_a_kernel_that_does_not_boot_shows_its_last_lines(guest: Guest) -> None:
    cause, text = stopped(guest.run("seq 20"))
    assert cause is Cause.NO_BOOT
    assert text.split() == [str(number) for number in range(6, 21)]
    assert stopped(guest.run("echo '[    1.0] Kernel panic - not syncing: VFS'"))[0] is Cause.NO_BOOT


def test_an_interrupt_before_the_boot_is_no_failed_boot(guest: Guest) -> None:
    assert stopped(guest.run("sleep 20", stop=True)) == (Cause.INTERRUPTED, "")


def test_a_qemu_that_fails_is_an_error_with_its_message(guest: Guest) -> None:
    with pytest.raises(CiError, match="test: QEMU did not start:\nunsupported machine"):
        guest.run("echo unsupported machine", "exit 1")


def test_swap_that_the_guest_could_not_set_up_is_an_error(guest: Guest) -> None:
    guest.options = GuestOptions(swap_mb=64)
    guest.modules = {"other": b""}
    with pytest.raises(CiError, match="test: the guest has no swap: zram is not built into this kernel"):
        guest.run("say fact swap_kb 0", "say boot", "exit")
    guest.modules = {"zram": b""}
    with pytest.raises(CiError, match="the guest has no swap: zram could not be set up"):
        guest.run("say fact swap_kb 0", "say boot", "exit")
    refusal = "insmod: can't insert '/modules/001-zram.ko': invalid module format"
    with pytest.raises(CiError, match=f"the guest has no swap: {refusal}"):
        guest.run(f'say fact not_loaded "{refusal}"', "say fact swap_kb 0", "say boot", "exit")
    assert isinstance(guest.run("say fact swap_kb 65532", "say boot", "exit")[0], Booted)
