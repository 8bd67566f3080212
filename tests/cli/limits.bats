#!/usr/bin/env bats
# linux.resources: each value is read back from the kernel's own file, each limit is driven to its
# limit by a load, and the counter that must move moves. Needs all controllers: the VM.
# where: vm
# limit: 400
# shellcheck disable=SC2154 # helpers.bash sets status, stdout, stderr

load helpers

setup() {
	test_setup
	make_bundle
	cg=/sys/fs/cgroup/bawn-$ID
	loop=
	sleeper=
}

teardown() {
	[[ -z $sleeper ]] || kill "$sleeper"
	[[ -z $loop ]] || losetup -d "$loop"
	test_teardown
}

# create_with RESOURCES: linux.resources plus this object, and a container made of it.
create_with() {
	edit_config ".linux.resources += $1"
	bawn create --bundle "$BUNDLE" "$ID"
}

# file_is FILE VALUE
file_is() {
	assert_equal "$1 $(<"$cg/$1")" "$1 $2"
}

# counter FILE KEY
counter() {
	awk -v key="$2" '$1 == key { print $2 }' "$cg/$1"
}

# moved FILE KEY: the counter is above 0.
moved() {
	(($(counter "$1" "$2") > 0)) || fail "$1: $2 did not move: $(tr '\n' ' ' <"$cg/$1")"
}

# in_cgroup COMMAND...: a process of the host in the container's cgroup, for loads that busybox has
# no program for.
in_cgroup() {
	# shellcheck disable=SC2016 # for sh
	sh -c 'echo $$ >"$1/cgroup.procs"; shift; exec "$@"' - "$cg" "$@"
}

use_loop() {
	modprobe loop
	truncate -s 64M "$TMP/disk"
	loop=$(losetup -f --show "$TMP/disk")
	dev=$((0x$(stat -c %t "$loop"))):$((0x$(stat -c %T "$loop")))
}

@test "values: cpu, cpuset, memory, pids" {
	create_with '{cpu: {shares: 2048, quota: 50000, period: 200000, burst: 10000, cpus: " 1", mems: "0"},
		memory: {limit: 67108864, reservation: 33554432, swap: 100663296}, pids: {limit: 42}}'
	file_is cpu.weight 174
	file_is cpu.max "50000 200000"
	file_is cpu.max.burst 10000
	file_is cpuset.cpus 1
	file_is cpuset.cpus.effective 1
	file_is cpuset.mems 0
	file_is memory.max 67108864
	file_is memory.low 33554432
	file_is memory.swap.max 33554432
	file_is pids.max 42
}

@test "values: no limit, zero, idle, and unified which comes last" {
	create_with '{cpu: {shares: 0, quota: -1, period: 0, idle: 1}, memory: {limit: -1, reservation: 0, swap: 0, kernel: 0},
		pids: {limit: 0}, unified: {"memory.high": "60000000", "memory.min": "4096", "memory.oom.group": "1",
		"memory.max": "70M", "cpu.max": "30000 60000", "pids.max": "77"}}'
	file_is cpu.idle 1
	file_is cpu.max "30000 60000"
	file_is memory.max $((70 << 20))
	file_is memory.high 59998208
	file_is memory.min 4096
	file_is memory.oom.group 1
	file_is memory.low 0
	file_is pids.max 77
}

@test "values: the greatest and the least that the kernel has" {
	edit_config '.linux.resources += {cpu: {shares: 262144, quota: 1000, period: 1000}, pids: {limit: 1},
		memory: {limit: "GREATEST", swap: "GREATEST"}, hugepageLimits: [{pageSize: "2MB", limit: "GREATER"}]}'
	# jq would round them.
	sed -i 's/"GREATEST"/9223372036854775807/; s/"GREATER"/18446744073709551615/' "$BUNDLE/config.json"
	bawn create --bundle "$BUNDLE" "$ID"
	file_is cpu.weight 10000
	file_is cpu.max "1000 1000"
	file_is memory.max max
	file_is memory.swap.max 0
	file_is pids.max 1
	file_is hugetlb.2MB.max max
}

@test "values: io weights and throttles of a device; rdma and misc" {
	use_loop
	modprobe bfq
	create_with "{blockIO: {weight: 500,
		throttleReadBpsDevice: [{major: ${dev%:*}, minor: ${dev#*:}, rate: 1000000}],
		throttleWriteIOPSDevice: [{major: ${dev%:*}, minor: ${dev#*:}, rate: 50}]}}"
	file_is io.bfq.weight "default 500"
	file_is io.max "$dev rbps=1000000 wbps=max riops=max wiops=50"
	bawn delete --force "$ID"
	edit_config '.linux.resources.blockIO = {}'
	edit_config '.linux.resources.unified = {"io.max": "'"$dev"' rbps=4096\n'"$dev"' wiops=9", "io.weight": "default 321"}'
	bawn create --bundle "$BUNDLE" "$ID"
	file_is io.max "$dev rbps=4096 wbps=max riops=max wiops=9"
	file_is io.weight "default 321"
	[[ -e $cg/rdma.max && -e $cg/misc.max ]]
}

@test "a host's devices that are not there, values that the kernel refuses: an error, and nothing is left" {
	local filter
	while IFS='|' read -r filter want; do
		cp "$BATS_FILE_TMPDIR/config.json" "$BUNDLE/config.json"
		edit_config ".linux.resources += $filter"
		run_bawn create --bundle "$BUNDLE" "$ID"
		assert_status 1
		assert_output_has "$want"
		[[ ! -e $ROOT/$ID && ! -e $cg ]] || fail "something is left of $filter"
	done <<-'EOF'
		{rdma:{"mlx5_9":{"hcaHandles":1}}}|rdma: write "mlx5_9 hca_handle=1" to rdma.max of the container's cgroup:
		{blockIO:{throttleReadBpsDevice:[{major:9999,minor:9,rate:1}]}}|blockIO.throttleReadBpsDevice: write "9999:9 rbps=1" to io.max
		{hugepageLimits:[{pageSize:"4MB",limit:1}]}|hugepageLimits: write "1" to hugetlb.4MB.max of the container's cgroup: no such file or directory; this machine has no huge pages of this size
		{cpu:{cpus:"0-63"}}|cpu.cpus: "0-63": there is no CPU 2 here; the parent cgroup has 0-1
		{cpu:{mems:"7"}}|cpu.mems: "7": there is no memory node 7 here
		{cpu:{quota:20000,burst:20001}}|cpu.burst: 20001 is more than cpu.quota 20000
		{memory:{limit:1000,swap:999}}|memory.swap: 999 is less than memory.limit 1000
		{memory:{swap:999}}|memory.swap: 999 is a limit on memory plus swap: it needs memory.limit too
		{unified:{"memory.nonsense":"1"}}|unified: write "1" to memory.nonsense of the container's cgroup: no such file or directory; this kernel has no such file
		{unified:{"memory.high":"x"}}|unified: write "x" to memory.high of the container's cgroup: invalid argument; the kernel does not take this value
		{unified:{"misc.max":"nothing 1"}}|unified: write "nothing 1" to misc.max
	EOF
}

@test "controllers are enabled in every parent, and siblings stay as they are" {
	mkdir -p "/sys/fs/cgroup/up$$/sibling"
	assert_equal "$(<"/sys/fs/cgroup/up$$/cgroup.subtree_control")" ""
	edit_config ".linux.cgroupsPath = \"/up$$/a/b\" | .linux.resources.pids.limit = 5 | .linux.resources.memory.limit = 50000000"
	bawn create --bundle "$BUNDLE" "$ID"
	assert_equal "$(<"/sys/fs/cgroup/up$$/a/b/pids.max")" 5
	assert_equal "$(<"/sys/fs/cgroup/up$$/a/b/memory.max")" 49999872
	# A cgroup that the config names has them all; siblings get no limit by it.
	assert_equal "$(<"/sys/fs/cgroup/up$$/a/cgroup.subtree_control")" \
		"$(</sys/fs/cgroup/cgroup.subtree_control)"
	assert_equal "$(<"/sys/fs/cgroup/up$$/sibling/pids.max")" max
	bawn delete --force "$ID"
	rmdir "/sys/fs/cgroup/up$$/sibling" "/sys/fs/cgroup/up$$"
}

@test "a parent with processes cannot distribute controllers: an error that names them" {
	mkdir "/sys/fs/cgroup/up$$"
	sleep 1000 >/dev/null 2>&1 3>&- 4>&- &
	sleeper=$!
	echo $sleeper >"/sys/fs/cgroup/up$$/cgroup.procs"
	edit_config ".linux.cgroupsPath = \"/up$$/a\" | .linux.resources.pids.limit = 5"
	run_bawn create --bundle "$BUNDLE" "$ID"
	assert_status 1
	assert_output_has "pids.limit: cgroup /sys/fs/cgroup/up$$ has processes (sleep (state S, pid $sleeper)) and so cannot give the pids controller"
	edit_config 'del(.linux.resources.pids)'
	bawn create --bundle "$BUNDLE" "$ID"
	bawn delete --force "$ID"
	kill $sleeper
	wait $sleeper || true
	sleeper=
	rmdir "/sys/fs/cgroup/up$$"
}

@test "a parent that gives one controller already" {
	mkdir -p "/sys/fs/cgroup/up$$/mid"
	echo +pids >"/sys/fs/cgroup/up$$/cgroup.subtree_control"
	edit_config ".linux.cgroupsPath = \"/up$$/mid/a\" | .linux.resources.pids.limit = 5"
	bawn create --bundle "$BUNDLE" "$ID"
	assert_equal "$(<"/sys/fs/cgroup/up$$/mid/a/pids.max")" 5
	bawn delete --force "$ID"
	rmdir "/sys/fs/cgroup/up$$/mid" "/sys/fs/cgroup/up$$"
}

@test "cpu.max throttles" {
	create_with '{cpu: {quota: 5000, period: 100000}}'
	bawn start "$ID"
	bawn exec "$ID" timeout 2 sh -c 'while :; do :; done' || true
	moved cpu.stat nr_throttled
	moved cpu.stat throttled_usec
}

# start_slow: 31 processes, with a millisecond of processor time a second; paused when $1 is.
start_slow() {
	set_args sh -c 'for i in $(seq 30); do sleep 1000 & done; echo up >/up; wait'
	rm -f "$BUNDLE/rootfs/up"
	bawn create --bundle "$BUNDLE" "$ID"
	bawn start "$ID"
	wait_for 10 test -s "$BUNDLE/rootfs/up"
	[[ -z ${1:-} ]] || bawn pause "$ID"
	bawn update --cpu-period 1000000 --cpu-quota 1000 "$ID"
	file_is cpu.max "1000 1000000"
}

@test "a thousandth of a processor is enough to be killed" {
	start_slow
	bawn kill --all "$ID" KILL
	wait_for 2 status_is "$ID" stopped
	file_is cpu.max "max 1000000"
	bawn delete "$ID"
	start_slow paused
	bawn delete --force "$ID"
}

@test "cpuset.cpus: the container sees and uses that CPU only" {
	create_with '{cpu: {cpus: "1"}}'
	bawn start "$ID"
	bawn exec "$ID" grep Cpus_allowed_list /proc/self/status
	assert_file_has "$OUT" $'Cpus_allowed_list:\t1'
}

@test "memory.max: too much is killed, and the counters say so" {
	create_with '{memory: {limit: 20000000, swap: 20000000}}'
	bawn start "$ID"
	run_bawn exec "$ID" dd if=/dev/zero of=/dev/null bs=60M count=1
	assert_status 137
	moved memory.events max
	moved memory.events oom_kill
	(($(<"$cg/memory.peak") >= 19900000))
	run_bawn state "$ID"
	assert_output_has '"status": "running"'
}

@test "memory.oom.group: all go together" {
	create_with '{memory: {limit: 20000000, swap: 20000000}, unified: {"memory.oom.group": "1"}}'
	bawn start "$ID"
	run_bawn exec "$ID" dd if=/dev/zero of=/dev/null bs=60M count=1
	assert_status 137
	wait_for 5 status_is "$ID" stopped
}

@test "memory.high throttles without killing" {
	create_with '{unified: {"memory.high": "10000000"}}'
	bawn start "$ID"
	run_bawn exec "$ID" timeout 10 dd if=/dev/zero of=/dev/null bs=12M count=1
	moved memory.events high
	assert_equal "$(counter memory.events oom_kill)" 0
}

@test "pids.max: forks fail" {
	create_with '{pids: {limit: 3}}'
	bawn start "$ID"
	bawn exec "$ID" sh -c 'for i in 1 2 3 4 5 6; do sleep 5 & done' || true
	moved pids.events max
}

@test "io.max throttles reads of a device" {
	use_loop
	create_with "{blockIO: {throttleReadBpsDevice: [{major: ${dev%:*}, minor: ${dev#*:}, rate: 1048576}]}}"
	local before after
	before=$(date +%s%N)
	# The device rules are for opening: not for what is open.
	in_cgroup dd of=/dev/null bs=256k count=12 iflag=direct status=none <"$loop"
	after=$(date +%s%N)
	((after - before > 1500000000)) || fail "3 MiB took $(((after - before) / 1000000)) ms at 1 MiB/s"
	grep -q "^$dev rbytes=3145728 " "$cg/io.stat" || fail "$(<"$cg/io.stat")"
}

@test "hugetlb: reserved and used pages end at the limit" {
	echo 16 >/proc/sys/vm/nr_hugepages
	create_with '{hugepageLimits: [{pageSize: "2MB", limit: 4194304}]}'
	file_is hugetlb.2MB.max 4194304
	file_is hugetlb.2MB.rsvd.max 4194304
	in_cgroup python3 -c 'import mmap; mmap.mmap(-1, 4 << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x40000).write(b"x" * (4 << 20))'
	run in_cgroup python3 -c 'import mmap; mmap.mmap(-1, 8 << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x40000)'
	assert_output_has "Cannot allocate memory"
	# What is used counts apart; the reservation is no limit then.
	echo max >"$cg/hugetlb.2MB.rsvd.max"
	run in_cgroup python3 -c 'import mmap; mmap.mmap(-1, 8 << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x40000).write(b"x" * (8 << 20))'
	((status > 128)) || fail "status $status"
	moved hugetlb.2MB.events max
	echo 0 >/proc/sys/vm/nr_hugepages
}

@test "a cgroup namespace with limits: what the container sees is its own" {
	edit_config '.mounts += [{destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["ro", "nosuid"]}]
		| .linux.namespaces += [{type: "cgroup"}] | .linux.namespaces |= unique'
	create_with '{pids: {limit: 9}, memory: {limit: 60000000}}'
	bawn start "$ID"
	bawn exec "$ID" sh -c 'cat /proc/self/cgroup /sys/fs/cgroup/pids.max /sys/fs/cgroup/memory.max; ls /sys/fs/cgroup/memory.peak /sys/fs/cgroup/cpu.pressure /sys/fs/cgroup/memory.pressure'
	assert_file_has "$OUT" "0::/"
	grep -qx 9 "$OUT"
	grep -qx 59998208 "$OUT"
	assert_file_has "$OUT" "memory.pressure"
}

@test "a delegated cgroup: the user namespace's root divides what it has, and cannot raise it" {
	edit_config '.mounts += [{destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["rw", "nosuid"]}]
		| .linux.namespaces += [{type: "cgroup"}, {type: "user"}] | .linux.namespaces |= unique
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = [{containerID: 0, hostID: 100000, size: 65536}]'
	create_with '{pids: {limit: 30}, memory: {limit: 60000000}}'
	bawn start "$ID"
	bawn exec "$ID" sh -ec 'cd /sys/fs/cgroup; mkdir init work; for p in $(cat cgroup.procs); do echo $p >init/cgroup.procs; done 2>/dev/null || :
		echo "+pids +memory" >cgroup.subtree_control; echo 4 >work/pids.max; cat work/pids.max
		! echo 99 >pids.max'
	grep -qx 4 "$OUT"
	file_is pids.max 30
	assert_equal "$(stat -c %u "$cg/cgroup.procs" "$cg/cgroup.subtree_control" "$cg/pids.max" | tr '\n' ' ')" "100000 100000 0 "
	# exec into one of its own
	bawn exec --cgroup /work "$ID" cat /proc/self/cgroup
	assert_file_has "$OUT" "0::/work"
}
