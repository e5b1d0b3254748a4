#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Prints the machine's kernel, hardware and settings into the log, to explain runs whose results differ.
set -u

fact() {
	printf '%-44s %s\n' "$1" "$2"
}

fact kernel "$(uname -srvm)"
fact "page size" "$(getconf PAGESIZE)"
fact processors "$(nproc)"
fact memory "$(awk '/^MemTotal/ { printf "%d MB", $2 / 1024 }' /proc/meminfo)"
fact "NUMA nodes" "$(cat /sys/devices/system/node/online 2>/dev/null || echo unknown)"
if [[ -w /dev/kvm ]]; then
	fact /dev/kvm "present and writable"
elif [[ -e /dev/kvm ]]; then
	fact /dev/kvm present
else
	fact /dev/kvm absent
fi
for file in /sys/kernel/mm/ksm/run /sys/kernel/mm/transparent_hugepage/{enabled,defrag,shmem_enabled} \
	/sys/kernel/mm/transparent_hugepage/hugepages-*/enabled /proc/sys/kernel/numa_balancing; do
	[[ -r $file ]] && fact "$file" "$(<"$file")"
done
for folder in /sys/kernel/mm/hugepages/*/; do
	[[ -r $folder/nr_hugepages ]] && fact "$folder" "$(<"$folder/nr_hugepages") in the pool"
done
config=/boot/config-$(uname -r)
if [[ -r $config ]]; then
	grep -E '^CONFIG_(ARM64_..?K_PAGES|NUMA|NUMA_BALANCING|KSM|TRANSPARENT_HUGEPAGE|USERFAULTFD|MEM_SOFT_DIRTY|GUP_TEST)=' \
		"$config"
else
	echo "$config cannot be read"
fi
exit 0
