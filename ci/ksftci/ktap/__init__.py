# SPDX-License-Identifier: GPL-2.0-only
"""Lines that programs and the kernel print become results: KTAP, and the complaints in a kernel's log ("splats").

A new dialect of KTAP, a new prefix that a log collector puts before lines and a new kind of complaint belong here. It
imports only results and below.
"""
