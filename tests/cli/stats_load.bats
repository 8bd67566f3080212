#!/usr/bin/env bats
# stats and events against the kernel's own files, with every controller at its limit under a real
# load. The limits are written to the container's cgroup by hand.
# where: vm-full
# limit: 600

load helpers
load tools

setup_file() {
	need_tools
}

setup() {
	test_setup
	make_bundle
}

teardown() {
	[[ -z ${loop:-} ]] || {
		umount "$TMP/disk" || true
		losetup -d "$loop" || true
	}
	echo 0 >/proc/sys/vm/nr_hugepages
	test_teardown
}

# start [SCRIPT]: a running container; sets dir to its cgroup.
start() {
	set_args sh -c "${1:-exec sleep 1000}"
	start_container
	dir=$(cgroup_of "$ID")
}

# limit FILE VALUE
limit() {
	echo "$2" >"$dir/$1"
}

# Reads the document of the paused container: its figures then stand still. Sets stats.
freeze() {
	bawn pause "$ID"
	stats=$("$BAWN" --root "$ROOT" stats --format json "$ID" | jq -c '.containers[0]')
}

# value JQ-PATH
value() {
	jq "$1" <<<"$stats"
}

# same_key JQ-PATH FILE KEY: as in a file of "KEY VALUE" lines.
same_key() {
	local want
	want=$(awk -v k="$3" '$1 == k { print $2 }' "$dir/$2")
	[[ -n $want ]] || fail "no $3 in $2"
	[[ $(value "$1") == "$want" ]] || fail "$1: $(value "$1"), $2 $3: $want"
}

# same_value JQ-PATH FILE: as in a file of one value; "max" is null.
same_value() {
	local want
	want=$(sed 's/^max$/null/' "$dir/$2")
	[[ $(value "$1") == "$want" ]] || fail "$1: $(value "$1"), $2: $want"
}

follow() {
	timeout -k 5 900 "$BAWN" --root "$ROOT" events --interval 1h "$ID" >"$TMP/events" 3>&- 4>&- &
	follower=$!
	wait_for 10 grep -q '^SigCgt' "/proc/$follower/status"
	sleep 1
}

@test "memory: at the limit, killed, and the event comes" {
	start 'while [ ! -e /go ]; do sleep 0.1; done; tail /dev/zero; echo killed >/done; exec sleep 1000'
	limit memory.max 33554432
	limit memory.swap.max 0
	limit memory.high 33550336
	limit memory.low 4096
	limit memory.oom.group 0
	follow
	touch "$BUNDLE/rootfs/go"
	wait_for 60 test -e "$BUNDLE/rootfs/done"
	wait_for 10 grep -qxF "{\"type\":\"oom\",\"id\":\"$ID\"}" "$TMP/events"
	assert_equal "$(cat "$TMP/events")" "{\"type\":\"oom\",\"id\":\"$ID\"}"
	freeze
	assert_equal "$(value .memory.events.oom_kill)" 1
	(($(value .memory.events.max) > 0 && $(value .memory.events.high) > 0))
	(($(value .memory.peak_bytes) > 30000000 && $(value .memory.peak_bytes) <= 33554432))
	assert_equal "$(value .memory.max_bytes)" 33554432
	assert_equal "$(value .memory.swap.max_bytes)" 0
	assert_equal "$(value .memory.low_bytes)" 4096
	assert_equal "$(value .memory.oom_group)" false
	local f
	for f in low high max oom oom_kill oom_group_kill; do
		same_key ".memory.events.$f" memory.events "$f"
		same_key ".memory.events_local.$f" memory.events.local "$f"
	done
	same_value .memory.min_bytes memory.min
	same_value .memory.swap.current_bytes memory.swap.current
	same_value .memory.swap.high_bytes memory.swap.high
	for f in high max fail; do
		same_key ".memory.swap.events.$f" memory.swap.events "$f"
	done
	# The keys of this kernel, all of them.
	assert_equal "$(value '.memory.stat | keys_unsorted[]' | tr -d '"')" \
		"$(awk '{ print $1 }' "$dir/memory.stat")"
	same_key .memory.stat.pgfault memory.stat pgfault
	(($(value .psi.memory.some.total_usec) > 0))
	run_bawn stats "$ID"
	[[ ${lines[1]} =~ /32\.0MiB\ .*\ 1$ ]] || fail "$stdout"
	run_bawn events --stats "$ID"
	assert_equal "$(jq -c '.data.memory | [.usage.limit, .swap.limit]' <<<"$stdout")" \
		'[33554432,33554432]'
	assert_equal "$(jq '.data.memory.usage.failcnt' <<<"$stdout")" "$(value .memory.events.max)"
	assert_equal "$(jq '.data.memory.raw | length' <<<"$stdout")" "$(wc -l <"$dir/memory.stat")"
	assert_equal "$(jq '.data.memory.cache' <<<"$stdout")" "$(value .memory.stat.file)"
	bawn kill "$ID" KILL
	finish "$follower"
	assert_equal "$status" 0
}

@test "memory: the first process is killed; the event comes before the end" {
	start 'while [ ! -e /go ]; do sleep 0.1; done; exec tail /dev/zero'
	limit memory.max 16777216
	limit memory.swap.max 0
	follow
	touch "$BUNDLE/rootfs/go"
	finish "$follower"
	assert_equal "$status" 0
	assert_equal "$(cat "$TMP/events")" "{\"type\":\"oom\",\"id\":\"$ID\"}"
	# What was there before is not told again.
	bawn delete --force "$ID"
}

@test "memory: no limit, and limits at the edges" {
	start
	freeze
	assert_equal "$(value '[.memory.max_bytes, .memory.high_bytes, .memory.swap.max_bytes]' | jq -c)" \
		'[null,null,null]'
	run_bawn events --stats "$ID"
	assert_equal "$(jq '.data.memory.usage.limit' <<<"$stdout" | cut -c1-6)" 184467
	bawn resume "$ID"
	local v
	for v in 9223372036854771712 9223372036854775807 18446744073709551615 max; do
		limit memory.max "$v"
		freeze
		same_value .memory.max_bytes memory.max
		bawn resume "$ID"
	done
}

@test "cpu: throttled, weight, idle" {
	start 'while :; do :; done'
	limit cpu.max "5000 50000"
	limit cpu.max.burst 1000
	limit cpu.weight 42
	wait_for 30 throttled
	freeze
	local f
	for f in usage_usec user_usec system_usec nr_periods nr_throttled throttled_usec nr_bursts \
		burst_usec; do
		same_key ".cpu.$f" cpu.stat "$f"
	done
	assert_equal "$(jq -c '.cpu | [.quota_usec, .period_usec, .max_burst_usec, .weight, .idle]' \
		<<<"$stats")" '[5000,50000,1000,42,false]'
	(($(value .cpu.nr_throttled) >= 5 && $(value .cpu.throttled_usec) > 100000))
	(($(value .psi.cpu.some.total_usec) > 0))
	run_bawn events --stats "$ID"
	assert_equal "$(jq '.data.cpu.throttling.throttledTime' <<<"$stdout")" \
		"$(value .cpu.throttled_usec)000"
	bawn resume "$ID"
	limit cpu.max max
	limit cpu.idle 1
	freeze
	assert_equal "$(jq -c '.cpu | [.quota_usec, .idle]' <<<"$stats")" '[null,true]'
}

throttled() {
	(($(awk '$1 == "nr_throttled" { print $2 }' "$dir/cpu.stat") >= 5))
}

@test "pids: forks refused" {
	start 'while [ ! -e /go ]; do sleep 0.1; done
		(for i in 1 2 3 4 5 6 7 8; do sleep 1000 & done); exec sleep 1000'
	limit pids.max 4
	touch "$BUNDLE/rootfs/go"
	wait_for 20 refused
	freeze
	same_value .pids.current pids.current
	assert_equal "$(value .pids.max)" 4
	same_key .pids.events.max pids.events max
	[[ ! -e $dir/pids.peak ]] || same_value .pids.peak pids.peak
	run_bawn events --stats "$ID"
	assert_equal "$(jq .data.pids.limit <<<"$stdout")" 4
	bawn resume "$ID"
	limit pids.max max
	freeze
	assert_equal "$(value .pids.max)" null
	run_bawn events --stats "$ID"
	assert_equal "$(jq '.data.pids | has("limit")' <<<"$stdout")" false
}

refused() {
	grep -q 'max [1-9]' "$dir/pids.events"
}

@test "io: bytes and limits of a device" {
	local number
	truncate -s 64M "$TMP/image"
	mkfs.ext4 -q "$TMP/image"
	modprobe loop
	loop=$(losetup -f --show "$TMP/image")
	mkdir "$TMP/disk"
	mount "$loop" "$TMP/disk"
	number=$((0x$(stat -c %t "$loop"))):$((0x$(stat -c %T "$loop")))
	edit_config ".mounts += [{destination: \"/disk\", type: \"bind\", source: \"$TMP/disk\", options: [\"bind\"]}]"
	start 'while [ ! -e /go ]; do sleep 0.1; done
		dd if=/dev/zero of=/disk/x bs=1M count=8 conv=fsync; sync; echo done >/done; exec sleep 1000'
	limit io.max "$number rbps=max wbps=4194304 riops=1000 wiops=max"
	touch "$BUNDLE/rootfs/go"
	wait_for 60 test -e "$BUNDLE/rootfs/done"
	freeze
	local d k want
	d=$(jq -c ".io.devices[] | select(\"\\(.major):\\(.minor)\" == \"$number\")" <<<"$stats")
	for k in rbytes=read_bytes wbytes=written_bytes rios=reads wios=writes dbytes=discarded_bytes \
		dios=discards; do
		want=$(grep "^$number " "$dir/io.stat" | tr ' ' '\n' | sed -n "s/^${k%=*}=//p")
		assert_equal "$k $(jq ".${k#*=}" <<<"$d")" "$k $want"
	done
	(($(jq .written_bytes <<<"$d") >= 8388608))
	assert_equal "$(jq -c '[.max_read_bytes_per_second, .max_written_bytes_per_second,
		.max_reads_per_second, .max_writes_per_second]' <<<"$d")" '[null,4194304,1000,null]'
	assert_equal "$(jq '.io.devices | length' <<<"$stats")" \
		"$(awk '{ print $1 }' "$dir/io.stat" "$dir/io.max" | sort -u | wc -l)"
	run_bawn events --stats "$ID"
	assert_equal "$(jq -c ".data.blkio.ioServiceBytesRecursive[] | select(\"\\(.major):\\(.minor)\" ==
		\"$number\" and .op == \"Write\").value" <<<"$stdout")" "$(jq .written_bytes <<<"$d")"
}

@test "hugetlb: pages in use, and refused ones" {
	local pages='import mmap, sys, time
m = mmap.mmap(-1, int(sys.argv[1]) << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x40000)
for i in range(0, len(m), 2 << 20): m[i] = 1
print("touched", flush=True)
time.sleep(1000)'
	echo 8 >/proc/sys/vm/nr_hugepages
	grep -qx 8 /proc/sys/vm/nr_hugepages || skip "no huge pages to be had here"
	start
	limit hugetlb.2MB.max 6291456
	bash -c 'echo 0 >"$1/cgroup.procs"; exec python3 -c "$2" 4' - "$dir" "$pages" >"$TMP/small" 3>&- 4>&- &
	wait_for 20 grep -q touched "$TMP/small"
	bash -c 'echo 0 >"$1/cgroup.procs"; exec python3 -c "$2" 8' - "$dir" "$pages" >"$TMP/big" 3>&- 4>&- &
	finish $!
	((status != 0))
	freeze
	local h
	h=$(jq -c '.hugetlb[] | select(.page_size == "2MB")' <<<"$stats")
	assert_equal "$(jq -c '[.current_bytes, .max_bytes, .reserved_max_bytes]' <<<"$h")" \
		"[4194304,6291456,null]"
	assert_equal "$(jq .reserved_current_bytes <<<"$h")" "$(cat "$dir/hugetlb.2MB.rsvd.current")"
	(($(jq .events.max <<<"$h") > 0))
	assert_equal "$(jq .events.max <<<"$h")" \
		"$(awk '$1 == "max" { print $2 }' "$dir/hugetlb.2MB.events")"
	run_bawn events --stats "$ID"
	assert_equal "$(jq -c '.data.hugetlb["2MB"]' <<<"$stdout")" \
		"{\"usage\":$(cat "$dir/hugetlb.2MB.rsvd.current"),\"failcnt\":$(jq .events.max <<<"$h")}"
	assert_equal "$(jq -r '.hugetlb[].page_size' <<<"$stats" | sort)" \
		"$(find "$dir" -maxdepth 1 -name 'hugetlb.*.current' ! -name '*rsvd*' -printf '%f\n' |
			cut -d. -f2 | sort)"
}

@test "cpuset, rdma, misc" {
	start
	limit cpuset.cpus 0
	freeze
	assert_equal "$(value .cpuset | jq -c)" \
		"{\"cpus_effective\":\"0\",\"mems_effective\":\"$(cat "$dir/cpuset.mems.effective")\"}"
	assert_equal "$(value '.rdma | length')" "$(wc -l <"$dir/rdma.current")"
	assert_equal "$(value '.misc | map(.resource)[]' | tr -d '"' | sort)" \
		"$(cat "$dir"/misc.{current,max,events} | sed 's/\.max / /' | awk '{ print $1 }' | sort -u)"
	run_bawn events --stats "$ID"
	assert_equal "$(jq -c '.data.cpuset' <<<"$stdout")" '{"cpus":[0],"mems":[0]}'
}

@test "every member is in docs/format/stats.md" {
	start
	freeze
	local name
	while read -r name; do
		grep -qF "\`$name\`" "$top/docs/format/stats.md" || fail "not documented: $name"
	done < <(value '.memory.stat = null | [paths | .[] | strings] | unique[]' | tr -d '"')
}

@test "what a container does below its cgroup does not change what is read" {
	start
	local i
	for ((i = 100; i < 400; i++)); do
		mkdir "$dir/hugetlb.${i}MB.current" "$dir/x$i"
	done
	freeze
	assert_equal "$(jq -r '.hugetlb[].page_size' <<<"$stats" | grep -cvx '2MB\|1GB')" 0
}
