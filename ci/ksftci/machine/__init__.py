# SPDX-License-Identifier: GPL-2.0-only
"""What runs programs and yields events while it does: a kernel in QEMU, or this machine.

The guest's own init script, the limits of a console, the start after a panic and the settings that are put back live
here; another kind of machine is a module in here. It imports only ktap, results, host and below.
"""
