#!/usr/bin/env bats
# --systemd-cgroup without root: units of the user manager, for bawn in a login session and in a
# service of the user manager; and without --systemd-cgroup, what is delegated to the user.
# where: vm
# machine: --systemd
# limit: 300

# shellcheck disable=SC2034 # variables are for user.bash
# shellcheck disable=SC2154 # from user.bash

load helpers
load user
load session

limits='{memory: {limit: 33554432, swap: 33554432}, pids: {limit: 20}, cpu: {quota: 50000, period: 100000}}'

# The user manager makes and drops its slice when it likes.
eval "all_$(declare -f differences)"
differences() {
	all_differences | grep -vE "^. cgroup $session_cgroup/user\.slice$" || true
}

setup_file() {
	make_rootfs_template
	make_config_template
	install -m 755 "$BAWN" "${BAWN%/*}/bawn-systemd" /usr/local/bin/
	chmod 755 "$BATS_FILE_TMPDIR"
	log_in
}

teardown_file() {
	log_out
}

setup() {
	user_id=$session_uid
	# The bus comes with the first call.
	as-user systemctl --user start dbus.service
	test_setup
	chown "$user_id:$user_id" "$TMP"
	write_script "$TMP/user-bawn" 'exec as-user /usr/local/bin/bawn "$@"'
	BAWN=$TMP/user-bawn
	make_user_bundle
	edit_config ".linux.resources += $limits"
}

# values DIR: of the limits.
values() {
	cat "$1"/{memory.max,memory.swap.max,pids.max,cpu.max} | tr '\n' ' '
}

@test "in a login session: a scope of the user manager, limits, exec, pause, update, delete" {
	bawn --systemd-cgroup run --bundle "$BUNDLE" --detach "$ID"
	local unit dir
	unit=$(jq -r .cgroup.unit "$ROOT/$ID/state.json")
	dir=/sys/fs/cgroup$(jq -r .cgroup.path "$ROOT/$ID/state.json")
	assert_equal "$unit" "bawn-$ID.scope"
	[[ $dir == "$session_cgroup"/*/$unit ]] || fail "cgroup: $dir"
	assert_equal "$(cat "$dir/cgroup.procs")" "$(jq .pid "$ROOT/$ID/state.json")"
	assert_equal "$(values "$dir")" "33554432 0 20 50000 100000 "
	assert_equal "$(show_unit "$unit" MemoryMax)" 33554432
	assert_equal "$(show_unit "$unit" TasksMax)" 20
	# The session may not move processes there itself.
	run_bawn exec "$ID" cat /proc/self/cgroup
	assert_status 0
	assert_stdout 0::/
	run_bawn exec "$ID" tail /dev/zero
	assert_status 137
	assert_file_has "$dir/memory.events" "oom_kill 1"
	bawn exec -d --pid-file "$TMP/exec-pid" "$ID" sleep 500
	assert_equal "$(cgroup_of_pid "$(<"$TMP/exec-pid")")" "$dir"
	bawn pause "$ID"
	assert_file_has "$dir/cgroup.events" "frozen 1"
	bawn resume "$ID"
	bawn update --memory 40m --memory-swap 40m --pids-limit 25 "$ID"
	assert_equal "$(values "$dir")" "41943040 0 25 50000 100000 "
	assert_equal "$(show_unit "$unit" MemoryMax) $(show_unit "$unit" TasksMax)" "41943040 25"
	bawn kill "$ID" KILL
	wait_for 5 status_is "$ID" stopped
	bawn delete "$ID"
	unit_is_gone "$unit"
	[[ ! -e $dir ]]
}

cgroup_of_pid() {
	echo "/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$1/cgroup")"
}

@test "in a service of the user manager: the container is born in its scope" {
	set_args sh -c 'cat /sys/fs/cgroup/memory.max; cat /proc/self/cgroup'
	run_command as-user systemd-run --user --wait --pipe -q \
		/usr/local/bin/bawn --root "$ROOT" --systemd-cgroup run --bundle "$BUNDLE" "$ID"
	assert_status 0
	assert_stdout $'33554432\n0::/'
	wait_for 5 unit_is_gone "bawn-$ID.scope"
}

run_command() {
	status=0
	last_command="$*"
	stdout=$(timeout -k 5 "$BAWN_TEST_LIMIT" "$@" </dev/null 2>"$TMP/stderr" 3>&- 4>&-) || status=$?
	stderr=$(<"$TMP/stderr")
	output=$stdout$'\n'$stderr
}

@test "without --systemd-cgroup: a cgroup beside that of a delegated scope, limits hold" {
	set_args sh -c 'cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/pids.max /sys/fs/cgroup/cpu.max'
	run_command as-user systemd-run --user --scope -p Delegate=yes -q \
		/usr/local/bin/bawn --root "$ROOT" run --bundle "$BUNDLE" "$ID"
	assert_status 0
	assert_stderr ""
	assert_stdout $'33554432\n20\n50000 100000'
}

@test "without --systemd-cgroup in a session: nothing is delegated there, and it says so" {
	run_bawn run --bundle "$BUNDLE" "$ID"
	assert_status 125
	assert_output_has "not writable"
	assert_output_has "needs a cgroup"
	edit_config 'del(.linux.resources)'
	set_args true
	run_bawn run --bundle "$BUNDLE" "$ID"
	assert_status 0
	assert_output_has "warning: the container gets no cgroup"
}
