# SPDX-License-Identifier: GPL-2.0-only
"""Kernel source trees and kernel images: from a path, from Debian, from git, or built.

The call of the kernel's make, the configurations of small kernels and the search for functions in a source file live
here. It imports only machine and below.
"""
