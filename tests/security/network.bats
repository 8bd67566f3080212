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
	[[ -z ${world:-} ]] || uplink_teardown
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

# Watches the victim's interface, the host's devices and another machine while the attacker sends: to
# everybody, or to these stations.
attack() { # ATTACKER ["MAC IP4 IP6"]...
	local attacker=$1 end to who
	shift
	who="eth0 $(identity "$attacker" eth0) $(identity "$ID-victim" eth0)"
	watchers=() ends=()
	rm -f "$TMP"/*.end "$TMP"/*.seen
	start_watch victim in_container "$ID-victim" "$frames" watch eth0
	start_watch host on_host "$frames" watch "${host_devices[@]}"
	[[ -z ${world:-} ]] || start_watch world in_world "$frames" watch w0
	(($# > 0)) || set -- ""
	for to; do
		# shellcheck disable=SC2086 # words
		in_container "$attacker" "$frames" ${to:+send-to} ${to:-send} $who
	done
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

assert_arrived() { # PLACE KIND...
	local place=$1 kind
	shift
	for kind; do
		[[ " $(arrived "$place") " == *" $kind "* ]] ||
			fail "$kind did not arrive at $place: $(arrived "$place")"
	done
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

# It knows an address of the host that is not on this network: the host must not even say its MAC
# address, and takes nothing from it, for itself or for elsewhere.
@test "a guest-lan: the host hears nothing, by whatever address it is called" {
	bawn network create --kind guest-lan --subnet 10.7.0.0/24 --subnet fd07::/64 lan
	bawn network create --subnet 10.8.0.0/24 --subnet fd08::/64 web
	uplink_setup
	host_devices=(local up0)
	start_on "$ID-victim" lan
	start_on "$ID" lan
	in_container "$ID" ip route add default dev eth0
	local mac ip
	mac=$(on_host cat /sys/class/net/bw-lan/address 2>/dev/null ||
		on_host ip -j link show bw-lan | jq -r '.[0].address')
	for ip in 10.8.0.1 192.0.2.1; do
		! can_reach "$ID" "$ip" || fail "the host answers at $ip"
	done
	assert_equal "$(in_container "$ID" ip neigh show nud reachable)" ""
	attack "$ID" "$mac 10.8.0.1 fd08::1" "$mac 192.0.2.2 2001:db8::2"
	assert_equal "$(arrived host)$(arrived world)" ""
	# The test can fail.
	on_host nft delete table netdev bw-lan
	attack "$ID" "$mac 10.8.0.1 fd08::1" "$mac 192.0.2.2 2001:db8::2"
	assert_arrived host good-ip4
	assert_arrived world good-ip4
}

@test "routed: nothing in another's name, to another container, the gateway, the host or the world" {
	local mac own="good-ip4 good-ip6" stations to
	bawn network create --kind routed --subnet 10.9.0.0/24 --subnet fd09::/64 r
	uplink_setup
	host_devices=(local)
	start_on "$ID-victim" r
	start_on "$ID" r
	mac=$(identity "$ID" eth0)
	mac=${mac%% *}
	# The host would hold some of it by itself.
	for to in all default up0; do
		on_host sysctl -q -w "net.ipv4.conf.$to.rp_filter=0"
	done
	# The host may hear a broadcast; nobody else does.
	attack "$ID"
	assert_equal "$(arrived host)" "$own"
	assert_equal "$(arrived victim)$(arrived world)" ""
	stations=("$mac 10.9.0.2 fd09::2" "$mac 10.9.0.1 fd09::1" "$mac 192.0.2.1 2001:db8::1"
		"$mac 192.0.2.2 2001:db8::2")
	attack "$ID" "${stations[@]}"
	for to in victim host world; do
		assert_equal "$(arrived "$to")" "$own"
	done
	# The test can fail.
	unguard "$ID"
	attack "$ID" "${stations[@]}"
	assert_arrived victim mac mac-ip6 ip4 ip6 nd-advert nd-advert-fragment dhcp-server
	assert_arrived host mac mac-ip6 ip4 ip6 ip6-local ip6-none nd-advert nd-detection ra \
		ra-hidden redirect dhcp6-server
	assert_arrived world mac mac-ip6 ip4 ip6 nd-advert nd-advert-hidden dhcp-server
}

@test "a firewall: of any sender, family, fragment or tag only ARP and neighbour discovery arrives" {
	bawn network create web
	host_devices=(bw-web)
	bawn run -d --bundle "$BUNDLE" --network web --firewall in:deny "$ID-victim"
	start_on "$ID" web
	# No guard keeps them back: what arrives is what the victim's own rules let in.
	unguard "$ID"
	attack "$ID"
	assert_equal "$(arrived victim)" "$("$frames" kinds |
		grep -E '^(good-)?(mac-)?(arp|nd|advert|detection|ra|redirect)(-|$)' | sort | xargs)"
	# The test can fail.
	unguard "$ID-victim"
	attack "$ID"
	[[ $(arrived victim) == *good-ip4*good-ip6* ]]
}

@test "published ports: the host's loopback is out of reach for containers" {
	load ../cli/talk
	bawn network create --subnet 10.88.0.0/24 --no-ipv6 web
	bawn run -d --bundle "$BUNDLE" --network web --publish 8080:80 "$ID"
	serve host tcp/7000
	in_container "$ID" ip addr del 127.0.0.1/8 dev lo
	in_container "$ID" ip route add 127.0.0.0/8 via 10.88.0.1
	in_container "$ID" sysctl -qw net.ipv4.conf.all.route_localnet=1
	assert_no_answer "$ID" 127.0.0.1 tcp/7000
	# The test can fail.
	unguard "$ID"
	assert_equal "$(ask "$ID" 127.0.0.1 tcp/7000)" "10.88.0.2 hello"
	talk_teardown
}
