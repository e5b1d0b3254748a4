# SPDX-License-Identifier: GPL-2.0-only
"""What was measured of a patch series: results on kernels, and the broken kernels that its tests detect.

Results are JUnit files of ``ksftci run --junit``, mutants the ``mutants.json`` of ``ksftci mutants``.
"""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ksftgen.errors import GenError
