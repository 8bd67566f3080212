#!/usr/bin/env bats
# What a container with networks finds in /etc/hosts, /etc/resolv.conf and /etc/hostname.
# where: native vm-full

load helpers
load networks

setup() {
	network_setup
	bawn network create --dns 192.0.2.53 --dns 2001:db8::53 web
	bawn network create --kind guest-lan --subnet 192.168.7.0/24 lan
}

teardown() {
	network_teardown
}

inside() { # ID COMMAND...
	"$BAWN" --root "$ROOT" exec "$@" </dev/null 3>&- 4>&-
}

# Names and addresses of containers that ID knows: "ADDRESS NAME" sorted, IPv4 only.
names_in() { # ID
	inside "$1" cat /etc/hosts | awk '/^[0-9.]+ / && $1 != "127.0.0.1" { print $1, $2 }' | sort |
		paste -sd,
}

@test "containers of one network find each other by name, also those that come later" {
	start_on web1 web
	start_on web2 web
	assert_equal "$(names_in web1)" "10.88.0.2 web1,10.88.0.3 web2"
	assert_equal "$(names_in web2)" "$(names_in web1)"
	inside web1 ping -c 1 -W 2 web2 | grep -q '10\.88\.0\.3'
	inside web1 cat /etc/hosts | grep -q '^fd.* web2 *$'
	assert_equal "$(inside web1 sh -c 'wc -c </etc/hosts')" $((5 * 256))
	inside web1 cat /etc/hosts | grep -qx '127.0.0.1 localhost'
	bawn delete --force web2
	assert_equal "$(names_in web1)" "10.88.0.2 web1"
	start_on Web3 web
	assert_equal "$(names_in web1)" "10.88.0.2 web1,10.88.0.4 web3"
	assert_equal "$(inside web1 sh -c 'wc -c </etc/hosts')" $((5 * 256))
	bawn delete --force Web3
}

@test "of each of its networks, not of others" {
	start_on a web
	start_on b lan
	start_on both web lan
	assert_equal "$(names_in a)" "10.88.0.2 a,10.88.0.3 both"
	assert_equal "$(names_in b)" "192.168.7.2 b,192.168.7.3 both"
	assert_equal "$(names_in both)" "10.88.0.2 a,10.88.0.3 both,192.168.7.2 b,192.168.7.3 both"
	start_on late lan
	assert_equal "$(names_in both | grep -o '[^,]*late')" "192.168.7.4 late"
	bawn delete --force both
	assert_equal "$(names_in b)" "192.168.7.2 b,192.168.7.4 late"
}

@test "attach and detach: the others know at once; reload keeps the names" {
	start_on a web
	bawn run -d --bundle "$BUNDLE" b
	bawn network attach b web
	assert_equal "$(names_in a)" "10.88.0.2 a,10.88.0.3 b"
	bawn network detach b web
	assert_equal "$(names_in a)" "10.88.0.2 a"
	bawn network attach b web
	bawn network reload
	assert_equal "$(names_in a)" "10.88.0.2 a,10.88.0.4 b"
	bawn kill b KILL
	wait_for 5 status_is b stopped
	bawn delete b
	assert_equal "$(names_in a)" "10.88.0.2 a"
}

@test "resolv.conf: the network's servers, else the host's; hostname" {
	edit_config '.hostname = "inner"'
	start_on "$ID" web
	assert_equal "$(inside "$ID" grep -c . /etc/resolv.conf)" 3
	inside "$ID" grep -qx 'nameserver 192.0.2.53' /etc/resolv.conf
	inside "$ID" grep -qx 'nameserver 2001:db8::53' /etc/resolv.conf
	assert_equal "$(inside "$ID" cat /etc/hostname)" inner
	start_on "$ID-2" lan
	assert_equal "$(inside "$ID-2" grep -c nameserver /etc/resolv.conf || true)" 0
	bawn network create plain
	start_on "$ID-3" plain
	assert_equal "$(inside "$ID-3" grep -cE 'nameserver (127|::1)' /etc/resolv.conf || true)" 0
}

@test "what config.json mounts there stays; no file can be made: it is left out" {
	echo own >"$TMP/own"
	edit_config ".mounts += [{destination: \"/etc//hosts\", type: \"bind\", source: \"$TMP/own\",
		options: [\"bind\"]}]"
	start_on "$ID" web
	assert_equal "$(inside "$ID" cat /etc/hosts)" own
	make_bundle
	set_args sleep 1000
	rm -rf "$BUNDLE"/rootfs/etc/{hosts,hostname}
	mkdir "$BUNDLE/rootfs/etc/hosts"
	start_on "$ID-2" web
	inside "$ID-2" test -d /etc/hosts
}

@test "one name for one container of a network, whatever the case; none that is the DNS's" {
	start_on web1 web
	run_bawn run --bundle "$BUNDLE" --network web WEB1
	assert_status 125
	assert_output_has 'has a container "web1" already'
	start_on WEB1 lan
	bawn --root "$ROOT" run -d --bundle "$BUNDLE" --network web localhost
	bawn --root "$ROOT" run -d --bundle "$BUNDLE" --network web example.org
	assert_equal "$(names_in web1)" "10.88.0.2 web1"
}

@test "nothing of it when there is no network" {
	bawn run -d --bundle "$BUNDLE" "$ID"
	[[ ! -e $ROOT/$ID/resolv.conf && ! -e $NETS/.hosts ]]
}
