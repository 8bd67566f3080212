#!/usr/bin/env bats
# Networks of the kinds routed, macvlan and ipvlan, and what a bridge has with an uplink: with real
# traffic between network namespaces that each test makes.
# where: native vm-full

load helpers
load networks

setup() {
	network_setup
	uplink_setup
}

teardown() {
	uplink_teardown
	network_teardown
}

network_field() { # NAME FILTER
	jq -r "$2" "$NETS/$1/network.json"
}

# ---- bridge --------------------------------------------------------------------------------------

@test "bridge: the uplink's machine sees the host, and cannot begin anything" {
	bawn network create --subnet 10.88.0.0/24 --subnet fd88::/64 web
	start_on "$ID" web
	serve world in_world
	assert_equal "$(talk 192.0.2.2 1500 in_container "$ID")" 192.0.2.1
	assert_equal "$(talk 2001:db8::2 1500 in_container "$ID")" 2001:db8::1
	end_servers
}

@test "bridge: an MTU of the network's own holds on both ends" {
	bawn network create --mtu 1280 --subnet 10.88.0.0/24 --subnet fd88::/64 web
	start_on "$ID" web
	start_on "$ID-2" web
	serve other in_container "$ID-2"
	assert_equal "$(talk 10.88.0.3 1280 in_container "$ID")" 10.88.0.2
	assert_equal "$(talk fd88::3 1280 in_container "$ID")" fd88::2
	end_servers
}

# ---- routed --------------------------------------------------------------------------------------

routed_network() {
	bawn network create --kind routed --subnet 10.88.0.0/24 --subnet fd88::/64 "$@" r
	in_world ip route add 10.88.0.0/24 via 192.0.2.1
	in_world ip route add fd88::/64 via 2001:db8::1
}

@test "routed: containers reach each other, the gateway and the world, under their own addresses" {
	routed_network
	start_on "$ID" r
	start_on "$ID-2" r
	assert_equal "$(network_field r .kind)" routed
	assert_equal "$(network_field r 'has("bridge")')" false
	assert_equal "$(on_host ip -o link show type bridge)" ""
	assert_equal "$(addresses "$ID" eth0)" "10.88.0.2/32 fd88::2/128"
	serve other in_container "$ID-2"
	serve gateway on_host
	serve world in_world
	local ip
	for ip in 10.88.0.3 10.88.0.1 192.0.2.2; do
		assert_equal "$(talk "$ip" 1500 in_container "$ID")" 10.88.0.2
	done
	for ip in fd88::3 fd88::1 2001:db8::2; do
		assert_equal "$(talk "$ip" 1500 in_container "$ID")" fd88::2
	done
	# The host as the gateway that it is.
	assert_equal "$(talk 10.88.0.3 1500 on_host)" 10.88.0.1
	assert_equal "$(talk fd88::3 1500 on_host)" fd88::1
	end_servers
}

@test "routed: nothing is asked for on the wire" {
	routed_network
	start_on "$ID" r
	start_on "$ID-2" r
	can_reach "$ID" 10.88.0.3
	can_reach "$ID" fd88::3
	# Each knows its gateway without having asked.
	in_container "$ID" ip neigh show nud noarp | grep -q 10.88.0.1
	assert_equal "$(in_container "$ID" ip neigh show nud reachable nud stale nud failed)" ""
	in_container "$ID" ip link show eth0 | grep -q NOARP
}

@test "routed: an MTU of its own; one family alone; a second network" {
	bawn network create --kind routed --mtu 1400 --subnet 10.88.0.0/24 r
	bawn network create --kind routed --no-ipv4 six
	start_on "$ID" r six
	start_on "$ID-2" r
	start_on "$ID-3" six
	serve other in_container "$ID-2"
	assert_equal "$(talk 10.88.0.3 1400 in_container "$ID")" 10.88.0.2
	end_servers
	can_reach "$ID" "$(addresses "$ID-3" eth0 | cut -d/ -f1)"
	assert_equal "$(in_container "$ID" ip -o link show eth1 | grep -c "mtu 1500")" 1
	assert_equal "$(in_container "$ID-2" ip -6 -o addr show dev eth0)" ""
}

@test "routed, bridge, guest-lan: networks are kept apart" {
	bawn network create --kind routed --subnet 10.1.0.0/24 a
	bawn network create --kind routed --subnet 10.2.0.0/24 b
	bawn network create --subnet 10.3.0.0/24 c
	start_on "$ID-a" a
	start_on "$ID-b" b
	start_on "$ID-c" c
	! can_reach "$ID-a" 10.2.0.2 || fail "routed to routed"
	! can_reach "$ID-a" 10.3.0.2 || fail "routed to bridge"
	! can_reach "$ID-c" 10.2.0.2 || fail "bridge to routed"
	# It is the rule that holds them.
	on_host nft flush chain inet bawn forward
	can_reach "$ID-a" 10.2.0.2
	can_reach "$ID-a" 10.3.0.2
	bawn network reload
	! can_reach "$ID-a" 10.2.0.2 || fail "routed to routed after reload"
}

@test "routed: reload makes again what was lost" {
	routed_network
	start_on "$ID" r
	on_host nft flush ruleset
	on_host ip addr del 10.88.0.1/32 dev lo
	on_host ip addr del fd88::1/128 dev lo
	on_host ip route flush table main proto static
	on_host ip -6 route flush table main proto static
	! can_reach "$ID" 10.88.0.1 || fail "no gateway, and it answers"
	bawn network reload
	can_reach "$ID" 10.88.0.1
	can_reach "$ID" fd88::1
	on_host nft list tables | grep -q 'table netdev bw'
	run_bawn network delete r
	assert_status 1
	assert_output_has "a container uses it: $ROOT/$ID"
}

@test "routed: a container that ends by itself leaves nothing" {
	routed_network
	set_args true
	bawn run -d --bundle "$BUNDLE" --network r "$ID"
	wait_for 5 status_is "$ID" stopped
	bawn delete "$ID"
	assert_equal "$(find "$NETS/r/ports" "$NETS/r/addresses" -mindepth 1)" ""
	assert_equal "$(on_host ip route show proto static)" ""
	assert_equal "$(on_host nft list tables)" "table inet bawn"
}

# ---- macvlan, ipvlan -----------------------------------------------------------------------------

need_kind() {
	on_host ip link add probe0 link up0 type "$1" 2>"$TMP/why" ||
		skip "this kernel has no $1: $(cat "$TMP/why")"
	on_host ip link del probe0
}

parent_network() { # KIND
	bawn network create --kind "$1" --parent up0 --subnet 192.0.2.0/24 --subnet 2001:db8::/64 \
		--gateway 192.0.2.2 --gateway 2001:db8::2 --dns 192.0.2.2 lan
}

# Containers on the parent's wire; the world is another machine there, and a router.
try_parent() { # KIND
	local kind=$1 six
	need_kind "$kind"
	parent_network "$kind"
	assert_equal "$(network_field lan '"\(.kind) \(.parent) \(has("bridge") or has("group"))"')" \
		"$kind up0 false"
	run_bawn network list
	assert_output_has "lan   $kind"
	in_world ip addr add 198.51.100.1/32 dev lo
	start_on "$ID" lan,ip=192.0.2.10,ip6=2001:db8::10
	start_on "$ID-2" lan,ip=192.0.2.11,ip6=2001:db8::11
	assert_equal "$(addresses "$ID" eth0)" "192.0.2.10/24 2001:db8::10/64"
	assert_equal "$(in_container "$ID" ip -o addr show tentative)" ""
	serve other in_container "$ID-2"
	serve world in_world
	local ip
	for ip in 192.0.2.11 192.0.2.2; do
		assert_equal "$(talk "$ip" 1500 in_container "$ID")" 192.0.2.10
	done
	for six in 2001:db8::11 2001:db8::2; do
		assert_equal "$(talk "$six" 1500 in_container "$ID")" 2001:db8::10
	done
	end_servers
	can_reach "$ID" 198.51.100.1
	# The host has nothing of it, and nothing changed on its device.
	assert_equal "$(on_host ip -o link | awk '{ print $2 }' | sort | xargs)" \
		"lo: up0@if2:"
	assert_equal "$(on_host ip -o -4 addr show dev up0 | awk '{ print $4 }')" 192.0.2.1/24
	bawn network reload
	run_bawn network delete lan
	assert_status 1
	assert_output_has "a container uses it"
	bawn delete --force "$ID"
	assert_equal "$(find "$NETS/lan/addresses" -mindepth 1 -printf '%f ')" \
		"192.0.2.11 2001:db8::11 "
}

@test "macvlan: on the parent's wire, with a MAC address of its own" {
	try_parent macvlan
	assert_equal "$(in_container "$ID-2" ip -j -d link show eth0 |
		jq -r '.[0] | "\(.address) \(.linkinfo.info_data.mode)"')" "0a:58:c0:00:02:0b bridge"
}

@test "ipvlan: on the parent's wire, with the parent's MAC address" {
	try_parent ipvlan
	assert_equal "$(in_container "$ID-2" ip -j -d link show eth0 |
		jq -r '.[0] | "\(.address) \(.linkinfo.info_data.mode)"')" \
		"$(on_host ip -j link show up0 | jq -r '.[0].address') l2"
	run_bawn run --bundle "$BUNDLE" --network lan,mac=02:00:00:00:00:01 "$ID-3"
	assert_status 125
	assert_output_has "an ipvlan has the MAC address of its parent"
}

@test "a parent: wrong, missing, down, in use" {
	local args why
	need_kind macvlan
	while IFS=: read -r args why; do
		# shellcheck disable=SC2086 # a list of words
		run_bawn network create $args bad
		[[ $status != 0 ]] || fail "$args"
		assert_output_has "$why"
		[[ ! -e $NETS/bad ]] || fail "left: $args"
	done <<-'END'
		--kind macvlan:give --parent
		--kind ipvlan:give --parent
		--kind macvlan --parent eth9:--parent eth9: the host has no such device
		--kind macvlan --parent lo:it is a loopback device
		--kind macvlan --parent a/b:is no name of a device
		--kind macvlan --parent up0 --mtu 9000:its parent up0 has 1500
		--kind macvlan --parent up0 --bridge b0:a macvlan network has none
		--kind routed --bridge b0:a routed network has none
		--kind routed --parent up0:only macvlan and ipvlan have one
		--parent up0:only macvlan and ipvlan have one
		--kind macvlan --parent up0 --subnet 192.0.2.0/24 --gateway 10.0.0.1:is in no subnet
	END
	parent_network macvlan
	run_bawn network create --kind macvlan --parent up0 --subnet 192.0.2.0/25 second
	assert_output_has "network lan has 192.0.2.0/24"
	on_host ip link set up0 down
	run_bawn run --bundle "$BUNDLE" --network lan "$ID"
	assert_status 125
	assert_output_has "its parent up0 is down: set it up first"
	on_host ip link set up0 up
	on_host ip link add b0 type bridge
	on_host ip link set up0 master b0
	run_bawn run --bundle "$BUNDLE" --network lan "$ID"
	assert_status 125
	assert_output_has "its parent up0 is a port of a bridge"
	on_host ip link del b0
	start_on "$ID" lan
	on_host ip link del up0
	# Its interface went with the parent; what is left goes as ever.
	assert_equal "$(in_container "$ID" ip -o link | wc -l)" 1
	run_bawn run --bundle "$BUNDLE" --network lan "$ID-2"
	assert_status 125
	assert_output_has "its parent up0 is gone"
	bawn delete --force "$ID"
	assert_equal "$(find "$NETS/lan/ports" -mindepth 1)" ""
	bawn network delete lan
}

@test "a parent without gateway: no default route; addresses of bawn's own choice" {
	need_kind macvlan
	bawn network create --kind macvlan --parent up0 free
	[[ $(network_field free '.subnets[0].subnet') == 10.88.0.0/24 ]]
	assert_equal "$(network_field free '[.subnets[] | has("gateway")] | any')" false
	start_on "$ID" free
	start_on "$ID-2" free
	assert_equal "$(in_container "$ID" ip route show default)" ""
	can_reach "$ID" 10.88.0.3 || can_reach "$ID" 10.88.0.2
}
