# SPDX-License-Identifier: GPL-2.0-only
"""Install packages of Debian's or Ubuntu's that tests need: PACKAGE=PROGRAM for each, whose program is missing."""

import shutil
import sys

from ksftci.errors import CiError
from ksftci.host import packages

if __name__ == "__main__":
    probes = dict(word.split("=") for word in sys.argv[1:])
    missing = [package for package, program in probes.items() if shutil.which(program) is None]
    try:
        if missing:
            packages.install(missing)
    except (CiError, OSError) as err:
        sys.exit(f"the tests here need {', '.join(missing)}: {err}")
