#!/usr/bin/env bats
# The runtime's own program, seen from a container: T01, T02, T03 (CVE-2019-5736, CVE-2016-9962).
# where: native vm-full

load ../cli/helpers
load ../cli/tools
load attack

setup_file() {
	need_attack
}

# Should an attack succeed, it must not hit the program that is under test everywhere.
setup() {
	test_setup
	mkdir "$TMP/program"
	cp "$BAWN" "$TMP/program/bawn"
	BAWN=$TMP/program/bawn
	chmod 777 "$TMP/program/bawn"
	sum=$(sha256sum <"$BAWN")
}

assert_program_unchanged() {
	assert_equal "$(sha256sum <"$BAWN")" "$sum"
	assert_equal "$(ls "$TMP/program")" bawn
}

@test "T01: /proc/self/exe as the entry point runs nothing that could be written" {
	make_bundle
	all_caps
	edit_config 'del(.linux.seccomp)'
	set_args /proc/self/exe --version
	run_in_container
	assert_program_unchanged
	ln -s /proc/self/exe "$BUNDLE/rootfs/bin/entry"
	set_args /bin/entry --version
	run_in_container
	assert_program_unchanged
	printf '#!/proc/self/exe\n' >"$BUNDLE/rootfs/bin/script"
	chmod 755 "$BUNDLE/rootfs/bin/script"
	set_args /bin/script
	run_in_container
	assert_program_unchanged
}

@test "T01: what a container runs as /proc/self/exe cannot be written by another process of it" {
	without_sanitizers "the container has not the libraries to run it"
	make_bundle
	with_payload
	all_caps
	# With CAP_SYS_PTRACE bawn is out of sight, so that it is not found by this name.
	edit_config 'del(.linux.seccomp) | .process.capabilities |= map_values(. - ["CAP_SYS_PTRACE"])'
	start_attacker
	local i
	for ((i = 0; i < $(rounds 30 4); i++)); do
		run_bawn exec "$ID" /proc/self/exe --help
		run_bawn exec "$ID" /proc/self/exe run --bundle / x
	done
	stop_attacker
	(($(counted foreign) > 0)) || fail "the attacker saw nothing: $(cat "$OUT")"
	assert_equal "$(counted written)" 0
}

# start_attacker [ARG]: payload exe, as the container's first process.
start_attacker() {
	set_args payload exe "$@"
	start_container
	wait_for 5 assert_file_has "$OUT" ready
}

stop_attacker() {
	touch "$BUNDLE/rootfs/stop"
	wait_for 10 status_is "$ID" stopped
	rm "$BUNDLE/rootfs/stop"
	assert_program_unchanged
}

counted() {
	awk -v what="$1" '$1 == what && NF == 2 && $2 ~ /^[0-9]+$/ { n = $2 } END { print n }' "$OUT"
}

exec_often() { # N
	local i
	for ((i = 0; i < $1; i++)); do
		HOST_SECRET=1 bawn exec "$ID" true
	done
}

@test "T02: exec again and again beside a process that opens every /proc/N/exe" {
	make_bundle
	with_payload
	edit_config 'del(.linux.seccomp)'
	start_attacker
	exec_often "$(rounds 60 5)"
	stop_attacker
	assert_equal "$(counted foreign) $(counted written)" "0 0"
}

@test "T03: a joining process cannot be traced, and its fds not read, without CAP_SYS_PTRACE" {
	make_bundle
	with_payload
	all_caps
	edit_config 'del(.linux.seccomp) | .process.capabilities |= map_values(. - ["CAP_SYS_PTRACE"])'
	start_attacker seize
	exec_often "$(rounds 60 5)"
	stop_attacker
	assert_equal "$(counted seized) $(counted listed) $(counted environ) $(counted written)" \
		"0 0 0 0"
}

@test "T03: nor with CAP_SYS_PTRACE in a user namespace" {
	make_bundle
	with_payload
	all_caps
	edit_config 'del(.linux.seccomp) | .linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 1000}]
		| .linux.gidMappings = [{containerID: 0, hostID: 100000, size: 1000}]'
	chmod 777 "$BUNDLE/rootfs"
	start_attacker seize
	exec_often "$(rounds 60 5)"
	stop_attacker
	assert_equal "$(counted seized) $(counted listed) $(counted environ) $(counted written)" \
		"0 0 0 0"
}

# A container's first process is in sight of the pid namespace that it joins from its first instant.
start_often() { # N
	local i
	for ((i = 0; i < $1; i++)); do
		HOST_SECRET=1 bawn run --bundle "$BUNDLE" "$ID-guest"
	done
}

@test "T03: nor can a container's first process that joins the pid namespace, in user namespaces too" {
	make_bundle
	with_payload
	all_caps
	edit_config 'del(.linux.seccomp) | .process.capabilities |= map_values(. - ["CAP_SYS_PTRACE"])'
	start_attacker seize
	edit_config '.process.args = ["true"] | .linux.namespaces |= map(
		if .type == "pid" then .path = $p else . end)' --arg p "/proc/$(pid_of "$ID")/ns/pid"
	start_often "$(rounds 40 4)"
	# Not itself root of the host, and by way of two stages.
	edit_config '.linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 1000}]
		| .linux.gidMappings = .linux.uidMappings
		| .linux.namespaces |= map(if .type == "ipc" then .path = $p else . end)
		| .mounts |= map(select(.type != "proc" and .type != "mqueue"))
		| .linux.maskedPaths = [] | .linux.readonlyPaths = []' --arg p "/proc/$(pid_of "$ID")/ns/ipc"
	chown -R 100000:100000 "$BUNDLE/rootfs"
	start_often "$(rounds 20 2)"
	stop_attacker
	(($(counted looked) > 0)) || fail "the attacker saw nothing: $(cat "$OUT")"
	assert_equal "$(counted seized) $(counted listed) $(counted environ) $(counted written)" \
		"0 0 0 0"
}

# What traces the last process of exec finds nothing that the program itself will not have.
assert_nothing_to_see() {
	(($(counted seized) > 0)) || fail "the attacker caught nothing: $(cat "$OUT")"
	[[ $(counted written)$(counted beyond) == 00 ]] || fail "$(cat "$OUT")"
	# These need all memory to the end, the stack with the environment too: leave_memory_behind().
	has_sanitizers || [[ $(counted environ)$(counted memory) == 00 ]] || fail "$(cat "$OUT")"
	assert_equal "$(counted stronger) $(counted unfiltered)" "0 0"
}

@test "T02, T03: CAP_SYS_PTRACE over the host's user namespace: no write, no fd, no secret, no right" {
	make_bundle
	with_payload
	all_caps
	edit_config 'del(.linux.seccomp)'
	start_attacker seize
	exec_often "$(rounds 60 5)"
	stop_attacker
	assert_nothing_to_see
}

@test "T02, T03: CAP_SYS_PTRACE only by an earlier exec" {
	make_bundle
	with_payload
	all_caps
	edit_config 'del(.linux.seccomp) | .process.capabilities |= map_values(. - ["CAP_SYS_PTRACE"])'
	set_args sleep 1000
	start_container
	bawn exec --detach --cap CAP_SYS_PTRACE "$ID" payload exe seize
	wait_for 5 assert_file_has "$OUT" ready
	exec_often "$(rounds 60 5)"
	touch "$BUNDLE/rootfs/stop"
	wait_for 10 assert_file_has "$OUT" unfiltered
	rm "$BUNDLE/rootfs/stop"
	assert_program_unchanged
	assert_nothing_to_see
}

@test "T03: the same, with a filter that needs CAP_SYS_ADMIN to load, which the container has not" {
	make_bundle
	with_payload
	all_caps
	edit_config '.process.capabilities |= map_values(. - ["CAP_SYS_ADMIN"])
		| .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW",
			syscalls: [{names: ["swapon"], action: "SCMP_ACT_ERRNO"}]}'
	start_attacker seize
	exec_often "$(rounds 60 5)"
	stop_attacker
	assert_nothing_to_see
}

# payload stop in the container; exec until one is caught before its execve.
assert_exec_has_a_limit() {
	local i
	set_args payload stop
	start_container
	wait_for 5 assert_file_has "$OUT" ready
	for ((i = 0; i < 10; i++)); do
		BAWN_TEST_LIMIT=100 run_bawn exec -d "$ID" sleep 1000
		[[ $status == 0 ]] || break
	done
	assert_status 1
	assert_output_has "the process made no progress for 30 seconds"
	# It was ended, and the container goes on.
	status_is "$ID" running
}

@test "exec ends with an error when the container stops the process that joins" {
	make_bundle
	with_payload
	assert_exec_has_a_limit
}

@test "the same, out of the container's sight" {
	make_bundle
	with_payload
	all_caps
	edit_config 'del(.linux.seccomp)'
	assert_exec_has_a_limit
}
