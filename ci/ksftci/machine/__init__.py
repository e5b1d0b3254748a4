# SPDX-License-Identifier: GPL-2.0-only
"""What runs programs and yields events as they happen: a guest in QEMU, or the local kernel (`native`).

The guest's init script, its restart after a panic and the restoring of kernel settings that a test changed are here. A
new kind of machine is a module in here; `assembly` makes it. It imports only ktap, results and host, and below.
"""
