#!/usr/bin/env bats
# linux.netDevices: devices of the host (host_net.bash) go into the container.
# where: native vm-full

load helpers
load host_net

setup() {
	test_setup
	host_setup
	make_bundle
	set_args sleep 1000
}

teardown() {
	host_teardown
	test_teardown
}

# in_container COMMAND...: with the container's network, but the host's programs.
in_container() {
	nsenter --net="/proc/$("$real_bawn" --root "$ROOT" state "$ID" | jq .pid)/ns/net" "$@"
}

# add_device NAME [PEER]: a pair of devices on the host, both up.
add_device() {
	on_host ip link add "$1" type veth peer name "${2:-$1-peer}"
	on_host ip link set "$1" up
	on_host ip link set "${2:-$1-peer}" up
}

# net_devices JSON: sets linux.netDevices.
net_devices() {
	edit_config ".linux.netDevices = $1"
}

on_host_there_is() {
	on_host ip link show "$1" >/dev/null 2>&1
}

on_host_there_is_no() {
	if on_host_there_is "$1"; then
		return 1
	fi
}

mac_of() { # of ip's output
	awk '$1 == "link/ether" { print $2 }'
}

addresses() { # of ip's output, without what the kernel adds by itself
	awk '$1 ~ /^inet/ && $2 !~ /^fe80:/ { print $2 }' | xargs
}

@test "a device comes with another name, its addresses and set up" {
	add_device h0
	on_host ip link set h0 mtu 1400 address 02:01:02:03:04:05
	on_host ip addr add 192.0.2.1/24 dev h0 label h0:web
	on_host ip addr add 192.0.2.2/24 dev h0
	on_host ip addr add 10.9.0.1 peer 10.9.0.2/32 dev h0 noprefixroute
	on_host ip -6 addr add fd00::1/64 dev h0 nodad
	on_host ip -6 addr add fd00::2/64 dev h0 nodad
	addresses=$(on_host ip addr show h0 | addresses)
	net_devices '{"h0": {"name": "eth0"}}'
	bawn create --bundle "$BUNDLE" "$ID"
	on_host_there_is_no h0
	run in_container ip addr show eth0
	echo "$output"
	[[ $output == *"<"*",UP"*">"* && $output == *"mtu 1400"* && $output == *02:01:02:03:04:05* ]]
	[[ $output == *"192.0.2.1/24 scope global eth0:web"* ]]
	[[ $output == *"10.9.0.1 peer 10.9.0.2/32 scope global noprefixroute eth0"* ]]
	[[ $output == *"192.0.2.2/24 scope global secondary"* ]]
	assert_equal "$(addresses <<<"$output")" "$addresses"
	in_container ip route | grep -q '^192.0.2.0/24 dev eth0'
	in_container ip -6 route | grep -q '^fd00::/64 dev eth0'
	# The other end of the pair sees it.
	wait_for 5 on_host sh -c 'ip link show h0-peer | grep -q "state UP"'
}

@test "addresses that are not permanent or not global stay behind" {
	add_device h0
	on_host ip addr add 192.0.2.1/24 dev h0
	on_host ip addr add 192.0.3.1/24 dev h0 scope link
	on_host ip addr add 192.0.4.1/24 dev h0 valid_lft 1000 preferred_lft 1000
	on_host ip -6 addr add fd00::1/64 dev h0 nodad valid_lft 1000 preferred_lft 1000
	net_devices '{"h0": {}}'
	bawn create --bundle "$BUNDLE" "$ID"
	assert_equal "$(in_container ip addr show h0 | addresses)" 192.0.2.1/24
}

@test "the program of the container sees the devices" {
	add_device h0
	add_device h1
	on_host ip addr add 192.0.2.1/24 dev h0
	net_devices '{"h0": {}, "h1": {"name": "second"}}'
	set_args sh -c 'ip addr show h0; ip link show second'
	run_bawn run --bundle "$BUNDLE" "$ID"
	assert_status 0
	assert_output_has "inet 192.0.2.1/24"
	assert_output_has "second"
	# The namespace is gone and the virtual devices with it.
	on_host_there_is_no h0
	wait_for 5 on_host_there_is_no h0-peer
}

@test "a template gives each device a name of its own" {
	add_device h0
	add_device h1
	net_devices '{"h0": {"name": "eth%d"}, "h1": {"name": "eth%d"}}'
	bawn create --bundle "$BUNDLE" "$ID"
	in_container ip link show eth0
	in_container ip link show eth1
}

@test "two devices can swap names" {
	add_device h0
	add_device h1
	mac=$(on_host ip link show h0 | mac_of)
	net_devices '{"h0": {"name": "h1"}, "h1": {"name": "h0"}}'
	bawn create --bundle "$BUNDLE" "$ID"
	assert_equal "$(in_container ip link show h1 | mac_of)" "$mac"
	in_container ip link show h0
}

@test "a container with a user namespace gets its devices" {
	add_device h0
	on_host ip addr add 192.0.2.1/24 dev h0
	edit_config '.linux.namespaces += [{"type": "user"}]
		| .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]
		| .linux.gidMappings = .linux.uidMappings'
	net_devices '{"h0": {"name": "eth0"}}'
	bawn create --bundle "$BUNDLE" "$ID"
	assert_equal "$(in_container ip addr show eth0 | addresses)" 192.0.2.1/24
}

@test "hooks come after the devices" {
	add_device h0
	net_devices '{"h0": {}}'
	edit_config '.hooks.createRuntime = [{"path": "/bin/sh", "args": ["sh", "-c", $script],
		"env": ["PATH=/bin:/sbin:/usr/bin:/usr/sbin"]}]' --arg script \
		"pid=\$(jq .pid); nsenter --net=/proc/\$pid/ns/net ip link show h0 >$TMP/hook 2>&1"
	bawn create --bundle "$BUNDLE" "$ID"
	assert_file_has "$TMP/hook" "h0"
}

@test "a namespace that is joined keeps the device" {
	add_device h0
	unshare -n sleep 1000 </dev/null 3>&- 4>&- &
	joined=$!
	wait_for 5 eval '[[ $(readlink /proc/$joined/ns/net) != "$(readlink /proc/self/ns/net)" ]]'
	edit_config '(.linux.namespaces[] | select(.type == "network")).path = $path' \
		--arg path "/proc/$joined/ns/net"
	net_devices '{"h0": {"name": "eth0"}}'
	bawn create --bundle "$BUNDLE" "$ID"
	bawn delete --force "$ID"
	nsenter --net="/proc/$joined/ns/net" ip link show eth0
	on_host_there_is_no h0
	kill "$joined"
	wait "$joined" || true
}

# ---- what is refused leaves the host and the id as they were -----------------------------------

# refuses JSON MESSAGE...
refuses() {
	local word
	net_devices "$1"
	shift
	run_bawn create --bundle "$BUNDLE" "$ID"
	assert_status 1
	for word; do
		assert_output_has "$word"
	done
	assert_equal "$(wc -l <<<"$stderr")" 1
	status_is "$ID" none
}

@test "a device that is not there" {
	refuses '{"nosuch0": {}}' "linux.netDevices: " "nosuch0: no such device"
}

@test "a loopback device" {
	refuses '{"lo": {"name": "lo1"}}' "lo: is a loopback device"
}

@test "a name that is taken in the container" {
	add_device h0
	on_host ip addr add 192.0.2.1/24 dev h0
	refuses '{"h0": {"name": "lo"}}' "h0: the container has a device lo already: file exists"
	on_host ip addr show h0 | grep -q 192.0.2.1/24
}

@test "a bad template" {
	add_device h0
	refuses '{"h0": {"name": "eth%x"}}' "h0: the name \"eth%x\" is a template without one %d"
	on_host_there_is h0
}

@test "the namespace of the host itself" {
	add_device h0
	edit_config '(.linux.namespaces[] | select(.type == "network")).path = $path' \
		--arg path "/proc/$host/ns/net"
	refuses '{"h0": {"name": "eth0"}}' "the container's network namespace is the host's"
	on_host_there_is h0
}

@test "the same device under two names" {
	add_device h0
	on_host ip link property add dev h0 altname other || skip "no alternative names here"
	refuses '{"h0": {}, "other": {}}' "is the same device as"
	on_host_there_is h0
}

@test "a device that cannot move brings back the ones before it" {
	add_device h0
	on_host ip addr add 192.0.2.1/24 dev h0
	on_host ip -6 addr add fd00::1/64 dev h0 nodad
	add_device h1
	on_host ip link set h1 down
	on_host ip link add br7 type bridge || skip "this kernel has no bridge"
	refuses '{"h0": {"name": "eth0"}, "h1": {}, "br7": {}}' "br7: move it" "invalid argument"
	run on_host ip addr show h0
	echo "$output"
	[[ $output == *"<"*",UP"*">"* ]]
	assert_equal "$(addresses <<<"$output")" "192.0.2.1/24 fd00::1/64"
	run on_host ip link show h1
	[[ $output != *",UP"* ]]
}

@test "an address that cannot be kept brings the device back" {
	add_device h0
	on_host ip addr add 192.0.2.1/24 dev h0
	on_host ip -6 addr add fd00::1/64 dev h0 nodad
	unshare -n sh -c 'echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6 && exec sleep 1000' \
		</dev/null 3>&- 4>&- &
	joined=$!
	wait_for 5 eval '[[ $(cat /proc/$joined/comm) == sleep ]]'
	edit_config '(.linux.namespaces[] | select(.type == "network")).path = $path' \
		--arg path "/proc/$joined/ns/net"
	refuses '{"h0": {"name": "eth0"}}' "h0: add the address fd00::1/64: permission denied"
	assert_equal "$(on_host ip addr show h0 | addresses)" "192.0.2.1/24 fd00::1/64"
	kill "$joined"
	wait "$joined" || true
}

@test "without the helper program: says where it is looked for" {
	[[ ! -e /usr/local/libexec/bawn/bawn-net ]] || skip "bawn-net is installed here"
	mkdir "$TMP/alone"
	cp "$real_bawn" "$TMP/alone/bawn"
	sed -i "s|$real_bawn|$TMP/alone/bawn|" "$BAWN"
	add_device h0
	refuses '{"h0": {}}' "linux.netDevices: bawn-net: the helper program is neither beside bawn"
	on_host_there_is h0
}

@test "the helper gets nothing of bawn's but the namespace" {
	mkdir "$TMP/spy"
	cp "$real_bawn" "$TMP/spy/bawn"
	printf '%s\n' '#include <stdio.h>' '#include <stdlib.h>' \
		'extern char **environ;' \
		'int main(int argc, char **argv) {' \
		'	if (environ[0]) return 3;' \
		'	return system("exec 2>&1; echo \"$(ls /proc/$PPID/fd | xargs)\"; readlink /proc/$PPID/fd/3 /proc/$PPID/fd/0") ? 4 : 5; }' \
		>"$TMP/spy.c"
	cc -o "$TMP/spy/bawn-net" "$TMP/spy.c" 2>/dev/null || skip "no C compiler here"
	sed -i "s|$real_bawn|$TMP/spy/bawn|" "$BAWN"
	add_device h0
	net_devices '{"h0": {}}'
	run_bawn create --bundle "$BUNDLE" "$ID"
	assert_status 1
	assert_output_has "bawn-net: 0 1 2 3"
	assert_output_has "net:["
	assert_output_has "/dev/null"
}
