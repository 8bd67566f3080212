#!/usr/bin/env bats
# linux.seccomp: what a filter does to a real program. That every rule means what libseccomp makes
# of it is tested in tests/unit/runtime_seccomp_test.c.
# where: native vm-full

load helpers
load tools

setup_file() {
	need_tools
}

# with_filter JSON: of the default action allow unless JSON says otherwise
with_filter() {
	edit_config '.linux.seccomp = ({defaultAction: "SCMP_ACT_ALLOW", architectures: ["SCMP_ARCH_X86_64"]} + '"$1"')'
}

# What probe got, without the texts of errors.
results() {
	sed 's/ (.*//' "$TMP/stdout"
}

# 83 mkdir, 258 mkdirat, 102 getuid, 39 getpid, 110 getppid, 135 personality
@test "errno, default errno, args, several rules" {
	make_bundle
	with_probe
	with_filter '{syscalls: [
		{names: ["mkdir"], action: "SCMP_ACT_ERRNO"},
		{names: ["mkdirat", "no_such_syscall"], action: "SCMP_ACT_ERRNO", errnoRet: 99},
		{names: ["personality"], action: "SCMP_ACT_ERRNO", errnoRet: 5, args: [{index: 0, value: 8, op: "SCMP_CMP_EQ"}]},
		{names: ["getpriority"], action: "SCMP_ACT_ERRNO", errnoRet: 6, args: [
			{index: 0, value: 1, op: "SCMP_CMP_GE"}, {index: 1, value: 240, valueTwo: 16, op: "SCMP_CMP_MASKED_EQ"}]},
		{names: ["umask"], action: "SCMP_ACT_ERRNO", errnoRet: 7, args: [{index: 0, value: 4294967296, op: "SCMP_CMP_GT"}]}]}'
	set_args probe syscall 83 @/x 511 , syscall 258 -100 @/x 511 , syscall 135 8 , syscall 135 0xffffffff , \
		syscall 140 1 0x17 , syscall 140 1 0x27 , syscall 95 0x100000001 , syscall 95 0x100000000
	run_in_container
	assert_status 0
	assert_equal "$(results)" "errno 1
errno 99
errno 5
= 0
errno 6
errno 3
errno 7
= 18"
	edit_config '.linux.seccomp = {defaultAction: "SCMP_ACT_ERRNO", defaultErrnoRet: 88, syscalls: [{names: (
		$f | .linux.seccomp.syscalls | map(select(.action == "SCMP_ACT_ALLOW") | .names) | add - ["mkdir"]), action: "SCMP_ACT_ALLOW"}]}' \
		--argjson f "$(cat "$BATS_FILE_TMPDIR/spec/config.json")"
	set_args probe syscall 83 @/x 511 , syscall 39
	run_in_container
	assert_status 0
	assert_equal "$(results)" $'errno 88\n= 1'
}

@test "kill, kill-process, trap, log, trace" {
	make_bundle
	with_probe
	set_args sh -c 'probe syscall 83 @/x 511; echo "status $?"'
	local pair
	for pair in KILL=159 KILL_PROCESS=159 KILL_THREAD=159 TRAP=159 LOG=0 TRACE=0; do
		with_filter '{syscalls: [{names: ["mkdir"], action: "SCMP_ACT_'"${pair%=*}"'"}]}'
		run_in_container
		assert_equal "$(tail -n 1 <<<"$stdout")" "status ${pair#*=}"
		[[ $pair != LOG* ]] || assert_line "= 0"
		# Without a tracer the call is refused.
		[[ $pair != TRACE* ]] || assert_output_has "errno 38"
	done
}

@test "the container's own first process is killed by its filter: 128+31" {
	make_bundle
	with_probe
	with_filter '{syscalls: [{names: ["getppid"], action: "SCMP_ACT_KILL_PROCESS"}]}'
	set_args probe syscall 110
	run_in_container
	assert_status 159
}

@test "the default profile: dangerous calls are refused, the rest works" {
	make_bundle
	with_probe
	# keyctl, bpf, perf_event_open, kexec_load, none, getpid
	set_args probe syscall 250 0 , syscall 321 0 , syscall 298 0 , syscall 246 0 , syscall 9999 , syscall 39
	run_in_container
	assert_status 0
	assert_equal "$(results)" $'errno 1\nerrno 1\nerrno 1\nerrno 1\nerrno 38\n= 1'
	set_args grep Seccomp: /proc/self/status
	run_in_container
	assert_equal "$(tr -d '\t' <<<"$stdout")" Seccomp:2
	edit_config 'del(.linux.seccomp)'
	run_in_container
	assert_equal "$(tr -d '\t' <<<"$stdout")" Seccomp:0
	edit_config '.linux.seccomp = {}'
	run_in_container
	assert_equal "$(tr -d '\t' <<<"$stdout")" Seccomp:0
}

@test "without noNewPrivileges, as a user without capabilities" {
	make_bundle
	with_probe
	with_filter '{syscalls: [{names: ["mkdir"], action: "SCMP_ACT_ERRNO", errnoRet: 44}]}'
	edit_config '.process.noNewPrivileges = false | .process.user = {uid: 1000, gid: 1000} | del(.process.capabilities)'
	set_args sh -c 'probe syscall 83 @/x 511; grep -E "^(CapEff|CapPrm|Seccomp:)" /proc/self/status'
	run_in_container
	assert_status 0
	assert_equal "$(results | tr -d '\t')" "errno 44
CapPrm:0000000000000000
CapEff:0000000000000000
Seccomp:2"
}

@test "notify: an agent answers; it gets the container's state" {
	make_bundle
	with_probe
	edit_config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerPath: "\($tmp)/socket",
		listenerMetadata: "some metadata", syscalls: [{names: ["mkdir"], action: "SCMP_ACT_NOTIFY"}]}
		| .annotations = {x: "y"}' --arg tmp "$TMP"
	set_args sh -c 'probe syscall 83 @/x 511; exec sleep 1000'
	listen_for seccomp 77
	bawn create --bundle "$BUNDLE" "$ID"
	wait_for 5 test -s "$TMP/received"
	assert_equal "$(head -n 1 "$TMP/received" | jq -c '[.fds, .pid, .metadata, .state.id, .state.pid, .state.bundle, .state.annotations, .state.status]')" \
		"[[\"seccompFd\"],$(pid_of "$ID"),\"some metadata\",\"$ID\",$(pid_of "$ID"),\"$BUNDLE\",{\"x\":\"y\"},\"creating\"]"
	bawn start "$ID"
	wait_for 5 assert_file_has "$OUT" "errno 77"
	assert_file_has "$TMP/received" "syscall 83"
	# exec is filtered by a listener of its own.
	local first=$listener
	mv "$TMP/received" "$TMP/received-1"
	listen_for seccomp 78
	run_bawn exec "$ID" probe syscall 83 @/y 511
	assert_output_has "errno 78"
	finish "$listener"
	assert_status 0
	assert_equal "$(head -n 1 "$TMP/received" | jq -c '[.state.id, .state.status]')" "[\"$ID\",\"running\"]"
	bawn delete --force "$ID"
	finish "$first"
	assert_status 0
}

@test "notify: continue" {
	make_bundle
	with_probe
	edit_config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerPath: "\($tmp)/socket",
		syscalls: [{names: ["mkdir"], action: "SCMP_ACT_NOTIFY"}]}' --arg tmp "$TMP"
	set_args probe syscall 83 @/x 511
	listen_for seccomp 0
	run_in_container
	assert_stdout "= 0"
	finish "$listener"
	assert_status 0
	[[ -d $BUNDLE/rootfs/x ]]
}

@test "notify without an agent is an error" {
	make_bundle
	edit_config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerPath: "/no/such/socket",
		syscalls: [{names: ["mkdir"], action: "SCMP_ACT_NOTIFY"}]}'
	run_in_container
	assert_status 125
	assert_output_has "linux.seccomp.listenerPath: "
	assert_output_has "/no/such/socket: no such file or directory"
	edit_config 'del(.linux.seccomp.listenerPath)'
	run_in_container
	assert_status 125
	assert_output_has "listenerPath"
	[[ ! -e $ROOT/$ID ]]
}

@test "flags" {
	make_bundle
	set_args grep -E 'Seccomp|Spec' /proc/self/status
	with_filter '{flags: ["SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW"], syscalls: [{names: ["mkdir"], action: "SCMP_ACT_LOG"}]}'
	run_in_container
	assert_status 0
	with_filter '{flags: ["SECCOMP_FILTER_FLAG_TSYNC"], syscalls: [{names: ["mkdir"], action: "SCMP_ACT_LOG"}]}'
	run_in_container
	assert_status 0
}

@test "filters that are wrong" {
	make_bundle
	local bad
	for bad in '{defaultAction: "SCMP_ACT_X"}' '{architectures: ["SCMP_ARCH_X"]}' '{flags: ["X"]}' \
		'{syscalls: [{names: [], action: "SCMP_ACT_ERRNO"}]}' '{syscalls: [{names: ["mkdir"]}]}' \
		'{syscalls: [{names: ["mkdir"], action: "X"}]}' \
		'{syscalls: [{names: ["mkdir"], action: "SCMP_ACT_ERRNO", args: [{index: 6, value: 1, op: "SCMP_CMP_EQ"}]}]}' \
		'{syscalls: [{names: ["mkdir"], action: "SCMP_ACT_ERRNO", args: [{index: 0, value: 1, op: "X"}]}]}'; do
		with_filter "$bad"
		run_in_container
		assert_status 125
		assert_output_has linux.seccomp
	done
	[[ ! -e $ROOT/$ID ]]
}
