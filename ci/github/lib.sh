# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# What the scripts share.

# shellcheck disable=SC2034 # used by those who source this
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
venv=${RUNNER_TEMP:-/tmp}/ksftci-venv
PATH=$venv/bin:$PATH

# An error that GitHub shows, and the end. A command of GitHub's is one line with % CR LF escaped.
die() {
	local text=${1//'%'/%25}
	text=${text//$'\r'/%0D}
	printf '::error::%s\n' "${text//$'\n'/%0A}"
	exit 2
}

# fits WHAT VALUE REGEX ALLOWED: whether the value is one that is understood.
fits() {
	[[ $2 =~ ^($3)$ && $2 != *$'\n'* ]] || die "$1: '$2' is not understood; it is $4"
}

# A line of the step's outputs. Values have been checked for newlines.
output() {
	printf '%s=%s\n' "$1" "$2" >>"${GITHUB_OUTPUT:-/dev/stdout}"
}
