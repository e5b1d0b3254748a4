# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# Functions and paths that the scripts of this folder share.

# shellcheck disable=SC2034 # used by the scripts that source this file
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
venv=${RUNNER_TEMP:-/tmp}/ksftci-venv
PATH=$venv/bin:$PATH

# die TEXT: ends the script with an error that GitHub shows. In a GitHub command, % CR LF must be escaped.
die() {
	local text=${1//'%'/%25}
	text=${text//$'\r'/%0D}
	printf '::error::%s\n' "${text//$'\n'/%0A}"
	exit 2
}

# check NAME VALUE REGEX ALLOWED: ends the script with an error unless all of the value, a single line, matches.
check() {
	[[ $2 =~ ^($3)$ && $2 != *$'\n'* ]] || die "$1: '$2' is not valid; allowed: $4"
}

# check_folder NAME VALUE: ends the script with an error unless the value is a folder, or may become one, that belongs to
# the job: in the workspace or RUNNER_TEMP, through no symbolic link to elsewhere, and like no option of a program.
check_folder() {
	local path root
	check "$1" "$2" '[A-Za-z0-9_/.][A-Za-z0-9_/.-]*' "a path of letters, digits, dots, dashes, not a dash at its beginning"
	path=$(realpath --canonicalize-missing -- "$2")
	for root in "$PWD" "${GITHUB_WORKSPACE:-$PWD}" "${RUNNER_TEMP:-$PWD}"; do
		root=$(realpath --canonicalize-missing -- "$root")
		[[ $root == / || $path/ != "$root"/* ]] || return 0
	done
	die "$1: '$2' is not valid; allowed: a folder in the workspace"
}

# output NAME VALUE: sets an output of the step. No value contains a newline: check() rejects them.
output() {
	printf '%s=%s\n' "$1" "$2" >>"${GITHUB_OUTPUT:-/dev/stdout}"
}
