# SPDX-License-Identifier: GPL-2.0-only
"""Names that the C of a program has already, so that no scenario, axis, test or case may have them."""

from __future__ import annotations

import functools
import re

from ksftgen import template

_KEYWORDS = """
    auto break case char const continue default do double else enum extern float for goto if inline int long
    register restrict return short signed sizeof static struct switch typedef union unsigned void volatile while
    asm typeof alignas alignof constexpr nullptr static_assert thread_local typeof_unqual
"""
# Macros without parentheses, of the compilers for all architectures and of the headers that a program includes.
_MACROS = """
    arm bool complex d_fileno errno false fscanf hppa i386 imaginary linux mips noreturn s6_addr s_addr sa_handler
    sa_sigaction scanf si_addr si_addr_lsb si_arch si_band si_call_addr si_fd si_int si_lower si_overrun si_pid
    si_pkey si_ptr si_status si_stime si_syscall si_timerid si_uid si_upper si_utime si_value sigcontext_struct
    sigev_notify_attributes sigev_notify_function sigev_notify_thread_id sparc sscanf st_atime st_ctime st_mtime
    stderr stdin stdout sun true unix vax vfscanf vscanf vsscanf
"""
# Functions, types and variables of the C library and of the kernel's kselftest headers that have a _ in their names:
# FIXTURE(aligned) with TEST_F(aligned, alloc) makes the function aligned_alloc().
_SYMBOLS = """
    aligned_alloc arc4random_buf arc4random_uniform at_quick_exit blkcnt64_t blkcnt_t blksize_t caddr_t
    canonicalize_file_name case_count clearerr_unlocked clock_t clockid_t close_range comparison_fn_t
    cookie_close_function_t cookie_io_functions_t cookie_read_function_t cookie_seek_function_t
    cookie_write_function_t copy_file_range daddr_t dev_t div_t drand48_data drand48_r ecvt_r elf_fpregset_t
    elf_greg_t elf_gregset_t elf_prpsinfo elf_prstatus elf_siginfo end_ptr erand48_r error_t esr_context exit_code
    explicit_bzero extended_size extra_context fault_address fcvt_r fd_mask fd_set fds_bits feof_unlocked
    ferror_unlocked fflush_unlocked fgetc_unlocked fgets_unlocked fileno_unlocked for_realz fpos64_t fpos_t
    fpregset_t fpsimd_context fputc_unlocked fputs_unlocked fread_unlocked fsblkcnt64_t fsblkcnt_t fsfilcnt64_t
    fsfilcnt_t fsid_t fwrite_unlocked get_current_dir_name getc_unlocked getchar_unlocked getlogin_r gid_t greg_t
    gregset_t group_member has_positive id_t idtype_t in_parent initstate_r ino64_t ino_t int16_t int32_t int64_t
    int8_t int_fast16_t int_fast32_t int_fast64_t int_fast8_t int_least16_t int_least32_t int_least64_t
    int_least8_t intmax_t intptr_t isalnum_l isalpha_l isblank_l iscntrl_l isdigit_l isgraph_l islower_l isprint_l
    ispunct_l isspace_l isupper_l isxdigit_l jmp_buf jrand48_r key_t ksft_cnt ksft_count ksft_debug_enabled
    ksft_error ksft_exit_fail ksft_exit_fail_msg ksft_exit_fail_perror ksft_exit_pass ksft_exit_skip
    ksft_exit_xfail ksft_exit_xpass ksft_fail ksft_get_error_cnt ksft_get_fail_cnt ksft_get_pass_cnt
    ksft_get_xfail_cnt ksft_get_xpass_cnt ksft_get_xskip_cnt ksft_inc_error_cnt ksft_inc_fail_cnt ksft_inc_pass_cnt
    ksft_inc_xfail_cnt ksft_inc_xpass_cnt ksft_inc_xskip_cnt ksft_min_kernel_version ksft_pass ksft_perror
    ksft_plan ksft_print_cnts ksft_print_dbg_msg ksft_print_header ksft_print_msg ksft_reset_state ksft_set_plan
    ksft_test_num ksft_test_result_code ksft_test_result_error ksft_test_result_fail ksft_test_result_pass
    ksft_test_result_skip ksft_test_result_xfail ksft_test_result_xpass ksft_xfail ksft_xpass ksft_xskip lcong48_r
    ldiv_t lldiv_t locale_t loff_t lrand48_r lwpid_t max_align_t mcontext_t memfd_create min_major min_minor mode_t
    mrand48_r mxcr_mask nfds_t nlink_t no_teardown no_variant nrand48_r obstack_printf obstack_vprintf off64_t
    off_t old_tests on_exit open_memstream pass_count pid_t pkey_alloc pkey_free pkey_get pkey_mprotect pkey_set
    poll_child posix_madvise posix_memalign posix_openpt pr_info prfpregset_t prgregset_t process_madvise
    process_mrelease program_invocation_name program_invocation_short_name prpsinfo_t prstatus_t psaddr_t
    pthread_attr_t pthread_barrier_t pthread_barrierattr_t pthread_cond_t pthread_condattr_t pthread_key_t
    pthread_kill pthread_mutex_t pthread_mutexattr_t pthread_once_t pthread_rwlock_t pthread_rwlockattr_t
    pthread_sigmask pthread_sigqueue pthread_spinlock_t pthread_t ptrdiff_t ptsname_r putc_unlocked
    putchar_unlocked qecvt_r qfcvt_r qsort_r quad_t quick_exit rand_deg rand_r rand_sep rand_type random_data
    random_r register_t remap_file_pages saved_action saved_errno secure_getenv seed48_r setstate_r setup_completed
    shm_open shm_unlink sig_atomic_t sig_t sigabbrev_np sigdescr_np sigevent_t sighandler_t siginfo_t sigjmp_buf
    sigset_t sigval_t socklen_t srand48_r srandom_r ssize_t stack_t strcasecmp_l strcoll_l strerror_l strerror_r
    strerrordesc_np strerrorname_np strncasecmp_l strtod_l strtof128_l strtof32_l strtof32x_l strtof64_l
    strtof64x_l strtof_l strtok_r strtol_l strtold_l strtoll_l strtoul_l strtoull_l strxfrm_l suseconds_t
    sve_context sysv_signal tap_code teardown_fn test_count test_enabled test_harness_argv_check
    test_harness_list_tests test_harness_run test_name time_t timed_out timer_t tmpnam_r tolower_l toupper_l
    ttyname_r u_char u_int u_int16_t u_int32_t u_int64_t u_int8_t u_long u_quad_t u_short ucontext_t uid_t uint16_t
    uint32_t uint64_t uint8_t uint_fast16_t uint_fast32_t uint_fast64_t uint_fast8_t uint_least16_t uint_least32_t
    uint_least64_t uint_least8_t uintmax_t uintptr_t useconds_t user_fpsimd_struct user_regs_struct va_list wchar_t
    xstate_bv xstate_hdr xstate_size ymmh_space za_context
"""
_HEADER = "mprotect_area.h"

WORDS = frozenset(f"{_KEYWORDS} {_MACROS}".split())

# Names of tests and cases for which kselftest_harness.h has C symbols of its own, such as fixture##_##setup.
HARNESS_WORDS = frozenset({"setup", "teardown", "teardown_parent", "fixture", "data"})


@functools.cache
def symbols() -> frozenset[str]:
    """The C names with a _ in them that are declared before a program's own: those of the helpers, too."""
    return frozenset(_SYMBOLS.split()) | frozenset(re.findall(r"[a-z][a-z0-9]*_\w+", template.text(_HEADER)))
