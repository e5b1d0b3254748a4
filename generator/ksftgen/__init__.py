# SPDX-License-Identifier: GPL-2.0-only
"""ksftgen: YAML scenarios in, kselftest C programs out."""

__version__ = "0.1.0"
