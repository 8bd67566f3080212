#!/usr/bin/env bats
# containerd: the short way through all that its client does with a runtime. containerd_tasks.bats goes
# into detail.
# where: vm
# limit: 240
# machine: containerd docker.io iptables apparmor
# images: busybox

load helpers
load ctr

@test "the configuration file makes bawn a runtime of the CRI service" {
	run_command containerd --config "$top/config/containerd/config.toml" config dump
	assert_status 0
	grep -A 12 'cri".containerd.runtimes.bawn\]' <<<"$stdout" | grep -q 'runtime_type = "io.containerd.runc.v2"'
	assert_output_has 'BinaryName = "/usr/local/bin/bawn"'
	run_ctr 0 plugins ls id==cri
	[[ $stdout == *" cri "*" ok"* ]] || fail "$(show_last)"
}

@test "run: streams, status, wrong programs" {
	once 7 sh -c 'echo out; echo err >&2; exit 7'
	assert_stdout out
	assert_stderr err
	once 1 nonexistent
	assert_output_has 'exec: "nonexistent": executable file not found in $PATH'
	once 1 /etc/passwd
	assert_output_has 'exec: "/etc/passwd": permission denied'
}

@test "a task: exec, pause, resume, ps, metrics, kill, delete" {
	start
	task_is "$NAME" RUNNING
	execute 5 sh -c 'echo inside; exit 5'
	assert_stdout inside
	run_ctr 0 tasks pause "$NAME"
	task_is "$NAME" PAUSED
	run_ctr 0 tasks resume "$NAME"
	run_ctr 0 tasks ps "$NAME"
	assert_output_has "$(pid_of "$NAME")"
	run_ctr 0 tasks metrics "$NAME"
	assert_output_has pids.current
	run_command "$(type -P "$runtime")" --root "$ROOT" state "$NAME"
	assert_status 0
	assert_equal "$(jq -r '"\(.status) \(.pid)"' <<<"$stdout")" "running $(pid_of "$NAME")"
	run_ctr 0 tasks kill -s KILL "$NAME"
	wait_for 20 task_is "$NAME" STOPPED
	run_ctr 0 tasks delete "$NAME"
	assert_output_has "exit code 137"
	run_ctr 0 containers delete "$NAME"
}
