# SPDX-License-Identifier: GPL-2.0-only
"""What runners print, and what stands around it when it has come through other programs: docs/ktap.md has the table."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta

Wrapper = Callable[[str, int], str]  # a line and its number to the line in a log

_START = datetime(2026, 11, 30, 23, 59, 57)

# Name to lines and to what comes out: verdict and name of each result.
RUNNERS: dict[str, tuple[str, list[str]]] = {
    "runner.sh": (
        """\
TAP version 13
1..2
# timeout set to 45
# selftests: net: demo
# TAP version 13
# 1..3
# #  RUN           suite.one ...
# # demo.c:473:one:Expected 1 == 0
# #          FAIL  suite.one
# not ok 1 suite.one
# ok 2 suite.two # SKIP no device
# # a comment
# ok 3 suite.three
not ok 1 selftests: net: demo # exit=1
# timeout set to 45
# selftests: net: slow.sh
# waiting: 10 of 20
not ok 2 selftests: net: slow.sh # TIMEOUT 45 seconds""",
        [
            "fail net:demo.suite.one",
            "skip net:demo.suite.two",
            "pass net:demo.suite.three",
            "timeout net:slow.sh.exit",
        ],
    ),
    "run_vmtests.sh": (
        """\
TAP version 13
1..1
# timeout set to 900
# selftests: mm: ksft_ksm.sh
# TAP version 13
# # -----------------------
# # running ./ksm_tests -M -p 10
# # -----------------------
# # ok 1 KSM merging
# # not ok 2 KSM unmerging
# # 1..2
# # [FAIL]
# not ok 1 ksm_tests -M -p 10 # exit=1
# # TAP version 13
# # 1..0 # SKIP Need more than 1 NUMA node
# # [SKIP]
# ok 2 ksm_tests -N -m 0 # SKIP
# 1..2
not ok 1 selftests: mm: ksft_ksm.sh # exit=1""",
        [
            "pass mm:ksft_ksm.sh.ksm_tests -M -p 10/KSM merging",
            "fail mm:ksft_ksm.sh.ksm_tests -M -p 10/KSM unmerging",
            "skip mm:ksft_ksm.sh.ksm_tests -N -m 0",
        ],
    ),
    "KUnit": (
        """\
KTAP version 1
1..2
    KTAP version 1
    # Subtest: list
    # module: list_test
    1..3
    ok 1 list_add
    # list_del: EXPECTATION FAILED at lib/list-test.c:38
    Expected 1 == 2
    not ok 2 list_del
        KTAP version 1
        # Subtest: params
        ok 1 small
        not ok 2 large
    # params: pass:1 fail:1 skip:0 total:2
    not ok 3 params
# list: pass:1 fail:2 skip:0 total:3
not ok 1 list
    KTAP version 1
    # Subtest: time
    1..1
    ok 1 time64 # SKIP slow
ok 2 time # SKIP""",
        [
            "pass log.list/list_add",
            "fail log.list/list_del",
            "pass log.list/params/small",
            "fail log.list/params/large",
            "skip log.time/time64",
        ],
    ),
    "one program": (
        """\
TAP version 13
1..4
# [RUN] first
ok 1 first
# demo.c:12:second:Expected 1 == 0
not ok 2 second
ok 3 third # XFAIL not yet
not ok 4 # error no memory""",
        ["pass log.first", "fail log.second", "xfail log.third", "error log.no memory"],
    ),
    "one program, no version": (
        """\
ok 1 - first
not ok 2 - second
ok 3 - third
1..3""",
        ["pass log.first", "fail log.second", "pass log.third"],
    ),
}


def _at(number: int) -> datetime:
    """The time of a line: 0.4 seconds a line, over midnight and into the next month."""
    return _START + timedelta(seconds=0.4 * number, microseconds=7 * number)


def _stamp(form: str, behind: str = "") -> Wrapper:
    """Before each line its time in a form of strftime()."""
    return lambda line, number: f"{_at(number).strftime(form)}{behind}{line}"


def _elapsed(line: str, number: int) -> str:
    """The seconds since the program began and since its last line: a program's lines come to runner.sh with them."""
    if not line.startswith("# ") or line.startswith(("# timeout", "# selftests: ")):
        return line
    return f"# {number * 0.37:.2f} [+0.37] {line[2:]}"


def _level(number: int) -> str:
    return ("INFO", "DEBUG", "INFO", "INFO")[number % 4]


WRAPPERS: dict[str, Wrapper] = {
    "none": lambda line, number: line,
    # What test systems keep
    "LAVA": _stamp("%Y-%m-%dT%H:%M:%S.%f "),
    "LAVA, its page": lambda line, number: f"{7098 + number} {_at(number):%H:%M:%S.%f}  {line}",
    "LAVA, YAML": lambda line, number: "- " + json.dumps({"dt": _at(number).isoformat(), "lvl": "target", "msg": line}),
    "LAVA, old YAML": lambda line, number: (
        f"- {{dt: '{_at(number).isoformat()}', lvl: target, msg: '{line.replace(chr(39), chr(39) * 2)}'}}"
    ),
    "autotest": _stamp("%H:%M:%S ", "DEBUG| [stdout] "),
    "autotest, levels": lambda line, number: f"{_at(number):%H:%M:%S} {_level(number):5}| [stdout] {line}",
    "avocado": lambda line, number: (
        f"{_at(number):%Y-%m-%d %H:%M:%S},{number:03} process          L{458 + number % 2:04} DEBUG| [stdout] {line}"
    ),
    "NIPA": _elapsed,
    "IGT": lambda line, number: f"<6> [{1258 + number / 7:.6f}] {line}",
    "Robot": _stamp("%Y%m%d %H:%M:%S.%f", " :  INFO : "),
    "labgrid": lambda line, number: f"ConsoleLoggingReporter: [serial] {line}",
    "pexpect": lambda line, number: f"[serial] {line}",
    "tbot": lambda line, number: f"│   │    ## {line}",
    "kernelci": lambda line, number: f"{_at(number):%H:%M:%S.%f}  {line}",
    # CI
    "gh run view --log": lambda line, number: (
        f"{chr(0xFEFF) if number == 0 else ''}build (6.12, x86)\tRun tests\t{_at(number):%Y-%m-%dT%H:%M:%S.%f}7Z {line}"
    ),
    "GitHub Actions": _stamp("%Y-%m-%dT%H:%M:%S.%f7Z "),
    "GitLab": _stamp("%Y-%m-%dT%H:%M:%S.%fZ 00O "),
    "GitLab, section": lambda line, number: (
        f"section_start:1764500000:step_script\r\x1b[0K\x1b[0;m{line}" if number == 0 else f"\x1b[0;m{line}"
    ),
    "Azure Pipelines": _stamp("%Y-%m-%dT%H:%M:%S.%f4Z "),
    "Jenkins timestamper": _stamp("[%Y-%m-%dT%H:%M:%S.%fZ] "),
    "Jenkins timestamper, short": _stamp("%H:%M:%S  "),
    "Buildkite": lambda line, number: f"\x1b_bk;t=17645000{number:05}\x07{line}",
    "TeamCity": _stamp("[%H:%M:%S]", " :\t [Step 2/3] "),
    "Zuul": _stamp("%Y-%m-%d %H:%M:%S.%f", " | node-1 | "),
    "Buildbot": lambda line, number: f"h{line}" if number < 0 else f"[{_at(number):%H:%M:%S}] stdio: {line}",
    # Logs of systems
    "dmesg": lambda line, number: f"[{1258 + number / 7:12.6f}] {line}",
    "dmesg -x": lambda line, number: f"kern  :info  : [{1258 + number / 7:12.6f}] {line}",
    "dmesg -x, user": lambda line, number: f"user  :notice: [{1258 + number / 7:12.6f}] {line}",
    "dmesg -T": _stamp("[%a %b %d %H:%M:%S %Y] "),
    "dmesg -r": lambda line, number: f"<{5 + number % 2}>[{1258 + number / 7:12.6f}] {line}",
    "console, caller": lambda line, number: f"[{1258 + number / 7:12.6f}][{f'T{number}':>7}] {line}",
    "journalctl": _stamp("%b %d %H:%M:%S ", "host run.sh[123]: "),
    "journalctl, no pid": _stamp("%b %d %H:%M:%S ", "host kselftest: "),
    "journalctl -o short-monotonic": lambda line, number: f"[{1258 + number / 7:12.6f}] host kselftest[77]: {line}",
    "journalctl -o cat in JSON": lambda line, number: json.dumps(
        {"__CURSOR": f"s=a{number}", "MESSAGE": line, "_PID": str(900 + number)}
    ),
    "syslog, RFC 3164": _stamp("<13>%b %d %H:%M:%S ", "host kselftest[123]: "),
    "syslog, RFC 5424": _stamp("<13>1 %Y-%m-%dT%H:%M:%S.%fZ ", "host kselftest 123 - - "),
    "syslog, RFC 5424, data": _stamp("<13>1 %Y-%m-%dT%H:%M:%S.%fZ ", 'host kselftest - ID47 [x@1 iut="3"] '),
    "levels": lambda line, number: f"<6>{line}",
    # Containers and many machines
    "docker logs -t": lambda line, number: f"{_at(number):%Y-%m-%dT%H:%M:%S.%f}{number % 1000:03}Z {line}",
    "docker, JSON": lambda line, number: json.dumps(
        {"log": f"{line}\n", "stream": "stdout", "time": f"{_at(number).isoformat()}Z"}
    ),
    "docker compose": lambda line, number: f"tests-1  | {line}",
    "docker compose, name": lambda line, number: f"web  | {line}",
    "containerd": _stamp("%Y-%m-%dT%H:%M:%S.%f123+01:00 ", "stdout F "),
    "kubectl logs --prefix": lambda line, number: f"[pod/kselftest-7d4b9c/main] {line}",
    "stern": lambda line, number: f"kselftest-7d4b9c main {line}",
    "parallel --tag": lambda line, number: f"host1\t{line}",
    "pssh -P": lambda line, number: f"10.0.0.{7}: {line}",
    "ssh": lambda line, number: f"root@host: {line}",
    "ansible": lambda line, number: f"        {json.dumps(line)},",
    "heroku": _stamp("%Y-%m-%dT%H:%M:%S.%f+00:00 ", "app[run.1]: "),
    # Loggers
    "Python's logging": lambda line, number: (
        f"{_at(number):%Y-%m-%d %H:%M:%S},{number:03} - run - {_level(number)} - {line}"
    ),
    "Python's logging, plain": lambda line, number: f"{_level(number)}:root:{line}",
    "JSON lines": lambda line, number: json.dumps({"level": _level(number), "ts": 1764547197.5 + number, "msg": line}),
    "JSON lines, compact": lambda line, number: json.dumps(
        {"t": _at(number).isoformat(), "event": line, "logger": "run"}, separators=(",", ":")
    ),
    "logfmt": lambda line, number: f"time={_at(number).isoformat()} level=info msg={json.dumps(line)}",
    "glog": _stamp("I%m%d %H:%M:%S.%f ", "  4711 run.cc:42] "),
    "log4j": lambda line, number: f"{number * 40} [main] INFO  org.example.Run - {line}",
    "cat -n": lambda line, number: f"{number + 1:6}\t{line}",
    "nl": lambda line, number: f"{number + 1:6}  {line}",
    "grep -n": lambda line, number: f"{number + 98}:{line}",
    "grep -nH": lambda line, number: f"console.log:{number + 98}:{line}",
    "ts -s": lambda line, number: f"00:{number // 60:02}:{number % 60:02} {line}",
    "ts -i %.s": lambda line, number: f"{number * 0.1:.6f} {line}",
    "mail": lambda line, number: f"> {line}",
    "mail of a mail": lambda line, number: f"> > {line}",
    "diff": lambda line, number: f"| {line}",
    "HTML": lambda line, number: f'<span class="line" id="L{number}">{line}</span>',
    "QEMU": lambda line, number: f"qemu-system-x86_64: {line}",
    "UUID": lambda line, number: f"{number:08x}-12ab-{number:04x}-9f00-0123456789ab {line}",
    "container id": lambda line, number: f"3fa9c12d77be | {line}",
    "emoji": lambda line, number: f"🧪 kselftest ▸ {line}",
}


def wrapped(text: str, wrapper: Wrapper) -> str:
    """A log: the lines of a text in a wrapper."""
    return "".join(f"{wrapper(line, number)}\n" for number, line in enumerate(text.split("\n")))
