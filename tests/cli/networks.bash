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
		jq -r '.[0].addr_info[] | select(.local) | "\(.local)/\(.prefixlen)"' | sort | xargs
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

# ---- another machine -----------------------------------------------------------------------------

# The host gets an uplink, up0, to the machine $world, where it is w0. uplink_teardown before
# network_teardown.
uplink_setup() {
	unshare -n sleep 1000 </dev/null 3>&- 4>&- &
	world=$!
	wait_for 5 world_is_apart
	on_host ip link add up0 type veth peer name w0 netns "$world"
	set_addresses on_host up0 192.0.2.1/24 2001:db8::1/64 fe80::1/64
	set_addresses in_world w0 192.0.2.2/24 2001:db8::2/64 fe80::2/64
	in_world ip link set lo up
}

set_addresses() { # WHERE INTERFACE IP4 IP6...
	local where=$1 interface=$2 ip
	shift 2
	"$where" ip link set "$interface" addrgenmode none up
	"$where" ip addr add "$1" dev "$interface"
	shift
	for ip; do
		"$where" ip addr add "$ip" dev "$interface" nodad
	done
}

uplink_teardown() {
	on_host ip link del up0 2>/dev/null || true
	kill "$world" || true
	wait "$world" 2>/dev/null || true
}

world_is_apart() {
	[[ $(readlink "/proc/$world/ns/net") != "$(readlink /proc/self/ns/net)" ]]
}

in_world() {
	nsenter --net="/proc/$world/ns/net" "$@"
}

# ---- traffic -------------------------------------------------------------------------------------

# serve NAME WHERE...: a server of traffic.py, run by the command WHERE, until end_servers.
serve() {
	local name=$1 end
	shift
	mkfifo "$TMP/$name.end"
	exec {end}<>"$TMP/$name.end"
	"$@" "$top/tests/cli/traffic.py" serve 7777 <"$TMP/$name.end" >"$TMP/$name.serves" 3>&- 4>&- \
		{end}>&- &
	servers+=($!)
	server_ends+=("$end")
	wait_for 10 grep -q ready "$TMP/$name.serves"
}

end_servers() {
	local end
	for end in "${server_ends[@]}"; do
		echo >&"$end"
		exec {end}>&-
	done
	wait "${servers[@]}"
	servers=() server_ends=()
}

# talk ADDRESS MTU WHERE...: TCP and UDP with a server; prints who it saw.
talk() {
	local address=$1 mtu=$2
	shift 2
	"$@" "$top/tests/cli/traffic.py" ask "$address" 7777 "$mtu"
}
