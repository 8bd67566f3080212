#!/usr/bin/env bats
# update: options and documents, what stays as it is, all or nothing, memory that has to be given
# back first. Each value is read back from the kernel's own file.
# where: native vm
# limit: 400
# shellcheck disable=SC2154 # helpers.bash sets status, stdout, stderr

load helpers
load tools

setup() {
	test_setup
	make_bundle
	cg=/sys/fs/cgroup/bawn-$ID
	loop=
}

teardown() {
	[[ -z $loop ]] || losetup -d "$loop"
	test_teardown
}

need_controllers() {
	in_vm || skip "needs controllers"
}

file_is() {
	assert_equal "$1 $(<"$cg/$1")" "$1 $2"
}

# update ARG...: must succeed.
update() {
	run_bawn update "$@" "$ID"
	assert_status 0
	assert_equal "$output" ""
}

# update_with JSON: by standard input.
update_with() {
	status=0
	stderr=$("$BAWN" --root "$ROOT" update -r - "$ID" <<<"$1" 2>&1 3>&- 4>&-) || status=$?
}

# refuses JSON MESSAGE
refuses() {
	update_with "$1"
	assert_equal "$status" 1
	[[ $stderr == *"$2"* ]] || fail "$1: want $2" "got $stderr"
}

oom_kills() {
	awk '$1 == "oom_kill" { print $2 }' "$cg/memory.events"
}

run_with() {
	edit_config ".linux.resources += $1"
	bawn run -d --bundle "$BUNDLE" "$ID"
}

@test "without controllers: an error that names the controller; no limit and devices are fine" {
	! in_vm || skip "the VM has all controllers"
	run_with '{}'
	refuses '{"memory": {"limit": 5000000}}' "memory.limit: the memory controller is not available in /sys/fs/cgroup"
	refuses '{"cpu": {"quota": 5000}}' "cpu.quota: the cpu controller is not available"
	refuses '{"unified": {"pids.max": "5"}}' "pids.max: the pids controller is not available"
	[[ ! -e $ROOT/$ID/resources.json && ! -e $ROOT/$ID/resources.json.new ]]
	update --memory -1 --memory-swap -1 --pids-limit -1 --cpu-quota -1 --cpu-share 0
	[[ -e $ROOT/$ID/resources.json ]]
	bawn delete --force "$ID"
}

@test "device rules are replaced as a whole, in one step" {
	edit_config '.linux.devices = [{path: "/dev/kmsg", type: "c", major: 1, minor: 11, fileMode: 438}] | del(.linux.seccomp)'
	run_with '{}'
	run_bawn exec "$ID" sh -c ': >/dev/kmsg'
	assert_status 1
	update_with '{"devices": [{"allow": true, "type": "c", "major": 1, "minor": 11, "access": "w"}]}'
	assert_equal "$status $stderr" "0 "
	run_bawn exec "$ID" sh -c 'true >/dev/kmsg && ! true </dev/kmsg && true >/dev/null'
	assert_status 0
	# A later update of something else leaves them alone.
	update --pids-limit -1
	run_bawn exec "$ID" sh -c ': >/dev/kmsg'
	assert_status 0
	update_with '{"devices": [{"allow": false, "access": "rwm"}]}'
	assert_equal "$status $stderr" "0 "
	run_bawn exec "$ID" sh -c ': >/dev/null; : >/dev/kmsg'
	assert_status 1
}

@test "wrong values: an error with the path in the document, and nothing changes" {
	run_with '{}'
	refuses '{"memory": {"limit": "1"}}' "resources: memory.limit: expected a number, got a string"
	refuses '{"memory": {"limit": -2}}' "resources: memory.limit: -2 is negative"
	refuses '{"memory": {"limit": 9223372036854775808}}' "resources: memory.limit: 9223372036854775808 is out of range"
	refuses '{"memory": {"kernel": 5000000}}' "memory.kernel: cgroup version 2 has no limit of its own"
	refuses '{"cpu": {"shares": -1}}' "resources: cpu.shares: -1 is negative"
	refuses '{"network": {"classID": 5}}' "network.classID: network classes exist on cgroup version 1 only"
	refuses '{"unified": {"../x": "1"}}' "must be a file name of a cgroup"
	refuses '{"unified": {"cgroup.procs": "1"}}' "files of the cgroup itself"
	refuses '[]' "expected an object, got an array"
	refuses '{' "resources"
	refuses '' "resources"
	run_bawn update --pids-limit -2 "$ID"
	assert_status 1
	assert_output_has "options: pids.limit: -2 is negative"
	run_bawn update --kernel-memory 5m "$ID"
	assert_status 1
	run_bawn update --cpu-rt-runtime 5000 "$ID"
	assert_status 1
	assert_output_has "cgroup version 2 has no limit for realtime"
	run_bawn update --l3-cache-schema L3:0=f "$ID"
	assert_status 1
	assert_output_has "Intel RDT is not supported"
	run_bawn update -r "$TMP/nosuchfile" "$ID"
	assert_status 1
	[[ ! -e $ROOT/$ID/resources.json ]]
}

@test "only what runs, waits or is paused; unknown and stopped containers are errors" {
	run_bawn update --pids-limit -1 "$ID"
	assert_status 1
	assert_output_has "does not exist"
	bawn create --bundle "$BUNDLE" "$ID"
	update --pids-limit -1
	bawn start "$ID"
	bawn pause "$ID"
	update --pids-limit -1
	run_bawn state "$ID"
	assert_output_has '"status": "paused"'
	bawn resume "$ID"
	bawn kill "$ID" KILL
	wait_for 5 status_is "$ID" stopped
	run_bawn update --pids-limit -1 "$ID"
	assert_status 1
	assert_output_has "cannot update a container that is not running"
}

@test "every option" {
	need_controllers
	run_with '{}'
	update --memory 64m --memory-reservation 32MiB --memory-swap 96M --cpu-share 512 --cpu-period 50000 \
		--cpu-quota 25000 --cpu-burst 5000 --cpuset-cpus 0-1 --cpuset-mems 0 --pids-limit 33 \
		--kernel-memory 0 --kernel-memory-tcp -1 --cpu-rt-period 1000000 --cpu-rt-runtime 0
	file_is memory.max $((64 << 20))
	file_is memory.low $((32 << 20))
	file_is memory.swap.max $((32 << 20))
	file_is cpu.weight 59
	file_is cpu.max "25000 50000"
	file_is cpu.max.burst 5000
	file_is cpuset.cpus 0-1
	file_is cpuset.mems 0
	file_is pids.max 33
	update --blkio-weight 100
	assert_equal "$(cat "$cg/io.bfq.weight" "$cg/io.weight" 2>/dev/null | head -1)" \
		"default $([[ -e $cg/io.bfq.weight ]] && echo 100 || echo 910)"
	update --cpu-idle 1
	file_is cpu.idle 1
	update --cpu-idle=0 --memory=-1 --pids-limit=-1
	file_is cpu.idle 0
	file_is cpu.weight 59
	file_is memory.max max
	file_is memory.swap.max max
	file_is pids.max max
}

@test "what is not given, or zero, stays: each update is relative to what is in effect" {
	need_controllers
	run_with '{memory: {limit: 50331648, swap: 83886080}, cpu: {quota: 20000, period: 100000, shares: 2048}, pids: {limit: 40}}'
	# What docker update sends.
	update_with '{"memory": {"limit": 0, "reservation": 0, "swap": 0, "kernel": 0, "kernelTCP": 0},
		"cpu": {"shares": 0, "quota": 0, "period": 0, "realtimeRuntime": 0, "realtimePeriod": 0, "cpus": "", "mems": ""},
		"pids": {"limit": 0}, "blockIO": {"weight": 0}, "devices": null}'
	assert_equal "$status $stderr" "0 "
	file_is memory.max 50331648
	file_is memory.swap.max 33554432
	file_is cpu.max "20000 100000"
	file_is cpu.weight 174
	file_is pids.max 40
	update --cpu-period 50000
	file_is cpu.max "20000 50000"
	update --cpu-quota 10000
	file_is cpu.max "10000 50000"
	update --cpu-quota 30000 --cpu-burst 30000
	update --cpu-burst 0 --cpu-quota 9000
	file_is cpu.max "9000 50000"
	file_is cpu.max.burst 0
	# The sum of memory and swap stays.
	update --memory 60m
	file_is memory.swap.max $((20 << 20))
	refuses '{"memory": {"limit": 100000000}}' "memory.swap: 83886080 is less than memory.limit 100000000"
	update --memory 60m --memory-swap 60m
	file_is memory.swap.max 0
	file_is pids.max 40
}

@test "documents: a file, standard input, all lists" {
	need_controllers
	modprobe loop
	truncate -s 8M "$TMP/disk"
	loop=$(losetup -f --show "$TMP/disk")
	local major=$((0x$(stat -c %t "$loop"))) minor=$((0x$(stat -c %T "$loop")))
	run_with '{}'
	echo '{"pids": {"limit": 21}}' >"$TMP/resources.json"
	update --resources "$TMP/resources.json"
	file_is pids.max 21
	"$BAWN" --root "$ROOT" update --resources=- "$ID" <<<'{"pids": {"limit": 22}}'
	file_is pids.max 22
	update_with "{\"hugepageLimits\": [{\"pageSize\": \"2MB\", \"limit\": 2097152}],
		\"blockIO\": {\"throttleReadIOPSDevice\": [{\"major\": $major, \"minor\": $minor, \"rate\": 100}]},
		\"unified\": {\"memory.high\": \"100000000\", \"memory.oom.group\": \"1\"}}"
	assert_equal "$status $stderr" "0 "
	file_is hugetlb.2MB.max 2097152
	file_is io.max "$major:$minor rbps=max wbps=max riops=100 wiops=max"
	file_is memory.high 99999744
	update_with "{\"blockIO\": {\"throttleReadIOPSDevice\": [{\"major\": $major, \"minor\": $minor, \"rate\": 0}]}}"
	file_is io.max ""
	file_is memory.oom.group 1
}

@test "all or nothing: when a later value fails, those before it are put back" {
	need_controllers
	modprobe loop
	truncate -s 8M "$TMP/disk"
	loop=$(losetup -f --show "$TMP/disk")
	local major=$((0x$(stat -c %t "$loop"))) minor=$((0x$(stat -c %T "$loop"))) file
	local files=(memory.max memory.low memory.swap.max cpu.max cpu.max.burst cpu.weight cpuset.cpus.effective io.max pids.max
		hugetlb.2MB.max hugetlb.2MB.rsvd.max memory.high cpu.idle io.weight)
	run_with '{memory: {limit: 67108864, swap: 100663296}, cpu: {shares: 300}, pids: {limit: 20}}'
	for file in "${files[@]}"; do echo "$file $(<"$cg/$file")"; done >"$TMP/before"
	refuses "{\"memory\": {\"limit\": 33554432, \"reservation\": 1048576, \"swap\": 50331648},
		\"cpu\": {\"quota\": 20000, \"period\": 40000, \"burst\": 10000, \"shares\": 5000, \"cpus\": \"1\", \"idle\": 1},
		\"blockIO\": {\"throttleReadBpsDevice\": [{\"major\": $major, \"minor\": $minor, \"rate\": 4096}]},
		\"pids\": {\"limit\": 10}, \"hugepageLimits\": [{\"pageSize\": \"2MB\", \"limit\": 0}],
		\"unified\": {\"memory.high\": \"5000000\", \"io.weight\": \"default 50\", \"memory.nonsense\": \"1\"}}" \
		"memory.nonsense of the container's cgroup: no such file or directory"
	[[ $stderr != *"put back"* ]] || fail "$stderr"
	for file in "${files[@]}"; do echo "$file $(<"$cg/$file")"; done >"$TMP/after"
	diff "$TMP/before" "$TMP/after"
	[[ ! -e $ROOT/$ID/resources.json && ! -e $ROOT/$ID/resources.json.new ]]
}

@test "less memory than is in use: what can be given back is; then the limit holds" {
	need_controllers
	modprobe loop
	truncate -s 64M "$TMP/disk"
	loop=$(losetup -f --show "$TMP/disk")
	run_with '{memory: {limit: 104857600, swap: 104857600}, unified: {"memory.high": "95M"}}'
	# shellcheck disable=SC2016 # for sh
	# Its cache goes with the last one who has the device open.
	exec 8<"$loop"
	sh -c 'exec <"$2"; echo $$ >"$1/cgroup.procs"; exec dd of=/dev/null bs=1M status=none' - "$cg" "$loop"
	(($(<"$cg/memory.current") > 60000000)) || fail "only $(<"$cg/memory.current") in use"
	refuses '{"memory": {"limit": 20971520, "checkBeforeUpdate": true}}' "memory.limit: 20971520 bytes are less than the "
	[[ $stderr =~ the\ [67][0-9]{7}\ in\ use ]] || fail "$stderr"
	file_is memory.max 104857600
	update --memory 20m --memory-swap 20m
	file_is memory.max 20971520
	file_is memory.high $((95 << 20))
	file_is cgroup.freeze 0
	(($(<"$cg/memory.current") <= 20971520))
	assert_equal "$(oom_kills)" 0
	run_bawn exec "$ID" dd if=/dev/zero of=/dev/null bs=40M count=1
	assert_status 137
	exec 8<&-
}

@test "less memory than can be given back: an error with figures, the limit stays, nothing is killed" {
	need_controllers
	run_with '{memory: {limit: 104857600, swap: 104857600}}'
	bawn exec "$ID" dd if=/dev/zero of=/dev/shm/x bs=1M count=40
	run_bawn update --memory 20m --memory-swap 20m --pids-limit 9 "$ID"
	assert_status 1
	assert_output_has "memory.limit: 20971520 bytes are less than the 4"
	assert_output_has "cannot be reclaimed; the limit stays as it was"
	file_is memory.max 104857600
	file_is memory.high max
	file_is memory.swap.max 0
	file_is pids.max max
	file_is cgroup.freeze 0
	# A paused one stays paused.
	bawn pause "$ID"
	run_bawn update --memory 20m --memory-swap 20m "$ID"
	assert_status 1
	file_is cgroup.freeze 1
	bawn resume "$ID"
	bawn exec "$ID" rm /dev/shm/x
	update --memory 20m --memory-swap 20m
	assert_equal "$(oom_kills)" 0
	run_bawn state "$ID"
	assert_output_has '"status": "running"'
}

@test "a limit that is raised lets more in, a lower one less" {
	need_controllers
	run_with '{pids: {limit: 3}}'
	run_bawn exec "$ID" sh -c 'for i in 1 2 3 4 5 6; do sleep 0.1 & done; wait; echo all'
	[[ $stdout != *all* ]] || fail "six fit in a limit of three"
	update --pids-limit 20
	run_bawn exec "$ID" sh -c 'for i in 1 2 3 4 5 6; do sleep 0.1 & done; wait; echo all'
	assert_line all
	update --cpu-quota 5000
	bawn exec "$ID" timeout 2 sh -c 'while :; do :; done' || true
	(($(awk '$1 == "nr_throttled" { print $2 }' "$cg/cpu.stat") > 0))
}
