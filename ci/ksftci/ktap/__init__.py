# SPDX-License-Identifier: GPL-2.0-only
"""KTAP as programs, runners and the kernel really print it, into results.

A new dialect of KTAP, a new prefix of a log collector and a new complaint of the kernel belong here. It imports only
results and below.
"""
