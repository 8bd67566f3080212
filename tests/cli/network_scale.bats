#!/usr/bin/env bats
# Networks with as many containers as a host has. By hand: BAWN_SCALE=50 tests/native/run bats this.
# where: vm-full
# limit: 5400

: "${BAWN_SCALE:=500}"

load helpers
load networks

setup() {
	network_setup
}

teardown() {
	network_teardown
}

# each N COMMAND...: COMMAND 1 to COMMAND N, some at a time.
each() {
	local n=$1 i pids=()
	shift
	for ((i = 1; i <= n; i++)); do
		"$@" "$i" 3>&- 4>&- &
		pids+=($!)
		((i % 4 != 0 && i < n)) || { wait "${pids[@]}" && pids=(); }
	done
}

start_one() {
	start_on "$ID-$1" web || echo "$1" >>"$TMP/failed"
}

delete_one() {
	bawn delete --force "$ID-$1" || echo "$1" >>"$TMP/failed"
}

# The kernel has room for 1024 neighbours in all network namespaces together
# (net.ipv6.neigh.default.gc_thresh3), and makes some for new ones after 5 seconds.
ping_one() { # INDEX of the list of addresses
	local ip=${ips[$1 - 1]}
	wait_for 30 on_host busybox ping -c 1 -W 5 "$ip" >/dev/null 2>&1 || echo "$ip" >>"$TMP/failed"
}

none_failed() { # WHAT
	[[ ! -e $TMP/failed ]] || fail "$1: $(xargs <"$TMP/failed")"
}

seconds_since() {
	echo "$(((${EPOCHREALTIME/./} - ${1/./}) / 1000000)) s"
}

shared_rules() {
	on_host nft list table inet bawn
}

@test "$BAWN_SCALE containers on a bridge: started, all reached, deleted, nothing left" {
	local ips rules start
	bawn network create --subnet 10.88.0.0/16 --subnet fd88::/64 web
	start_on "$ID-1" web
	rules=$(shared_rules)
	bawn delete --force "$ID-1"
	start=$EPOCHREALTIME
	each "$BAWN_SCALE" start_one
	none_failed "start"
	echo "# started in $(seconds_since "$start")" >&3
	assert_equal "$(on_host ip -o link show master bw-web | wc -l)" "$BAWN_SCALE"
	# What packets of all networks pass did not grow: each port has its own rules.
	assert_equal "$(shared_rules)" "$rules"
	mapfile -t ips < <(find "$NETS/web/addresses" -mindepth 1 -printf '%f\n')
	assert_equal "${#ips[@]}" $((2 * BAWN_SCALE))
	start=$EPOCHREALTIME
	each "${#ips[@]}" ping_one
	none_failed "no answer"
	echo "# ${#ips[@]} addresses reached in $(seconds_since "$start")" >&3
	start=$EPOCHREALTIME
	each "$BAWN_SCALE" delete_one
	none_failed "delete"
	echo "# deleted in $(seconds_since "$start")" >&3
	assert_equal "$(find "$NETS/web/ports" "$NETS/web/addresses" -mindepth 1)" ""
	assert_equal "$(on_host ip -o link show master bw-web)" ""
	assert_equal "$(on_host nft list tables)" "table inet bawn"
}

@test "a bridge has no room for more ports than the kernel allows" {
	local i
	bawn network create web
	for ((i = 1; i <= 1023; i++)); do
		echo "link add x$i master bw-web type veth peer name y$i"
	done >"$TMP/batch"
	on_host ip -batch "$TMP/batch"
	run_bawn run --bundle "$BUNDLE" --network web "$ID"
	assert_status 125
	assert_output_has "its bridge bw-web has 1023 ports, which is all that a bridge takes: make"
	assert_equal "$(find "$NETS/web/ports" "$NETS/web/addresses" -mindepth 1)" ""
	on_host ip link del x1
	start_on "$ID" web
	for ((i = 2; i <= 1023; i++)); do
		echo "link del x$i"
	done >"$TMP/batch"
	on_host ip -batch "$TMP/batch"
}
