#!/usr/bin/env bats
# The helpers themselves: assert_clean finds each kind of leftover, and sweep removes it. Each test
# leaves something, so it does not use the common teardown's verdict before it has tidied up.
# where: native vm-full

load helpers

# leaves KIND-OF-LINE: assert_clean must name it.
finds() {
	run assert_clean
	echo "$output"
	[[ $status == 1 && $output == *"+ $1"* ]]
}

@test "a clean host is clean" {
	assert_clean
}

@test "finds a process that left its session, and kills it" {
	setsid sleep 1000 </dev/null >/dev/null 2>&1 3>&- 4>&- &
	disown
	sleep 0.1
	finds "process "
	[[ $output == *"(sleep)"* ]]
	sweep
	wait_for 5 assert_clean
}

@test "finds a cgroup, and removes it with what is in it" {
	mkdir -p /sys/fs/cgroup/left/below
	setsid sleep 1000 </dev/null >/dev/null 2>&1 3>&- 4>&- &
	disown
	echo $! >/sys/fs/cgroup/left/below/cgroup.procs
	finds "cgroup /sys/fs/cgroup/left/below"
	sweep
	wait_for 5 assert_clean
}

@test "finds a mount, and undoes it" {
	mkdir "$TMP/mnt"
	mount -t tmpfs left "$TMP/mnt"
	finds "mount / $TMP/mnt"
	sweep
	assert_clean
}

@test "finds a mount whose flags changed" {
	mkdir "$TMP/mnt"
	mount -t tmpfs left "$TMP/mnt"
	take_snapshot before
	mount -o remount,ro "$TMP/mnt"
	finds "mount / $TMP/mnt ro"
	umount "$TMP/mnt"
	take_snapshot before
}

@test "finds a network namespace held by a mount" {
	touch "$TMP/netns"
	unshare --net="$TMP/netns" true
	finds "mount net:"
	umount "$TMP/netns"
	assert_clean
}

@test "finds a network namespace held by a process" {
	setsid unshare --net sleep 1000 </dev/null >/dev/null 2>&1 3>&- 4>&- &
	disown
	sleep 0.5
	finds "netns net:"
	sweep
	wait_for 5 assert_clean
}

@test "finds a network link" {
	ip link add bawnleft type dummy 2>/dev/null || skip "no dummy links here"
	finds "link bawnleft"
	ip link del bawnleft
	assert_clean
}

@test "finds a file in the state root" {
	mkdir -p "$ROOT"
	take_snapshot before
	mkdir "$ROOT/left"
	finds "file $ROOT/left"
	rmdir "$ROOT/left"
	assert_clean
}

@test "finds a file descriptor of the test" {
	exec {left}<"$TMP"
	finds "fd $left of the test"
	exec {left}<&-
	assert_clean
}

@test "finds a device program on a cgroup" {
	need_command bpftool
	mkdir "$TMP/dev"
	attach_program "$TMP/dev" || skip "cannot load a BPF program here"
	finds "bpf program "
	detach_program "$TMP/dev"
	assert_clean
}

# A program that allows everything; systemd-free hosts have no other way than a compiler.
attach_program() {
	need_command clang
	echo '__attribute__((section("cgroup/dev"))) int f(void *c) { return 1; }' |
		clang -target bpf -O2 -g -c -x c - -o "$1/p.o" &&
		mkdir -p "$1/bpffs" && mount -t bpf bpf "$1/bpffs" &&
		bpftool prog load "$1/p.o" "$1/bpffs/p" &&
		bpftool cgroup attach /sys/fs/cgroup cgroup_device pinned "$1/bpffs/p" multi
}

detach_program() {
	bpftool cgroup detach /sys/fs/cgroup cgroup_device pinned "$1/bpffs/p"
	umount "$1/bpffs"
}

@test "finds a changed host name" {
	in_vm || skip "would change this host's name"
	hostname other
	finds "hostname other"
	hostname bawn-vm
	assert_clean
}

@test "run_bawn keeps status and both outputs apart" {
	BAWN=$TMP/fake
	printf '#!/bin/sh\necho out\necho err >&2\nexit 3\n' >"$BAWN"
	chmod +x "$BAWN"
	run_bawn x
	assert_status 3
	assert_stdout out
	assert_stderr err
	assert_output_has out
	assert_output_lacks other
	run assert_output_has other
	[[ $status == 1 && $output == *"command: bawn x"* ]]
}

@test "wait_for gives up" {
	run wait_for 0 false
	[[ $status == 1 && $output == "waited in vain for: false" ]]
}
