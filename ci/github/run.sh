#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Runs `ksftci run` once, with options from the KSFT_ variables, which action.yml describes. Each value is checked, or
# is passed as a single argument: no value is evaluated, and a value that begins with a dash does not become an option.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

check arch "${KSFT_ARCH:=arm64}" 'arm64|x86_64' "arm64 or x86_64"
check native "${KSFT_NATIVE:=false}" 'true|false' "true or false"
check retries "${KSFT_RETRIES:=0}" '[0-9]{1,2}' "a number below 100"
check machines "${KSFT_MACHINES:=1}" '[1-9][0-9]?' "a number from 1 to 99"
check shard "${KSFT_SHARD:=}" '([1-9][0-9]*/[1-9][0-9]*)?' "I/N, such as 2/4"
check name "${KSFT_NAME:=kselftest}" '[A-Za-z0-9][A-Za-z0-9._-]*' "letters, digits, dots and dashes"
check_folder results "${KSFT_RESULTS=results}"
check tree "${KSFT_TREE:=debian:7.3}" '[^-].*' "a path, debian:VERSION or git:URL@TAG"
# Split at any white space. Unlike an unquoted variable, `read` expands no file name patterns.
read -r -d '' -a kernels <<<"${KSFT_KERNEL:-debian:7.3}" || true
read -r -d '' -a programs <<<"${KSFT_PROGRAMS:-}" || true

output results "$KSFT_RESULTS" # also if all that follows fails
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
	# Files that root builds must not go into the user's cache.
	command+=(--native "--cache=${RUNNER_TEMP:-/tmp}/ksftci-native")
	[[ $(id -u) == 0 ]] || command=(sudo --preserve-env "PATH=$PATH" "${command[@]}")
else
	command+=("--arch=$KSFT_ARCH" "--jobs=$KSFT_MACHINES")
	for kernel in "${kernels[@]}"; do
		# $tree may be a copy that has only the parts that tests need; a kernel is built from the whole tree.
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

printf -v shown ' %q' "${command[@]}"
printf 'running:%s\n' "${shown//'##['/'##\['}" # else the runner reads a command in it
status=0
"${command[@]}" || status=$?

output status "$status"
output junit "$file.xml"
output html "$file.html"
output ktap "$file.log"
# All tests of one shard may be skipped on this kernel (status 3); the report fails if all shards were.
[[ -n $KSFT_SHARD && $status == 3 ]] && exit 0
exit "$status"
