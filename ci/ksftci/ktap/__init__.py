# SPDX-License-Identifier: GPL-2.0-only
"""KTAP as programs and kernels print it, read into results.

Here are its lines, their nesting, the levels that are open, the stamps and prefixes around a line, and splats: what the
kernel logs when something is wrong in it. This room imports from results, host and errors alone.
"""
