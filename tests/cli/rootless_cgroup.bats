#!/usr/bin/env bats
# bawn without root, in a cgroup that is the user's own, as a service manager delegates it.
# where: native vm

# shellcheck disable=SC2034 # variables are for tools.bash
# shellcheck disable=SC2154 # from helpers.bash

load helpers
load tools
load user

setup_file() {
	need_tools
	make_user
}

teardown_file() {
	drop_user
}

setup() {
	test_setup
	with_cgroup
	be_user
	make_user_bundle
}

teardown() {
	local id
	for id in "$ROOT"/*/; do
		[[ ! -d $id ]] || bawn delete --force "$(basename "$id")" || true
	done
	without_cgroup
	test_teardown
}

@test "with a cgroup of the user's own: no warning, paused, cleared up, hooks beside it" {
	edit_config --arg t "$(type -P true)" '.hooks = {createRuntime: [{path: $t}]}'
	run_bawn create --bundle "$BUNDLE" "$ID" >"$OUT"
	assert_status 0
	assert_stderr ""
	bawn start "$ID"
	assert_equal "$(cgroup_of "$ID")" "$given_cgroup/bawn-$ID"
	bawn pause "$ID"
	status_is "$ID" paused
	bawn resume "$ID"
	run_bawn exec "$ID" cat /proc/self/cgroup
	assert_line "0::/"
	run_bawn ps --format json "$ID"
	assert_stdout "[$(pid_of "$ID")]"
	bawn kill --all "$ID" KILL
	wait_for 5 status_is "$ID" stopped
	bawn delete "$ID"
	assert_equal "$(find "$given_cgroup" -mindepth 1 -type d)" "$user_cgroup"
}

@test "delegated controllers: limits are the kernel's and hold, update, stats, OOM" {
	need_controller memory
	local dir set='{memory: {limit: 33554432, swap: 33554432}, pids: {limit: 20},
		cpu: {quota: 50000, period: 100000, shares: 1024}}'
	edit_config ".linux.resources += $set"
	bawn run -d --bundle "$BUNDLE" "$ID"
	dir=$(cgroup_of "$ID")
	assert_equal "$dir" "$given_cgroup/bawn-$ID"
	assert_equal "$(cat "$dir"/{memory.max,memory.swap.max,pids.max,cpu.max} | tr '\n' ' ')" \
		"33554432 0 20 50000 100000 "
	run_bawn exec "$ID" cat /sys/fs/cgroup/memory.max
	assert_stdout 33554432
	run_bawn exec "$ID" tail /dev/zero
	assert_status 137
	assert_file_has "$dir/memory.events" "oom_kill 1"
	run_bawn exec "$ID" sh -c 'n=0; while [ $n -lt 25 ]; do sleep 100 & n=$((n + 1)); done'
	assert_status 2
	assert_output_has "can't fork"
	assert_equal "$(cat "$dir/pids.current")" 19 # the shell itself is gone
	grep -qE '^max [1-9]' "$dir/pids.events"
	bawn update --memory 48m --memory-swap 64m --pids-limit 25 --cpu-quota -1 "$ID"
	assert_equal "$(cat "$dir"/{memory.max,memory.swap.max,pids.max,cpu.max} | tr '\n' ' ')" \
		"50331648 16777216 25 max 100000 "
	run_bawn stats --format json "$ID"
	assert_status 0
	assert_equal "$(jq -c '.containers[0] | [.memory.max_bytes, .memory.events.oom_kill, .pids.max]' <<<"$stdout")" \
		"[50331648,1,25]"
	bawn delete --force "$ID"
	assert_equal "$(find "$given_cgroup" -mindepth 1 -type d)" "$user_cgroup"
	# A path of one's own in what is delegated; outside of it is refused.
	edit_config --arg p "${given_cgroup#/sys/fs/cgroup}/mine/deeper" '.linux.cgroupsPath = $p'
	bawn run -d --bundle "$BUNDLE" "$ID"
	assert_equal "$(cgroup_of "$ID")" "$given_cgroup/mine/deeper"
	assert_equal "$(cat "$given_cgroup/mine/deeper/memory.max")" 33554432
	bawn delete --force "$ID"
	[[ ! -e $given_cgroup/mine ]]
	edit_config '.linux.cgroupsPath = "/not-mine"'
	run_in_container
	assert_status 125
	assert_output_has "/not-mine"
}

@test "a writable cgroup mount: the container's root makes cgroups of its own" {
	edit_config '.mounts |= map(if .type == "cgroup" then .options -= ["ro"] else . end)'
	set_args sh -c 'mkdir /sys/fs/cgroup/a && echo 1 >/sys/fs/cgroup/a/cgroup.procs
		grep ^0:: /proc/self/cgroup'
	run_in_container
	assert_status 0
	assert_stdout "0::/a"
	# Who is another one outside does not get it.
	edit_config --argjson f "$range_first" '
		.linux.uidMappings = [{containerID: 0, hostID: $f, size: 1000}]
		| .linux.gidMappings = .linux.uidMappings'
	set_args sh -c 'mkdir /sys/fs/cgroup/a || echo refused'
	run_in_container
	assert_status 0
	assert_stdout refused
}
