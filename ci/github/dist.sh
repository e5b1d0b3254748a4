#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Builds the sdist, and of it the wheel, into dist/: the same files for a commit, wherever and whenever.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

cd "$top"
export PIP_CONSTRAINT=$top/ci/github/dist.txt
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH
[[ -x $venv/bin/pip ]] || python3 -m venv "$venv"
pip install --quiet --disable-pip-version-check build
python -m build --outdir dist
sha256sum dist/*
