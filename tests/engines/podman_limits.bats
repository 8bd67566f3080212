#!/usr/bin/env bats
# podman: limits, what the kernel does at them, and what podman reports of it.
# where: vm-full
# limit: 900
# machine: podman conmon buildah crun runc catatonit netavark aardvark-dns apparmor iptables nftables uidmap fuse-overlayfs slirp4netns e2fsprogs strace
# images: busybox

load helpers
load podman

value() { # FILE: of the container's cgroup
	cgroup_value "$(pid_of "$NAME")" "$1"
}

@test "limits arrive in the cgroup" {
	start_sleeper --memory 64m --memory-reservation 32m --memory-swap 96m --cpus 0.5 \
		--cpu-shares 512 --cpuset-cpus 0 --pids-limit 33 --blkio-weight 300
	assert_equal "$(value memory.max)" 67108864
	assert_equal "$(value memory.low)" 33554432
	assert_equal "$(value memory.swap.max)" 33554432
	assert_equal "$(value cpu.max)" "50000 100000"
	assert_equal "$(value cpuset.cpus)" 0
	assert_equal "$(value pids.max)" 33
	run_podman 0 exec "$NAME" cat /sys/fs/cgroup/memory.max
	assert_stdout 67108864
}

@test "--pids-limit: a fork too many fails" {
	# busybox's sh ends with 2 at a fork that fails.
	run_podman 2 run --rm --pids-limit 5 "$image" \
		sh -c 'for i in 1 2 3 4 5 6 7; do sleep 1000 & echo $i; done; true'
	assert_stdout $'1\n2\n3\n4'
	assert_output_has "can't fork"
	start_sleeper --pids-limit -1
	assert_equal "$(value pids.max)" max
}

@test "--memory: the kernel ends a program that wants more, podman reports 137" {
	run_podman 137 run --name "$NAME" --memory 16m --memory-swap 16m "$image" sh -c \
		'(exec tail /dev/zero); grep oom_kill /sys/fs/cgroup/memory.events; exec tail /dev/zero'
	assert_output_has "oom_kill 1"
	assert_equal "$(inspect "$NAME" '{{.State.ExitCode}}')" 137
	# Debian's podman and conmon show OOMKilled as false, with runc too: the status is what they report.
	run_podman 0 run -d --name "$NAME-other" --memory 16m "$image" sleep 1000
	run_podman 137 exec "$NAME-other" tail /dev/zero
	state_is "$NAME-other" running
}

@test "update: what is named changes, all else stays, nothing named changes nothing" {
	start_sleeper --memory 64m --memory-swap 96m --pids-limit 33
	run_podman 0 update --cpus 0.5 --cpuset-cpus 0 --memory-reservation 16m "$NAME"
	assert_equal "$(value cpu.max)" "50000 100000"
	assert_equal "$(value cpuset.cpus)" 0
	assert_equal "$(value memory.low)" 16777216
	assert_equal "$(value memory.max)" 67108864
	assert_equal "$(value memory.swap.max)" 33554432
	assert_equal "$(value pids.max)" 33
	run_podman 0 update --memory 80m --memory-swap 96m "$NAME"
	assert_equal "$(value memory.max)" 83886080
	assert_equal "$(value memory.swap.max)" 16777216
	assert_equal "$(value cpu.max)" "50000 100000"
	run_podman 0 update "$NAME"
	assert_equal "$(value memory.max) $(value pids.max) $(value cpu.max)" "83886080 33 50000 100000"
	run_podman 125 update --memory 100k --memory-swap 1k "$NAME"
	assert_equal "$(value memory.max)" 83886080
	run_podman 0 exec "$NAME" true
}

@test "--cpus: a busy program gets its part only" {
	run_podman 0 run -d --name "$NAME" --cpus 0.2 "$image" sh -c 'while :; do :; done'
	local before after
	before=$(value cpu.stat | awk '$1 == "nr_throttled" { print $2 }')
	sleep 2
	after=$(value cpu.stat | awk '$1 == "nr_throttled" { print $2 }')
	((after > before))
}

@test "stats: numbers of the container" {
	start_sleeper --memory 64m
	run_podman 0 stats --no-stream --format '{{.Name}} {{.MemUsage}} {{.PIDs}}' "$NAME"
	assert_output_has "$NAME"
	assert_output_has 67.11MB
	[[ $stdout == *" 1" ]]
}

@test "--cgroup-conf: files of the cgroup by name" {
	run_podman 0 run --rm --cgroup-conf memory.high=20000000 --cgroup-conf cpu.weight=50 "$image" \
		sh -c 'cat /sys/fs/cgroup/memory.high /sys/fs/cgroup/cpu.weight'
	assert_stdout $'19996672\n50'
}
