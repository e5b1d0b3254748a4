#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The workflow's jobs out of its inputs: KSFT_KERNELS, a JSON array, and KSFT_SHARDS.

Outputs: `matrix` (an object for each job: kernel, shard, name), `builds` (kernels to build first), `names` (of
all jobs, by which the report knows that none is missing). Needs nothing but Python.
"""

import json
import os
import re
import sys

_KERNEL = re.compile(r"debian:[0-9]{1,2}\.[0-9]{1,3}(?:\.[0-9]{1,3})?(?:-16k)?|build(?:-16k)?", re.ASCII)
_ALLOWED = "debian:VERSION, debian:VERSION-16k, build and build-16k"
_JOBS = 256  # what GitHub allows of one matrix


def plan(kernels: str, shards: str, native: bool) -> dict[str, str]:
    """The outputs. Raises ValueError that says what is allowed."""
    try:
        wanted = json.loads(kernels)
    except ValueError as err:
        raise ValueError(f"kernels: not JSON: {err}") from None
    if not isinstance(wanted, list) or not all(isinstance(k, str) and _KERNEL.fullmatch(k) for k in wanted):
        raise ValueError(f"kernels: {kernels!r} is not understood; it is a JSON array of {_ALLOWED}")
    if not re.fullmatch(r"[1-9][0-9]?", shards, re.ASCII):
        raise ValueError(f"shards: {shards!r} is not understood; it is a number from 1 to 99")
    unique, parts = list(dict.fromkeys(wanted)), int(shards)
    if not unique and not native:
        raise ValueError("kernels: there are none, and native is false: nothing to do")
    if len(unique) * parts > _JOBS:
        raise ValueError(f"{len(unique)} kernels in {parts} shards are more than {_JOBS} jobs")
    jobs = [_job(kernel, part, parts) for kernel in unique for part in range(1, parts + 1)]
    names = [*(["native"] if native else []), *(job["name"] for job in jobs)]
    builds = [kernel for kernel in unique if kernel.startswith("build")]
    return {"matrix": json.dumps(jobs), "builds": json.dumps(builds), "names": " ".join(names)}


def _job(kernel: str, part: int, parts: int) -> dict[str, str]:
    name = kernel.replace(":", "-")  # an artifact's name has no colon
    if parts == 1:
        return {"kernel": kernel, "shard": "", "name": name}
    return {"kernel": kernel, "shard": f"{part}/{parts}", "name": f"{name}-{part}of{parts}"}


def main() -> int:
    """Exit status 2 with an error that GitHub shows."""
    env = os.environ
    try:
        outputs = plan(env.get("KSFT_KERNELS", ""), env.get("KSFT_SHARDS", "1"), env.get("KSFT_NATIVE") == "true")
    except ValueError as err:
        print("::error::" + str(err).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A"))
        return 2
    with open(env.get("GITHUB_OUTPUT", "/dev/stdout"), "a", encoding="utf-8") as file:
        file.writelines(f"{name}={value}\n" for name, value in outputs.items())
    print(outputs["names"])
    return 0


if __name__ == "__main__":
    sys.exit(main())
