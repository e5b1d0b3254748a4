#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# A kernel from KSFT_TREE, as KSFT_KERNEL (build, build-16k), for KSFT_ARCH; it comes to lie in KSFT_IMAGES under that
# name, which is what reports call it.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

fits arch "${KSFT_ARCH:=arm64}" 'arm64|x86_64' "arm64 or x86_64"
fits kernel "${KSFT_KERNEL:=build}" 'build|build-16k' "build or build-16k"
fits images "${KSFT_IMAGES:=kernels}" '[A-Za-z0-9_/.-]+' "a path of letters, digits, dots, dashes"
fits tree "${KSFT_TREE:-}" '[^-].*' "a path, debian:VERSION or git:URL@TAG"
[[ $KSFT_KERNEL == build || $KSFT_ARCH == arm64 ]] || die "kernel: $KSFT_ARCH has pages of 4K only"

command=(ksftci kernel build "--arch=$KSFT_ARCH")
[[ $KSFT_KERNEL == build ]] || command+=(--config=ARM64_16K_PAGES=y)
[[ -z ${KSFT_CONFIG:-} ]] || command+=("--config=$KSFT_CONFIG")
image=$("${command[@]}" -- "$KSFT_TREE")
mkdir -p -- "$KSFT_IMAGES"
cp -- "$image" "$KSFT_IMAGES/$KSFT_KERNEL"
if command -v ccache >/dev/null; then ccache --show-stats; fi
output image "$KSFT_IMAGES/$KSFT_KERNEL"
