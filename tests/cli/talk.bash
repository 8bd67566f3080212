# talk.bash - for suites about networks that need traffic: servers, clients, and a machine outside.
# `load talk` after networks; talk_teardown before network_teardown.

# shellcheck disable=SC2034,SC2154 # variables of helpers.bash

talk=$top/tests/cli/talk.py
servers=()

talk_teardown() {
	local pid
	for pid in "${servers[@]}"; do
		kill "$pid"
		wait "$pid" || true
	done 2>/dev/null
}

# net_of PLACE: the process whose network it is: "host", "outside", or a container's ID.
net_of() {
	case $1 in
	host) echo "$host" ;;
	outside) echo "$outside" ;;
	*) "$real_bawn" --root "$ROOT" state "$1" | jq .pid ;;
	esac
}

# at PLACE COMMAND...
at() {
	local place=$1
	shift
	nsenter --net="/proc/$(net_of "$place")/ns/net" "$@"
}

# serve PLACE PROTOCOL/PORT...: for both families, until the test ends.
serve() {
	local pid what
	pid=$(net_of "$1")
	shift
	for what; do
		nsenter --net="/proc/$pid/ns/net" "$talk" serve "${what%/*}" "${what#*/}" \
			>"$TMP/served" 3>&- 4>&- &
		servers+=($!)
		wait_for 10 grep -q ready "$TMP/served"
	done
}

# ask PLACE ADDRESS PROTOCOL/PORT [MESSAGE]: the answer, "ADDRESS-OF-THE-CLIENT MESSAGE".
ask() {
	local place=$1 address=$2 what=$3
	shift 3
	at "$place" "$talk" ask "$address" "${what%/*}" "${what#*/}" "$@"
}

assert_no_answer() { # as ask
	local answer
	if answer=$(TALK_SECONDS=0.5 ask "$@" 2>&1); then fail "$*: $answer"; fi
}

# A machine "outside", at the other end of the host's uplink: 192.0.2.2 and 2001:db8::2.
outside_setup() {
	unshare -n sleep 1000 </dev/null 3>&- 4>&- &
	outside=$!
	servers+=("$outside")
	wait_for 5 outside_is_apart
	on_host ip link add up0 type veth peer name up1
	on_host ip link set up1 netns "/proc/$outside/ns/net"
	add_addresses host up0 1
	add_addresses outside up1 2
	on_host ip link set up0 up
	at outside ip link set up1 up
	at outside ip route add default via 192.0.2.1
	at outside ip route add default via 2001:db8::1
}

outside_is_apart() {
	[[ $(readlink "/proc/$outside/ns/net") != "$(readlink /proc/self/ns/net)" ]]
}

add_addresses() { # PLACE DEVICE NUMBER
	at "$1" ip addr add "192.0.2.$3/24" dev "$2"
	at "$1" ip addr add "2001:db8::$3/64" dev "$2" nodad
}

outside_teardown() {
	on_host ip link del up0
}
