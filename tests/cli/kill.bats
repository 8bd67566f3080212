#!/usr/bin/env bats
# kill, pause, resume.
# where: native vm-full

load helpers
load tools

setup_file() {
	need_tools
}

start_catcher() {
	make_bundle
	with_probe
	set_args probe catch
	start_container
	wait_for 5 assert_file_has "$OUT" ready
}

caught() {
	grep -qx "signal $1" "$OUT"
}

@test "signals by name and number" {
	start_catcher
	local pair
	for pair in TERM=15 SIGTERM=15 term=15 sigint=2 1=1 HUP=1 USR1=10 WINCH=28 RTMIN=34 \
		RTMIN+3=37 SIGRTMIN+3=37 RTMAX=64 RTMAX-2=62 34=34 64=64 POLL=29 IOT=6; do
		run_bawn kill "$ID" "${pair%=*}"
		assert_status 0
		assert_equal "$output" ""
		wait_for 5 caught "${pair#*=}"
		# An empty page for the next one.
		cp "$OUT" "$OUT.all"
		: >"$OUT"
	done
	bawn kill "$ID"
	wait_for 5 caught 15
	run_bawn kill "$ID" 0
	assert_status 0
	bawn kill "$ID" 12
	wait_for 5 status_is "$ID" stopped
}

@test "what is no signal is refused" {
	start_catcher
	local bad
	for bad in NOSUCH SIG 65 -1 99999999999 RTMIN+31 RTMAX-31 1x '' TERM+1; do
		run_bawn kill "$ID" -- "$bad"
		assert_status 2
		assert_output_has "signal"
	done
	run_bawn kill "$ID" TERM extra
	assert_status 2
	status_is "$ID" running
}

@test "kill of a stopped container, with the words that engines look for" {
	make_bundle
	set_args true
	start_container
	wait_for 5 status_is "$ID" stopped
	run_bawn kill "$ID" TERM
	assert_status 1
	assert_stderr "bawn kill $ID: container not running: process already finished"
	run_bawn kill "$ID" 0
	assert_status 1
	run_bawn kill --all "$ID" KILL
	assert_status 0
}

@test "--all reaches every process, whatever cgroup below it is in" {
	make_bundle
	with_probe
	set_args sh -c 'trap : TERM USR1; setsid probe catch >/a & probe catch >/b & echo up; wait; wait
		wait; exec sleep 1000'
	start_container
	wait_for 5 grep -q ready "$BUNDLE/rootfs/a"
	wait_for 5 grep -q ready "$BUNDLE/rootfs/b"
	local dir pid
	dir=$(cgroup_of "$ID")
	mkdir "$dir/sub"
	pid=$("$BAWN" --root "$ROOT" ps "$ID" -eo pid,args | awk '/probe catch/ { print $1; exit }')
	echo "$pid" >"$dir/sub/cgroup.procs"
	bawn kill --all "$ID" TERM
	wait_for 5 grep -q "signal 15" "$BUNDLE/rootfs/a"
	wait_for 5 grep -q "signal 15" "$BUNDLE/rootfs/b"
	bawn kill -a "$ID" KILL
	wait_for 5 status_is "$ID" stopped
	run_bawn ps -f json "$ID"
	assert_stdout "[]"
}

@test "--all with neither cgroup nor pid namespace: the first process, and it is said" {
	make_bundle
	with_probe
	edit_config '.linux.namespaces |= map(select(.type != "pid"))'
	set_args probe catch
	bawn --cgroup-manager disabled run -d --bundle "$BUNDLE" "$ID"
	wait_for 5 assert_file_has "$OUT" ready
	run_bawn kill --all "$ID" TERM
	assert_status 0
	assert_output_has "only its first process got the signal"
	wait_for 5 caught 15
	run_bawn --log-format json --log "$TMP/log" kill --all "$ID" KILL
	assert_status 0
	assert_equal "$output$(cat "$TMP/log")" ""
	wait_for 5 status_is "$ID" stopped
}

@test "--all of a stopped container whose cgroup somebody has removed" {
	make_bundle
	start_container
	local dir
	dir=$(cgroup_of "$ID")
	bawn kill "$ID" KILL
	wait_for 5 status_is "$ID" stopped
	wait_for 5 rmdir "$dir"
	run_bawn kill --all "$ID" KILL
	assert_status 0
	assert_equal "$output" ""
}

@test "a container in the host's pid namespace: KILL ends all its processes, TERM only the first" {
	make_bundle
	with_probe
	edit_config '.linux.namespaces |= map(select(.type != "pid"))'
	set_args sh -c 'setsid probe catch >/a & exec probe catch'
	start_container
	wait_for 5 grep -q ready "$BUNDLE/rootfs/a"
	wait_for 5 assert_file_has "$OUT" ready
	bawn kill "$ID" TERM
	wait_for 5 caught 15
	assert_equal "$(cat "$BUNDLE/rootfs/a")" ready
	bawn kill "$ID" KILL
	wait_for 5 status_is "$ID" stopped
	wait_for 5 none_left
	bawn delete "$ID"
}

none_left() {
	[[ $("$BAWN" --root "$ROOT" ps -f json "$ID") == "[]" ]]
}

@test "a container in the host's pid namespace whose first process is gone is cleared by delete" {
	make_bundle
	edit_config '.linux.namespaces |= map(select(.type != "pid"))'
	set_args sh -c 'setsid sleep 1000 & echo up'
	start_container
	wait_for 5 status_is "$ID" stopped
	run_bawn kill --all "$ID" KILL
	assert_status 0
	bawn delete "$ID"
	set_args sh -c 'setsid sleep 1000 & echo up'
	start_container
	wait_for 5 status_is "$ID" stopped
	bawn delete "$ID"
}

# start_guest ID: joins the pid namespace of $ID, with a first process and one in a session of its own.
start_guest() {
	local host
	host=$(pid_of "$ID")
	make_bundle "$TMP/$1"
	with_probe
	set_args sh -c 'setsid probe catch >/a & exec probe catch >/b'
	edit_config '.linux.namespaces |= map(if .type == "pid" then .path = $p else . end)' \
		--arg p "/proc/$host/ns/pid"
	bawn create --bundle "$BUNDLE" "$1"
	bawn start "$1"
	wait_for 5 grep -q ready "$BUNDLE/rootfs/a"
	wait_for 5 grep -q ready "$BUNDLE/rootfs/b"
}

# $ID has its processes yet, and sees those of its guests.
assert_host_lives() {
	status_is "$ID" running
	assert_equal "$("$BAWN" --root "$ROOT" ps -f json "$ID" | jq length)" 1
}

@test "a joined pid namespace: signals, --all and KILL reach the container's own processes alone" {
	make_bundle
	start_container
	start_guest guest
	bawn kill guest TERM
	wait_for 5 grep -q "signal 15" "$TMP/guest/rootfs/b"
	assert_equal "$(cat "$TMP/guest/rootfs/a")" ready
	bawn kill --all guest USR1
	wait_for 5 grep -q "signal 10" "$TMP/guest/rootfs/a"
	run_bawn delete guest
	assert_status 1
	bawn kill guest KILL
	wait_for 5 status_is guest stopped
	ID=guest wait_for 5 none_left
	assert_host_lives
	bawn delete guest
	start_guest guest2
	bawn kill --all guest2 KILL
	wait_for 5 status_is guest2 stopped
	assert_host_lives
	start_guest guest3
	bawn delete --force guest3
	assert_host_lives
}

@test "a joined pid namespace: what the first process left is cleared; the namespace's end is the end" {
	make_bundle
	start_container
	start_guest guest
	kill -KILL "$(pid_of guest)"
	wait_for 5 status_is guest stopped
	assert_equal "$("$BAWN" --root "$ROOT" ps -f json guest | jq length)" 1
	bawn delete guest
	assert_host_lives
	start_guest guest2
	bawn delete --force "$ID"
	wait_for 5 status_is guest2 stopped
	run_bawn kill guest2 KILL
	assert_status 1
	assert_output_has "container not running"
	bawn delete guest2
}

@test "pause and resume" {
	make_bundle
	set_args sh -c 'while :; do echo tick; sleep 0.02; done'
	start_container
	wait_for 5 assert_file_has "$OUT" tick
	run_bawn pause "$ID"
	assert_status 0
	assert_equal "$output" ""
	status_is "$ID" paused
	local size
	size=$(stat -c %s "$OUT")
	sleep 0.2
	assert_equal "$(stat -c %s "$OUT")" "$size"
	run_bawn pause "$ID"
	assert_status 1
	assert_stderr "bawn pause $ID: cannot pause a container that is not running: paused"
	run_bawn resume "$ID"
	assert_status 0
	status_is "$ID" running
	wait_for 5 grew "$size"
	run_bawn resume "$ID"
	assert_status 1
	assert_stderr "bawn resume $ID: cannot resume a container that is not paused: running"
}

grew() {
	(($(stat -c %s "$OUT") > $1))
}

@test "pause of a created container; it can be started after that" {
	make_bundle
	bawn create --bundle "$BUNDLE" "$ID"
	bawn pause "$ID"
	status_is "$ID" paused
	bawn resume "$ID"
	status_is "$ID" created
	bawn start "$ID"
	status_is "$ID" running
}

@test "a paused container can be killed and deleted" {
	make_bundle
	start_container
	bawn pause "$ID"
	run_bawn delete "$ID"
	assert_status 1
	assert_output_has "is not stopped: paused"
	bawn kill "$ID" KILL
	wait_for 5 status_is "$ID" stopped
	bawn delete "$ID"
	start_container
	bawn pause "$ID"
	bawn delete --force "$ID"
	status_is "$ID" none
	start_container
	bawn pause "$ID"
	bawn kill --all "$ID" KILL
	wait_for 5 status_is "$ID" stopped
}

@test "pause and resume of a stopped container" {
	make_bundle
	set_args true
	start_container
	wait_for 5 status_is "$ID" stopped
	run_bawn pause "$ID"
	assert_status 1
	assert_output_has "not running: stopped"
	run_bawn resume "$ID"
	assert_status 1
	assert_output_has "not paused: stopped"
}
