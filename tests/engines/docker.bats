#!/usr/bin/env bats
# docker: the short way through all that it does with a runtime. docker_*.bats go into detail.
# where: vm-full
# limit: 300
# machine: containerd docker.io iptables apparmor
# images: busybox

load helpers
load docker

@test "docker info knows the runtime; inspect and bawn's own state agree" {
	run_docker 0 info --format '{{json .Runtimes}} {{.DefaultRuntime}} {{.CgroupVersion}}'
	assert_output_has '"bawn":{"path":"/usr/local/bin/bawn"}'
	assert_output_has " $runtime 2"
	start_sleeper
	assert_equal "$(inspect "$NAME" '{{.HostConfig.Runtime}}')" "$runtime"
	run_command "$runtime" --root "$ROOT" state "$(inspect "$NAME" '{{.Id}}')"
	assert_status 0
	assert_equal "$(jq -r '"\(.status) \(.pid)"' <<<"$stdout")" "running $(pid_of "$NAME")"
	run_docker 0 exec -e A=b --user user "$NAME" sh -c 'echo "$A $(id -un)"; echo err >&2'
	assert_stdout "b user"
	assert_stderr err
	run_docker 0 pause "$NAME"
	state_is "$NAME" paused
	run_docker 0 unpause "$NAME"
	run_docker 0 top "$NAME" -o pid,args
	assert_output_has "sleep 1000"
	run_docker 0 stop -t 0 "$NAME"
	assert_equal "$(inspect "$NAME" '{{.State.Status}} {{.State.ExitCode}}')" "exited 137"
}

@test "run: streams, status, 126, 127 and their texts" {
	once 7 -- sh -c 'echo out; echo err >&2; exit 7'
	assert_stdout out
	assert_stderr err
	once 127 -- nonexistent
	assert_output_has 'exec: "nonexistent": executable file not found in $PATH'
	once 126 -- /etc/passwd
	assert_output_has 'exec: "/etc/passwd": permission denied'
}

@test "a terminal: a shell, its size, ctrl-c, status" {
	run_pty 'expect #
		send until stty size | grep .; do sleep 0.2; done\r
		expect 30 100
		send sh -c "echo sl""eeps; exec sleep 100"\r
		expect sleeps
		send \003
		send exit 5\r' docker run -it --rm "$image" sh
	assert_status 5
}

@test "limits are written and one is enforced: out of memory is reported" {
	run_docker 0 run -d --name "$NAME" --memory 24m --cpus 0.5 --pids-limit 20 "$image" \
		sh -c 'cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/cpu.max /sys/fs/cgroup/pids.max
			head -c 200m /dev/zero | tail -c 100m >/dev/null'
	run_docker 0 wait "$NAME"
	assert_stdout 137
	assert_equal "$(docker logs "$NAME" 2>/dev/null)" $'25165824\n50000 100000\n20'
	assert_equal "$(inspect "$NAME" '{{.State.OOMKilled}}')" true
}

@test "docker build: RUN is a container of bawn's" {
	mkdir context
	printf '%s\n' "FROM $image" 'RUN echo built >/built' 'CMD ["cat", "/built"]' \
		>context/Dockerfile
	run_docker 0 build -q -t "built$NAME" context
	run_docker 0 run --rm "built$NAME"
	assert_stdout built
	run_docker 0 rmi "built$NAME"
}
