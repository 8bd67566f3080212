#!/usr/bin/env bats
# state, list, ps: what engines and people are shown.
# where: native vm-full

load helpers
load tools

setup_file() {
	need_tools
}

@test "state: members, their order, their values in every status" {
	make_bundle
	edit_config '.annotations = {"org.test": "a \"quoted\" value", "empty": ""}'
	bawn create --bundle "$BUNDLE" "$ID"
	run_bawn state "$ID"
	assert_status 0
	assert_equal "$(jq -r 'keys_unsorted | join(" ")' <<<"$stdout")" \
		"ociVersion id pid status bundle rootfs created annotations owner"
	assert_equal "$(jq -c '[.id, .status, .bundle, .rootfs, .annotations, .owner]' <<<"$stdout")" \
		"[\"$ID\",\"created\",\"$BUNDLE\",\"$BUNDLE/rootfs\",{\"org.test\":\"a \\\"quoted\\\" value\",\"empty\":\"\"},\"root\"]"
	assert_equal "$(jq -r .ociVersion <<<"$stdout")" "$(jq -r .ociVersion "$BUNDLE/config.json")"
	[[ $(jq -r .created <<<"$stdout") =~ ^20[0-9-]+T[0-9:]{8}\.[0-9]{9}Z$ ]]
	(($(date +%s) - $(date +%s -d "$(jq -r .created <<<"$stdout")") < 100))
	local created
	created=$(jq -r .created <<<"$stdout")
	bawn start "$ID"
	status_is "$ID" running
	[[ $(tr '\0' ' ' <"/proc/$(pid_of "$ID")/cmdline") == *"sleep 1000"* ]]
	bawn pause "$ID"
	status_is "$ID" paused
	bawn resume "$ID"
	bawn kill "$ID" KILL
	wait_for 5 status_is "$ID" stopped
	assert_equal "$(state_of "$ID" | jq -c '[.pid, .created]')" "[0,\"$created\"]"
}

@test "state while it is being created" {
	make_bundle
	edit_config '.hooks.prestart = [{path: "/bin/sh", args: ["sh", "-c", "while [ ! -e go ]; do sleep 0.02; done"]}]'
	bawn create --bundle "$BUNDLE" "$ID" &
	wait_for 5 test -e "$ROOT/$ID"
	run_bawn start "$ID"
	assert_status 1
	run_bawn state "$ID"
	assert_status 0
	assert_equal "$(jq -r '.status' <<<"$stdout")" creating
	touch "$BUNDLE/go"
	wait $!
	status_is "$ID" created
}

@test "list: table, json, quiet, sorted" {
	run_bawn list
	assert_status 0
	assert_stdout "ID  PID  STATUS  BUNDLE  CREATED  OWNER"
	run_bawn list -f json
	assert_stdout "[]"
	run_bawn list -q
	assert_stdout ""
	make_bundle
	bawn create --bundle "$BUNDLE" b
	bawn run -d --bundle "$BUNDLE" a
	set_args true
	bawn run -d --bundle "$BUNDLE" c
	wait_for 5 status_is c stopped
	run_bawn list -q
	assert_stdout $'a\nb\nc'
	run_bawn list --format json
	assert_equal "$(jq -c 'map([.id, .status])' <<<"$stdout")" \
		'[["a","running"],["b","created"],["c","stopped"]]'
	assert_equal "$(jq -S '.[0]' <<<"$stdout")" "$(state_of a | jq -S .)"
	run_bawn list --format=table
	assert_equal "${#lines[@]}" 4
	assert_equal "$(awk '{ print NF }' <<<"$stdout" | sort -u)" 6
	read -ra row <<<"${lines[1]}"
	assert_equal "${row[*]:0:4}" "a $(pid_of a) running $BUNDLE"
	assert_equal "${row[5]}" root
	# Columns are aligned.
	assert_equal "$(grep -bo STATUS <<<"${lines[0]}")" \
		"$(grep -bo running <<<"${lines[1]}" | sed s/running/STATUS/)"
	run_bawn list -f yaml
	assert_status 2
	run_bawn list extra
	assert_status 2
}

@test "a broken state directory does not hide the others" {
	make_bundle
	bawn create --bundle "$BUNDLE" good
	bawn create --bundle "$BUNDLE" bad
	echo '{"version": 1,' >"$ROOT/bad/state.json"
	run_bawn list -q
	assert_stdout $'bad\ngood'
	run_bawn list -f json
	assert_status 0
	assert_equal "$(jq -c 'map([.id, .status, .pid])[0]' <<<"$stdout")" '["bad","stopped",0]'
	assert_equal "$(jq -r '.[1].status' <<<"$stdout")" created
	run_bawn list
	assert_status 0
	run_bawn state bad
	assert_status 1
	assert_output_has state.json
	run_bawn delete --force bad
	assert_status 0
	run_bawn list -q
	assert_stdout good
}

@test "--root: containers of different roots do not know of each other" {
	make_bundle
	start_container
	run_bawn --root "$TMP/other" list -q
	assert_stdout ""
	[[ ! -e $TMP/other ]]
	run_bawn --root="$TMP/other" state "$ID"
	assert_status 1
	mkdir -m 777 "$TMP/open"
	chmod 777 "$TMP/open"
	run_bawn --root "$TMP/open" list
	assert_status 1
	assert_output_has "$TMP/open"
	assert_equal "$(stat -c %a "$ROOT")" 700
	assert_equal "$(find "$ROOT" -perm /077 ! -type s ! -type l | wc -l)" 0
}

@test "ps: json and table" {
	make_bundle
	set_args sh -c 'sleep 1001 & sleep 1002 & exec sleep 1003'
	start_container
	wait_for 5 has_sleeps
	run_bawn ps -f json "$ID"
	assert_status 0
	[[ $stdout =~ ^\[[0-9]+,[0-9]+,[0-9]+\]$ ]] || fail "$stdout"
	assert_equal "$(jq -r '.[]' <<<"$stdout" | sort)" \
		"$(sort "$(cgroup_of "$ID")/cgroup.procs")"
	run_bawn ps --format=json "$ID"
	assert_status 0
	run_bawn ps "$ID"
	assert_status 0
	assert_equal "${#lines[@]}" 4
	[[ ${lines[0]} == UID*PID*CMD ]]
	run_bawn ps "$ID" -o pid,args
	assert_status 0
	run_bawn ps "$ID" -eo ppid,pid,args
	assert_equal "$(tail -n +2 <<<"$stdout" | awk '{ print $3, $4 }' | sort)" \
		$'sleep 1001\nsleep 1002\nsleep 1003'
	assert_equal "$(awk -v "p=$(pid_of "$ID")" '$2 == p { print $4 }' <<<"$stdout")" 1003
	# Columns with blanks, wherever they are.
	local columns
	for columns in args,pid args,pid,comm comm,args,pid,args ppid,args,pid,lstart; do
		run_bawn ps "$ID" -eo "$columns"
		assert_equal "$columns ${#lines[@]}" "$columns 4"
	done
	run_bawn ps "$ID" -eo args,pid
	assert_equal "$(tail -n +2 <<<"$stdout" | awk '{ print $3 }' | sort)" \
		"$("$BAWN" --root "$ROOT" ps -f json "$ID" | jq '.[]' | sort)"
	run_bawn ps "$ID" -- -eo pid
	assert_equal "${#lines[@]}" 4
	run_bawn ps "$ID" -eo comm
	assert_status 2
	assert_output_has "no PID column"
	run_bawn ps "$ID" --no-such-option
	assert_status 1
	bawn kill "$ID" KILL
	wait_for 5 status_is "$ID" stopped
	wait_for 5 none_left
	run_bawn ps "$ID"
	assert_status 0
	assert_equal "${#lines[@]}" 1
}

has_sleeps() {
	[[ $("$BAWN" --root "$ROOT" ps "$ID" -eo pid,args | grep -c 'sleep 100') == 3 ]]
}

none_left() {
	[[ $("$BAWN" --root "$ROOT" ps -f json "$ID") == "[]" ]]
}

@test "state and list are quick and leave no trace with 50 containers" {
	local i n=${BAWN_TEST_VM:+5}
	make_bundle
	set_args true
	edit_config 'del(.linux.seccomp)'
	for ((i = 0; i < ${n:-50}; i++)); do
		bawn run -d --bundle "$BUNDLE" "c$i"
	done
	run_bawn list -q
	assert_equal "${#lines[@]}" "$i"
	run_bawn list -f json
	assert_equal "$(jq length <<<"$stdout")" "$i"
}
