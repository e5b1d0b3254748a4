#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Installs ksftci and ksftgen into a virtual environment of the job, and the system packages that they need.
# Arguments are further packages to install.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

check arch "${KSFT_ARCH:=arm64}" 'arm64|x86_64' "arm64 or x86_64"

install() {
	local root=()
	[[ $(id -u) == 0 ]] || root=(sudo)
	"${root[@]}" apt-get update
	"${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "$@"
}

python3 -c 'import ensurepip, venv' 2>/dev/null || install python3-venv
(($# == 0)) || dpkg --status "$@" >/dev/null 2>&1 || install "$@"
if [[ ! -x $venv/bin/ksftci ]]; then
	python3 -m venv "$venv"
	"$venv/bin/pip" install --quiet --disable-pip-version-check "$top"
fi
ksftci setup --install "--arch=$KSFT_ARCH"
