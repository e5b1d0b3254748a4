#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# One `ksftci run`, as the KSFT_ variables say; action.yml describes them. Whatever they hold is checked, or is one
# argument of its own: nothing is evaluated, and nothing that begins with a dash becomes an option.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

fits arch "${KSFT_ARCH:=arm64}" 'arm64|x86_64' "arm64 or x86_64"
fits native "${KSFT_NATIVE:=false}" 'true|false' "true or false"
fits retries "${KSFT_RETRIES:=0}" '[0-9]{1,2}' "a number below 100"
fits machines "${KSFT_MACHINES:=1}" '[1-9][0-9]?' "a number from 1 to 99"
fits shard "${KSFT_SHARD:=}" '([1-9][0-9]*/[1-9][0-9]*)?' "I/N, such as 2/4"
fits name "${KSFT_NAME:=kselftest}" '[A-Za-z0-9][A-Za-z0-9._-]*' "letters, digits, dots and dashes"
fits results "${KSFT_RESULTS:=results}" '[A-Za-z0-9_/.-]+' "a path of letters, digits, dots, dashes"
fits tree "${KSFT_TREE:=debian:7.3}" '[^-].*' "a path, debian:VERSION or git:URL@TAG"
# Words, at any white space; read, unlike an unquoted variable, does not look for files.
read -r -d '' -a kernels <<<"${KSFT_KERNEL:-debian:7.3}" || true
read -r -d '' -a programs <<<"${KSFT_PROGRAMS:-}" || true

mkdir -p -- "$KSFT_RESULTS"
tree=$KSFT_TREE
if ((${#programs[@]} == 0)); then
	case $tree in
	debian:* | git:*)
		tree=${RUNNER_TEMP:-/tmp}/ksftci-tree
		ksftci tree get --to "$tree" -- "$KSFT_TREE"
		;;
	esac
	ksftgen install "--tree=$tree"
fi

command=(ksftci run "--tree=$tree")
file=$KSFT_RESULTS/$KSFT_NAME
command+=("--junit=$file.xml" "--html=$file.html" "--ktap=$file.log")
if [[ $KSFT_NATIVE == true ]]; then
	# What root builds must not lie in the user's cache.
	command+=(--native "--cache=${RUNNER_TEMP:-/tmp}/ksftci-native")
	[[ $(id -u) == 0 ]] || command=(sudo --preserve-env "PATH=$PATH" "${command[@]}")
else
	command+=("--arch=$KSFT_ARCH" "--jobs=$KSFT_MACHINES")
	for kernel in "${kernels[@]}"; do
		# The tests may have been put into a part of the tree only; a kernel needs the whole.
		[[ $kernel == build ]] && kernel=build:$KSFT_TREE
		command+=("--kernel=$kernel")
	done
fi
[[ -z ${KSFT_EXPRESSION:-} ]] || command+=(-k "$KSFT_EXPRESSION")
[[ -z $KSFT_SHARD ]] || command+=("--shard=$KSFT_SHARD")
[[ -z ${KSFT_DURATIONS:-} ]] || command+=("--durations=$KSFT_DURATIONS")
[[ -z ${KSFT_KNOWN:-} ]] || command+=("--known=$KSFT_KNOWN")
[[ $KSFT_RETRIES == 0 ]] || command+=("--retries=$KSFT_RETRIES")
((${#programs[@]} == 0)) || command+=(-- "${programs[@]}")

printf 'running:'
printf ' %q' "${command[@]}"
printf '\n'
status=0
"${command[@]}" || status=$?

output status "$status"
output junit "$file.xml"
output html "$file.html"
output ktap "$file.log"
# A part of the tests may well be one that this kernel skips. Whether all of them were is for the report to say.
[[ -n $KSFT_SHARD && $status == 3 ]] && exit 0
exit "$status"
