#!/usr/bin/env bats
# Tests of tests/native/run. Run as root: bats tests/native/selftest.bats
# shellcheck disable=SC2016 # what is in single quotes is for the inner shell

bats_require_minimum_version 1.5.0

setup() {
	native=$(cd "$BATS_TEST_DIRNAME" && pwd -P)/run
	mount=$(findmnt -rnt cgroup2 -o TARGET | tail -n 1)
	v1=$(v1_cgroups)
}

teardown() {
	[ "$(v1_cgroups)" = "$v1" ]
}

# The v1 hierarchies this shell is in, and what is directly below them.
v1_cgroups() {
	cat /proc/self/cgroup
	findmnt -rnt cgroup -o TARGET | while read -r dir; do
		find "$dir" -maxdepth 1 -type d -name 'bawn*'
	done
}

# The cgroup, on the host, of a view in which a command prints "up" and waits.
start_view() {
	mkfifo "$BATS_TEST_TMPDIR/up"
	"$native" "$@" >"$BATS_TEST_TMPDIR/up" 3>&- &
	pid=$!
	read -r line <"$BATS_TEST_TMPDIR/up"
	[ "$line" = up ]
	view=$mount/bawn-native.$pid
	[ -d "$view" ]
}

@test "exit status" {
	run "$native" sh -c 'exit 43'
	[ "$status" -eq 43 ]
	run "$native" sh -c 'kill -KILL $$'
	[ "$status" -eq 137 ]
	[ "$output" = "" ]
	run -127 "$native" no-such-program
	run "$native"
	[ "$status" -eq 125 ]
}

@test "arguments, stdin and working directory" {
	local args=('a  b' "it's" '' $'two\nlines' '*')
	cd "$BATS_TEST_TMPDIR"
	run "$native" sh -c 'cat; pwd; printf "<%s>" "$@"' sh "${args[@]}" <<<input
	[ "$output" = "input
$PWD
$(printf '<%s>' "${args[@]}")" ]
}

@test "the view: pure cgroup2, empty root, own leaf" {
	run "$native" bash -euc '
		[[ $(stat -f -c %T /sys/fs/cgroup) == cgroup2fs ]]
		[[ $(grep "^0::" /proc/self/cgroup) == 0::/init ]]
		[[ -z $(cat /sys/fs/cgroup/cgroup.procs) ]]
		mkdir /sys/fs/cgroup/x
		echo $$ >/sys/fs/cgroup/x/cgroup.procs
		[[ $(grep "^0::" /proc/self/cgroup) == 0::/x ]]
		[[ $(cat /sys/fs/cgroup/cgroup.controllers) == $(cat /sys/fs/cgroup/cgroup.subtree_control) ]]
	'
	[ "$status" -eq 0 ]
}

@test "/run is private and empty" {
	run "$native" sh -c 'ls /run; touch /run/bawn-native-probe'
	[ "$output" = lock ]
	[ ! -e /run/bawn-native-probe ]
}

@test "mounts do not get out" {
	run "$native" mount -t tmpfs tmpfs "$BATS_TEST_TMPDIR"
	[ "$status" -eq 0 ]
	run findmnt "$BATS_TEST_TMPDIR"
	[ "$status" -ne 0 ]
}

@test "left-over processes and cgroups go" {
	start_view sh -c 'echo up; mkdir -p /sys/fs/cgroup/a/b; sleep 1000 & echo $! >/sys/fs/cgroup/a/b/cgroup.procs; exit 3'
	local status=0
	wait "$pid" || status=$?
	[ "$status" -eq 3 ]
	[ ! -d "$view" ]
}

@test "SIGTERM ends all of it" {
	start_view sh -c 'echo up; sleep 1000'
	kill "$pid"
	local status=0
	wait "$pid" || status=$?
	[ "$status" -eq 143 ]
	[ ! -d "$view" ]
}

@test "Ctrl-C ends all of it" {
	run python3 - "$native" <<-'EOF'
		import os, signal, subprocess, sys
		p = subprocess.Popen([sys.argv[1], "sh", "-c", "echo up; sleep 1000"],
		                     stdout=subprocess.PIPE, start_new_session=True)
		p.stdout.readline()
		os.killpg(p.pid, signal.SIGINT)
		print(p.pid, p.wait(10))
	EOF
	[ "$status" -eq 0 ]
	[ "${output#* }" = -2 ]
	[ ! -d "$mount/bawn-native.${output% *}" ]
}

@test "after SIGKILL the next run cleans up" {
	start_view sh -c 'echo up; sleep 1000'
	kill -KILL "$pid"
	wait "$pid" || true
	[ -d "$view" ]
	"$native" true
	[ ! -d "$view" ]
}

@test "a view that lives is left alone by other runs" {
	start_view sh -c 'echo up; sleep 1000'
	"$native" true
	[ -d "$view" ]
	kill -0 "$pid"
	kill "$pid"
	wait "$pid" || true
}

@test "a view inside a view" {
	run "$native" "$native" sh -c 'grep "^0::" /proc/self/cgroup; exit 5'
	[ "$status" -eq 5 ]
	[ "$output" = 0::/init ]
}

@test "many at the same time" {
	local i pids=()
	for i in 1 2 3 4 5 6 7 8; do
		"$native" sh -c "sleep 1000 & exit $i" 3>&- &
		pids+=($!)
	done
	for i in 1 2 3 4 5 6 7 8; do
		local status=0
		wait "${pids[i - 1]}" || status=$?
		[ "$status" -eq "$i" ]
		[ ! -d "$mount/bawn-native.${pids[i - 1]}" ]
	done
}

@test "no privilege: a clear error" {
	run setpriv --reuid 65534 --clear-groups "$native" true
	[ "$status" -eq 125 ]
	[[ $output == *"must be root"* ]]
}

@test "no cgroup2 mount: a clear error" {
	# In a new root of its own, made of the host's directories without /sys.
	run unshare -m sh -euc '
		mount -t tmpfs tmpfs /mnt
		for d in usr dev proc work etc "${1%%/*}"; do
			[ -d "/$d" ] || continue
			mkdir -p "/mnt/$d"
			mount --rbind "/$d" "/mnt/$d"
		done
		for l in bin lib lib64 sbin; do ln -s "usr/$l" "/mnt/$l"; done
		exec chroot /mnt "/$1" true
	' sh "${native#/}"
	[ "$status" -eq 125 ]
	[[ $output == *"no cgroup2 mount"* ]]
}
