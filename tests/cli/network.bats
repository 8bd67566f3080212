#!/usr/bin/env bats
# Networks of bawn's own. "The host" is a network namespace that each test makes for itself: no
# traffic and no device leaves it.
# where: native vm-full

load helpers
load networks

setup() {
	network_setup
}

teardown() {
	network_teardown
}

network_json() {
	run_bawn network inspect "$1"
	assert_status 0
	jq -r "$2" <<<"$stdout"
}

# ---- objects -------------------------------------------------------------------------------------

@test "create, list, inspect, delete" {
	run_bawn network list
	assert_stdout "NAME  KIND  DEVICE  SUBNETS"
	run_bawn network create web
	assert_status 0
	assert_equal "$output" ""
	assert_equal "$(network_json web '"\(.version) \(.name) \(.kind) \(.bridge)"')" \
		"1 web bridge bw-web"
	assert_equal "$(network_json web '.subnets[0] | "\(.subnet) \(.gateway)"')" \
		"10.88.0.0/24 10.88.0.1"
	[[ $(network_json web .subnets[1].subnet) =~ ^fd[0-9a-f:]*::/64$ ]]
	on_host ip -br addr show bw-web | grep -q '10\.88\.0\.1/24 .*fd[0-9a-f:]*::1/64'
	bawn network create --kind guest-lan --no-ipv6 --mtu 9000 --dns 192.0.2.53 lan
	run_bawn network list
	assert_output_has "lan   guest-lan  bw-lan  10.88.1.0/24"
	run_bawn network list --format json
	assert_equal "$(jq -c '[.[].name]' <<<"$stdout")" '["lan","web"]'
	assert_equal "$(on_host cat /sys/class/net/bw-lan/mtu 2>/dev/null ||
		on_host ip -j link show bw-lan | jq '.[0].mtu')" 9000
	bawn network delete web
	run_bawn network inspect web
	assert_status 1
	assert_output_has 'network "web" does not exist'
	run_bawn network delete web
	assert_status 1
	assert_output_has 'network "web" does not exist'
}

@test "a guest-lan has no address of the host, not even a link-local one" {
	bawn network create --kind guest-lan lan
	assert_equal "$(on_host ip -o addr show dev bw-lan)" ""
	assert_equal "$(network_json lan '[.subnets[] | has("gateway")] | any')" false
}

@test "subnets: given, taken, wrong" {
	bawn network create --subnet 192.168.5.0/24 --subnet fd55::/64 --gateway 192.168.5.254 a
	assert_equal "$(network_json a '[.subnets[].gateway] | join(" ")')" "192.168.5.254 fd55::1"
	on_host ip link add v0 type veth peer name v1
	on_host ip addr add 10.88.0.9/24 dev v0
	on_host ip link set v0 up
	bawn network create free
	assert_equal "$(network_json free '.subnets[0].subnet')" "10.88.1.0/24"
	on_host ip link del v0
	local args why
	while IFS=: read -r args why; do
		# shellcheck disable=SC2086 # a list of words
		run_bawn network create $args bad
		[[ $status != 0 ]] || fail "$args"
		assert_output_has "$why"
		run_bawn network inspect bad
		assert_status 1
	done <<-'END'
		--subnet 192.168.5.128/25:network a has 192.168.5.0/24
		--subnet 192.0.0.0/8:network a has 192.168.5.0/24
		--subnet 10.9.0.1/24:did you mean 10.9.0.0/24?
		--subnet 10.9.0.0:is no subnet
		--subnet 10.9.0.0/31:has no room
		--subnet 10.9.0.0/24 --subnet 10.8.0.0/24:two subnets of the same family
		--subnet 10.9.0.0/24 --gateway 10.8.0.1:is in no subnet
		--subnet 10.9.0.0/24 --gateway x:is no address
		--kind guest-lan --gateway 10.88.2.1:has no gateway
		--kind vlan:--kind
		--mtu 1279:want 1280 to 65535
		--mtu 70000:want 1280 to 65535
		--dns example.org:is no address
		--bridge bw-a:there is a device bw-a already
		--bridge a/b:is no name of a device
		--bridge 0123456789abcdef:is no name of a device
		--no-ipv4 --no-ipv6:has no addresses
	END
	run_bawn network create a
	assert_status 1
	assert_output_has 'network "a" exists already'
	for name in "" .. a/b -x "$(printf 'x%.0s' {1..65})" 'a b'; do
		run_bawn network create -- "$name"
		[[ $status != 0 ]] || fail "name: $name"
	done
}

@test "wrong use" {
	run_bawn network
	assert_status 2
	run_bawn network make web
	assert_status 2
	assert_output_has 'unknown command "make"'
	run_bawn network create
	assert_status 2
	run_bawn network list web
	assert_status 2
}

# ---- containers ----------------------------------------------------------------------------------

@test "two containers reach each other, the host, and nothing else; IPv4 and IPv6" {
	bawn network create web
	bawn network create other
	start_on "$ID" web
	start_on "$ID-2" web
	start_on "$ID-3" other
	assert_equal "$(addresses "$ID" eth0 | cut -d' ' -f1)" "10.88.0.2/24"
	assert_equal "$(addresses "$ID-2" eth0 | cut -d' ' -f1)" "10.88.0.3/24"
	local six
	six=$(network_json web .subnets[1].subnet)
	six=${six%/64}
	for ip in 10.88.0.1 10.88.0.3 "${six}1" "${six}3"; do
		can_reach "$ID" "$ip" || fail "cannot reach $ip"
	done
	! can_reach "$ID" 10.88.1.2 || fail "another network can be reached"
	# Ready before the program: no wait for duplicate address detection.
	assert_equal "$(in_container "$ID" ip -o addr show tentative)" ""
	assert_equal "$(in_container "$ID" ip route show default)" \
		"default via 10.88.0.1 dev eth0 proto static "
}

@test "the interface is there when the program starts" {
	bawn network create web
	set_args ip -o -4 addr show dev eth0
	run_bawn run --bundle "$BUNDLE" --network web "$ID"
	assert_status 0
	assert_output_has "inet 10.88.0.2/24"
	[[ ! -e $ROOT/$ID ]]
}

@test "options of --network, several networks" {
	bawn network create web
	bawn network create --kind guest-lan --subnet 192.168.7.0/24 lan
	start_on "$ID" web,ip=10.88.0.77,mac=02:00:00:00:00:01 lan,name=lan0
	assert_equal "$(addresses "$ID" eth0 | cut -d' ' -f1)" "10.88.0.77/24"
	assert_equal "$(in_container "$ID" ip -j link show eth0 | jq -r '.[0].address')" \
		02:00:00:00:00:01
	assert_equal "$(addresses "$ID" lan0)" "192.168.7.2/24"
	start_on "$ID-2" lan
	assert_equal "$(addresses "$ID-2" eth0)" "192.168.7.3/24"
	can_reach "$ID-2" 192.168.7.2
	assert_equal "$(in_container "$ID-2" ip route show default)" ""
	local spec why
	while IFS=: read -r spec why; do
		run_bawn run --bundle "$BUNDLE" --network "$spec" "$ID-3"
		assert_status 125
		assert_output_has "$why"
		[[ ! -e $ROOT/$ID-3 ]]
	done <<-'END'
		nosuch:network "nosuch" does not exist
		web,ip=10.88.0.77:is in use
		web,ip=10.88.0.1:is in use
		web,ip=10.88.1.1:is no address of network web
		web,ip=10.88.0.255:is no address of network web
		web,ip=fd00;;1:is no IPv4 address
		lan,ip6=fe80--1:is no IPv6 address
		web,mac=01-00:want aa
		web,name=a/b:is no name of an interface
		web,name=0123456789abcdef:is no name of an interface
		web,what=1:unknown option "what=1"
		../web:invalid network name
	END
	run_bawn network delete web
	assert_status 1
	assert_output_has "a container uses it: $ROOT/$ID"
	edit_config 'del(.linux.namespaces[] | select(.type == "network"))'
	run_bawn run --bundle "$BUNDLE" --network web "$ID-3"
	assert_status 2
	assert_output_has "no network namespace of its own"
}

@test "addresses are given back, and the next ones are used first" {
	bawn network create --subnet 10.50.0.0/29 small
	local i
	for i in 1 2 3 4 5; do
		start_on "$ID-$i" small
		assert_equal "$(addresses "$ID-$i" eth0)" "10.50.0.$((i + 1))/29"
	done
	run_bawn run --bundle "$BUNDLE" --network small "$ID-6"
	assert_status 125
	assert_output_has "network small has no free address"
	bawn delete --force "$ID-3"
	start_on "$ID-6" small
	assert_equal "$(addresses "$ID-6" eth0)" "10.50.0.4/29"
}

@test "20 at once: all have different addresses" {
	bawn network create web
	local i pids=()
	for ((i = 0; i < 20; i++)); do
		start_on "$ID-$i" web &
		pids+=($!)
	done
	wait "${pids[@]}"
	for ((i = 0; i < 20; i++)); do
		addresses "$ID-$i" eth0
	done | sort -u | wc -l >"$TMP/count"
	assert_equal "$(cat "$TMP/count")" 20
}

@test "a container that ends by itself: delete removes what it had" {
	bawn network create web
	set_args true
	bawn run -d --bundle "$BUNDLE" --network web "$ID"
	wait_for 5 status_is "$ID" stopped
	bawn delete "$ID"
	assert_equal "$(find "$NETS/web/ports" "$NETS/web/addresses" -mindepth 1)" ""
}

@test "reload makes again what was lost" {
	bawn network create web
	start_on "$ID" web
	on_host nft flush ruleset
	bawn network reload
	on_host nft list table inet bawn | grep -q masquerade
	assert_equal "$(on_host nft list tables | grep -c netdev)" 1
	can_reach "$ID" 10.88.0.1
	on_host ip link del bw-web
	if can_reach "$ID" 10.88.0.1; then fail "through no bridge"; fi
	bawn network reload
	can_reach "$ID" 10.88.0.1
	bawn delete --force "$ID"
	on_host ip link del bw-web
	run_bawn run --bundle "$BUNDLE" --network web "$ID"
	assert_status 125
	assert_output_has "run bawn network reload"
	bawn network reload
	start_on "$ID" web
	can_reach "$ID" 10.88.0.1
}
