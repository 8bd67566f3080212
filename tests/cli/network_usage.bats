#!/usr/bin/env bats
# What containers receive and send on networks of bawn's own is counted, and the sums outlive them.
# where: native vm-full

load helpers
load networks

setup() {
	network_setup
	need_command python3
	flow=$BATS_TEST_DIRNAME/flow.py
	bawn network create --subnet 10.88.0.0/24 --subnet fd55::/64 web
}

teardown() {
	network_teardown
}

# usage ID FILTER: jq on the document's array.
usage() {
	run_bawn stats --format json "$1"
	assert_status 0
	jq -r ".containers[0].accounting | $2" <<<"$stdout"
}

# send_to ID ADDRESS BYTES, send_from ID ADDRESS BYTES: as a TCP stream
send_to() {
	in_container "$1" "$flow" receive 5000 >/dev/null 3>&- 4>&- &
	on_host "$flow" send "$2" 5000 "$3"
	wait $!
}
send_from() {
	on_host "$flow" receive 5000 >/dev/null 3>&- 4>&- &
	in_container "$1" "$flow" send "$2" 5000 "$3"
	wait $!
}

assert_about() { # WHAT NUMBER LEAST: and at most a tenth more
	(($2 >= $3 && $2 <= $3 + $3 / 10 + 2000)) || fail "$1: $2, want about $3"
}

@test "bytes and packets, IPv4 and IPv6, both ways" {
	start_on "$ID" web
	send_to "$ID" 10.88.0.2 300000
	send_from "$ID" 10.88.0.1 200000
	send_to "$ID" fd55::2 100000
	send_from "$ID" fd55::1 400000
	local one
	one=$(usage "$ID" '.[0]')
	assert_equal "$(jq -r '"\(.interface) \(.network)"' <<<"$one")" "eth0 web"
	assert_about rx4 "$(jq .total.rx_ipv4_bytes <<<"$one")" 300000
	assert_about tx4 "$(jq .total.tx_ipv4_bytes <<<"$one")" 200000
	assert_about rx6 "$(jq .total.rx_ipv6_bytes <<<"$one")" 100000
	assert_about tx6 "$(jq .total.tx_ipv6_bytes <<<"$one")" 400000
	assert_equal "$(jq '[.total | .rx_ipv4_packets, .tx_ipv4_packets, .rx_ipv6_packets,
		.tx_ipv6_packets | . > 3] | all' <<<"$one")" true
	assert_equal "$(jq -r '.months[0].month' <<<"$one")" "$(date -u +%Y-%m)"
	assert_equal "$(jq -c '.months[0] | del(.month)' <<<"$one")" "$(jq -c .total <<<"$one")"
}

@test "the sums go on when the container is made again; another ID has its own" {
	start_on "$ID" web
	send_to "$ID" 10.88.0.2 300000
	bawn delete --force "$ID"
	start_on "$ID" web
	send_to "$ID" 10.88.0.3 300000
	assert_about "both lives" "$(usage "$ID" '.[0].total.rx_ipv4_bytes')" 600000
	# Looking adds nothing.
	assert_about "again" "$(usage "$ID" '.[0].total.rx_ipv4_bytes')" 600000
	bawn network detach "$ID" web
	bawn network attach "$ID" web,ip=10.88.0.3
	assert_about "attached again" "$(usage "$ID" '.[0].total.rx_ipv4_bytes')" 600000
	on_host nft flush ruleset
	bawn network reload
	bawn update --net-rate rate=1gbit "$ID"
	send_to "$ID" 10.88.0.3 300000
	assert_about "after a flush" "$(usage "$ID" '.[0].total.rx_ipv4_bytes')" 900000
	start_on "$ID-2" web
	assert_equal "$(usage "$ID-2" '.[0].total.rx_ipv4_bytes < 3000')" true
	# What a new life has counted when a month begins is the new month's.
	sed -i 's/^20.... /202001 /' "$NETS"/web/usage/*-eth0
	send_to "$ID" 10.88.0.3 100000
	assert_equal "$(usage "$ID" '.[0].months | map(.month) | join(" ")')" "$(date -u +%Y-%m) 2020-01"
	assert_about "this month" "$(usage "$ID" '.[0].months[0].rx_ipv4_bytes')" 100000
}

@test "drops: what it may not send, what exceeds its rate" {
	start_on "$ID" web,rate-in=1mbit,burst=2000
	on_host python3 -c '
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for i in range(200):
    s.sendto(bytes(1400), ("10.88.0.2", 9))'
	(($(usage "$ID" '.[0].total.rx_dropped') > 50)) || fail "dropped by the rate: not counted"
	local before
	before=$(usage "$ID" '.[0].total.tx_dropped')
	in_container "$ID" ip link set eth0 address 02:00:00:00:00:99
	in_container "$ID" busybox ping -c 1 -W 1 10.88.0.1 >/dev/null || true
	(($(usage "$ID" '.[0].total.tx_dropped') > before)) || fail "spoofed frames are not counted"
}

@test "no accounting without a network; old sums of containers that are gone go with reload" {
	bawn run -d --bundle "$BUNDLE" "$ID"
	assert_equal "$(usage "$ID" .)" null
	start_on "$ID-2" web
	bawn delete --force "$ID-2"
	start_on "$ID-3" web
	bawn delete --force "$ID-3"
	assert_equal "$(find "$NETS/web/usage" -type f | wc -l)" 2
	touch -d '70 days ago' "$(grep -lx "owner $ROOT/$ID-2" "$NETS"/web/usage/*)"
	bawn network reload
	assert_equal "$(cat "$NETS"/web/usage/* | grep -c ^owner)" 1
	grep -qx "owner $ROOT/$ID-3" "$NETS"/web/usage/*
	echo nonsense >"$(echo "$NETS"/web/usage/*)"
	start_on "$ID-3" web
	run_bawn stats --format json "$ID-3"
	assert_status 0
	assert_output_has "damaged; remove it"
	bawn delete --force "$ID-3"
}
