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

# ---- --firewall ----------------------------------------------------------------------------------

# firewall_on ID RULE...
firewall_on() {
	local id=$1 rule args=()
	shift
	for rule; do
		args+=(--firewall "$rule")
	done
	bawn run -d --bundle "$BUNDLE" --network web "${args[@]}" "$id"
}

two_families() {
	bawn network create --subnet 10.88.0.0/24 --subnet fd88::/64 web
	[[ -z ${1:-} ]] || on_host sysctl -q -w net.bridge.bridge-nf-call-{ip,ip6}tables="$1" || :
}

@test "in: only what is allowed, from a neighbour, the host and outside; replies pass" {
	two_families
	outside_setup
	firewall_on "$ID" in:deny in:allow:tcp:80 in:allow:udp:5000-5010:10.88.0.0/24 \
		in:allow:udp:5000:fd88::3 in:allow:icmp:*:10.88.0.1
	start_on "$ID-2" web
	serve "$ID" tcp/80 tcp/81 udp/5000 udp/5011
	serve "$ID-2" tcp/80 udp/53
	local six
	for six in 10.88.0. fd88::; do
		[[ $(ask "$ID-2" "${six}2" tcp/80) == "${six}3 hello" ]] || fail "tcp 80: $six"
		[[ $(ask host "${six}2" tcp/80) == *" hello" ]] || fail "host: $six"
		assert_no_answer "$ID-2" "${six}2" tcp/81
		assert_no_answer host "${six}2" tcp/81
		[[ $(ask "$ID-2" "${six}2" udp/5000) == *" hello" ]] || fail "udp: $six"
		assert_no_answer "$ID-2" "${six}2" udp/5011
		# What it asks for itself is answered.
		[[ $(ask "$ID" "${six}3" tcp/80) == *" hello" ]] || fail "out tcp: $six"
		[[ $(ask "$ID" "${six}3" udp/53) == *" hello" ]] || fail "out udp: $six"
		can_reach "$ID" "${six}3" || fail "ping out: $six"
		! can_reach "$ID-2" "${six}2" || fail "ping in: $six"
	done
	assert_no_answer host fd88::2 udp/5000
	on_host busybox ping -c 1 -W 2 10.88.0.2 >/dev/null
	can_reach "$ID" 192.0.2.2
	outside_teardown
}

@test "out: only what is allowed; who is let in gets answers" {
	two_families
	firewall_on "$ID" out:deny:tcp:25 out:allow:tcp:1-1023:10.88.0.3 out:deny in:deny:udp
	start_on "$ID-2" web
	serve "$ID" tcp/80 udp/53
	serve "$ID-2" tcp/25 tcp/80 tcp/2000 udp/53
	[[ $(ask "$ID" 10.88.0.3 tcp/80) == *" hello" ]]
	assert_no_answer "$ID" 10.88.0.3 tcp/25
	assert_no_answer "$ID" 10.88.0.3 tcp/2000
	assert_no_answer "$ID" fd88::3 tcp/80
	assert_no_answer "$ID" 10.88.0.3 udp/53
	! can_reach "$ID" 10.88.0.1 || fail "ping out"
	[[ $(ask "$ID-2" 10.88.0.2 tcp/80) == *" hello" ]]
	[[ $(ask "$ID-2" fd88::2 tcp/80) == *" hello" ]]
	assert_no_answer "$ID-2" 10.88.0.2 udp/53
	can_reach "$ID-2" 10.88.0.2
	can_reach "$ID-2" fd88::2
}

@test "fragments of what is allowed pass, of what is denied they do not" {
	two_families 0
	firewall_on "$ID" in:deny in:allow:udp:53 out:deny out:allow:udp:53
	start_on "$ID-2" web
	serve "$ID" udp/53 udp/54
	serve "$ID-2" udp/53 udp/54
	local long address
	long=$(printf 'x%.0s' {1..5000})
	for address in 10.88.0. fd88::; do
		assert_equal "$(ask "$ID-2" "${address}2" udp/53 "$long")" "${address}3 $long"
		assert_equal "$(ask "$ID" "${address}3" udp/53 "$long")" "${address}2 $long"
		assert_no_answer "$ID-2" "${address}2" udp/54 "$long"
		assert_no_answer "$ID" "${address}3" udp/54 "$long"
	done
}

@test "published ports obey, as ports of the container; reload and later networks too" {
	two_families
	bawn network create --kind guest-lan --subnet 10.7.0.0/24 lan
	outside_setup
	bawn run -d --bundle "$BUNDLE" --network web --publish 8080:80 --publish 8081:81 \
		--firewall in:deny --firewall in:allow:tcp:80 "$ID"
	serve "$ID" tcp/80 tcp/81
	assert_equal "$(ask outside 192.0.2.1 tcp/8080)" "192.0.2.2 hello"
	assert_no_answer outside 192.0.2.1 tcp/8081
	on_host nft flush ruleset
	bawn network reload
	assert_equal "$(ask outside 2001:db8::1 tcp/8080)" "2001:db8::2 hello"
	assert_no_answer outside 192.0.2.1 tcp/8081
	assert_no_answer host 10.88.0.2 tcp/81
	bawn network attach "$ID" lan,name=lan0
	start_on "$ID-2" lan
	[[ $(ask "$ID-2" 10.7.0.2 tcp/80) == *" hello" ]]
	assert_no_answer "$ID-2" 10.7.0.2 tcp/81
	outside_teardown
}

@test "wrong rules" {
	two_families
	local rule why
	while IFS='|' read -r rule why; do
		# shellcheck disable=SC2086 # a list of words
		run_bawn run --bundle "$BUNDLE" --network web --firewall $rule "$ID"
		assert_status 125
		assert_output_has "$why"
		[[ ! -e $ROOT/$ID ]]
		assert_equal "$(find "$NETS/web" -name '*eth0*')" ""
	done <<-'END'
		in|want in|out:allow|deny
		up:deny|want in|out:allow|deny
		in:drop|want in|out:allow|deny
		in:deny:tcpx|want in|out:allow|deny
		in:deny:256|want in|out:allow|deny
		in:deny:tcp:0|want in|out:allow|deny
		in:deny:tcp:90-80|want in|out:allow|deny
		in:deny:tcp:65536|want in|out:allow|deny
		in:deny:icmp:80|ports are of tcp, udp or sctp
		in:deny:*:80|ports are of tcp, udp or sctp
		in:deny:tcp:80:host|"host" is no address
		in:deny:tcp:80:10.0.0.1/8|did you mean 10.0.0.0/8
		in:deny:tcp:80:::1::|is no address
		in:allow:tcp:80|"in:deny" denies the rest
		in:deny --firewall in:deny|twice
	END
	run_bawn run --bundle "$BUNDLE" --firewall in:deny "$ID"
	assert_status 2
	assert_output_has "are about a --network"
}
