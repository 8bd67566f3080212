# host_net.bash - for suites about network devices: "the host" is a network namespace that each test
# makes for itself ($host: the process that keeps it). No traffic and no device leaves it, and nothing
# touches the machine's own devices. `load host_net` after helpers; host_setup after test_setup,
# host_teardown before test_teardown.

# shellcheck disable=SC2034,SC2154 # variables of helpers.bash

# host_setup [OPTION...]: $BAWN runs on that host from now on, with these global options.
host_setup() {
	need_command nsenter
	real_bawn=$BAWN
	unshare -n sleep 1000 </dev/null 3>&- 4>&- &
	host=$!
	wait_for 5 host_is_apart
	on_host ip link set lo up
	on_host ip link add probe type veth peer name probe2 2>"$TMP/why" ||
		skip "this kernel has no veth: $(cat "$TMP/why")"
	on_host ip link del probe
	BAWN=$TMP/bawn-on-host
	printf '#!/bin/sh\nexec nsenter --net=/proc/%s/ns/net %s "$@"\n' "$host" "$real_bawn${*:+ $*}" \
		>"$BAWN"
	chmod 755 "$BAWN"
}

host_teardown() {
	BAWN=$real_bawn
	kill "$host" || true
	wait "$host" 2>/dev/null || true
}

host_is_apart() {
	[[ $(readlink "/proc/$host/ns/net") != "$(readlink /proc/self/ns/net)" ]]
}

on_host() {
	nsenter --net="/proc/$host/ns/net" "$@"
}
