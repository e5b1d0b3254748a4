#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Builds a kernel from the tree KSFT_TREE for KSFT_ARCH. KSFT_KERNEL is build or build-16k; the image goes to the folder
# KSFT_IMAGES under that name, by which reports call the kernel.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

check arch "${KSFT_ARCH:=arm64}" 'arm64|x86_64' "arm64 or x86_64"
check kernel "${KSFT_KERNEL:=build}" 'build|build-16k' "build or build-16k"
check_folder images "${KSFT_IMAGES=kernels}"
check tree "${KSFT_TREE:-}" '[^-].*' "a path, debian:VERSION or git:URL@TAG"
[[ $KSFT_KERNEL == build || $KSFT_ARCH == arm64 ]] || die "kernel: $KSFT_ARCH has 4K pages only"

command=(ksftci kernel build "--arch=$KSFT_ARCH")
[[ $KSFT_KERNEL == build ]] || command+=(--config=ARM64_16K_PAGES=y)
[[ -z ${KSFT_CONFIG:-} ]] || command+=("--config=$KSFT_CONFIG")
image=$("${command[@]}" -- "$KSFT_TREE")
mkdir -p -- "$KSFT_IMAGES"
cp -- "$image" "$KSFT_IMAGES/$KSFT_KERNEL"
if command -v ccache >/dev/null; then ccache --show-stats; fi
output image "$KSFT_IMAGES/$KSFT_KERNEL"
