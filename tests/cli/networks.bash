# networks.bash - for suites about networks of bawn's own: `load networks` after helpers, with
# network_setup and network_teardown as setup and teardown.
#
# "The host" is a network namespace that each test makes for itself ($host: the process that keeps
# it): no traffic and no device leaves it. $BAWN runs in it, with the test's own directory of
# networks, $NETS.

# shellcheck disable=SC2034,SC2154 # variables of helpers.bash

network_setup() {
	NETS=$BATS_TEST_TMPDIR/networks
	test_setup
	need_command nsenter
	need_command nft
	real_bawn=$BAWN
	unshare -n sleep 1000 </dev/null 3>&- 4>&- &
	host=$!
	wait_for 5 host_is_apart
	on_host ip link set lo up
	on_host ip link add probe type veth peer name probe2 2>"$TMP/why" ||
		skip "this kernel has no veth: $(cat "$TMP/why")"
	on_host ip link del probe
	BAWN=$TMP/bawn-on-host
	printf '#!/bin/sh\nexec nsenter --net=/proc/%s/ns/net %s --network-root %s "$@"\n' "$host" \
		"$real_bawn" "$NETS" >"$BAWN"
	chmod 755 "$BAWN"
	make_bundle
	set_args sleep 1000
}

network_teardown() {
	local id name
	cd /
	for id in "${ROOT:?}"/*/; do
		[[ ! -d $id ]] || bawn delete --force "$(basename "$id")"
	done
	for name in "${NETS:?}"/*/; do
		[[ ! -d $name ]] || bawn network delete "$(basename "$name")"
	done
	assert_host_is_bare
	BAWN=$real_bawn
	kill "$host" || true
	wait "$host" 2>/dev/null || true
	test_teardown
}

# No link, address, rule, lease or record is left.
assert_host_is_bare() {
	assert_equal "$(on_host ip -o link | awk '{ print $2 }' | xargs)" "lo:"
	assert_equal "$(on_host nft list ruleset)" ""
	assert_equal "$(find "$NETS" -mindepth 1 2>/dev/null)" ""
}

host_is_apart() {
	[[ $(readlink "/proc/$host/ns/net") != "$(readlink /proc/self/ns/net)" ]]
}

on_host() {
	nsenter --net="/proc/$host/ns/net" "$@"
}

# in_container ID COMMAND...: in its network, with the host's programs.
in_container() {
	local id=$1
	shift
	nsenter --net="/proc/$("$real_bawn" --root "$ROOT" state "$id" | jq .pid)/ns/net" "$@"
}

# addresses ID INTERFACE: of global scope, sorted.
addresses() {
	in_container "$1" ip -j addr show dev "$2" scope global |
		jq -r '.[0].addr_info[] | "\(.local)/\(.prefixlen)"' | sort | xargs
}

start_on() { # ID NETWORK...
	local id=$1 network args=()
	shift
	for network; do
		args+=(--network "$network")
	done
	bawn run -d --bundle "$BUNDLE" "${args[@]}" "$id"
}

can_reach() { # ID ADDRESS
	in_container "$1" busybox ping -c 1 -W 2 "$2" >/dev/null 2>&1
}
