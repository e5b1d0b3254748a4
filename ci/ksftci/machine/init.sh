#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0-only
# The guest's first process. Every line for the host starts with a token that is new at every boot,
# so that no output of a program looks like such a line. protocol.py turns the lines into events.
# Only this process knows the token, but programs are root here: the host does not rely on that.

/bin/busybox --install -s /bin
export PATH=/bin HOME=/tmp
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev 2>/dev/null
mkdir -p /dev/pts /dev/shm
# What udev makes: kselftest/runner.sh opens /dev/stdout, and bash's <(...) is in /dev/fd.
ln -s /proc/self/fd /dev/fd
ln -s fd/0 /dev/stdin
ln -s fd/1 /dev/stdout
ln -s fd/2 /dev/stderr
mount -t devpts devpts /dev/pts 2>/dev/null
mount -t tmpfs tmpfs /dev/shm 2>/dev/null
mount -t tmpfs tmpfs /tmp 2>/dev/null
mount -t tmpfs tmpfs /run 2>/dev/null
mount -t debugfs debugfs /sys/kernel/debug 2>/dev/null
stty raw -echo 2>/dev/null
ulimit -c 0

read -r token </token
rm /token
say() { printf '@@%s %s\n' "$token" "$*"; }
fact() { say fact "$@"; }
splat_pattern='@SPLAT@'
gcov=/sys/kernel/debug/gcov

# auxv TYPE: the value of an entry of the auxiliary vector (include/uapi/linux/auxvec.h)
auxv() { od -An -v -t d8 -w16 /proc/self/auxv 2>/dev/null | awk -v key="$1" '$1 == key { print $2 }'; }

thp_sizes() {
	for dir in /sys/kernel/mm/transparent_hugepage/hugepages-*kB; do
		[ -d "$dir" ] && printf '%s ' "${dir##*hugepages-}"
	done
}

hugetlb_sizes() {
	for dir in /sys/kernel/mm/hugepages/hugepages-*kB; do
		[ -d "$dir" ] && printf '%s ' "${dir##*hugepages-}"
	done
}

# Loads the modules that came with the guest, and gives their memory back.
modules() {
	for module in /modules/*.ko; do
		[ -e "$module" ] || break
		refusal=$(insmod "$module" 2>&1) || fact not_loaded "$refusal"
	done
	rm -r /modules
}

# swap MEGABYTES: sets up swap on zram, which takes memory only when pages are swapped out.
swap() {
	[ "$1" = 0 ] && return
	echo "$1M" >/sys/block/zram0/disksize && mkswap /dev/zram0 >/dev/null && swapon /dev/zram0
}

facts() {
	fact release "$(uname -r)"
	fact machine "$(uname -m)"
	fact page_size "$(auxv 6)" # AT_PAGESZ
	fact cpus "$(nproc)"
	fact nodes "$(cat /sys/devices/system/node/has_memory 2>/dev/null)"
	fact memory_kb "$(awk '/^MemTotal:/ { print $2 }' /proc/meminfo)"
	fact swap_kb "$(awk '/^SwapTotal:/ { print $2 }' /proc/meminfo)"
	fact thp_sizes "$(thp_sizes)"
	fact hugetlb_sizes "$(hugetlb_sizes)"
	fact ksm "$([ -d /sys/kernel/mm/ksm ] && echo yes || echo no)"
	fact numa_balancing "$([ -e /proc/sys/kernel/numa_balancing ] && echo yes || echo no)"
	fact cmdline "$(cat /proc/cmdline)"
}

# Kills the processes that a program left behind, which would disturb the next program. A program is in a
# session of its own; this script, its children and the kernel's threads are in that of the first process.
kill_leftovers() {
	for process in /proc/[0-9]*; do
		read -r stat <"$process/stat" || continue
		set -- ${stat##*) }
		[ "$4" = "$session" ] || kill -9 "${process#/proc/}"
	done
}

# limit SECONDS: kills the program after this time. It waits in read: a sleep would outlive the kill of this function.
limit() {
	read -r -t "$1" never <>/run/never
	: >/run/late
	kill_leftovers
}

# Sends what a kernel that was built for gcov has counted since the program began, file by file.
counted() {
	find $gcov -name '*.gcda' | while read -r file; do
		gzip -c <"$file" | base64 -w 1000 | sed "s/^/@@$token data /"
		say counted "${file#$gcov}"
	done
}

# Sends what the kernel has logged since the last call, if there is a splat in it: a warning, a bug, an oops. `logged` is
# the number of lines: more of them have not come from here.
splats() {
	logged=0
	dmesg -c >/run/kernel 2>/dev/null
	if grep -qE "^(\[[^]]*\] ?)*$splat_pattern" /run/kernel; then
		sed "s/^/@@$token splat /" /run/kernel
		logged=$(wc -l </run/kernel)
	fi
}

# run NUMBER SECONDS PROGRAM [ARGUMENT...]; 0 seconds: no limit
run() {
	number=$1 seconds=$2
	shift 2
	# The stamp of this message is the time at which the program begins, by the clock of the kernel's log.
	# All earlier ones are gone; and the token is not in it, since programs read the kernel's log.
	echo '<7>init: begin' >/dev/kmsg
	clock=$(dmesg -c | sed -n 's/^\[ *\([0-9.]*\)\].* init: begin.*/\1/p')
	cd "${1%/*}" || return
	say begin "$number" "$clock"
	watchdog=
	if [ "$seconds" -gt 0 ]; then
		limit "$seconds" &
		watchdog=$!
	fi
	[ @GCOV@ = no ] || echo 1 >$gcov/reset
	(exec setsid "$@" </dev/null 2>&1)
	status=$?
	[ -z "$watchdog" ] || kill "$watchdog"
	kill_leftovers
	[ @GCOV@ = no ] || counted
	splats
	say end "$number" "$status" "$logged" "$([ -e /run/late ] && echo late)"
	rm -f /run/late
	cd /
}

finish() {
	say done
	reboot -f
}

mkfifo /run/never
read -r stat </proc/self/stat
set -- ${stat##*) }
session=$4
exec </dev/null 2>/dev/null # drops the shell's own messages, such as "Killed"
if [ @LOAD@ = yes ]; then
	for cpu in $(seq "$(nproc)"); do
		while :; do :; done &
	done
fi
modules
swap @SWAP@
facts
splats
say boot
