# networks.bash - for suites about networks of bawn's own: `load networks` after helpers, with
# network_setup and network_teardown as setup and teardown.
#
# $BAWN runs on "the host" of host_net.bash, with the test's own directory of networks, $NETS.

# shellcheck disable=SC2034,SC2154 # variables of helpers.bash

. "${BASH_SOURCE[0]%/*}/host_net.bash"

network_setup() {
	NETS=$BATS_TEST_TMPDIR/networks
	test_setup
	need_command nft
	host_setup --network-root "$NETS"
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
	host_teardown
	test_teardown
}

# No link, address, rule, lease or record is left.
assert_host_is_bare() {
	assert_equal "$(on_host ip -o link | awk '{ print $2 }' | xargs)" "lo:"
	assert_equal "$(on_host nft list ruleset)" ""
	assert_equal "$(on_host ip -o addr show scope global)" ""
	assert_equal "$(on_host ip route)$(on_host ip -6 route)" ""
	assert_equal "$(find "$NETS" -mindepth 1 2>/dev/null)" ""
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
