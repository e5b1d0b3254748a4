#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# One report of all JUnit XML below KSFT_RESULTS, which has what is known and how long it took: a job summary and
# annotations, a page when KSFT_HTML names one, JUnit XML when KSFT_JUNIT does. KSFT_EXPECTED are the names of the
# runs that there should be: one that left nothing is told, too.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

fits results "${KSFT_RESULTS:=results}" '[A-Za-z0-9_/.-]+' "a path of letters, digits, dots, dashes"
read -r -d '' -a expected <<<"${KSFT_EXPECTED:-}" || true
summary=${GITHUB_STEP_SUMMARY:-/dev/stdout}

files=() status=0
if [[ -d $KSFT_RESULTS ]]; then
	mapfile -d '' -t files < <(find "$KSFT_RESULTS" -name '*.xml' -print0 | sort --zero-terminated)
fi
missing=()
for name in "${expected[@]}"; do
	fits name "$name" '[A-Za-z0-9][A-Za-z0-9._-]*' "letters, digits, dots and dashes"
	found=false
	for file in "${files[@]}"; do
		[[ ${file##*/} == "$name.xml" ]] && found=true
	done
	[[ $found == true ]] || missing+=("$name")
done
if ((${#files[@]} > 0)); then
	command=(ksftci report "--summary=$summary" --annotations)
	[[ -z ${KSFT_HTML:-} ]] || command+=("--html=$KSFT_HTML")
	"${command[@]}" -- "${files[@]}" || status=$?
	[[ -z ${KSFT_JUNIT:-} ]] || ksftci junit "--output=$KSFT_JUNIT" -- "${files[@]}"
fi
for name in "${missing[@]}"; do
	printf '\n**%s left no results**; the log of its job says why.\n' "$name" >>"$summary"
	printf '::error::%s left no results; the log of its job says why\n' "$name"
	status=2
done
exit "$status"
