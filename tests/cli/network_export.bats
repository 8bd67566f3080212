#!/usr/bin/env bats
# network export, and --network-from: the same interfaces on another host.
# where: native vm-full

load helpers
load networks

setup() {
	network_setup
}

teardown() {
	network_teardown
}

make_networks() {
	bawn network create --subnet 10.88.0.0/24 --subnet fd55::/64 web
	bawn network create --kind guest-lan --subnet 192.168.7.0/24 lan
}

@test "an interface is made again from the export: MAC, addresses, name, ports, rates" {
	make_networks
	bawn run -d --bundle "$BUNDLE" --firewall in:deny \
		--firewall in:allow:tcp:80 --publish 8080:80 --publish 127.0.0.1:5300-5302:53-55/udp \
		--network web,ip=10.88.0.77,mac=02:00:00:00:00:07,rate-in=10mbit,burst=64k \
		--network lan,name=lan0 "$ID"
	run_bawn network export "$ID"
	assert_status 0
	local first=$stdout
	assert_equal "$(jq -c '[.version, [.interfaces[] | .name, .network.name, .network.kind]]' \
		<<<"$first")" '[1,["eth0","web","bridge","lan0","lan","guest-lan"]]'
	assert_equal "$(jq -c '.interfaces[0] | [.mac, .addresses[0], .routes[0].gateway, .rate]' \
		<<<"$first")" \
		'["02:00:00:00:00:07","10.88.0.77","10.88.0.1",{"in":10000000,"burst":65536}]'
	assert_equal "$(jq '.interfaces[0].publish | length' <<<"$first")" 2
	assert_equal "$(jq '.interfaces[0].firewall | length' <<<"$first")" 2
	echo "$first" >"$TMP/export.json"
	# In use here.
	run_bawn run -d --bundle "$BUNDLE" --network-from "$TMP/export.json" "$ID-2"
	assert_status 1
	assert_output_has "10.88.0.77 of network web is in use"
	bawn delete --force "$ID"
	bawn network delete web
	run_bawn run -d --bundle "$BUNDLE" --network-from "$TMP/export.json" "$ID-2"
	assert_status 1
	assert_output_has 'network "web" does not exist'
	bawn network delete lan
	make_networks
	bawn run -d --bundle "$BUNDLE" --network-from "$TMP/export.json" "$ID-2"
	run_bawn network export "$ID-2"
	assert_status 0
	assert_equal "$stdout" "$first"
	on_host tc qdisc show | grep -q "tbf.* rate 10Mbit"
	assert_equal "$(in_container "$ID-2" ip -j link show eth0 | jq -r '.[0].address')" \
		02:00:00:00:00:07
}

@test "what cannot be exported or imported" {
	bawn network create web
	bawn run -d --bundle "$BUNDLE" "$ID"
	run_bawn network export "$ID"
	assert_status 1
	assert_output_has "has no interface of a network"
	run_bawn network export nosuch
	assert_status 1
	local document why
	while IFS='|' read -r document why; do
		echo "$document" >"$TMP/bad.json"
		run_bawn run -d --bundle "$BUNDLE" --network-from "$TMP/bad.json" "$ID-2"
		assert_status 1
		assert_output_has "$why"
		[[ ! -e $ROOT/$ID-2 ]]
	done <<-'END'
		{|bad.json
		{"version": 2, "interfaces": []}|knows version 1
		{"version": 1}|interfaces
		{"version": 1, "interfaces": [{"name": "eth0"}]}|network
		{"version": 1, "interfaces": [{"name": "a/b", "network": {"name": "web"}}]}|is no name of an interface
	END
	run_bawn run -d --bundle "$BUNDLE" --network-from "$TMP/bad.json" --network web "$ID-2"
	assert_status 2
	assert_output_has "exclude each other"
}
