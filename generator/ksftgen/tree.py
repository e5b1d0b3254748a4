# SPDX-License-Identifier: GPL-2.0-only
"""The profile of a kernel tree: how its mm selftests include headers, name their helpers and list their programs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from ksftgen.errors import TreeError
from plainprint.reason import reason

SELFTESTS = Path("tools/testing/selftests")
_HELPER_HEADERS = ("vm_util.h", "hugepage_settings.h", "thp_settings.h")

# The names that vm_util.h and hugepage_settings.h of Linux 7.3 define or declare, as _declared_names() returns them.
_SYMBOLS_7_3 = """
    BIT_ULL FORCE_READ HPAGE_SHIFT HPAGE_SIZE HUGETLB_SETUP_DEFAULT_PAGES KPF_COMPOUND_HEAD KPF_COMPOUND_TAIL
    KPF_HWPOISON KPF_THP NR_ORDERS PAGEMAP_PFN PAGEMAP_PRESENT PM_FILE PM_GUARD_REGION PM_MMAP_EXCLUSIVE
    PM_PRESENT PM_SOFT_DIRTY PM_SWAP PM_UFFD_WP SHMEM_ADVISE SHMEM_ALWAYS SHMEM_DENY SHMEM_FORCE SHMEM_INHERIT
    SHMEM_NEVER SHMEM_WITHIN_SIZE SHM_LIMITS_RESTORE THP_ALWAYS THP_DEFRAG_ALWAYS THP_DEFRAG_DEFER
    THP_DEFRAG_DEFER_MADVISE THP_DEFRAG_MADVISE THP_DEFRAG_NEVER THP_INHERIT THP_MADVISE THP_NEVER
    __HUGEPAGE_SETTINGS_H__ __shm_limits_restore allocate_transhuge check_for_pattern check_huge_anon
    check_huge_file check_huge_shmem check_vmflag_guard check_vmflag_io check_vmflag_pfnmap clear_softdirty
    close_procmap default_huge_page_size detect_huge_zeropage detect_hugetlb_page_sizes find_vma_procmap
    force_read_pages gather_folio_orders get_hardware_corrupted_size hugepage_save_settings hugepages_settings
    hugetlb_available hugetlb_free_default_pages hugetlb_free_pages hugetlb_nr_default_pages hugetlb_nr_pages
    hugetlb_restore_settings hugetlb_save_settings hugetlb_set_nr_default_pages hugetlb_set_nr_pages
    hugetlb_setup hugetlb_setup_default hugetlb_setup_default_exact khugepaged_settings ksm_get_full_scans
    ksm_get_self_merging_pages ksm_get_self_zero_pages ksm_start ksm_stop ksm_use_zero_pages log_test_result
    log_test_start open_procmap open_self_procmap pageflags_get pagemap_get_entry pagemap_get_pfn
    pagemap_is_populated pagemap_is_softdirty pagemap_is_swapped procmap_fd pshift psize query_procmap read_file
    read_num read_pmd_pagesize read_sysfs rss_anon shm_limits_prepare shmem_enabled shmem_hugepages_settings
    skip_test_dodgy_fs softdirty_supported sys_mremap sz2ord thp_available thp_current_settings thp_defrag
    thp_enabled thp_is_enabled thp_pop_settings thp_push_settings thp_read_num thp_read_settings thp_read_string
    thp_restore_settings thp_save_settings thp_set_read_ahead_path thp_settings thp_shmem_supported_orders
    thp_supported_orders thp_write_num thp_write_settings thp_write_string uffd_register
    uffd_register_with_ioctls uffd_unregister unpoison_memory write_file write_num write_num_ignore_einval
    write_sysfs
"""


@dataclass(frozen=True)
class TreeProfile:
    """What differs between trees for the templates and for `install`.

    `version` is (VERSION, PATCHLEVEL).  `mm_folder` is the folder of the mm selftests, "mm" or "vm".
    `harness_include` and `kselftest_include` are the paths by which sources include these headers.  `settings_header`
    declares the helpers for THP settings, "" if the tree has no such header.  `programs_variable` is the Makefile
    variable that lists the programs.  `has_wrappers` is whether the tree has a ksft_CATEGORY.sh for each category,
    `has_exit_code` whether a test of kselftest_harness.h can end as XFAIL (Linux 6.9).
    `symbols` are the names that vm_util.h and the settings header define or declare.
    """

    version: tuple[int, int]
    mm_folder: str
    harness_include: str
    kselftest_include: str
    settings_header: str
    programs_variable: str
    has_wrappers: bool
    has_exit_code: bool
    symbols: frozenset[str]

    def has(self, symbol: str) -> bool:
        """Whether vm_util.h or the settings header defines or declares `symbol`."""
        return symbol in self.symbols


LINUX_7_3 = TreeProfile(
    version=(7, 3),
    mm_folder="mm",
    harness_include="kselftest_harness.h",
    kselftest_include="kselftest.h",
    settings_header="hugepage_settings.h",
    programs_variable="TEST_GEN_FILES",
    has_wrappers=True,
    has_exit_code=True,
    symbols=frozenset(_SYMBOLS_7_3.split()),
)


def mm_dir(tree: Path) -> Path:
    """The folder of the mm selftests in `tree`; raises TreeError if `tree` is not a kernel tree."""
    if not tree.is_dir():
        raise TreeError(f"{tree}: is not a directory; give the top of a kernel tree")
    for name in ("mm", "vm"):  # "vm" before Linux 6.3
        if (tree / SELFTESTS / name / "Makefile").is_file():
            return tree / SELFTESTS / name
    raise TreeError(f"{tree}: has no {SELFTESTS}/mm/Makefile; give the top of a kernel tree")


def probe(tree: Path) -> TreeProfile:
    """The profile of the kernel tree at `tree`, from its files; raises TreeError if their structure is unknown."""
    folder = mm_dir(tree)
    makefile = read(folder / "Makefile")
    sources = "".join(read(path) for path in sorted(folder.glob("*.c")))
    headers = {name: read(folder / name) for name in _HELPER_HEADERS if (folder / name).is_file()}
    return TreeProfile(
        version=_version(tree),
        mm_folder=folder.name,
        harness_include=_include(sources, "kselftest_harness.h"),
        kselftest_include=_include(sources, "kselftest.h"),
        settings_header=next((name for name in _HELPER_HEADERS[1:] if name in headers), ""),
        programs_variable=_programs_variable(makefile, folder),
        has_wrappers=bool(re.search(r"^TEST_PROGS\s*[:+]?=.*\bksft_\w+\.sh", makefile, re.MULTILINE)),
        has_exit_code="KSFT_XFAIL" in read(tree / SELFTESTS / "kselftest_harness.h"),
        symbols=frozenset().union(*(_declared_names(text) for text in headers.values())),
    )


def read(path: Path) -> str:
    """The text of a file of the tree; raises TreeError if it cannot be read."""
    return read_raw(path).replace("\r\n", "\n")


def read_raw(path: Path) -> str:
    """As `read`, with the line ends that the file has."""
    try:
        if path.exists() and not path.is_file():  # a FIFO would be waited for
            raise TreeError(f"{path}: is no regular file; move it away")
        return path.read_bytes().decode("utf-8", "surrogateescape")
    except OSError as error:
        raise TreeError(f"{path}: cannot read: {reason(error, path)}") from None


def _version(tree: Path) -> tuple[int, int]:
    match = re.search(r"^VERSION = (\d+)\nPATCHLEVEL = (\d+)$", read(tree / "Makefile"), re.MULTILINE)
    if not match:
        raise TreeError(f"{tree}/Makefile: has no VERSION and PATCHLEVEL; give the top of a kernel tree")
    return int(match.group(1)), int(match.group(2))


def _include(sources: str, header: str) -> str:
    """How most sources include `header`: by its name alone, or with ``../``."""
    plain = len(re.findall(rf'^#include "{re.escape(header)}"', sources, re.MULTILINE))
    parent = len(re.findall(rf'^#include "\.\./{re.escape(header)}"', sources, re.MULTILINE))
    return header if plain > parent else f"../{header}"


def _programs_variable(makefile: str, folder: Path) -> str:
    """The variable that most lines of the Makefile set or extend."""
    counts = {
        name: len(re.findall(rf"^{name}\s*[:+]?=", makefile, re.MULTILINE))
        for name in ("TEST_GEN_FILES", "TEST_GEN_PROGS")
    }
    if not any(counts.values()):
        raise TreeError(f"{folder}/Makefile: lists no TEST_GEN_FILES or TEST_GEN_PROGS; give a tree of Linux as it is")
    return max(counts, key=lambda name: counts[name])


def _declared_names(header: str) -> frozenset[str]:
    """The macros, functions, enumerators, and tags of structs and enums that the text of a header declares."""
    text = re.sub(r"/\*.*?\*/|//[^\n]*", " ", header, flags=re.DOTALL).replace("\\\n", " ")
    patterns = (
        r"^#define\s+(\w+)",
        r"^(?!return\b)\w[\w ]*[ *]+(\w+)\s*\(",
        r"^\s+([A-Z][A-Z0-9_]+)\s*(?:=[^,\n]*)?,?\s*$",
        r"^(?:struct|enum)\s+(\w+)\s*\{",
    )
    return frozenset().union(*(re.findall(pattern, text, re.MULTILINE) for pattern in patterns))
