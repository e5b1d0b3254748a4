# SPDX-License-Identifier: GPL-2.0-only
"""Kernel source trees and kernel images: a path, a Debian package, a git tag, or a build of a tree.

The call of the kernel's make is here, and configs/ with a configuration for each architecture, out of which `build`
makes small kernels. It imports only machine and below.
"""
