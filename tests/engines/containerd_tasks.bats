#!/usr/bin/env bats
# containerd: ctr's options of run, and tasks in detail.
# where: vm-full
# limit: 400
# machine: containerd docker.io iptables apparmor
# images: busybox

load helpers
load ctr

@test "run: environment, directory, read-only, mounts" {
	once 0 --env A=b --cwd /home/user -- sh -c 'echo "$A $(id -un) $PWD $HOME"'
	assert_stdout "b root /home/user /root"
	once 1 --read-only -- touch /x
	assert_output_has "Read-only file system"
	mkdir dir
	once 1 --mount "type=bind,src=$TMP/dir,dst=/m,options=rbind:ro" -- touch /m/x
	assert_output_has "Read-only file system"
	once 0 --mount "type=bind,src=$TMP/dir,dst=/m,options=rbind:rw" -- touch /m/x
	[[ -e dir/x ]]
}

delete_killed() { # [OPTION]
	run_ctr 0 tasks delete "$@" "$NAME"
	assert_output_has "exit code 137"
}

@test "statuses: of the program, of a signal" {
	once 0 true
	once 255 sh -c 'exit 255'
	start
	run_ctr 0 tasks kill -s 9 "$NAME"
	wait_for 20 task_is "$NAME" STOPPED
	run_ctr 1 tasks kill -s 9 "$NAME"
	assert_output_has "not found"
	delete_killed
	run_ctr 1 tasks delete "$NAME"
}

@test "--rootfs: a directory instead of an image" {
	local mount=$TMP/image
	mkdir "$mount"
	ctr images mount "$image" "$mount" >/dev/null
	mkdir rootfs
	cp -a "$mount/." rootfs
	ctr images unmount --rm "$mount" >/dev/null
	# shellcheck disable=SC2046 # a list of words
	run_ctr 0 $(with_runtime) --rm --rootfs "$TMP/rootfs" "$NAME" sh -c 'echo here; touch /made'
	assert_stdout here
	[[ -e rootfs/made ]]
}

# Ends with the test, also when that fails.
watch_events() {
	setpriv --pdeathsig KILL ctr events >seen 2>&1 3>&- 4>&- &
	watcher=$!
}

stop_watching() {
	kill "$watcher"
	status=0
	wait "$watcher" || status=$?
	assert_status 143
}

@test "limits: memory, cpus; out of memory is an event" {
	watch_events
	start --memory-limit 33554432 --cpus 0.5
	assert_equal "$(cgroup_value "$(pid_of "$NAME")" memory.max)" 33554432
	assert_equal "$(cgroup_value "$(pid_of "$NAME")" cpu.max)" "50000 100000"
	execute 137 sh -c 'head -c 200m /dev/zero | tail -c 100m'
	wait_for 20 grep -q /tasks/oom seen
	run_ctr 0 tasks metrics "$NAME"
	assert_output_has memory.usage
	stop_watching
}

# runc 1.1 has another formula than bawn and runc since 1.3.
weight_of_512() {
	[[ $runtime == bawn ]] && echo 59 || echo 20
}

@test "rights: seccomp, privileged, capabilities, no new privileges" {
	once 0 -- grep -E 'Seccomp:|CapEff|NoNewPrivs' /proc/self/status
	assert_output_has $'Seccomp:\t0'
	assert_output_has 00000000a80425fb
	assert_output_has $'NoNewPrivs:\t1'
	once 0 --seccomp -- grep -E 'Seccomp:' /proc/self/status
	assert_output_has $'Seccomp:\t2'
	once 0 --privileged --cap-drop CAP_SYS_TIME -- sh -c 'grep CapEff /proc/self/status; test -w /proc/sys/kernel/domainname'
	assert_output_has 000001fffdffffff
	once 0 --cap-add CAP_NET_ADMIN --cap-drop CAP_CHOWN -- grep CapEff /proc/self/status
	assert_output_has 00000000a80435fa
}

@test "rights: one's own seccomp profile, AppArmor's, new privileges, a device" {
	echo '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
		{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28}]}' >profile.json
	once 1 --seccomp --seccomp-profile "$TMP/profile.json" -- mkdir /tmp/x
	assert_output_has "No space left on device"
	once 0 --allow-new-privs -- grep NoNewPrivs /proc/self/status
	assert_stdout $'NoNewPrivs:\t0'
	once 0 --apparmor-default-profile bawn-default -- cat /proc/self/attr/current
	assert_stdout "bawn-default (enforce)"
	once 1 --cap-add CAP_SYSLOG -- sh -c 'mknod /tmp/kmsg c 1 11; head -c 0 /tmp/kmsg'
	assert_output_has "Operation not permitted"
	once 0 --cap-add CAP_SYSLOG --device /dev/kmsg -- head -c 0 /dev/kmsg
}

@test "a user namespace: maps, owners" {
	start --uidmap 0:100000:65536 --gidmap 0:200000:65536
	execute 0 sh -c 'xargs </proc/self/uid_map; xargs </proc/self/gid_map; stat -c %u:%g /bin'
	assert_stdout $'0 100000 65536\n0 200000 65536\n0:0'
	assert_equal "$(stat -c %u:%g "/proc/$(pid_of "$NAME")")" 100000:200000
}

@test "--pid-file; --no-pivot; shares, quota and period of CPU time" {
	start --pid-file pid --no-pivot --cpu-shares 512 --cpu-quota 30000 --cpu-period 60000
	assert_equal "$(<pid)" "$(pid_of "$NAME")"
	assert_equal "$(cgroup_value "$(<pid)" cpu.max)" "30000 60000"
	assert_equal "$(cgroup_value "$(<pid)" cpu.weight)" "$(weight_of_512)"
}

@test "namespaces: the host's network, a path, a cgroup of one's own" {
	start --net-host --cgroup "/my/$NAME"
	assert_equal "$(readlink "/proc/$(pid_of "$NAME")/ns/net")" "$(readlink /proc/self/ns/net)"
	assert_equal "$(cgroup_of "$(pid_of "$NAME")")" "/sys/fs/cgroup/my/$NAME"
	local other
	other=/proc/$(pid_of "$NAME")/ns
	NAME=$NAME-2 once 0 --with-ns "uts:$other/uts" -- readlink /proc/self/ns/uts
	assert_stdout "$(readlink "$other/uts")"
	run_ctr 0 tasks kill -s KILL "$NAME"
	wait_for 20 task_is "$NAME" STOPPED
	run_ctr 0 tasks delete "$NAME"
	[[ ! -d /sys/fs/cgroup/my ]] || rmdir /sys/fs/cgroup/my
}

@test "terminals: run, exec" {
	# shellcheck disable=SC2046 # a list of words
	run_pty 'expect #
		send until stty size | grep .; do sleep 0.2; done; tty\r
		expect 30 100
		expect /dev/pts/0
		send exit 5\r' ctr $(with_runtime) --rm -t "$image" "$NAME" sh
	assert_status 5
	start
	run_pty 'expect #
		send tty; exit 6\r' ctr tasks exec -t --exec-id e "$NAME" sh
	assert_status 6
	assert_output_has /dev/pts/
}

@test "exec: input, user, directory, detached; its end does not end the task" {
	start
	run_command bash -c "echo typed | ctr tasks exec --exec-id e0 $NAME cat"
	assert_stdout typed
	run_ctr 0 tasks exec --exec-id ex --user 1000:1000 --cwd /tmp "$NAME" sh -c 'id -u; pwd'
	assert_stdout $'1000\n/tmp'
	run_ctr 0 tasks exec -d --exec-id ed "$NAME" sleep 500
	run_ctr 0 tasks ps "$NAME"
	assert_equal "$(grep -c '^[0-9]' <<<"$stdout")" 2
	run_ctr 0 tasks kill --exec-id ed -s KILL "$NAME"
	one_left() { [[ $(ctr tasks ps "$NAME" | grep -c '^[0-9]') == 1 ]]; }
	wait_for 20 one_left
	execute 1 nonexistent
	assert_output_has 'executable file not found in $PATH'
	task_is "$NAME" RUNNING
}

@test "kill --all; delete --force of a running task; a task whose runtime state is gone" {
	start
	run_ctr 0 tasks exec -d --exec-id ed "$NAME" sleep 500
	run_ctr 0 tasks kill --all -s KILL "$NAME"
	wait_for 20 task_is "$NAME" STOPPED
	delete_killed
	run_ctr 0 containers delete "$NAME"
	start
	delete_killed --force
	run_ctr 0 containers delete "$NAME"
}

@test "events: create, start, exit, delete; pause and resume" {
	watch_events
	once 3 sh -c 'exit 3'
	start
	run_ctr 0 tasks pause "$NAME"
	run_ctr 0 tasks resume "$NAME"
	wait_for 20 grep -q /tasks/resumed seen
	stop_watching
	assert_equal "$(grep -oE '/tasks/[a-z]+' seen | xargs)" \
		"/tasks/create /tasks/start /tasks/exit /tasks/delete /tasks/create /tasks/start /tasks/paused /tasks/resumed"
	assert_file_has seen '"exit_status":3'
}

@test "fifty at once" {
	local i
	for ((i = 0; i < 50; i++)); do
		# shellcheck disable=SC2046 # a list of words
		ctr $(with_runtime) -d "$image" "$NAME-$i" sleep 1000 2>>err 3>&- 4>&- &
		((i % 10 != 9)) || wait
	done
	wait
	[[ ! -s err ]] || fail "$(cat err)"
	assert_equal "$(ctr tasks ls | grep -c RUNNING)" 50
	assert_equal "$("$(type -P "$runtime")" --root "$ROOT" list -f json | jq -r '.[].status' | sort | uniq -c | xargs)" \
		"50 running"
}
