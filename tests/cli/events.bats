#!/usr/bin/env bats
# events: lines that engines decode, when they come and when they end. Out of memory is in
# stats_load.bats.
# where: native vm-full

load helpers
load tools

setup_file() {
	need_tools
}

# follow ARG...: bawn events in the background; sets follower. Its lines are in $TMP/events.
follow() {
	timeout -k 5 100 "$BAWN" --root "$ROOT" events "$@" >"$TMP/events" 2>"$TMP/events.err" 3>&- 4>&- &
	follower=$!
}

has_lines() {
	(($(wc -l <"$TMP/events") >= $1))
}

@test "--stats: one line of runc's form" {
	make_bundle
	start_container
	run_bawn events --stats "$ID"
	assert_status 0
	assert_equal "$stderr" ""
	assert_equal "${#lines[@]}" 1
	[[ $stdout == "{\"type\":\"stats\",\"id\":\"$ID\",\"data\":{\"cpu\":{\"usage\":{"* ]] || fail "$stdout"
	assert_equal "$(jq -r '.data | keys_unsorted | join(" ")' <<<"$stdout")" \
		"cpu cpuset memory pids blkio hugetlb intel_rdt network_interfaces"
	assert_equal "$(jq -r '.data.cpu.usage | keys_unsorted | join(" ")' <<<"$stdout")" \
		"total kernel user"
	assert_equal "$(jq -r '.data.network_interfaces[0] | keys_unsorted | join(" ")' <<<"$stdout")" \
		"Name RxBytes RxPackets RxErrors RxDropped TxBytes TxPackets TxErrors TxDropped"
	bawn pause "$ID"
	run_bawn events --stats "$ID"
	assert_equal "$(jq .data.cpu.usage.total <<<"$stdout")" \
		"$(awk '$1 == "usage_usec" { print $2 "000" }' "$(cgroup_of "$ID")/cpu.stat")"
	if [[ -e $(cgroup_of "$ID")/cpu.pressure ]]; then
		assert_equal "$(jq '.data.cpu.psi.some.total' <<<"$stdout")" \
			"$(sed -n 's/^some.*total=//p' "$(cgroup_of "$ID")/cpu.pressure")"
	fi
}

@test "--stats of a created container, and of what does not run" {
	make_bundle
	bawn create --bundle "$BUNDLE" "$ID"
	run_bawn events --stats "$ID"
	assert_status 0
	bawn kill "$ID" KILL
	wait_for 5 status_is "$ID" stopped
	for option in --stats --interval=1s; do
		run_bawn events "$option" "$ID"
		assert_status 1
		assert_stderr "bawn events $ID: container not running: process already finished"
		run_bawn events "$option" nosuch
		assert_status 1
		assert_output_has 'container "nosuch" does not exist'
	done
	bawn --cgroup-manager disabled run -d --bundle "$BUNDLE" free
	run_bawn events free
	assert_status 1
	assert_output_has "created without a cgroup"
}

@test "a line each interval until the container ends" {
	make_bundle
	start_container
	follow --interval 100ms "$ID"
	wait_for 10 has_lines 3
	bawn kill "$ID" KILL
	finish "$follower"
	assert_equal "$status" 0
	assert_equal "$(jq -r .type "$TMP/events" | sort -u)" stats
	assert_equal "$(cat "$TMP/events.err")" ""
	# The interval is kept: not more lines than fit.
	follow --interval 1h "$ID" || true
	finish "$follower"
	assert_equal "$status" 1
}

@test "delete --force while events follow" {
	make_bundle
	start_container
	follow --interval 10ms "$ID"
	wait_for 10 has_lines 2
	bawn delete --force "$ID"
	finish "$follower"
	assert_equal "$status" 0
	assert_equal "$(cat "$TMP/events.err")" ""
	jq -e . "$TMP/events" >/dev/null
}

@test "no line comes before the interval has passed; the end comes at once" {
	make_bundle
	start_container
	follow "$ID"
	bawn pause "$ID"
	bawn resume "$ID"
	bawn kill "$ID" KILL
	finish "$follower"
	assert_equal "$status" 0
	(($(wc -l <"$TMP/events") <= 1))
}

@test "ends when nobody reads any more" {
	make_bundle
	start_container
	timeout -k 5 100 "$BAWN" --root "$ROOT" events --interval 1h "$ID" 2>"$TMP/events.err" 3>&- 4>&- |
		true
	assert_equal "${PIPESTATUS[0]}" 0
	status_is "$ID" running
}

@test "the waiting costs nothing" {
	need_command strace
	make_bundle
	start_container
	timeout -k 5 100 strace -f -o "$TMP/trace" "$BAWN" --root "$ROOT" events --interval 1h "$ID" \
		>/dev/null 3>&- 4>&- &
	wait_for 10 grep -q 'poll(.*3599999\|poll(.*3600000' "$TMP/trace"
	local before
	before=$(wc -l <"$TMP/trace")
	sleep 1
	assert_equal "$(wc -l <"$TMP/trace")" "$before"
	bawn kill "$ID" KILL
	finish $!
	assert_equal "$status" 0
}
