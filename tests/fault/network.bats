#!/usr/bin/env bats
# SIGKILL at every system call of what makes and removes networks and interfaces: the next command
# takes away whatever is left.
# where: native vm-full
# limit: 3600

: "${BAWN_FAULT_STEP:=5}"

load ../cli/helpers
load ../cli/networks
load sweep

setup() {
	network_setup
	net=$top/build/bawn-net
	mark=0123456789abcdef0123456789abcdef
}

teardown() {
	network_teardown
}

# killed N COMMAND...: on the host; N 0: not at all. Sets calls.
killed() {
	local n=$1 status=0
	shift
	on_host timeout -k 5 "$BAWN_TEST_LIMIT" "${killat[@]}" main "$n" "$@" </dev/null >>"$OUT" 2>&1 \
		3>"$TMP/calls" 4>&- || status=$?
	calls=$(<"$TMP/calls")
	((status == 0 || status == 3)) || fail "call $n of $*: killat says $status"
}

# sweep_command PREPARE CLEAR-UP COMMAND...
sweep_command() {
	local prepare=$1 clear=$2 n total
	shift 2
	"$prepare"
	killed 0 "$@"
	total=$calls
	"$clear" "not killed"
	((total > 10)) || fail "only $total calls were seen"
	for ((n = BAWN_FAULT_FIRST; n <= total; n += BAWN_FAULT_STEP)); do
		"$prepare"
		killed "$n" "$@"
		"$clear" "killed at call $n of $total"
	done
	echo "# $BATS_TEST_DESCRIPTION: $total system calls, every ${BAWN_FAULT_STEP}th" >&3
}

# ---- networks ------------------------------------------------------------------------------------

no_network() {
	:
}

kind=bridge

one_network() {
	on_host "$net" create "$NETS" web kind="$kind"
}

# What is half made or half removed is listed, or it is not there at all; either way it goes.
network_goes() {
	[[ ! -e $NETS/web/network.json ]] || bawn network delete web || fail "delete fails: $1"
	bawn network create web || fail "cannot be made again: $1"
	bawn network delete web
	assert_host_is_bare || fail "left: $1"
}

sweep_create() {
	sweep_command no_network network_goes "$net" create "$NETS" web kind="$kind"
}

sweep_delete() {
	sweep_command one_network network_goes "$net" delete "$NETS" web
}

@test "network create, killed" { sweep_create; }
@test "network delete, killed" { sweep_delete; }
@test "network create --kind routed, killed" { kind=routed sweep_create; }
@test "network delete of a routed one, killed" { kind=routed sweep_delete; }

# ---- interfaces ----------------------------------------------------------------------------------

# In the network namespace of a process that stays.
no_interface() {
	:
}

one_interface() {
	on_host "$net" attach 5 "$NETS" "$TMP" "$mark" web 5<"/proc/$guest/ns/net"
}

interface_goes() {
	on_host "$net" release "$NETS" "$mark" || fail "release fails: $1"
	assert_equal "$(on_host ip -o link | grep -c bw01)" 0 || fail "link left: $1"
	assert_equal "$(on_host ip route show proto static)" "" || fail "route left: $1"
	assert_equal "$(on_host nft list tables | grep -c netdev)" 0 || fail "rules left: $1"
	assert_equal "$(find "$NETS/web/ports" "$NETS/web/addresses" -mindepth 1 ! -name .new)" "" ||
		fail "lease left: $1"
}

with_guest() {
	one_network
	unshare -n sleep 1000 </dev/null 3>&- 4>&- &
	guest=$!
	wait_for 5 guest_is_apart
	"$@"
	kill "$guest"
	wait "$guest" || true
}

guest_is_apart() {
	[[ $(readlink "/proc/$guest/ns/net") != "$(readlink /proc/self/ns/net)" ]]
}

sweep_attach() {
	sweep_command no_interface interface_goes "$net" attach 5 "$NETS" "$TMP" "$mark" web \
		5<"/proc/$guest/ns/net"
}

sweep_release() {
	sweep_command one_interface interface_goes "$net" release "$NETS" "$mark"
}

sweep_detach() {
	sweep_command one_interface detach_goes_on "$net" detach 5 "$NETS" "$mark" web,name=eth0 \
		5<"/proc/$guest/ns/net"
}

# Again, it goes on where it was killed, or finds nothing more.
detach_goes_on() {
	on_host "$net" detach - "$NETS" "$mark" web 2>"$TMP/why" || grep -q "no interface" "$TMP/why" ||
		fail "detach fails: $1: $(<"$TMP/why")"
	interface_goes "$1"
}

@test "attach, killed" { with_guest sweep_attach; }
@test "detach, killed" { with_guest sweep_detach; }
@test "release, killed" { with_guest sweep_release; }
@test "attach to a routed network, killed" { kind=routed with_guest sweep_attach; }
@test "release from a routed network, killed" { kind=routed with_guest sweep_release; }

# ---- containers ----------------------------------------------------------------------------------

on_web() {
	start_on "$ID" web
}

container_goes() {
	"$BAWN" --root "$ROOT" delete --force "$ID" || fail "delete --force fails: $1"
	assert_equal "$(find "$NETS/web/ports" "$NETS/web/addresses" -mindepth 1 ! -name .new)" "" ||
		fail "lease left: $1"
	assert_equal "$(on_host ip -o link | wc -l)" 2 || fail "link left: $1"
}

@test "run -d --network, killed" {
	one_network
	sweep_command no_interface container_goes "$real_bawn" --root "$ROOT" --network-root "$NETS" \
		run -d --bundle "$BUNDLE" --network web "$ID"
}

published_go() {
	container_goes "$1"
	[[ ! -e $NETS/.published ]] || fail "published: $1"
	assert_equal "$(on_host nft list table inet bawn | grep -c elements)" "$elements" ||
		fail "elements left: $1"
}

@test "run -d --publish, killed" {
	one_network
	elements=$(on_host nft list table inet bawn | grep -c elements)
	sweep_command no_interface published_go "$real_bawn" --root "$ROOT" --network-root "$NETS" \
		run -d --bundle "$BUNDLE" --network web --publish 8080:80 \
		--publish 10.88.0.1:53-54:53-54/udp --firewall in:deny --firewall in:allow:tcp:80 "$ID"
}

@test "release with published ports, killed" {
	with_guest sweep_release_published
}

attach_published() {
	on_host "$net" attach 5 "$NETS" "$TMP" "$mark" publish=8080:80 publish=53-54:53-54/udp \
		firewall=in:deny firewall=in:allow:tcp:80 web \
		5<"/proc/$guest/ns/net"
}

release_published() {
	interface_goes "$1"
	[[ ! -e $NETS/.published ]] || fail "published: $1"
	assert_equal "$(on_host nft list table inet bawn | grep -c elements)" "$elements" ||
		fail "elements left: $1"
}

sweep_release_published() {
	elements=$(on_host nft list table inet bawn | grep -c elements)
	sweep_command attach_published release_published "$net" release "$NETS" "$mark"
}

@test "attach with published ports, killed" {
	with_guest sweep_attach_published
}

sweep_attach_published() {
	elements=$(on_host nft list table inet bawn | grep -c elements)
	sweep_command no_interface release_published "$net" attach 5 "$NETS" "$TMP" "$mark" \
		publish=8080:80 publish=53-54:53-54/udp \
		firewall=in:deny firewall=in:allow:tcp:80 web 5<"/proc/$guest/ns/net"
}

@test "delete --force with a network, killed" {
	one_network
	sweep_command on_web container_goes "$real_bawn" --root "$ROOT" --network-root "$NETS" \
		delete --force "$ID"
}

# While it runs: whatever the killed one has left, the next detach or attach finds its way, and then
# delete.
container_runs() {
	bawn run -d --bundle "$BUNDLE" "$ID"
}

attached() {
	container_runs
	bawn network attach "$ID" web
}

attaches_and_goes() {
	"$BAWN" --root "$ROOT" --network-root "$NETS" network detach "$ID" web >"$TMP/why" 2>&1 ||
		grep -q "no interface" "$TMP/why" || fail "detach fails: $1: $(<"$TMP/why")"
	bawn network attach "$ID" web || fail "attach fails: $1"
	container_goes "$1"
}

@test "network attach, killed" {
	one_network
	sweep_command container_runs attaches_and_goes "$real_bawn" --root "$ROOT" \
		--network-root "$NETS" network attach "$ID" web
}

@test "network detach, killed" {
	one_network
	sweep_command attached attaches_and_goes "$real_bawn" --root "$ROOT" --network-root "$NETS" \
		network detach "$ID" web
}
