# SPDX-License-Identifier: GPL-2.0-only
"""The command line, run as ``python -m ksftgen``."""

from ksftgen.cli import main

main()
