#!/usr/bin/env bats
# docker: limits, update and stats, read back from the container's cgroup.
# where: vm-full
# limit: 600
# machine: containerd docker.io iptables apparmor
# images: busybox

load helpers
load docker

# value FILE: of the container's cgroup
value() {
	cgroup_value "$(pid_of "$NAME")" "$1"
}

# weight_of SHARES: runc 1.1 converts otherwise than runc 1.3 and bawn (docs/conformance.md).
weight_of() {
	case $runtime:$1 in
	runc:512) echo 20 ;;
	runc:2048) echo 79 ;;
	*:512) echo 59 ;;
	*:2048) echo 174 ;;
	esac
}

@test "memory: limit, reservation, swap" {
	start_sleeper --memory 32m --memory-swap 48m --memory-reservation 16m
	assert_equal "$(value memory.max)" 33554432
	assert_equal "$(value memory.swap.max)" 16777216
	assert_equal "$(value memory.low)" 16777216
	assert_equal "$(inspect "$NAME" '{{.HostConfig.Memory}}')" 33554432
}

@test "out of memory: a child is killed, the container goes on and docker says so; then the first" {
	start_sleeper --memory 24m --memory-swap 24m
	run_docker 137 exec "$NAME" sh -c 'head -c 200m /dev/zero | tail -c 100m'
	state_is "$NAME" running
	[[ $(value memory.events) == *"oom_kill 1"* ]]
	run_docker 0 rm -f "$NAME"
	run_docker 137 run --name "$NAME" --memory 24m --memory-swap 24m "$image" timeout 100 tail -c 100m /dev/zero
	assert_equal "$(inspect "$NAME" '{{.State.OOMKilled}} {{.State.ExitCode}}')" "true 137"
}

@test "cpus: quota, shares, a set" {
	start_sleeper --cpus 0.5 --cpu-shares 512 --cpuset-cpus 1 --cpuset-mems 0
	assert_equal "$(value cpu.max)" "50000 100000"
	assert_equal "$(value cpuset.cpus)" 1
	assert_equal "$(value cpuset.mems)" 0
	assert_equal "$(value cpu.weight)" "$(weight_of 512)"
	run_docker 0 exec "$NAME" nproc
	assert_stdout 1
	run_docker 0 rm -f "$NAME"
	start_sleeper --cpu-period 50000 --cpu-quota 25000
	assert_equal "$(value cpu.max)" "25000 50000"
}

@test "pids: the limit is enforced; none, unlimited" {
	start_sleeper --pids-limit 12
	assert_equal "$(value pids.max)" 12
	run_docker 2 exec "$NAME" sh -c 'for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14; do sleep 50 & done'
	assert_output_has "can't fork"
	[[ $(value pids.events) == "max "[1-9]* ]]
	run_docker 0 rm -f "$NAME"
	start_sleeper --pids-limit -1
	assert_equal "$(value pids.max)" max
}

@test "update: what is given changes, the rest stays" {
	start_sleeper --memory 32m --memory-swap 64m --cpus 0.5 --pids-limit 50
	run_docker 0 update --memory 48m --memory-swap 96m "$NAME"
	assert_equal "$(value memory.max) $(value memory.swap.max)" "50331648 50331648"
	assert_equal "$(value cpu.max) $(value pids.max)" "50000 100000 50"
	run_docker 0 update --cpus 1.5 "$NAME"
	assert_equal "$(value cpu.max)" "150000 100000"
	assert_equal "$(value memory.max) $(value pids.max)" "50331648 50"
	run_docker 0 update --pids-limit 60 --cpu-shares 2048 --cpuset-cpus 0 "$NAME"
	assert_equal "$(value pids.max) $(value cpuset.cpus)" "60 0"
	assert_equal "$(value cpu.weight)" "$(weight_of 2048)"
	assert_equal "$(value memory.max) $(value cpu.max)" "50331648 150000 100000"
	run_docker 0 update --restart no "$NAME"
	assert_equal "$(value memory.max) $(value cpu.max) $(value pids.max)" \
		"50331648 150000 100000 60"
	run_docker 0 exec "$NAME" true
}

@test "update of a container without limits, of a stopped one, of a paused one" {
	start_sleeper
	run_docker 0 update --memory 64m --memory-swap -1 "$NAME"
	assert_equal "$(value memory.max) $(value memory.swap.max)" "67108864 max"
	run_docker 0 pause "$NAME"
	run_docker 0 update --pids-limit 33 "$NAME"
	assert_equal "$(value pids.max)" 33
	run_docker 0 unpause "$NAME"
	run_docker 0 kill "$NAME"
	run_docker 0 update --memory 32m --memory-swap 32m "$NAME"
	run_docker 0 start "$NAME"
	assert_equal "$(value memory.max) $(value memory.swap.max) $(value pids.max)" "33554432 0 33"
}

@test "update to less memory than is in use: refused with figures, nobody is killed" {
	run_docker 0 run -d --name "$NAME" --memory 96m --memory-swap 96m --tmpfs /t "$image" \
		sh -c 'head -c 40m /dev/zero >/t/file; echo full; exec sleep 1000'
	wait_for 30 logs_have "$NAME" full
	run_docker 1 update --memory 16m --memory-swap 16m "$NAME"
	assert_output_has "16777216 bytes are less than the"
	assert_equal "$(value memory.max) $(value memory.swap.max)" "100663296 0"
	[[ $(value memory.events) == *"oom_kill 0"* ]]
	run_docker 0 exec "$NAME" sh -c 'wc -c </t/file'
	assert_stdout 41943040
	run_docker 0 update --memory 80m --memory-swap 80m "$NAME"
	assert_equal "$(value memory.max)" 83886080
}

@test "stats: memory, pids and cpu time as the kernel counts them" {
	run_docker 0 run -d --name "$NAME" --memory 64m "$image" \
		sh -c 'sleep 1000 & while :; do :; done'
	run_docker 0 stats --no-stream --format '{{json .}}' "$NAME"
	assert_equal "$(jq -r .PIDs <<<"$stdout")" 2
	[[ $(jq -r .MemUsage <<<"$stdout") == *" / 64MiB" ]]
	[[ $(jq -r .CPUPerc <<<"$stdout") != 0.00% ]]
}

@test "I/O: weight and throttling of a device" {
	local device major
	modprobe loop
	truncate -s 16M disk
	device=$(losetup -f --show "$TMP/disk")
	major=$(lsblk -no MAJ:MIN "$device" | tr -d ' ')
	start_sleeper --device-write-bps "$device:1mb" --device-read-iops "$device:100" --blkio-weight 300
	# 10 to 1000 here, 1 to 10000 there.
	assert_equal "$(value io.weight)" "default 2930"
	[[ $(value io.max) == "$major "*riops=100* && $(value io.max) == *wbps=1048576* ]] ||
		fail "$(value io.max)"
	losetup -d "$device"
}
