#!/usr/bin/env bats
# Who reaches a container, and whom it reaches: isolated networks, --firewall. All traffic stays in
# network namespaces that the test makes.
# where: native vm-full

load helpers
load networks
load talk

setup() {
	network_setup
}

teardown() {
	talk_teardown
	network_teardown
}

# ---- isolated networks ---------------------------------------------------------------------------

# isolated KIND: two containers reach the host and the port that is published, not each other.
isolated() {
	! on_host sysctl -q -w net.bridge.bridge-nf-call-{ip,ip6}tables=0 2>/dev/null || :
	bawn network create --kind "$1" --isolate --subnet 10.88.0.0/24 --subnet fd88::/64 web
	run_bawn network inspect web
	assert_equal "$(jq .isolate <<<"$stdout")" true
	bawn run -d --bundle "$BUNDLE" --network web --publish 8080:80 "$ID"
	start_on "$ID-2" web
	serve "$ID" tcp/80
	apart
	on_host nft flush ruleset
	[[ $1 == routed ]] || on_host ip link del bw-web
	bawn network reload
	apart
}

apart() {
	local address
	for address in 10.88.0.2 fd88::2; do
		assert_no_answer "$ID-2" "$address" tcp/80
		# Through the host, which is on both sides.
		in_container "$ID-2" ip route replace "$address" via "${address%2}1"
		assert_no_answer "$ID-2" "$address" tcp/80
		in_container "$ID-2" ip route del "$address"
		[[ $(ask "$ID-2" "${address%2}1" tcp/8080) == *" hello" ]] || fail "published: $address"
	done
	can_reach "$ID" 10.88.0.1
	can_reach "$ID" fd88::1
}

@test "isolate: the containers of a bridge do not reach each other, not even through the host" {
	isolated bridge
}

@test "isolate: a routed network" {
	isolated routed
}

@test "isolate: neither ARP nor broadcasts on a guest-lan" {
	bawn network create --kind guest-lan --isolate --subnet 10.7.0.0/24 lan
	start_on "$ID" lan
	start_on "$ID-2" lan
	can_reach "$ID-2" 10.7.0.2 && fail "isolated"
	in_container "$ID-2" ip neigh show | grep -q 'lladdr' && fail "ARP was answered"
	run_bawn network create --kind macvlan --parent lo --isolate x
	assert_status 1
	assert_output_has "--isolate: on a parent"
}
