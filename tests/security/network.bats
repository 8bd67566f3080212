#!/usr/bin/env bats
# What a container with CAP_NET_RAW sends in somebody else's name does not arrive: not at another
# container, not at the host. The same frames arrive when the port's guard is taken away.
# where: native vm-full

load ../cli/helpers
load ../cli/networks

setup() {
	network_setup
	need_command python3
	frames=$top/tests/security/frames.py
	# Where br_netfilter is loaded, it would keep fragments until they are complete.
	! on_host sysctl -q net.bridge.bridge-nf-call-iptables >/dev/null 2>&1 ||
		on_host sysctl -q -w net.bridge.bridge-nf-call-iptables=0
}

teardown() {
	network_teardown
}

# identity ID INTERFACE: "MAC IP4 IP6"
identity() {
	in_container "$1" ip -j addr show dev "$2" | jq -r '.[0] | "\(.address) \([.addr_info[]
		| select(.scope == "global") | .local] | join(" "))"'
}

# watch NAME COMMAND... INTERFACE...: in the background, until end_watch.
start_watch() {
	local name=$1
	shift
	mkfifo "$TMP/$name.end"
	exec {end}<>"$TMP/$name.end"
	"$@" <"$TMP/$name.end" >"$TMP/$name.seen" 3>&- 4>&- {end}>&- &
	watchers+=($!)
	ends+=("$end")
	wait_for 10 grep -q ready "$TMP/$name.seen"
}

# Watches the victim's interface and the host's bridge and uplink while the attacker sends.
attack() { # ATTACKER KIND...
	local attacker=$1 end
	shift
	watchers=() ends=()
	rm -f "$TMP"/*.end "$TMP"/*.seen
	start_watch victim in_container "$ID-victim" "$frames" watch eth0
	start_watch host on_host "$frames" watch "${host_devices[@]}"
	# shellcheck disable=SC2046 # words
	in_container "$attacker" "$frames" send eth0 $(identity "$attacker" eth0) \
		$(identity "$ID-victim" eth0) "$@"
	sleep 0.5
	for end in "${ends[@]}"; do
		exec {end}>&-
	done
	wait "${watchers[@]}"
}

# What arrived, of all places: "KIND KIND ..."
arrived() { # PLACE
	sed 1d "$TMP/$1.seen" | awk '{ print $2 }' | sort -u | xargs
}

good_kinds() {
	"$frames" kinds | grep '^good-' | sort | xargs
}

mark_of() { # ID
	jq -r .network.mark "$ROOT/$1/state.json"
}

unguard() { # ID
	on_host nft delete table netdev "$(awk '/^port / { print $2 }' "$NETS"/*/ports/"$(mark_of "$1")"-eth0)"
}

@test "nothing in another's name: MAC, IPv4, ARP, IPv6, ND, RA, DHCP, VLAN, fragments" {
	bawn network create web
	host_devices=(bw-web)
	start_on "$ID-victim" web
	start_on "$ID" web
	attack "$ID"
	assert_equal "$(arrived victim)" "$(good_kinds)"
	assert_equal "$(arrived host)" "$(good_kinds)"
	# The test can fail.
	unguard "$ID"
	attack "$ID"
	local expected
	expected=$("$frames" kinds | sort | xargs)
	assert_equal "$(arrived victim)" "$expected"
}

@test "a guest-lan: no frame leaves it, on no device of the host" {
	bawn network create --kind guest-lan --subnet 10.7.0.0/24 --subnet fd07::/64 lan
	bawn network create web
	on_host ip link add up0 type veth peer name up1
	on_host ip link set up0 up
	on_host ip link set up1 up
	host_devices=(up0 up1 bw-web)
	start_on "$ID-victim" lan
	start_on "$ID" lan
	attack "$ID"
	assert_equal "$(arrived victim)" "$(good_kinds)"
	assert_equal "$(arrived host)" ""
	on_host ip link del up0
}
