#!/usr/bin/env bats
# bawn-cni, called as an engine does: a network namespace, CNI_* variables, a configuration.
# where: native vm-full

load helpers
load networks

setup() {
	network_setup
	need_command python3
	cni=$top/build/bawn-cni
	bawn network create --subnet 10.88.0.0/24 --subnet fd55::/64 --dns 192.0.2.53 web
	unshare -n sleep 1000 </dev/null 3>&- 4>&- &
	guest=$!
	wait_for 5 guest_is_apart
	netns=/proc/$guest/ns/net
}

teardown() {
	kill "$guest"
	wait "$guest" || true
	network_teardown
}

guest_is_apart() {
	[[ $(readlink "/proc/$guest/ns/net") != "$(readlink /proc/self/ns/net)" ]]
}

in_guest() {
	nsenter --net="$netns" "$@"
}

conf() { # [FILTER]
	jq -nc --arg root "$NETS" '{cniVersion: "1.0.0", name: "any", type: "bawn-cni", network: "web",
		networkRoot: $root} | '"${1:-.}"
}

# call COMMAND CONF [VARIABLE=VALUE...]: sets status and output.
call() {
	local command=$1 conf=$2
	shift 2
	run on_host env -i CNI_COMMAND="$command" CNI_CONTAINERID=c1 CNI_NETNS="$netns" CNI_IFNAME=eth0 \
		CNI_PATH=/nowhere "$@" "$cni" <<<"$conf"
}

assert_error() { # CODE TEXT
	assert_equal "$status" 1
	assert_equal "$(jq .code <<<"$output")" "$1"
	[[ $(jq -r .msg <<<"$output") == *"$2"* ]] || fail "message: $output"
}

assert_nothing_left() {
	assert_equal "$(find "$NETS"/web/ports "$NETS"/web/addresses -mindepth 1)" ""
	assert_equal "$(on_host nft list tables | grep -c netdev)" 0
	assert_equal "$(on_host ip -o link | wc -l)" 2
}

@test "VERSION" {
	call VERSION ""
	assert_equal "$status" 0
	assert_equal "$(jq -c . <<<"$output")" \
		'{"cniVersion":"1.0.0","supportedVersions":["0.3.0","0.3.1","0.4.0","1.0.0"]}'
}

@test "ADD, CHECK, DEL, and DEL again" {
	call ADD "$(conf)"
	assert_equal "$status" 0
	assert_equal "$(jq -c '[.cniVersion, (.interfaces | length), .interfaces[1].name,
		.interfaces[1].sandbox]' <<<"$output")" "[\"1.0.0\",2,\"eth0\",\"$netns\"]"
	assert_equal "$(jq -c .ips <<<"$output")" '[{"interface":1,"address":"10.88.0.2/24","gateway":"10.88.0.1"},{"interface":1,"address":"fd55::2/64","gateway":"fd55::1"}]'
	assert_equal "$(jq -c '[.routes[].dst, .dns.nameservers[]]' <<<"$output")" \
		'["0.0.0.0/0","::/0","192.0.2.53"]'
	assert_equal "$(in_guest ip -j link show eth0 | jq -r '.[0].address')" \
		"$(jq -r '.interfaces[1].mac' <<<"$output")"
	in_guest busybox ping -c 1 -W 2 10.88.0.1 >/dev/null
	call CHECK "$(conf)"
	assert_equal "$status$output" 0
	in_guest ip addr del 10.88.0.2/24 dev eth0
	call CHECK "$(conf)"
	assert_error 100 "lost its address 10.88.0.2"
	call ADD "$(conf)"
	assert_error 100 "has an interface eth0 already"
	call DEL "$(conf)"
	assert_equal "$status$output" 0
	assert_nothing_left
	call DEL "$(conf)"
	assert_equal "$status$output" 0
	call CHECK "$(conf)"
	assert_error 101 "has no interface eth0 on network web"
}

@test "results of older versions" {
	call ADD "$(conf '.cniVersion = "0.3.1"')"
	assert_equal "$status" 0
	assert_equal "$(jq -c '[.cniVersion, .ips[].version]' <<<"$output")" '["0.3.1","4","6"]'
	call DEL "$(conf '.cniVersion = "0.3.1"')"
	call ADD "$(conf '.cniVersion = "0.4.0"')"
	assert_equal "$(jq -c '[.cniVersion, .ips[].version]' <<<"$output")" '["0.4.0","4","6"]'
	call DEL "$(conf '.cniVersion = "0.4.0"')"
	call ADD "$(conf '.cniVersion = "2.0.0"')"
	assert_error 1 'cniVersion "2.0.0" is not supported'
	assert_nothing_left
}

@test "DEL without a network namespace, or with one that is gone; without the network" {
	call ADD "$(conf)"
	call DEL "$(conf)" CNI_NETNS=
	assert_equal "$status$output" 0
	assert_nothing_left
	call ADD "$(conf)"
	call DEL "$(conf)" CNI_NETNS=/run/netns/gone
	assert_equal "$status$output" 0
	assert_nothing_left
	call DEL "$(conf '.network = "nosuch"')"
	assert_equal "$status$output" 0
}

@test "capabilities: ports, addresses, MAC; two interfaces of one container" {
	call ADD "$(conf '.runtimeConfig = {ips: ["10.88.0.77/24"], mac: "02:00:00:00:00:07",
		portMappings: [{hostPort: 8080, containerPort: 80, protocol: "tcp"},
			{hostPort: 8053, containerPort: 53, protocol: "udp", hostIP: "127.0.0.1"}]}')"
	assert_equal "$status" 0
	assert_equal "$(jq -r '"\(.ips[0].address) \(.interfaces[1].mac)"' <<<"$output")" \
		"10.88.0.77/24 02:00:00:00:00:07"
	in_guest "$BATS_TEST_DIRNAME/flow.py" receive 80 >"$TMP/received" 3>&- 4>&- &
	on_host "$BATS_TEST_DIRNAME/flow.py" send 10.88.0.1 8080 1000 ||
		fail "the port does not lead there"
	wait $!
	assert_equal "$(cut -d' ' -f1 "$TMP/received")" 1000
	call ADD "$(conf)" CNI_IFNAME=lan0
	assert_equal "$status" 0
	call DEL "$(conf)"
	call CHECK "$(conf)" CNI_IFNAME=lan0
	assert_equal "$status$output" 0
	call DEL "$(conf)" CNI_IFNAME=lan0
	assert_nothing_left
}

@test "errors: environment, input, configuration" {
	local filter variable code why
	call ADD "{"
	assert_error 6 "configuration"
	call ADD '{"cniVersion":"1.0.0"}'
	assert_error 6 'neither "network" nor "name"'
	call ADD "$(conf '.runtimeConfig.ips = ["10.88.0.7,rate=1mbit"]')"
	assert_error 6 'runtimeConfig.ips[0]: "10.88.0.7,rate=1mbit" is no address'
	call ADD "$(conf '.runtimeConfig.mac = "02:00:00:00:00:07,rate=1mbit"')"
	assert_error 6 'runtimeConfig.mac: "02:00:00:00:00:07,rate=1mbit" is no address'
	call ADD "$(conf '.runtimeConfig.portMappings = [{}]')"
	assert_error 6 "hostPort"
	call ADD "$(conf '.runtimeConfig.ips = ["10.99.0.1"]')"
	assert_error 100 "is no address of network web"
	call ADD "$(conf '.runtimeConfig.mac = "x"')"
	assert_error 100 "mac="
	call ADD "$(conf '.network = "nosuch"')"
	assert_error 101 'network "nosuch" does not exist'
	while read -r variable why; do
		call ADD "$(conf)" "$variable"
		assert_error 4 "$why"
	done <<-'END'
		CNI_CONTAINERID= CNI_CONTAINERID
		CNI_CONTAINERID=../x CNI_CONTAINERID
		CNI_IFNAME=a/b CNI_IFNAME
		CNI_IFNAME=x,ip=1 CNI_IFNAME
		CNI_NETNS= CNI_NETNS
		CNI_NETNS=relative CNI_NETNS
		CNI_COMMAND=MAKE unknown command
	END
	run on_host env -i "$cni" </dev/null
	assert_error 4 "is run by an engine"
	assert_nothing_left
}

@test "the sample configuration is what engines read" {
	local plugin
	plugin=$(jq -c '. as $list | .plugins[0] | .cniVersion = $list.cniVersion | .name = $list.name' \
		"$top/config/cni/bawn.conflist")
	bawn network create --no-ipv6 bawn
	call ADD "$(jq -c --arg root "$NETS" '.networkRoot = $root' <<<"$plugin")"
	assert_equal "$status" 0
	call DEL "$(jq -c --arg root "$NETS" '.networkRoot = $root' <<<"$plugin")"
	assert_equal "$status$output" 0
}
