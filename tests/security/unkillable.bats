#!/usr/bin/env bats
# Processes that hide from signals behind a first thread that has ended (unkillable.c). They are
# alive for state, and end by kill and delete --force like all others, at once.
# where: native vm-full
# limit: 600

# shellcheck disable=SC2034,SC2154 # variables of and for helpers.bash

load ../cli/helpers
load ../cli/tools
load attack

unkillable=$top/build/test/unkillable

setup_file() {
	need_attack
	compile_attack unkillable "$unkillable" -static -pthread
}

# hide MODE [N]: starts a container that runs it, with the bundle that is there.
hide() {
	[[ -d $BUNDLE ]] || make_bundle
	cp "$unkillable" "$BUNDLE/rootfs/bin/unkillable"
	set_args unkillable "$@"
	: >"$OUT"
	start_container
	wait_for 5 assert_file_has "$OUT" ready
}

# In the host's pid namespace.
share_pids() {
	make_bundle
	edit_config '.linux.namespaces |= map(select(.type != "pid"))'
}

# quickly COMMAND...: it must need seconds less than any time limit of bawn's, which are 10.
quickly() {
	local start=$SECONDS
	"$@"
	((SECONDS - start < (in_vm ? 9 : 3))) || fail "$((SECONDS - start)) s: $*"
}

leader_is() {
	[[ $(sed 's/.*) //' "/proc/$1/stat") == "$2 "* ]]
}

# Prints the processes of the container's cgroup.
left_in() {
	cat "$1/cgroup.procs" 2>/dev/null || true
}

is_empty() {
	[[ -z $(left_in "$1") ]]
}

assert_hidden() {
	leader_is "$1" Z
	status_is "$ID" running || fail "it is not running" "$(state_of "$ID")"
}

@test "the first process, in a pid namespace: it runs, is not deleted, and kill ends it" {
	hide init
	local pid
	pid=$(pid_of "$ID")
	assert_hidden "$pid"
	run_bawn delete "$ID"
	assert_status 1
	assert_output_has "not stopped: running"
	run_bawn kill "$ID" TERM # it ignores that
	assert_status 0
	run_bawn kill "$ID" 0
	assert_status 0
	assert_hidden "$pid"
	quickly run_bawn kill "$ID" KILL
	assert_status 0
	wait_for 5 status_is "$ID" stopped
	[[ ! -e /proc/$pid ]] || leader_is "$pid" Z
	run_bawn kill "$ID" KILL
	assert_status 1
	assert_output_has "process already finished"
	quickly bawn delete "$ID"
}

@test "the first process, in a pid namespace: delete --force and kill --all" {
	hide init
	quickly bawn delete --force "$ID"
	hide init
	quickly run_bawn kill --all "$ID" KILL
	assert_status 0
	wait_for 5 status_is "$ID" stopped
	quickly bawn delete "$ID"
}

@test "the first process, in the host's pid namespace" {
	share_pids
	hide init
	assert_hidden "$(pid_of "$ID")"
	run_bawn delete "$ID"
	assert_status 1
	quickly run_bawn kill "$ID" KILL
	assert_status 0
	wait_for 5 status_is "$ID" stopped
	quickly bawn delete "$ID"
	hide init
	quickly bawn delete --force "$ID"
}

@test "it can be paused; exec into it is refused" {
	hide init
	bawn pause "$ID"
	status_is "$ID" paused
	bawn resume "$ID"
	status_is "$ID" running
	quickly run_bawn exec "$ID" true
	((status != 0))
	[[ $stderr == "bawn "* ]]
	bawn pause "$ID"
	quickly bawn delete --force "$ID"
}

@test "children, in the host's pid namespace: kill, kill --all and delete --force reach them" {
	local dir
	share_pids
	hide child 3
	dir=$(cgroup_of "$ID")
	quickly run_bawn kill "$ID" KILL
	assert_status 0
	wait_for 5 is_empty "$dir"
	quickly bawn delete "$ID"
	hide child 3
	quickly run_bawn kill --all "$ID" KILL
	assert_status 0
	wait_for 5 is_empty "$dir"
	quickly bawn delete "$ID"
	hide child 3
	quickly bawn delete --force "$ID"
}

@test "children of a first process that is dead" {
	share_pids
	edit_config '.linux.cgroupsPath = "/left"'
	local dir=/sys/fs/cgroup/left
	hide orphan 3
	wait_for 5 status_is "$ID" stopped
	[[ $(left_in "$dir") ]]
	quickly run_bawn kill "$ID" TERM
	assert_status 1
	[[ $(left_in "$dir") ]]
	quickly run_bawn kill "$ID" KILL
	assert_status 0
	wait_for 5 is_empty "$dir"
	run_bawn kill "$ID" KILL
	assert_status 1
	assert_output_has "process already finished"
	quickly bawn delete "$ID"
	hide orphan 3
	quickly bawn delete "$ID"
}

@test "children that go on in new processes all the time" {
	local round
	share_pids
	for ((round = $(rounds 5 2); round > 0; round--)); do
		hide chain 8
		quickly bawn delete --force "$ID"
		hide chain 8
		quickly run_bawn kill "$ID" KILL
		assert_status 0
		wait_for 5 status_is "$ID" stopped
		quickly bawn delete "$ID"
	done
}

@test "a dead thread that its tracer, in the container, does not let go" {
	share_pids
	edit_config 'del(.linux.seccomp)'
	hide traced
	assert_hidden "$(pid_of "$ID")"
	quickly bawn delete --force "$ID"
	hide traced
	quickly run_bawn kill "$ID" KILL
	wait_for 5 status_is "$ID" stopped
	quickly bawn delete "$ID"
}

# A privileged container that sees the host's cgroups can do this; here the host does it for it.
make_threaded() {
	local dir=$1 pid procs
	procs=$(left_in "$dir")
	for pid in $procs; do
		echo "$pid" >"$dir/../cgroup.procs" || return 1
	done
	{ echo threaded >"$dir/cgroup.type"; } 2>/dev/null || threaded=
	for pid in $procs; do
		echo "$pid" >"$dir/cgroup.procs" || return 1
	done
}

@test "a container whose cgroup has become a threaded one, which has no cgroup.kill" {
	share_pids
	edit_config '.linux.cgroupsPath = "/domain/threads"'
	local how threaded=yes dir=/sys/fs/cgroup/domain/threads
	for how in "delete --force $ID" "kill --all $ID KILL" "kill $ID KILL"; do
		hide child 3
		make_threaded "$dir"
		[[ $threaded ]] || skip "no threaded cgroup can be made here"
		run cat "$dir/cgroup.procs"
		((status != 0))
		# shellcheck disable=SC2086 # words
		quickly run_bawn $how
		assert_status 0
		[[ $how == delete* ]] || {
			wait_for 5 status_is "$ID" stopped
			assert_equal "$(cat "$dir/cgroup.threads")" ""
			quickly bawn delete "$ID"
		}
		[[ ! -e $dir ]] || fail "$dir is there after $how"
	done
}

@test "kill --all of a container without a cgroup ends all of its pid namespace" {
	make_bundle
	set_args sh -c 'setsid sleep 1000 & setsid sleep 1000 & exec sleep 1000'
	bawn --cgroup-manager disabled run -d --bundle "$BUNDLE" "$ID"
	bawn kill --all "$ID" KILL
	wait_for 5 status_is "$ID" stopped
	bawn delete "$ID"
}

@test "a container without a cgroup, too" {
	make_bundle
	cp "$unkillable" "$BUNDLE/rootfs/bin/unkillable"
	set_args unkillable init
	bawn --cgroup-manager disabled run -d --bundle "$BUNDLE" "$ID"
	wait_for 5 assert_file_has "$OUT" ready
	assert_hidden "$(pid_of "$ID")"
	quickly bawn delete --force "$ID"
}

@test "a hook that hides: delete --force ends a container that is being made" {
	make_bundle
	edit_config '.hooks.createRuntime = [{path: $p, args: ["unkillable", "orphan", "2"]},
		{path: $p, args: ["unkillable", "init"]}]' --arg p "$unkillable"
	bawn create --bundle "$BUNDLE" "$ID" 2>/dev/null &
	wait_for 5 test -e "$ROOT/$ID"
	wait_for 20 hook_hides
	quickly bawn delete --force "$ID"
	wait $! || true
	[[ ! -e $ROOT/$ID ]]
}

# The children of the first hook, and the second one.
hook_hides() {
	local pid hiding=0
	while read -r pid; do
		[[ $(<"/proc/$pid/comm") != unkillable ]] || ! leader_is "$pid" Z || ((++hiding))
	done < <(cat /sys/fs/cgroup/bawn-"$ID"*/cgroup.procs) 2>/dev/null
	((hiding >= 3))
}
