#!/usr/bin/env bats
# SIGKILL at system calls of bawn as an ordinary user, which has another way to go in exec and without
# a cgroup: whatever is left, one `delete --force` of the user's takes away.
# where: native vm-full
# limit: 3600
#
# As kill.bats, with BAWN_FAULT_STEP three times as long.

# shellcheck disable=SC2034 # variables are for sweep.bash

load ../cli/helpers
load ../cli/user
load sweep

setup_file() {
	make_user
	install -m 755 "$top/build/test/killat" "$BATS_FILE_TMPDIR/bin/killat"
}

teardown_file() {
	drop_user
}

setup() {
	test_setup
	BAWN_FAULT_STEP=$((3 * BAWN_FAULT_STEP))
}

teardown() {
	local id
	for id in "$ROOT"/*/; do
		[[ ! -d $id ]] || bawn delete --force "$(basename "$id")" || true
	done
	without_cgroup
	test_teardown
}

# killat runs as the user too: it traces bawn itself, not the script that changes the user.
prepare_user() {
	be_user
	killat=("$TMP/as-user" "$BATS_FILE_TMPDIR/bin/killat")
	program=$BATS_FILE_TMPDIR/bin/bawn
	make_user_bundle
	set_args sleep 1000
}

# With a cgroup the user's own is there before and after.
with_own_cgroup() {
	with_cgroup
	prepare_user
	take_snapshot before
}

@test "create without a cgroup, killed" {
	prepare_user
	sweep_verb main create
}

@test "create without a cgroup, its child killed" {
	prepare_user
	sweep_verb child create
}

@test "create with ranges, killed" {
	prepare_user
	map_ranges
	sweep_verb main create
}

@test "run -d with a cgroup, killed" {
	with_own_cgroup
	sweep_verb main run
	without_cgroup
	take_snapshot before
}

@test "exec without a cgroup, killed" {
	prepare_user
	sweep_verb main exec
}

@test "exec without a cgroup, its children killed" {
	prepare_user
	sweep_verb child exec
}

@test "delete --force without a cgroup, killed" {
	prepare_user
	sweep_verb main force
}
