# SPDX-License-Identifier: GPL-2.0-only
"""``python -m ksftgen``."""

from ksftgen.cli import main

main()
