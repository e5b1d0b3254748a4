# SPDX-License-Identifier: GPL-2.0-only
"""python -m ksftci"""

from ksftci.cli import main

main()
