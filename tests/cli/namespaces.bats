#!/usr/bin/env bats
# linux.namespaces: new ones, the host's, joined ones; user namespaces and pods; time; sysctl.
# where: native vm-full

# shellcheck disable=SC2034 # variables are for tools.bash

load helpers
load tools

setup_file() {
	need_tools
}

kinds=(cgroup ipc mnt net pid time user uts)
# shellcheck disable=SC2016 # for the shell inside
show_namespaces='for i in cgroup ipc mnt net pid time user uts; do echo $i $(readlink /proc/self/ns/$i); done'

ns_of() {
	readlink "/proc/$1/ns/$2"
}

# inside KIND: what the container said its namespace is
inside() {
	awk -v "k=$1" '$1 == k { print $2 }' <<<"$stdout"
}

# Without what a container cannot have then.
drop_namespace() {
	edit_config ".linux.namespaces |= map(select(.type != \"$1\"))"
}

@test "new namespaces are new, those that are not named are the host's" {
	make_bundle
	set_args sh -c "$show_namespaces; hostname"
	edit_config '.hostname = "inner"'
	run_in_container
	assert_status 0
	local kind
	for kind in "${kinds[@]}"; do
		case $kind in
		time | user) assert_equal "$(inside "$kind")" "$(ns_of self "$kind")" ;;
		*) [[ $(inside "$kind") != "$(ns_of self "$kind")" ]] || fail "$kind is shared" ;;
		esac
	done
	assert_line inner
	# None but mount.
	edit_config 'del(.hostname) | .linux.namespaces = [{type: "mount"}]
		| .mounts |= map(select(.destination != "/dev/mqueue"))'
	run_in_container
	assert_status 0
	for kind in "${kinds[@]}"; do
		[[ $kind == mnt ]] || assert_equal "$(inside "$kind")" "$(ns_of self "$kind")"
	done
	assert_line "$(hostname)"
	# None at all: a chroot.
	edit_config '.linux.namespaces = [] | .mounts = [] | del(.linux.maskedPaths)
		| del(.linux.readonlyPaths)'
	set_args sh -c 'ls /; ls /work 2>&1; id -u'
	run_in_container
	assert_status 0
	assert_line usr
	assert_output_has "/work: No such file"
}

@test "a new network namespace: loopback is up, nothing else is there" {
	make_bundle
	set_args sh -c 'ip addr; cat /proc/net/dev | sed 1,2d | cut -d: -f1'
	run_in_container
	assert_output_has "LOOPBACK,UP"
	assert_output_has "inet 127.0.0.1/8"
	assert_equal "$(tail -n 1 <<<"$stdout" | tr -d ' ')" lo
}

@test "each kind joined by path" {
	make_bundle
	start_container
	local kind type first
	first=$(pid_of "$ID")
	set_args sh -c "$show_namespaces"
	cp "$BUNDLE/config.json" plain.json
	for kind in cgroup ipc net pid uts; do
		type=${kind/net/network}
		cp plain.json "$BUNDLE/config.json"
		edit_config '.linux.namespaces |= map(if .type == $t then .path = $p else . end)' \
			--arg t "$type" --arg p "/proc/$first/ns/$kind"
		run_bawn run --bundle "$BUNDLE" "$ID-$kind"
		assert_status 0
		assert_equal "$(inside "$kind")" "$(ns_of "$first" "$kind")"
	done
	# All but mount at once, and a namespace that is kept by a file.
	touch net
	mount --bind "/proc/$first/ns/net" net
	cp plain.json "$BUNDLE/config.json"
	edit_config '.linux.namespaces = [{type: "mount"}, {type: "network", path: $n},
		{type: "ipc", path: "\($p)/ipc"}, {type: "uts", path: "\($p)/uts"}, {type: "pid", path: "\($p)/pid"}]' \
		--arg p "/proc/$first/ns" --arg n "$TMP/net"
	run_bawn run --bundle "$BUNDLE" "$ID-all"
	umount net
	assert_status 0
	for kind in ipc net pid uts; do
		assert_equal "$(inside "$kind")" "$(ns_of "$first" "$kind")"
	done
}

@test "a joined mount namespace" {
	make_bundle
	unshare --mount sleep 1000 3>&- 4>&- &
	local holder=$!
	wait_for 5 another_ns mnt "$holder"
	set_args sh -c "$show_namespaces; ls /"
	edit_config '.linux.namespaces |= map(if .type == "mount" then .path = $p else . end)' \
		--arg p "/proc/$holder/ns/mnt"
	run_in_container
	kill "$holder"
	wait "$holder" || true
	assert_status 0
	assert_line usr
	[[ $(inside mnt) == mnt:* ]]
}

another_ns() {
	[[ $(ns_of "$2" "$1") != "$(ns_of self "$1")" ]]
}

@test "a joined time namespace, and a new one with offsets" {
	make_bundle
	with_probe
	set_args sh -c "$show_namespaces; probe clock"
	local up
	up=$(cut -d. -f1 /proc/uptime)
	edit_config '.linux.namespaces += [{type: "time"}]
		| .linux.timeOffsets = {monotonic: {secs: 100000}, boottime: {secs: 200000, nanosecs: 5}}'
	run_in_container
	assert_status 0
	[[ $(inside time) != "$(ns_of self time)" ]]
	local m=${stdout##*monotonic=} b=${stdout##*boottime=}
	m=${m%% *}
	((m - up >= 99990 && m - up < 100200 && b - up >= 199990 && b - up < 200200)) || fail "$(show_last)"
	# exec is in it, too.
	set_args sleep 1000
	start_container
	run_bawn exec "$ID" probe clock
	m=${stdout##*monotonic=}
	((${m%% *} - up >= 99990)) || fail "$(show_last)"
	set_args sh -c "$show_namespaces"
	edit_config 'del(.linux.timeOffsets)
		| .linux.namespaces |= map(if .type == "time" then .path = $p else . end)' \
		--arg p "/proc/$(pid_of "$ID")/ns/time"
	run_bawn run --bundle "$BUNDLE" "$ID-2"
	assert_status 0
	assert_equal "$(inside time)" "$(ns_of "$(pid_of "$ID")" time)"
	edit_config '.linux.timeOffsets = {monotonic: {secs: 1}}'
	run_bawn run --bundle "$BUNDLE" "$ID-2"
	assert_status 125
	assert_output_has linux.timeOffsets
}

with_userns() {
	edit_config '.linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 1000}, {containerID: 1000, hostID: 200000, size: 10}]
		| .linux.gidMappings = [{containerID: 0, hostID: 300000, size: 1000}, {containerID: 5000, hostID: 400000, size: 10}]'
	# Its root must be able to write there.
	rm -rf "$BUNDLE/rootfs"
	cp -a "$BATS_FILE_TMPDIR/rootfs" "$BUNDLE/rootfs"
	chown -R 100000:300000 "$BUNDLE/rootfs"
}

@test "a user namespace: mappings, ownership, devices, terminal, capabilities" {
	make_bundle
	with_userns
	with_probe
	set_args sh -c "$show_namespaces"'; cat /proc/self/uid_map /proc/self/gid_map | tr -s " "; id -u; id -g; touch /made; stat -c "%n %u:%g" /made /bin/busybox
		echo x >/dev/null && head -c 3 /dev/zero | wc -c; stat -c "%n %t:%T" /dev/null /dev/urandom; grep CapEff /proc/self/status; cat /proc/self/setgroups; hostname; mount 2>&1 | grep -c " / "; cat /proc/1/comm'
	edit_config '.hostname = "mapped"'
	run_in_container
	assert_status 0
	assert_output_has " 0 100000 1000"
	assert_output_has " 1000 200000 10"
	assert_output_has " 5000 400000 10"
	assert_line "/made 0:0"
	assert_equal "$(stat -c %u:%g "$BUNDLE/rootfs/made")" 100000:300000
	assert_line 3
	assert_line "/dev/null 1:3"
	assert_line "/dev/urandom 1:9"
	assert_line allow
	assert_line mapped
	[[ $(inside user) != "$(ns_of self user)" ]]
	edit_config '.process.user = {uid: 1003, gid: 5004, additionalGids: [5005]}'
	set_args id
	run_in_container
	assert_output_has "uid=1003 gid=5004 groups=5005"
	edit_config '.process.user = {uid: 1010, gid: 0}'
	run_in_container
	assert_status 125
	assert_output_has "process.user.uid: 1010 is not in linux.uidMappings"
	edit_config '.process.user = {} | .process.terminal = true'
	set_args sh -c 'tty; stat -c %u $(tty); exit 4'
	command=(run --bundle "$BUNDLE" "$ID")
	with_terminal
	assert_status 4
	assert_output_has /dev/pts/0
}

@test "exec into a user namespace" {
	make_bundle
	with_userns
	start_container
	run_bawn exec "$ID" sh -c "$show_namespaces; id -u; touch /x; grep CapEff /proc/self/status"
	assert_status 0
	local kind
	for kind in "${kinds[@]}"; do
		assert_equal "$(inside "$kind")" "$(ns_of "$(pid_of "$ID")" "$kind")"
	done
	assert_equal "$(stat -c %u "$BUNDLE/rootfs/x")" 100000
	run_bawn exec --user 1003:5001 "$ID" id
	assert_output_has "uid=1003 gid=5001"
	bawn pause "$ID"
	bawn resume "$ID"
	bawn kill "$ID" KILL
	wait_for 5 status_is "$ID" stopped
}

@test "mappings that are wrong" {
	make_bundle
	edit_config '.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 10}]
		| .linux.gidMappings = [{containerID: 0, hostID: 100000, size: 10}]'
	run_in_container
	assert_status 125
	assert_output_has "linux.uidMappings: needs a user namespace"
	edit_config '.linux.namespaces += [{type: "user"}] | del(.linux.gidMappings)'
	run_in_container
	assert_status 125
	assert_output_has "linux.gidMappings: missing"
	edit_config '.linux.gidMappings = [{containerID: 0, hostID: 5, size: 10}, {containerID: 9, hostID: 50, size: 10}]'
	run_in_container
	assert_status 125
	assert_output_has "overlaps"
	edit_config '.linux.gidMappings = [{containerID: 0, hostID: 5, size: 0}]'
	run_in_container
	assert_status 125
	assert_output_has "linux.gidMappings[0].size"
	[[ ! -e $ROOT/$ID ]]
}

# Pods: an infra container, and containers that join its user, net, ipc, uts (and pid) namespaces.
@test "a pod with a user namespace" {
	make_bundle
	with_userns
	edit_config '.hostname = "pod"'
	start_container
	local infra kind
	infra=$(pid_of "$ID")
	edit_config '.linux.namespaces |= map(if (.type | IN("user", "network", "ipc", "uts"))
		then .path = "/proc/\($p)/ns/\(.type | if . == "network" then "net" else . end)" else . end)
		| del(.hostname)' --arg p "$infra"
	set_args sh -c "$show_namespaces; id -u; hostname; touch /from-pod; mount | grep -c sysfs; cat /proc/1/comm; ip link | grep -c UP"
	run_bawn run --bundle "$BUNDLE" "$ID-2"
	assert_status 0
	for kind in user net ipc uts; do
		assert_equal "$(inside $kind)" "$(ns_of "$infra" $kind)"
	done
	for kind in mnt pid cgroup; do
		[[ $(inside $kind) != "$(ns_of "$infra" $kind)" ]]
	done
	assert_line pod
	assert_equal "$(stat -c %u "$BUNDLE/rootfs/from-pod")" 100000
	set_args sleep 1000
	start_second
	run_bawn exec "$ID-2" sh -c "$show_namespaces; id -u"
	assert_status 0
	assert_equal "$(inside user)" "$(ns_of "$infra" user)"
	bawn delete --force "$ID-2"
	# With the pid namespace as well: the end of the infra container ends the other.
	edit_config '.linux.namespaces |= map(if .type == "pid" then .path = "/proc/\($p)/ns/pid" else . end)' \
		--arg p "$infra"
	start_second
	assert_equal "$(ns_of "$(pid_of "$ID-2")" pid)" "$(ns_of "$infra" pid)"
	bawn kill "$ID" KILL
	wait_for 5 status_is "$ID-2" stopped
	wait_for 5 status_is "$ID" stopped
	bawn delete "$ID-2"
	bawn delete "$ID"
}

start_second() {
	bawn create --bundle "$BUNDLE" "$ID-2"
	bawn start "$ID-2"
}

@test "a new user namespace with joined others (of the host)" {
	make_bundle
	with_userns
	unshare --net --uts --ipc sleep 1000 3>&- 4>&- &
	local holder=$!
	wait_for 5 another_ns net "$holder"
	edit_config '.linux.namespaces |= map(if (.type | IN("network", "ipc", "uts"))
		then .path = "/proc/\($p)/ns/\(.type | if . == "network" then "net" else . end)" else . end)' \
		--arg p "$holder"
	# A new mqueue is for the owner of the ipc namespace only; the host's would be another.
	run_in_container
	assert_status 125
	assert_output_has "mqueue on /dev/mqueue"
	assert_output_has "operation not permitted"
	edit_config '.mounts |= map(select(.type != "mqueue"))'
	set_args sh -c "$show_namespaces; id -u"
	run_in_container
	local net
	net=$(ns_of "$holder" net)
	kill "$holder"
	wait "$holder" || true
	assert_status 0
	assert_equal "$(inside net)" "$net"
	assert_line 0
}

@test "bad paths of namespaces" {
	make_bundle
	edit_config '.linux.namespaces |= map(if .type == "network" then .path = "/no/such/ns" else . end)'
	run_in_container
	assert_status 125
	assert_output_has "/no/such/ns: no such file or directory"
	edit_config '.linux.namespaces |= map(if .type == "network" then .path = "/proc/self/ns/uts" else . end)'
	run_in_container
	assert_status 125
	assert_output_has "/proc/self/ns/uts is not a network namespace"
	edit_config '.linux.namespaces |= map(if .type == "network" then .path = "/etc/passwd" else . end)'
	run_in_container
	assert_status 125
	assert_output_has "/etc/passwd is not a network namespace"
	edit_config '.linux.namespaces |= map(if .type == "network" then .path = "relative" else . end)'
	run_in_container
	assert_status 125
	assert_output_has "absolute"
	edit_config '.linux.namespaces |= map(if .type == "network" then del(.path) else . end) + [{type: "network"}]'
	run_in_container
	assert_status 125
	assert_output_has "given twice"
	edit_config '.linux.namespaces = [{type: "galaxy"}]'
	run_in_container
	assert_status 125
	assert_output_has 'linux.namespaces[0].type'
	[[ ! -e $ROOT/$ID ]]
}

@test "sysctl" {
	make_bundle
	edit_config '.linux.sysctl = {"net.ipv4.ip_forward": "1", "net/ipv4/ip_unprivileged_port_start": "79",
		"kernel.shm_rmid_forced": "1", "fs.mqueue.msg_max": "33", "kernel.domainname": "dom"}'
	set_args sh -c 'cd /proc/sys; cat net/ipv4/ip_forward net/ipv4/ip_unprivileged_port_start kernel/shm_rmid_forced fs/mqueue/msg_max kernel/domainname'
	local before
	before=$(cat /proc/sys/net/ipv4/ip_forward)
	run_in_container
	assert_stdout $'1\n79\n1\n33\ndom'
	assert_equal "$(cat /proc/sys/net/ipv4/ip_forward)" "$before"
	local bad
	for bad in kernel.panic vm.swappiness kernel.hostname 'net..x' '../x' 'net/../kernel/panic' ''; do
		edit_config '.linux.sysctl = {($k): "1"}' --arg k "$bad"
		run_in_container
		assert_status 125
		assert_output_has linux.sysctl
	done
	edit_config '.linux.sysctl = {"net.no.such": "1"}'
	run_in_container
	assert_status 125
	assert_output_has "net.no.such"
	edit_config '.linux.sysctl = {"net.ipv4.ip_forward": "1"}'
	drop_namespace network
	run_in_container
	assert_status 125
	assert_output_has "not allowed in the host's network namespace"
	edit_config '.linux.namespaces += [{type: "network", path: "/proc/self/ns/net"}]'
	run_in_container
	assert_status 125
	assert_output_has "not allowed in the host's network namespace"
	assert_equal "$(cat /proc/sys/net/ipv4/ip_forward)" "$before"
}
