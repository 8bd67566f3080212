#!/usr/bin/env bats
# stats: the document and the table, as far as every host has the files. The controllers are in
# stats_load.bats.
# where: native vm-full

load helpers
load tools

setup_file() {
	need_tools
}

# stats_of ID: its element of the document.
stats_of() {
	"$BAWN" --root "$ROOT" stats --format json "$1" | jq -c '.containers[0]'
}

# key FILE KEY: a value of one of the container's cgroup files.
key() {
	awk -v k="$2" '$1 == k { print $2 }' "$(cgroup_of "$ID")/$1"
}

@test "the document: schema, members, and null for what is not there" {
	make_bundle
	start_container
	run_bawn stats --format json "$ID"
	assert_status 0
	assert_equal "$stderr" ""
	assert_equal "$(jq -c '[.schema, .version, (.containers | length)]' <<<"$stdout")" \
		'["bawn-stats",1,1]'
	assert_equal "$(jq -r '.containers[0] | keys_unsorted | join(" ")' <<<"$stdout")" \
		"id status pid cgroup time_usec cpu cpuset memory io pids hugetlb rdma misc psi network accounting"
	assert_equal "$(jq -c '.containers[0] | [.id, .status, .pid]' <<<"$stdout")" \
		"[\"$ID\",\"running\",$(pid_of "$ID")]"
	local name
	for name in cpuset memory io pids hugetlb rdma misc; do
		[[ " $(cat "$(cgroup_of "$ID")/cgroup.controllers") " != *" $name "* ]] || continue
		assert_equal "$(jq ".containers[0].$name" <<<"$stdout")" null
	done
	(($(jq .containers[0].time_usec <<<"$stdout") / 1000000 - $(date +%s) < 100))
}

@test "every member is in docs/format/stats.md" {
	make_bundle
	start_container
	local doc=$top/docs/format/stats.md name
	[[ -e $doc ]]
	while read -r name; do
		grep -qF "\`$name\`" "$doc" || fail "not documented: $name"
	done < <(stats_of "$ID" | jq -r '.memory.stat? = null | [paths | .[] | strings] | unique[]')
}

@test "cpu: the kernel's own figures, growing with the work" {
	make_bundle
	set_args sh -c 'while :; do :; done'
	start_container
	wait_for 10 used_more_than 200000
	bawn pause "$ID"
	local s
	s=$(stats_of "$ID")
	assert_equal "$(jq -r .status <<<"$s")" paused
	assert_equal "$(jq .cpu.usage_usec <<<"$s")" "$(key cpu.stat usage_usec)"
	assert_equal "$(jq .cpu.user_usec <<<"$s")" "$(key cpu.stat user_usec)"
	assert_equal "$(jq .cpu.system_usec <<<"$s")" "$(key cpu.stat system_usec)"
	run_bawn stats "$ID"
	[[ ${lines[1]} =~ ^$ID\ +paused\ +[0-9]+\.[0-9][0-9]s\  ]] || fail "$stdout"
}

used_more_than() {
	(($(stats_of "$ID" | jq .cpu.usage_usec) > $1))
}

@test "pressure is what the kernel says" {
	make_bundle
	start_container
	local dir s psi
	dir=$(cgroup_of "$ID")
	bawn pause "$ID"
	for psi in cpu memory io; do
		[[ -e $dir/$psi.pressure ]] || skip "no $psi.pressure here"
		s=$(stats_of "$ID")
		assert_equal "$(jq ".psi.$psi.some.total_usec" <<<"$s")" \
			"$(sed -n 's/^some.*total=//p' "$dir/$psi.pressure")"
		assert_equal "$(jq ".psi.$psi.full.total_usec" <<<"$s")" \
			"$(sed -n 's/^full.*total=//p' "$dir/$psi.pressure")"
	done
}

@test "network: the interfaces inside, and null when they are the host's" {
	make_bundle
	start_container
	local s
	nsenter -n -t "$(pid_of "$ID")" busybox ping -c 3 -s 1000 127.0.0.1 >/dev/null
	s=$(stats_of "$ID")
	assert_equal "$(jq -c '.network | [.truncated, (.interfaces | map(.name))]' <<<"$s")" \
		'[false,["lo"]]'
	(($(jq '.network.interfaces[0].rx_packets' <<<"$s") >= 6))
	(($(jq '.network.interfaces[0].tx_bytes' <<<"$s") >= 6000))
	assert_equal "$(nsenter -n -t "$(pid_of "$ID")" cat /proc/self/net/dev |
		awk '$1 == "lo:" { print $2, $3, $10, $11 }')" \
		"$(jq -r '.network.interfaces[0] | "\(.rx_bytes) \(.rx_packets) \(.tx_bytes) \(.tx_packets)"' <<<"$s")"
	bawn delete --force "$ID"
	edit_config '.linux.namespaces |= map(select(.type != "network"))'
	start_container
	assert_equal "$(stats_of "$ID" | jq .network)" null
}

@test "network: an interface with a hostile name, and very many of them" {
	make_bundle
	start_container
	local pid i
	pid=$(pid_of "$ID")
	nsenter -n -t "$pid" ip link add name $'d\e[31m"\\' type dummy 2>/dev/null ||
		nsenter -n -t "$pid" ip link add name $'d\e[31m"\\' type ifb ||
		skip "no virtual interfaces here"
	run_bawn stats -f json "$ID"
	assert_status 0
	assert_equal "$(jq -r '.containers[0].network.interfaces[] | select(.name != "lo").name' \
		<<<"$stdout")" $'d\e[31m"\\'
	run_bawn stats "$ID"
	assert_status 0
	assert_output_lacks $'\e'
}

@test "several IDs in their order, all, none; one that does not exist" {
	run_bawn stats --all
	assert_status 0
	assert_equal "${#lines[@]}" 1
	run_bawn stats --all -f json
	assert_equal "$(jq -c .containers <<<"$stdout")" '[]'
	make_bundle
	bawn create --bundle "$BUNDLE" b
	bawn run -d --bundle "$BUNDLE" a
	set_args true
	bawn run -d --bundle "$BUNDLE" c
	wait_for 5 status_is c stopped
	run_bawn stats -a -f json
	assert_status 0
	assert_equal "$(jq -c '.containers | map([.id, .status, .pid == 0, .cpu != null])' <<<"$stdout")" \
		'[["a","running",false,true],["b","created",false,true],["c","stopped",true,true]]'
	run_bawn stats -f json b a b
	assert_equal "$(jq -c '.containers | map(.id)' <<<"$stdout")" '["b","a","b"]'
	run_bawn stats a c
	assert_status 0
	assert_equal "${#lines[@]}" 3
	assert_equal "$(awk '{ print $1 }' <<<"$stdout" | xargs)" "ID a c"
	run_bawn stats a nosuch
	assert_status 1
	assert_equal "$stdout" ""
	assert_stderr 'bawn stats: container "nosuch" does not exist'
}

@test "without a cgroup, being created, broken" {
	make_bundle
	bawn --cgroup-manager disabled run -d --bundle "$BUNDLE" free
	run_bawn stats -f json free
	assert_status 0
	assert_equal "$(jq -c '.containers[0] | [.status, .cgroup, .cpu, .memory, .psi]' <<<"$stdout")" \
		'["running",null,null,null,null]'
	assert_equal "$(jq -c '.containers[0].network.interfaces | map(.name)' <<<"$stdout")" '["lo"]'
	bawn run -d --bundle "$BUNDLE" bad
	cp "$ROOT/bad/state.json" "$TMP/state.json"
	echo '{' >"$ROOT/bad/state.json"
	run_bawn stats --all
	assert_status 0
	assert_equal "$(awk '{ print $1 }' <<<"$stdout" | xargs)" "ID free"
	assert_equal "$stderr" "$(grep bad <<<"$stderr")"
	cp "$TMP/state.json" "$ROOT/bad/state.json"
	mkdir "$ROOT/half"
	run_bawn stats half -f json
	assert_equal "$(jq -c '.containers[0] | [.status, .cpu]' <<<"$stdout")" '["creating",null]'
}
