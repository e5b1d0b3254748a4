# SPDX-License-Identifier: GPL-2.0-only
"""The pytest plugin: `pytest --ksft-kernel debian:7.3 generated/` makes each test of a selftest an item of pytest.

pytest imports this module whenever it runs, so that it holds the options alone; `settings` reads them. The other
modules are imported when --ksft-kernel, --ksft-native or an ini value of theirs is given. It imports only assembly and
below.
"""

from collections.abc import Generator

import pytest

_INI = {
    "ksft_kernel": ("linelist", "as --ksft-kernel, one a line"),
    "ksft_native": ("bool", "as --ksft-native"),
    "ksft_arch": ("string", "as --ksft-arch"),
    "ksft_tree": ("string", "as --ksft-tree"),
    "ksft_timeout": ("string", "as --ksft-timeout"),
    "ksft_silence": ("string", "as --ksft-silence"),
    "ksft_cache": ("string", "as --ksft-cache"),
    "ksft_mirror": ("string", "as --ksft-mirror"),
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare --ksft-... and the ini values of the same names."""
    group = parser.getgroup("ksft", "kernel selftests, each case an item (ksftci)")
    add = group.addoption
    add(
        "--ksft-kernel",
        action="append",
        metavar="K",
        help="Collect kernel selftests, and run them on this kernel in QEMU: a path to an Image or vmlinuz, "
        "debian:VERSION or debian:VERSION-16k, such as debian:7.3. May be repeated: then each case is an item "
        "on each kernel. The selftests are programs, their C sources, or folders of them: "
        "pytest --ksft-kernel debian:7.3 generated/ -k cow",
    )
    add(
        "--ksft-native",
        action="store_true",
        default=None,
        help="Collect kernel selftests, and run them on this machine's own kernel, as root.",
    )
    add(
        "--ksft-arch",
        metavar="ARCH",
        help="arm64, x86_64 or riscv64; programs for others are left out; also KSFTCI_ARCH. "
        "[arm64; with --ksft-native this machine's]",
    )
    add(
        "--ksft-tree",
        metavar="TREE",
        help="Kernel tree in which C sources are built that lie in no tree: a path, debian:VERSION or git:URL@TAG. "
        "[debian:7.3]",
    )
    add(
        "--ksft-timeout",
        metavar="SECONDS",
        help="Limit of everything on one kernel; with --ksft-native, of each program. [1800]",
    )
    add("--ksft-silence", metavar="SECONDS", help="A test that prints nothing for so long counts as hung. [120]")
    add("--ksft-cache", metavar="DIR", help="Folder that keeps what is fetched and built; also KSFTCI_CACHE.")
    add("--ksft-mirror", metavar="URL", help="A Debian mirror, ending in /debian; also KSFTCI_MIRROR.")
    for name, (kind, text) in _INI.items():
        parser.addini(name, text, type=kind)  # type: ignore[arg-type]


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Declare pytest_ksft_machine."""
    from ksftci.plugin import hooks

    pluginmanager.add_hookspecs(hooks)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> Generator[None, object, object]:
    """Make -n alone mean --dist loadscope. With xdist's default each worker would boot for each program."""
    option = config.option
    if _is_enabled(config) and getattr(option, "numprocesses", None) and option.dist == "no":
        option.dist = "loadscope"
    return (yield)


def pytest_configure(config: pytest.Config) -> None:
    """Register the plugin itself, if a kernel is given."""
    config.addinivalue_line("markers", "ksft: a case of a kernel selftest")
    if _is_enabled(config):
        from ksftci.plugin.plugin import Plugin

        config.pluginmanager.register(Plugin.from_config(config), "ksft")


def _is_enabled(config: pytest.Config) -> bool:
    return any(config.getoption(name) or config.getini(name) for name in ("ksft_kernel", "ksft_native"))
