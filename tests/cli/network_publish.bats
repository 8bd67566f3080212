#!/usr/bin/env bats
# Ports of the host that lead to containers (--publish). All traffic stays in network namespaces
# that the test makes: "the host", the containers, and a machine "outside".
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

# publish_on ID NETWORK PORTS...
publish_on() {
	local id=$1 network=$2 ports args=()
	shift 2
	for ports; do
		args+=(--publish "$ports")
	done
	bawn run -d --bundle "$BUNDLE" --network "$network" "${args[@]}" "$id"
}

elements() { # of all maps
	on_host nft -j list ruleset | jq '[.nftables[].map.elem // [] | .[]] | length'
}

@test "from outside, from the host and its loopback; TCP and UDP, IPv4 and IPv6" {
	bawn network create --subnet 10.88.0.0/24 --subnet fd88::/64 web
	outside_setup
	publish_on "$ID" web 8080:80 5353:53/udp
	serve "$ID" tcp/80 udp/53
	local from address what
	while read -r from address; do
		for what in tcp/8080 udp/5353; do
			[[ $(ask "$from" "$address" "$what") == *" hello" ]] || fail "$from $address $what"
		done
	done <<-'END'
		outside 192.0.2.1
		outside 2001:db8::1
		host 192.0.2.1
		host 2001:db8::1
		host 10.88.0.1
		host fd88::1
		host 127.0.0.1
		host 127.9.9.9
	END
	# The client is the one outside, not the host.
	assert_equal "$(ask outside 192.0.2.1 tcp/8080)" "192.0.2.2 hello"
	assert_equal "$(ask outside 2001:db8::1 tcp/8080)" "2001:db8::2 hello"
	assert_equal "$(ask host 127.0.0.1 tcp/8080)" "10.88.0.1 hello"
	# As documented: refused at once.
	assert_no_answer host ::1 tcp/8080
	assert_no_answer outside 192.0.2.1 tcp/5353
	assert_no_answer outside 192.0.2.1 tcp/80
	outside_teardown
}

# hairpin KIND: own and another's published port, of the same and of another network.
hairpin() {
	bawn network create --kind "$1" --subnet 10.88.0.0/24 --subnet fd88::/64 web
	bawn network create --subnet 10.89.0.0/24 --subnet fd89::/64 other
	outside_setup
	publish_on "$ID" web 8080:80
	serve "$ID" tcp/80 tcp/81
	start_on "$ID-2" web
	start_on "$ID-3" other
	local id address
	for id in "$ID" "$ID-2" "$ID-3"; do
		for address in 192.0.2.1 2001:db8::1; do
			[[ $(ask "$id" "$address" tcp/8080) == *" hello" ]] || fail "$id $address"
		done
	done
	[[ $(ask host 127.0.0.1 tcp/8080) == *" hello" ]]
	assert_equal "$(ask outside 192.0.2.1 tcp/8080)" "192.0.2.2 hello"
	# Networks stay apart but for that port.
	assert_no_answer "$ID-3" 10.88.0.2 tcp/80
	assert_no_answer "$ID-3" fd88::2 tcp/80
	assert_no_answer "$ID-3" 192.0.2.1 tcp/81
	assert_equal "$(ask "$ID-2" 10.88.0.2 tcp/81)" "10.88.0.3 hello"
	outside_teardown
}

bridge_filter() { # 0 or 1
	local call
	for call in iptables ip6tables; do
		on_host sysctl -qw "net.bridge.bridge-nf-call-$call=$1" || skip "no br_netfilter here"
	done
}

@test "hairpin on a bridge" {
	! on_host sysctl -n net.bridge.bridge-nf-call-iptables 2>/dev/null || bridge_filter 0
	hairpin bridge
}

@test "hairpin on a bridge whose frames are filtered" {
	bridge_filter 1
	hairpin bridge
}

@test "hairpin on a routed network" {
	hairpin routed
}

@test "one address of the host, ranges, another port for another container" {
	bawn network create --subnet 10.88.0.0/24 --subnet fd88::/64 web
	outside_setup
	on_host ip addr add 192.0.2.7/24 dev up0
	publish_on "$ID" web 192.0.2.7:80:80 '[2001:db8::1]:81:80' 9000-9002:7000-7002
	publish_on "$ID-2" web 192.0.2.1:80:80
	serve "$ID" tcp/80 tcp/7002
	serve "$ID-2" tcp/80
	assert_equal "$(ask outside 192.0.2.7 tcp/80)" "192.0.2.2 hello"
	assert_no_answer outside 2001:db8::1 tcp/80
	assert_equal "$(ask outside 2001:db8::1 tcp/81)" "2001:db8::2 hello"
	assert_no_answer outside 192.0.2.1 tcp/81
	assert_equal "$(ask outside 192.0.2.1 tcp/9002)" "192.0.2.2 hello"
	assert_no_answer outside 192.0.2.1 tcp/9003
	bawn delete --force "$ID"
	assert_no_answer outside 192.0.2.7 tcp/80
	assert_equal "$(ask outside 192.0.2.1 tcp/80)" "192.0.2.2 hello"
	assert_equal "$(elements)" 1
	outside_teardown
}

@test "what is taken already: another container, a socket of the host" {
	bawn network create --subnet 10.88.0.0/24 --subnet fd88::/64 web
	publish_on "$ID" web 8080:80 127.0.0.1:81:81 90-95:90-95/udp
	serve host tcp/7000 udp/7001
	serve host tcp/7002
	local ports why
	while IFS='|' read -r ports why; do
		# shellcheck disable=SC2086 # a list of words
		run_bawn run --bundle "$BUNDLE" --network web --publish $ports "$ID-2"
		assert_status 125
		assert_output_has "$why"
		[[ ! -e $ROOT/$ID-2 ]]
	done <<-END
		8080:1|port 8080/tcp of 0.0.0.0 is published by container $ID
		10.88.0.1:8080:1|port 8080/tcp of 0.0.0.0 is published by container $ID
		[::]:8080:1|port 8080/tcp of :: is published by container $ID
		81:1|port 81/tcp of 127.0.0.1 is published by container $ID
		89-91:1-3/udp|port 90/udp of 0.0.0.0 is published by container $ID
		7000:1|port 7000/tcp of 0.0.0.0 is in use by process
		7000:1|(python3)
		[::]:7000:1|port 7000/tcp of :: is in use by process
		7001:1/udp|port 7001/udp of 0.0.0.0 is in use by process
		10.88.0.1:7002:1|port 7002/tcp of 10.88.0.1 is in use by process
		70:1 --publish 60-80:60-80|publish "60-80:60-80": in "70:1" already
		192.0.2.99:80:80|192.0.2.99 is no address of this host
	END
	# Not in the way: another protocol, another address, another family.
	publish_on "$ID-2" web 8080:1/udp 10.88.0.1:81:81 90:90
	bawn delete --force "$ID"
	publish_on "$ID" web 127.0.0.1:8080:80
}

@test "wrong values" {
	bawn network create --no-ipv6 web
	bawn network create --kind guest-lan lan
	local ports why
	while IFS='|' read -r ports why; do
		run_bawn run --bundle "$BUNDLE" --network web --publish "$ports" "$ID"
		assert_status 125
		assert_output_has "$why"
		[[ ! -e $ROOT/$ID ]]
	done <<-'END'
		80|want [ADDRESS:]PORT:PORT
		0:80|want [ADDRESS:]PORT:PORT
		80:65536|want [ADDRESS:]PORT:PORT
		80:80/icmp|want [ADDRESS:]PORT:PORT
		80:80/|want [ADDRESS:]PORT:PORT
		a:80|want [ADDRESS:]PORT:PORT
		::1:80:80|want [ADDRESS:]PORT:PORT
		[127.0.0.1]:80:80|want [ADDRESS:]PORT:PORT
		[::2:80:80|want [ADDRESS:]PORT:PORT
		host:80:80|want [ADDRESS:]PORT:PORT
		90-80:90-80|want [ADDRESS:]PORT:PORT
		80-82:80-81|3 ports of the host for 2
		1-5000:1-5000|5000 ports are published, more than 4096
		[::1]:80:80|does not lead ::1
		[fe80::1]:80:80|a link-local address
		224.0.0.1:80:80|no address of one host
		[fd00::1]:80:80|network web has no address of that family
	END
	run_bawn run --bundle "$BUNDLE" --publish 80:80 "$ID"
	assert_status 2
	assert_output_has "--publish and --firewall are about a --network"
	run_bawn run --bundle "$BUNDLE" --network lan --publish 80:80 "$ID"
	assert_status 125
	assert_output_has "the host does not lead to any of the container's networks"
	# Of several networks it is the first that the host leads to.
	bawn run -d --bundle "$BUNDLE" --network lan --network web --publish 80:80 "$ID"
	serve "$ID" tcp/80
	assert_equal "$(ask host 127.0.0.1 tcp/80)" "10.88.0.1 hello"
}

@test "a change of another network and reload keep published ports; delete takes all away" {
	bawn network create --subnet 10.88.0.0/24 --subnet fd88::/64 web
	publish_on "$ID" web 8080:80 1000-1999:1000-1999
	serve "$ID" tcp/80
	assert_equal "$(elements)" 2002
	bawn network create other
	assert_equal "$(elements)" 2002
	bawn network delete other
	[[ $(ask host 127.0.0.1 tcp/8080) == *" hello" ]]
	on_host nft flush ruleset
	assert_no_answer host 10.88.0.1 tcp/8080
	run_bawn run --bundle "$BUNDLE" --network web --publish 8081:80 "$ID-2"
	assert_status 125
	assert_output_has "run bawn network reload"
	bawn network reload
	assert_equal "$(elements)" 2002
	[[ $(ask host 10.88.0.1 tcp/8080) == *" hello" ]]
	# The bridge too, with what it had been told.
	on_host ip link del bw-web
	bawn network reload
	[[ $(ask host 127.0.0.1 tcp/8080) == *" hello" ]]
	on_host nft flush ruleset
	bawn delete --force "$ID"
	[[ ! -e $NETS/.published ]]
	publish_on "$ID" web 8080:80 || bawn network reload
	assert_equal "$(on_host nft list ruleset | grep -c '10\.88\.0\.2 \. 80')" 0
}
