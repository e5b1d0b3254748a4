# SPDX-License-Identifier: GPL-2.0-only
"""Run kernel selftests natively or on a kernel in QEMU, and read what they say."""
