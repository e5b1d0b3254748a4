# SPDX-License-Identifier: GPL-2.0-only
"""Install what the tests here need beside Python: node and npm, and what package.json names."""

import shutil
import subprocess
import sys
from pathlib import Path

from ksftci import packages
from ksftci.errors import CiError

if __name__ == "__main__":
    probes = {"nodejs": "node", "npm": "npm"}
    try:
        if missing := [package for package, program in probes.items() if shutil.which(program) is None]:
            packages.install(missing)
    except (CiError, OSError) as err:
        sys.exit(f"the readers of GitHub's actions run on node, which is missing: {err}")
    argv = ["npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"]
    sys.exit(subprocess.run(argv, cwd=Path(__file__).parent, check=False).returncode)
