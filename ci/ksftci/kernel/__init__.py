# SPDX-License-Identifier: GPL-2.0-only
"""Kernel source trees and kernel images: from a path, from Debian, from git, or built.

The kernel's make, the configurations of small kernels and where functions are in a source live here. It imports only
machine and below.
"""
