#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# What this machine is, for whoever reads the log of a run that went otherwise than elsewhere.
set -u

one() {
	printf '%-44s %s\n' "$1" "$2"
}

one kernel "$(uname -srvm)"
one "page size" "$(getconf PAGESIZE)"
one processors "$(nproc)"
one memory "$(awk '/^MemTotal/ { printf "%d MB", $2 / 1024 }' /proc/meminfo)"
one "NUMA nodes" "$(cat /sys/devices/system/node/online 2>/dev/null || echo unknown)"
if [[ -w /dev/kvm ]]; then
	one /dev/kvm "there, and may be written to"
elif [[ -e /dev/kvm ]]; then
	one /dev/kvm there
else
	one /dev/kvm absent
fi
for file in /sys/kernel/mm/ksm/run /sys/kernel/mm/transparent_hugepage/{enabled,defrag,shmem_enabled} \
	/sys/kernel/mm/transparent_hugepage/hugepages-*/enabled /proc/sys/kernel/numa_balancing; do
	[[ -r $file ]] && one "$file" "$(<"$file")"
done
for folder in /sys/kernel/mm/hugepages/*/; do
	[[ -r $folder/nr_hugepages ]] && one "$folder" "$(<"$folder/nr_hugepages") in the pool"
done
config=/boot/config-$(uname -r)
if [[ -r $config ]]; then
	grep -E '^CONFIG_(ARM64_..?K_PAGES|NUMA|NUMA_BALANCING|KSM|TRANSPARENT_HUGEPAGE|USERFAULTFD|MEM_SOFT_DIRTY|GUP_TEST)=' \
		"$config"
else
	echo "$config cannot be read"
fi
exit 0
