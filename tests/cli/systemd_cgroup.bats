#!/usr/bin/env bats
# --systemd-cgroup: the container's cgroup is a transient unit of a real systemd.
# where: vm
# machine: --systemd
# limit: 400
# shellcheck disable=SC2030,SC2031 # each test is a process

load helpers

# At a reload systemd loads the device programs of its own services again: those are not ours.
reload() {
	systemctl daemon-reload
	reloaded=true
}

eval "all_$(declare -f differences)"
differences() {
	all_differences | if ${reloaded:-false}; then grep -v '^+ bpf program' || true; else cat; fi
}

# show UNIT PROPERTY: its value.
show() {
	systemctl show --value -p "$2" "$1"
}

# unit_gone UNIT: systemd does not know it any more.
unit_gone() {
	[[ $(show "$1" LoadState) == not-found && $(show "$1" ActiveState) == inactive ]]
}

# create_unit: a running container with --systemd-cgroup. Sets unit and dir of its cgroup.
create_unit() {
	bawn --systemd-cgroup run --bundle "$BUNDLE" --detach "$ID"
	unit=$(jq -r .cgroup.unit "$ROOT/$ID/state.json")
	dir=/sys/fs/cgroup$(jq -r .cgroup.path "$ROOT/$ID/state.json")
}

# property NAME VALUE: an annotation.
property() {
	edit_config --arg n "org.systemd.property.$1" --arg v "$2" '.annotations[$n] = $v'
}

# refuses TEXT: run fails and says so; nothing stays.
refuses() {
	run_bawn --systemd-cgroup run --bundle "$BUNDLE" --detach "$ID"
	assert_status 1
	assert_output_has "$1"
	[[ ! -e $ROOT/$ID ]]
}

@test "a scope in system.slice, with the container's process in it and nobody else" {
	make_bundle
	create_unit
	assert_equal "$unit" "bawn-$ID.scope"
	assert_equal "$dir" "/sys/fs/cgroup/system.slice/bawn-$ID.scope"
	assert_equal "$(show "$unit" ActiveState)" active
	assert_equal "$(show "$unit" Slice)" system.slice
	assert_equal "$(show "$unit" Description)" "bawn container $ID"
	assert_equal "$(show "$unit" Delegate)" yes
	assert_equal "$(show "$unit" CollectMode)" inactive-or-failed
	assert_equal "$(show "$unit" DefaultDependencies)" no
	assert_equal "$(show "$unit" DevicePolicy)" strict
	[[ $(show "$unit" Documentation) == *"man:bawn(8)"* ]]
	assert_equal "$(cat "$dir/cgroup.procs")" "$(jq .pid "$ROOT/$ID/state.json")"
	bawn exec "$ID" true
	bawn pause "$ID"
	bawn resume "$ID"
	bawn delete --force "$ID"
	unit_gone "$unit"
	[[ ! -e $dir ]]
}

@test "run in the foreground: the unit is gone with it" {
	make_bundle
	set_args sh -c 'cat /proc/self/cgroup; exit 5'
	edit_config 'del(.linux.namespaces[] | select(.type == "cgroup"))'
	run_bawn --cgroup-manager systemd run --bundle "$BUNDLE" "$ID"
	assert_status 5
	assert_output_has "0::/system.slice/bawn-$ID.scope"
	unit_gone "bawn-$ID.scope"
}

@test "a container that ends by itself: the scope ends, delete clears up" {
	make_bundle
	set_args true
	create_unit
	wait_for 5 status_is "$ID" stopped
	wait_for 5 unit_gone "$unit"
	bawn delete "$ID"
	[[ ! -e $dir ]]
}

@test "cgroupsPath SLICE:PREFIX:NAME" {
	make_bundle
	edit_config '.linux.cgroupsPath = "bawnt-sub.slice:pre:name+@x"'
	create_unit
	assert_equal "$unit" 'pre-name\x2b\x40x.scope'
	assert_equal "$(show "$unit" Slice)" bawnt-sub.slice
	assert_equal "$dir" "/sys/fs/cgroup/bawnt.slice/bawnt-sub.slice/$unit"
	bawn delete --force "$ID"
	unit_gone "$unit"
	systemctl stop bawnt.slice
}

@test "a name that ends with .slice: a slice, stopped by delete" {
	make_bundle
	edit_config '.linux.cgroupsPath = ":x:bawnt-one.slice"
		| .linux.resources.pids = {limit: 50}'
	create_unit
	assert_equal "$unit" bawnt-one.slice
	assert_equal "$dir" /sys/fs/cgroup/bawnt.slice/bawnt-one.slice
	assert_equal "$(show "$unit" TasksMax)" 50
	assert_equal "$(cat "$dir/cgroup.procs")" "$(jq .pid "$ROOT/$ID/state.json")"
	bawn kill "$ID" KILL
	wait_for 5 status_is "$ID" stopped
	assert_equal "$(show "$unit" ActiveState)" active
	bawn delete "$ID"
	assert_equal "$(show "$unit" ActiveState)" inactive
	[[ ! -e $dir ]]
	systemctl stop bawnt.slice
}

@test "limits are in the unit's properties and in the files" {
	make_bundle
	edit_config '.linux.resources += {
		memory: {limit: 67108864, reservation: 33554432, swap: 100663296},
		cpu: {shares: 512, quota: 25000, period: 50000, cpus: "0-1", mems: "0"},
		pids: {limit: 77}, unified: {"memory.high": "50331648", "memory.min": "4096"}}'
	create_unit
	local property file
	while read -r property file value; do
		assert_equal "$property $(show "$unit" "$property")" "$property $value"
		assert_equal "$file $(cat "$dir/$file")" "$file $value"
	done <<-EOF
		MemoryMax memory.max 67108864
		MemoryLow memory.low 33554432
		MemorySwapMax memory.swap.max 33554432
		MemoryHigh memory.high 50331648
		MemoryMin memory.min 4096
		TasksMax pids.max 77
		CPUWeight cpu.weight 59
		AllowedCPUs cpuset.cpus 0-1
		AllowedMemoryNodes cpuset.mems 0
	EOF
	assert_equal "$(show "$unit" CPUQuotaPerSecUSec)" 500ms
	assert_equal "$(show "$unit" CPUQuotaPeriodUSec)" 50ms
	assert_equal "$(cat "$dir/cpu.max")" "25000 50000"
	reload
	assert_equal "$(cat "$dir/memory.max") $(cat "$dir/cpu.max")" "67108864 25000 50000"
}

@test "one process is enough for a container that may have one" {
	make_bundle
	set_args sleep 1000
	edit_config '.linux.resources.pids = {limit: 1}'
	create_unit
	assert_equal "$(cat "$dir/pids.max")" 1
	assert_equal "$(show "$unit" TasksMax)" 1
	bawn delete --force "$ID"
	edit_config 'del(.linux.resources.pids) | .linux.resources.unified = {"pids.max": "1"}'
	create_unit
	assert_equal "$(cat "$dir/pids.max")" 1
	assert_equal "$(show "$unit" TasksMax)" 1
}

@test "update changes properties and files" {
	make_bundle
	edit_config '.linux.resources += {memory: {limit: 67108864, swap: 67108864}}'
	create_unit
	bawn update --memory 134217728 --memory-swap 201326592 --pids-limit 33 --cpu-quota 12345 \
		--cpu-period 100000 "$ID"
	assert_equal "$(show "$unit" MemoryMax)" 134217728
	assert_equal "$(show "$unit" MemorySwapMax)" 67108864
	assert_equal "$(show "$unit" TasksMax)" 33
	assert_equal "$(show "$unit" CPUQuotaPerSecUSec)" 130ms
	assert_equal "$(cat "$dir/memory.max") $(cat "$dir/pids.max")" "134217728 33"
	assert_equal "$(cat "$dir/cpu.max")" "12345 100000"
	bawn update --pids-limit -1 "$ID"
	assert_equal "$(show "$unit" TasksMax)" infinity
	assert_equal "$(cat "$dir/pids.max")" max
}

@test "daemon-reload leaves the device policy as it was" {
	make_bundle
	edit_config '.linux.resources.devices = [{allow: false, access: "rwm"},
		{allow: true, type: "c", major: 1, minor: 11, access: "r"},
		{allow: true, type: "c", major: 1, access: "w"},
		{allow: false, type: "c", major: 1, minor: 7, access: "rwm"}]
		| .process.capabilities[] += ["CAP_MKNOD", "CAP_SYSLOG"]'
	set_args sh -c 'mknod /dev/kmsg c 1 11; mknod /dev/ttyS0 c 4 64; mknod /dev/sda b 8 0
		exec sleep 1000'
	create_unit
	local round
	for round in before after again; do
		wait_for 5 bawn exec "$ID" test -e /dev/sda
		bawn exec "$ID" sh -c ': </dev/kmsg && : >/dev/kmsg && : </dev/null && mknod /x c 7 7'
		run_bawn exec "$ID" sh -c ': </dev/ttyS0'
		assert_output_has "not permitted"
		run_bawn exec "$ID" sh -c ': </dev/sda'
		assert_output_has "not permitted"
		bawn exec "$ID" rm /x
		reload
		[[ $round != after ]] || systemctl set-property --runtime "$unit" MemoryHigh=100M
	done
}

@test "annotations are properties" {
	make_bundle
	property TimeoutStopUSec "uint64 11000000"
	property KillSignal 37
	property Description "'my own'"
	property After "['dbus.service']"
	property CollectMode "'inactive-or-failed'"
	property RuntimeMaxSec 1000.5
	create_unit
	assert_equal "$(show "$unit" TimeoutStopUSec)" 11s
	assert_equal "$(show "$unit" KillSignal)" 37
	assert_equal "$(show "$unit" Description)" "my own"
	[[ $(show "$unit" After) == *dbus.service* ]]
	assert_equal "$(show "$unit" RuntimeMaxUSec)" "16min 40.500000s"
}

@test "annotations that are wrong or dangerous are refused by name" {
	make_bundle
	local name value text
	while IFS='|' read -r name value text; do
		cp "$BUNDLE/config.json" "$TMP/config.json"
		property "$name" "$value"
		refuses "$text"
		unit_gone "bawn-$ID.scope"
		cp "$TMP/config.json" "$BUNDLE/config.json"
	done <<-'EOF'
		TimeoutStopUSec|uint64 x|annotation org.systemd.property.TimeoutStopUSec: no value
		ExecStart|'/bin/sh'|annotation org.systemd.property.ExecStart: refused
		Requires|['dbus.service']|annotation org.systemd.property.Requires: refused
		FailureAction|'reboot'|annotation org.systemd.property.FailureAction: refused
		DeviceAllow|[('/dev/sda','rw')]|annotation org.systemd.property.DeviceAllow: refused
		KillSignal|byte 300|org.systemd.property.KillSignal: the value does not fit
		No-Such|1|annotation org.systemd.property.No-Such: a property's name
		NoSuchThing|1|NoSuchThing
	EOF
}

@test "a unit of somebody else with the same name stays as it is" {
	make_bundle
	systemd-run -q --scope --unit "bawn-$ID" sleep 1000 3>&- 4>&- &
	local pid=$!
	wait_for 10 systemctl -q is-active "bawn-$ID.scope"
	refuses "unit bawn-$ID.scope exists already"
	systemctl -q is-active "bawn-$ID.scope"
	# The same when bawn was killed before it could ask systemd.
	mkdir -m 700 "$ROOT/$ID"
	echo "unit $(printf '%032d' 7) 0 bawn-$ID.scope" >"$ROOT/$ID/intent"
	bawn delete --force "$ID"
	systemctl -q is-active "bawn-$ID.scope"
	kill -0 "$pid"
	kill "$pid"
	wait "$pid" || true
	wait_for 10 unit_gone "bawn-$ID.scope"
}

@test "kill -9 at any moment of create: delete --force clears the unit" {
	make_bundle
	local delay
	for delay in 0.05 0.2 0.4 0.6 0.8 1 1.3 1.6 2; do
		"$BAWN" --root "$ROOT" --systemd-cgroup create --bundle "$BUNDLE" "$ID" \
			</dev/null >/dev/null 2>&1 3>&- 4>&- &
		sleep "$delay"
		kill -KILL $! 2>/dev/null || true
		wait $! 2>/dev/null || true
		bawn delete --force "$ID"
		wait_for 5 unit_gone "bawn-$ID.scope"
		[[ ! -e /sys/fs/cgroup/system.slice/bawn-$ID.scope ]]
	done
}

@test "a slice that a killed bawn left is stopped by delete --force" {
	make_bundle
	edit_config '.linux.cgroupsPath = ":x:bawnt-two.slice"'
	create_unit
	kill -KILL "$(jq .pid "$ROOT/$ID/state.json")"
	rm "$ROOT/$ID/state.json"
	bawn delete --force "$ID"
	assert_equal "$(show bawnt-two.slice ActiveState)" inactive
	systemctl stop bawnt.slice
}

@test "without systemd's answer delete still clears up, with a warning" {
	make_bundle
	create_unit
	export DBUS_SYSTEM_BUS_ADDRESS=unix:path=$TMP/none
	run_bawn delete --force "$ID"
	unset DBUS_SYSTEM_BUS_ADDRESS
	assert_status 0
	assert_output_has "systemd unit $unit"
	wait_for 5 unit_gone "$unit"
	[[ ! -e $dir ]]
}
