#!/usr/bin/env bats
# Rates of interfaces on networks of bawn's own, with real traffic between a container and "the host".
# A limit is proved by how long a number of bytes takes at least: a loaded machine only takes longer.
# where: native vm-full

load helpers
load networks

setup() {
	network_setup
	need_command tc
	need_command python3
	flow=$BATS_TEST_DIRNAME/flow.py
	bawn network create --subnet 10.88.0.0/24 web
}

teardown() {
	network_teardown
}

# flow_ms FROM TO ADDRESS BYTES: milliseconds that a TCP stream takes. FROM and TO: "host" or the ID of
# a container.
flow_ms() {
	local from=$1 to=$2 address=$3 bytes=$4 receiver received ms
	at "$to" "$flow" receive 5000 >"$TMP/received" 3>&- 4>&- &
	receiver=$!
	at "$from" "$flow" send "$address" 5000 "$bytes"
	wait "$receiver"
	read -r received ms <"$TMP/received"
	assert_equal "$received" "$bytes"
	echo "$ms"
}

at() {
	local place=$1
	shift
	if [[ $place == host ]]; then on_host "$@"; else in_container "$place" "$@"; fi
}

assert_at_least() { # WHAT MS LEAST
	(($2 >= $3)) || fail "$1: $2 ms, want at least $3"
}

# What the record of an interface says.
rates() { # ID INTERFACE
	local mark
	mark=$(jq -r .network.mark "$ROOT/$1/state.json")
	grep -E '^(rate|burst)' "$NETS/web/ports/$mark-$2" | xargs
}

port_of() { # ID
	local mark
	mark=$(jq -r .network.mark "$ROOT/$1/state.json")
	awk '$1 == "port" { print $2 }' "$NETS/web/ports/$mark-eth0"
}

@test "rate: both directions, the queue is on the host's end, nothing without it" {
	start_on "$ID" web,rate=4mbit,burst=64k
	start_on "$ID-2" web
	# 500 KB at 500 KB/s: 0.87 s without the burst.
	assert_at_least "to the container" "$(flow_ms host "$ID" 10.88.0.2 500000)" 800
	assert_at_least "from the container" "$(flow_ms "$ID" host 10.88.0.1 500000)" 800
	on_host tc qdisc show | grep -c "tbf.* rate 4Mbit burst 64Kb" >"$TMP/queues"
	assert_equal "$(<"$TMP/queues")" 1
	on_host nft list ruleset | grep -q "limit rate over 488 kbytes/second\|limit rate over 500000"
}

@test "a container cannot take its limit away" {
	start_on "$ID" web,rate-out=4mbit
	in_container "$ID" tc qdisc del dev eth0 root
	# The host's own limit has a bucket of a second: 1.5 MB at 500 KB/s take 1.9 s.
	assert_at_least "from the container" "$(flow_ms "$ID" host 10.88.0.1 1500000)" 1700
}

@test "update --net-rate changes a rate while the container runs" {
	start_on "$ID" web web,name=lan0,rate=2mbit
	bawn update --net-rate name=eth0,rate-in=4mbit,burst=20k "$ID"
	assert_equal "$(rates "$ID" eth0)" "rate-in 4000000 burst 20480"
	assert_equal "$(rates "$ID" lan0)" "rate-in 2000000 rate-out 2000000"
	assert_at_least "to the container" "$(flow_ms host "$ID" 10.88.0.2 500000)" 900
	bawn update --net-rate name=eth0,rate-in=none,rate-out=1gbit,burst=64k "$ID"
	assert_equal "$(on_host tc qdisc show dev "$(port_of "$ID")" | grep -c tbf)" 0
	bawn update --net-rate rate=3mbit "$ID"
	assert_equal "$(rates "$ID" eth0)" "rate-in 3000000 rate-out 3000000 burst 65536"
	assert_equal "$(on_host tc qdisc show | grep -c 'tbf.* rate 3Mbit')" 2
	assert_equal "$(in_container "$ID" tc qdisc show | grep -c 'tbf.* rate 3Mbit')" 2
	local spec why
	while IFS='|' read -r spec why; do
		run_bawn update --net-rate "$spec" "$ID"
		assert_status 1
		assert_output_has "$why"
	done <<-'END'
		name=eth7,rate=1mbit|no interface eth7 of a network
		rate=1|want 8kbit to 100gbit
		rate=fast|is no rate
		burst=1|want 1600
		burst=1600,rate=1mbit,ip=10.88.0.9|unknown option "ip=10.88.0.9"
		web,rate=1mbit|unknown option "web"
	END
	assert_equal "$(rates "$ID" eth0)" "rate-in 3000000 rate-out 3000000 burst 65536"
	run_bawn update --net-rate rate=1mbit --pids-limit 5 "$ID"
	assert_status 2
	bawn run -d --bundle "$BUNDLE" "$ID-2"
	run_bawn update --net-rate rate=1mbit "$ID-2"
	assert_status 1
	assert_output_has "has no interface of a network"
	bawn kill "$ID-2" KILL
	wait_for 5 status_is "$ID-2" stopped
	run_bawn update --net-rate rate=1mbit "$ID-2"
	assert_status 1
}

@test "reload makes a rate again that the host has lost" {
	start_on "$ID" web,rate=4mbit
	on_host nft flush ruleset
	on_host tc qdisc del dev "$(port_of "$ID")" root
	bawn network reload
	assert_equal "$(on_host tc qdisc show | grep -c 'tbf.* rate 4Mbit')" 1
	on_host nft list ruleset | grep -q "limit rate over"
}

@test "wrong rates of --network" {
	bawn network create --mtu 9000 --no-ipv6 wide
	local spec why
	while IFS='|' read -r spec why; do
		run_bawn run --bundle "$BUNDLE" --network "$spec" "$ID"
		assert_status 125
		assert_output_has "$why"
	done <<-'END'
		web,rate=10mb|is no rate
		web,rate=7999|want 8kbit to 100gbit
		web,burst=64k|there is no rate
		wide,rate=1mbit,burst=9000|less than a packet of the network's MTU: want 9100
	END
	assert_equal "$(find "$NETS"/*/ports -mindepth 1)" ""
}
