#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Merges all JUnit XML below KSFT_RESULTS into one report: a job summary and annotations, an HTML page if KSFT_HTML
# names a file for it, and JUnit XML if KSFT_JUNIT does. KSFT_EXPECTED are the names of all runs: a run without results
# is an error, and so is a file that cannot be read. Known issues and durations are in the JUnit XML already.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

check_folder results "${KSFT_RESULTS=results}"
read -r -d '' -a expected <<<"${KSFT_EXPECTED:-}" || true
summary=${GITHUB_STEP_SUMMARY:-/dev/stdout}

files=() status=0
if [[ -d $KSFT_RESULTS ]]; then
	mapfile -d '' -t files < <(find "$KSFT_RESULTS" -name '*.xml' -print0 | sort --zero-terminated)
fi
missing=()
for name in "${expected[@]}"; do
	check name "$name" '[A-Za-z0-9][A-Za-z0-9._-]*' "letters, digits, dots and dashes"
	has_results=false
	for file in "${files[@]}"; do
		[[ ${file##*/} == "$name.xml" ]] && has_results=true
	done
	[[ $has_results == true ]] || missing+=("$name")
done
if ((${#files[@]} > 0)); then
	command=(ksftci report "--summary=$summary" --annotations)
	[[ -z ${KSFT_HTML:-} ]] || command+=("--html=$KSFT_HTML")
	"${command[@]}" -- "${files[@]}" || status=$?
	if [[ $status != [013] && $status != 130 ]]; then
		printf '\n**The results cannot be reported**; the log of this job says why.\n' >>"$summary"
		printf '::error::the results cannot be reported; the log of this job says why\n'
	fi
	merged=0
	[[ -z ${KSFT_JUNIT:-} ]] || ksftci junit "--output=$KSFT_JUNIT" -- "${files[@]}" || merged=$?
	((status > 0)) || status=$merged
fi
for name in "${missing[@]}"; do
	printf '\n**%s left no results**; the log of its job says why.\n' "$name" >>"$summary"
	printf '::error::%s left no results; the log of its job says why\n' "$name"
	status=2
done
exit "$status"
