# SPDX-License-Identifier: GPL-2.0-only
"""Machines that run programs and yield events meanwhile: a guest in QEMU, or the host with its own kernel.

What a guest boots from, its init script and the lines that it sends, the limits of a console, the start after a panic
and the settings that are put back live here; another kind of machine is a module in here. It imports only ktap and
below.
"""
