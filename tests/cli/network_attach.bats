#!/usr/bin/env bats
# bawn network attach and detach: interfaces of containers that run.
# where: native vm-full

load helpers
load networks

setup() {
	network_setup
	bawn network create web
	bawn network create --kind guest-lan --subnet 192.168.7.0/24 lan
}

teardown() {
	network_teardown
}

count_guards() {
	on_host nft list tables | grep -c 'netdev bw[0-9a-f]\{13\}$'
}

# Nothing of it is left on network web, and the host has the other ports only.
assert_web_is_empty() { # PORTS
	assert_equal "$(find "$NETS"/web/{ports,addresses,names} -mindepth 1)" ""
	assert_equal "$(on_host ip -o link | grep -c 'bw[0-9a-f]\{13\}@')" "$1"
	assert_equal "$(count_guards)" "$1"
}

@test "attach to a container that runs without a network, and detach" {
	bawn run -d --bundle "$BUNDLE" "$ID"
	bawn network attach "$ID" web
	assert_equal "$(addresses "$ID" eth0 | cut -d' ' -f1)" "10.88.0.2/24"
	can_reach "$ID" 10.88.0.1
	assert_equal "$(in_container "$ID" ip -o addr show tentative)" ""
	run_bawn network delete web
	assert_status 1
	assert_output_has "a container uses it"
	bawn network detach "$ID" web
	assert_web_is_empty 0
	run in_container "$ID" ip link show eth0
	assert_status 1
	bawn network attach "$ID" web
	bawn delete --force "$ID"
	assert_web_is_empty 0
}

@test "attach to a container that has a network; several interfaces on one" {
	start_on "$ID" web
	bawn network attach "$ID" lan,ip=192.168.7.9
	assert_equal "$(addresses "$ID" eth1)" "192.168.7.9/24"
	bawn network attach "$ID" lan,name=lan0,mac=02:00:00:00:00:07
	assert_equal "$(addresses "$ID" lan0)" "192.168.7.3/24"
	bawn network attach "$ID" web,name=wan0
	run_bawn network detach "$ID" lan
	assert_status 1
	assert_output_has "has 2 interfaces on network lan: say lan,name="
	bawn network detach "$ID" lan,name=lan0
	bawn network detach "$ID" lan
	assert_equal "$(find "$NETS"/lan/{ports,addresses,names} -mindepth 1)" ""
	assert_equal "$(in_container "$ID" ip -o link | awk '{ sub("@.*", "", $2); print $2 }' |
		xargs)" "lo: eth0 wan0"
	bawn network detach "$ID" web,name=eth0
	bawn network attach "$ID" web
	in_container "$ID" ip link show eth0 >/dev/null
	bawn network detach "$ID" web,name=eth0
	bawn network detach "$ID" web
	assert_web_is_empty 0
}

@test "the default route goes with an interface; another network's takes its place" {
	bawn network create other
	start_on "$ID" web other
	assert_equal "$(in_container "$ID" ip route show default | xargs)" \
		"default via 10.88.0.1 dev eth0 proto static"
	bawn network detach "$ID" web
	assert_equal "$(in_container "$ID" ip route show default | xargs)" \
		"default via 10.88.1.1 dev eth1 proto static"
	in_container "$ID" ip -6 route show default | grep -q "dev eth1"
	bawn network attach "$ID" web
	can_reach "$ID" 10.88.0.1
	can_reach "$ID" 10.88.1.1
}

@test "an interface that the host does not see the other end of" {
	on_host ip link add up0 type veth peer name up1
	on_host ip link set up0 up
	on_host ip link set up1 up
	bawn network create --kind macvlan --parent up0 --subnet 10.9.0.0/24 wire
	start_on "$ID" web
	bawn network attach "$ID" wire
	assert_equal "$(addresses "$ID" eth1)" "10.9.0.2/24"
	bawn network detach "$ID" wire
	assert_equal "$(in_container "$ID" ip -o link | wc -l)" 2
	on_host ip link del up0
}

@test "before the start, and while it is paused" {
	bawn create --bundle "$BUNDLE" "$ID"
	bawn network attach "$ID" web
	bawn start "$ID"
	can_reach "$ID" 10.88.0.1
	bawn pause "$ID"
	bawn network attach "$ID" lan
	bawn network detach "$ID" web
	bawn resume "$ID"
	assert_equal "$(addresses "$ID" eth1)" "192.168.7.2/24"
	assert_web_is_empty 1
}

@test "a container that ends by itself has left nothing once it is deleted" {
	bawn run -d --bundle "$BUNDLE" "$ID"
	bawn network attach "$ID" web
	bawn network attach "$ID" lan
	bawn kill "$ID" KILL
	wait_for 5 status_is "$ID" stopped
	run_bawn network attach "$ID" web
	assert_status 1
	assert_output_has "not running"
	bawn network detach "$ID" lan
	bawn delete "$ID"
	assert_web_is_empty 0
	assert_host_is_bare_but_networks
}

assert_host_is_bare_but_networks() {
	assert_equal "$(find "$NETS"/*/{ports,addresses,names} -mindepth 1)" ""
}

@test "reload after loss keeps what was attached" {
	bawn run -d --bundle "$BUNDLE" "$ID"
	bawn network attach "$ID" web
	on_host nft flush ruleset
	on_host ip link del bw-web
	bawn network reload
	can_reach "$ID" 10.88.0.1
	assert_equal "$(count_guards)" 1
	bawn network detach "$ID" web
	assert_web_is_empty 0
}

@test "what cannot be: errors name it, and leave nothing" {
	start_on "$ID" web
	bawn run -d --bundle "$BUNDLE" "$ID-2"
	local command why
	while IFS=: read -r command why; do
		# shellcheck disable=SC2086 # words
		run_bawn network ${command//;/:}
		assert_status 1
		assert_output_has "$why"
	done <<-END
		attach $ID-3 web:does not exist
		detach $ID-3 web:does not exist
		attach $ID nosuch:network "nosuch" does not exist
		attach $ID lan,name=eth0:has an interface eth0 already
		attach $ID lan,name=lo:has an interface lo already
		attach $ID-2 web,ip=10.88.0.2:is in use
		attach $ID-2 web,ip=10.99.0.2:is no address of network web
		attach $ID-2 web,mac=02;00;00;00;00;zz:want aa
		detach $ID lan:no interface on network lan
		detach $ID web,name=eth7:no interface eth7 on network web
		detach $ID web,ip=10.88.0.2:only name= says what to detach
		detach $ID nosuch:network "nosuch" does not exist
		detach $ID-2 web:has no interface on
	END
	run_bawn network attach "$ID"
	assert_status 2
	assert_output_has "want ID and NAME"
	run_bawn --network-root "$TMP/other" network attach "$ID" web
	assert_status 2
	assert_output_has "the container's networks are in $NETS"
	assert_equal "$(find "$NETS"/*/ports -mindepth 1 | wc -l)" 1
	assert_equal "$(on_host ip -o link | grep -c 'bw[0-9a-f]\{13\}@')" 1
}

@test "a container without a network namespace of its own" {
	edit_config 'del(.linux.namespaces[] | select(.type == "network"))'
	bawn run -d --bundle "$BUNDLE" "$ID"
	run_bawn network attach "$ID" web
	assert_status 1
	assert_output_has "has no network namespace of its own"
}

@test "at once: attach and detach of one container, and of several" {
	local i pids=()
	for i in 1 2 3 4; do
		bawn run -d --bundle "$BUNDLE" "$ID-$i"
	done
	for i in 1 2 3 4; do
		bawn network attach "$ID-$i" web &
		pids+=($!)
		bawn network attach "$ID-$i" lan &
		pids+=($!)
	done
	wait "${pids[@]}"
	for i in 1 2 3 4; do
		addresses "$ID-$i" eth0
		addresses "$ID-$i" eth1
	done | tr ' ' '\n' | grep -v : | sort -u >"$TMP/addresses"
	assert_equal "$(wc -l <"$TMP/addresses")" 8
	pids=()
	for i in 1 2 3 4; do
		bawn network detach "$ID-$i" web &
		pids+=($!)
	done
	wait "${pids[@]}"
	assert_web_is_empty 4
}
