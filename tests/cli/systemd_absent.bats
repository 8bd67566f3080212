#!/usr/bin/env bats
# --systemd-cgroup where no systemd answers: an error that says what to do, in bounded time.
# where: native
# shellcheck disable=SC2030,SC2031 # each test is a process

load helpers

refuses() {
	run_bawn --systemd-cgroup run --bundle "$BUNDLE" --detach "$ID"
	assert_status 1
	assert_output_has "$1"
	[[ ! -e $ROOT/$ID ]]
}

@test "no bus: an error at once, with the remedy" {
	make_bundle
	export DBUS_SYSTEM_BUS_ADDRESS=unix:path=$TMP/none
	refuses "systemd: bawn-systemd: no D-Bus at unix:path=$TMP/none (no such file or directory)"
	assert_output_has "use --cgroup-manager cgroupfs"
}

@test "a bus that does not answer: an error after some seconds" {
	make_bundle
	need_command python3
	python3 -c '
import socket, sys, time
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
s.listen()
time.sleep(60)' "$TMP/silent" 3>&- 4>&- &
	local pid=$! start=$SECONDS
	wait_for 10 test -S "$TMP/silent"
	export DBUS_SYSTEM_BUS_ADDRESS=unix:path=$TMP/silent
	refuses "it does not answer"
	assert_output_has "use --cgroup-manager cgroupfs"
	((SECONDS - start <= 15))
	kill "$pid"
	wait "$pid" || true
}

@test "a cgroupsPath that is no unit is refused before anything is asked" {
	make_bundle
	export DBUS_SYSTEM_BUS_ADDRESS=unix:path=$TMP/none
	edit_config '.linux.cgroupsPath = "/a/b"'
	refuses "want SLICE:PREFIX:NAME"
	edit_config '.linux.cgroupsPath = "a--b.slice:b:c"'
	refuses "is no name of a systemd slice"
	edit_config '.linux.cgroupsPath = "a.slice:b:"'
	refuses "has no NAME"
}

@test "without --systemd-cgroup systemd is not asked, whatever the path looks like" {
	make_bundle
	export DBUS_SYSTEM_BUS_ADDRESS=unix:path=$TMP/none
	edit_config '.linux.cgroupsPath = "bawnt.slice:b:c"'
	bawn run --bundle "$BUNDLE" --detach "$ID"
	[[ $(jq -r .cgroup.path "$ROOT/$ID/state.json") == /bawnt.slice/b-c.scope ]]
	[[ $(jq -r .cgroup.unit "$ROOT/$ID/state.json") == null ]]
}
