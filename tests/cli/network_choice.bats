#!/usr/bin/env bats
# Which networks a container gets: --network none, host and container:ID, and the annotation.
# where: native vm-full

load helpers
load networks

setup() {
	network_setup
}

teardown() {
	network_teardown
}

no_namespace() {
	edit_config 'del(.linux.namespaces[] | select(.type == "network"))'
}

links() { # ID: as a program in it sees them
	"$BAWN" --root "$ROOT" exec "$1" ip -o link </dev/null 3>&- 4>&- |
		awk '{ sub("@.*|:$", "", $2); print $2 }' | xargs
}

net_ns_of() { # ID
	readlink "/proc/$("$BAWN" --root "$ROOT" state "$1" | jq .pid)/ns/net"
}

@test "none: a network namespace of its own with lo alone, whatever the configuration says" {
	no_namespace
	bawn run -d --bundle "$BUNDLE" --network none "$ID"
	assert_equal "$(links "$ID")" lo
	in_container "$ID" ip link show lo | grep -q UP
	bawn delete --force "$ID"
	edit_config ".linux.namespaces += [{type: \"network\", path: \"/proc/$host/ns/net\"}]"
	bawn run -d --bundle "$BUNDLE" --network none "$ID"
	[[ $(net_ns_of "$ID") != "$(readlink "/proc/$host/ns/net")" ]]
	bawn network create web
	bawn network attach "$ID" web
	assert_equal "$(links "$ID")" "lo eth0"
}

@test "host: the caller's network namespace" {
	bawn run -d --bundle "$BUNDLE" --network host "$ID"
	assert_equal "$(net_ns_of "$ID")" "$(readlink "/proc/$host/ns/net")"
	assert_equal "$(links "$ID")" "lo"
	run_bawn network attach "$ID" web
	assert_status 1
	assert_output_has "has no network namespace of its own"
	run_bawn run --bundle "$BUNDLE" --network host --network web "$ID-2"
	assert_status 2
	assert_output_has "host does not go together with other networks"
	edit_config '.linux.sysctl = {"net.ipv4.ip_forward": "0"}'
	run_bawn run --bundle "$BUNDLE" --network host "$ID-2"
	assert_status 125
	assert_output_has "not allowed in the host's network namespace"
	edit_config 'del(.linux.sysctl) | .linux.netDevices = {"x0": {}}'
	run_bawn run --bundle "$BUNDLE" --network host "$ID-2"
	assert_status 125
	assert_output_has "needs a network namespace"
}

@test "container:ID: another container's network namespace" {
	bawn network create web
	start_on "$ID" web
	no_namespace
	bawn run -d --bundle "$BUNDLE" --network "container:$ID" "$ID-2"
	assert_equal "$(net_ns_of "$ID-2")" "$(net_ns_of "$ID")"
	assert_equal "$(links "$ID-2")" "lo eth0"
	run_bawn network attach "$ID-2" web
	assert_status 1
	assert_output_has "has no network namespace of its own"
	bawn delete --force "$ID-2"
	can_reach "$ID" 10.88.0.1
	run_bawn run --bundle "$BUNDLE" --network "container:$ID" --network web "$ID-2"
	assert_status 2
	assert_output_has "does not go together with other networks"
	run_bawn run --bundle "$BUNDLE" --network "container:$ID-9" "$ID-2"
	assert_status 125
	assert_output_has "container \"$ID-9\" does not exist"
	bawn kill "$ID" KILL
	wait_for 5 status_is "$ID" stopped
	run_bawn run --bundle "$BUNDLE" --network "container:$ID" "$ID-2"
	assert_status 125
	assert_output_has "not running"
}

@test "the annotation org.bawn.network; the command line replaces it" {
	bawn network create web
	bawn network create --kind guest-lan --subnet 192.168.7.0/24 lan
	edit_config '.annotations."org.bawn.network" = "web,ip=10.88.0.7;lan,name=lan0"'
	bawn run -d --bundle "$BUNDLE" "$ID"
	assert_equal "$(addresses "$ID" eth0 | cut -d' ' -f1)" "10.88.0.7/24"
	assert_equal "$(addresses "$ID" lan0)" "192.168.7.2/24"
	bawn run -d --bundle "$BUNDLE" --network lan "$ID-2"
	assert_equal "$(links "$ID-2")" "lo eth0"
	bawn run -d --bundle "$BUNDLE" --network none "$ID-3"
	assert_equal "$(links "$ID-3")" "lo"
	edit_config '.annotations."org.bawn.network" = "host"'
	bawn run -d --bundle "$BUNDLE" "$ID-4"
	assert_equal "$(net_ns_of "$ID-4")" "$(readlink "/proc/$host/ns/net")"
	edit_config '.annotations."org.bawn.network" = "web;none"'
	run_bawn run --bundle "$BUNDLE" "$ID-5"
	assert_status 2
	assert_output_has "none does not go together"
	edit_config '.annotations."org.bawn.network" = "web,colour=red"'
	run_bawn run --bundle "$BUNDLE" "$ID-5"
	assert_status 125
	assert_output_has 'unknown option "colour=red"'
}

@test "no network is called like one of the words" {
	local name
	for name in none host; do
		run_bawn network create "$name"
		assert_status 1
		assert_output_has "is no network"
	done
}
