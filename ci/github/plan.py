#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Plans the jobs of the workflow from its inputs: KSFT_KERNELS (a JSON array), KSFT_SHARDS and KSFT_NATIVE.

Outputs: `matrix` (kernel, shard and name of each job), `builds` (the kernels to build first) and `names` (of all jobs,
so that the report can say which left no results). Uses Python's standard library only.
"""

import json
import os
import re
import sys

_KERNEL = re.compile(r"debian:[0-9]{1,2}\.[0-9]{1,3}(?:\.[0-9]{1,3})?(?:-16k)?|build(?:-16k)?", re.ASCII)
_ALLOWED = "debian:VERSION, debian:VERSION-16k, build and build-16k"
_MAX_JOBS = 256  # GitHub's limit for one matrix


def plan(kernels: str, shards: str, native: bool) -> dict[str, str]:
    """The outputs by name. Raises ValueError with a message that says what is allowed."""
    try:
        requested = json.loads(kernels)
    except (ValueError, RecursionError) as err:
        raise ValueError(f"kernels: not JSON: {err}") from None
    if not isinstance(requested, list) or not all(isinstance(k, str) and _KERNEL.fullmatch(k) for k in requested):
        raise ValueError(f"kernels: {kernels!r} is not valid; allowed: a JSON array of {_ALLOWED}")
    if not re.fullmatch(r"[1-9][0-9]?", shards, re.ASCII):
        raise ValueError(f"shards: {shards!r} is not valid; allowed: a number from 1 to 99")
    unique, shard_count = list(dict.fromkeys(requested)), int(shards)
    if not unique and not native:
        raise ValueError("kernels: the array is empty and native is false; nothing would run")
    if len(unique) * shard_count > _MAX_JOBS:
        raise ValueError(f"{len(unique)} kernels in {shard_count} shards are more than {_MAX_JOBS} jobs")
    jobs = [_job(kernel, shard, shard_count) for kernel in unique for shard in range(1, shard_count + 1)]
    names = [*(["native"] if native else []), *(job["name"] for job in jobs)]
    builds = [kernel for kernel in unique if kernel.startswith("build")]
    return {"matrix": json.dumps(jobs), "builds": json.dumps(builds), "names": " ".join(names)}


def _job(kernel: str, shard: int, shard_count: int) -> dict[str, str]:
    name = kernel.replace(":", "-")  # the name of an artifact must not have a colon
    if shard_count == 1:
        return {"kernel": kernel, "shard": "", "name": name}
    return {"kernel": kernel, "shard": f"{shard}/{shard_count}", "name": f"{name}-{shard}of{shard_count}"}


def main() -> int:
    """Write the outputs; returns the exit status, 2 after an error, which GitHub shows."""
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
