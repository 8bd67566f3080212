#!/usr/bin/env bats
# Tests of the test VM that wait: for boots that fail, and for its build from nothing.
# where: host-full
# limit: 900

load selftest

@test "--systemd: a boot that hangs is tried again, within the time limit" {
	local root
	root=$("$here/../lib/debian-rootfs" -m -s)
	# Nothing pulls the script's service in.
	BAWN_VM_APPEND=systemd.unit=basic.target run "$vm" -t 120 -s -r "$root" true
	[ "$status" -eq 124 ]
	[[ $output == *"try 1 of 3"* ]]
}

@test "a VM that does not boot is tried again, then 125" {
	# A kernel option that makes it panic before there is any output.
	BAWN_VM_APPEND='rdinit=/none init=/none' run "$vm" -t 100 true
	[ "$status" -eq 125 ]
	[[ $output == *"try 3 of 3"* ]]
	[[ $output == *"Kernel panic"* ]]
}

@test "a VM that says nothing for 30 s is tried again, within the time limit" {
	# cat as first program: waits for input, forever.
	BAWN_VM_APPEND=rdinit=/bin/cat run "$vm" -t 40 true
	[ "$status" -eq 124 ]
	[[ $output == *"try 1 of 3"* ]]
}

@test "build: two at the same time, from nothing" {
	local copy=$repo/build/vm/copy.$$
	mkdir -p "$copy/tests" "$copy/build/vm"
	cp -a "$here" "$copy/tests/vm"
	ln "$repo"/build/vm/linux-image-*.deb "$copy/build/vm/"
	"$copy/tests/vm/build" >"$BATS_TEST_TMPDIR/1" &
	"$copy/tests/vm/build" >"$BATS_TEST_TMPDIR/2"
	wait $!
	cmp "$BATS_TEST_TMPDIR/1" "$BATS_TEST_TMPDIR/2"
	[ -e "$(cat "$BATS_TEST_TMPDIR/1")/vmlinux" ]
	run find "$copy/build/vm" -name 'tmp.*'
	[ "$output" = "" ]
	rm -r "$copy"
}
