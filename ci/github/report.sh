#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# One report of all logs below KSFT_RESULTS, as a job summary and annotations, as a page when KSFT_HTML names one,
# as JUnit XML when KSFT_JUNIT does; KSFT_KNOWN is a file of known issues. KSFT_EXPECTED are the names of the runs
# that there should be: one that left nothing is told, too.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

fits results "${KSFT_RESULTS:=results}" '[A-Za-z0-9_/.-]+' "a path of letters, digits, dots, dashes"
read -r -d '' -a expected <<<"${KSFT_EXPECTED:-}" || true
summary=${GITHUB_STEP_SUMMARY:-/dev/stdout}

files=() status=0
if [[ -d $KSFT_RESULTS ]]; then
	mapfile -d '' -t files < <(find "$KSFT_RESULTS" -name '*.log' -print0 | sort --zero-terminated)
fi
missing=()
for name in "${expected[@]}"; do
	fits name "$name" '[A-Za-z0-9][A-Za-z0-9._-]*' "letters, digits, dots and dashes"
	found=false
	for file in "${files[@]}"; do
		[[ ${file##*/} == "$name.log" ]] && found=true
	done
	[[ $found == true ]] || missing+=("$name")
done
if ((${#files[@]} > 0)); then
	known=()
	[[ -z ${KSFT_KNOWN:-} ]] || known=("--known=$KSFT_KNOWN")
	command=(ksftci report "--summary=$summary" --annotations "${known[@]}")
	[[ -z ${KSFT_HTML:-} ]] || command+=("--html=$KSFT_HTML")
	"${command[@]}" -- "${files[@]}" || status=$?
	[[ -z ${KSFT_JUNIT:-} ]] || ksftci junit "--output=$KSFT_JUNIT" "${known[@]}" -- "${files[@]}"
fi
for name in "${missing[@]}"; do
	printf '\n**%s left no results**; the log of its job says why.\n' "$name" >>"$summary"
	printf '::error::%s left no results; the log of its job says why\n' "$name"
	status=2
done
exit "$status"
