#!/usr/bin/env bats
# What time and quantity can do: a process number that has a new owner (T23), floods of output and
# of terminal sizes (T27).
# where: native vm-full

# shellcheck disable=SC2034 # variables are for tools.bash

load ../cli/helpers
load ../cli/tools

setup_file() {
	need_tools
}

# ---- T23: a number is no identity ---------------------------------------------------------------

# In a pid namespace with few numbers (before Linux 6.14 there is one limit for all). Kills the
# container's first process, takes its number for a process of ours, and lets bawn act.
reuse_script() {
	cat <<'END'
set -eu
was=$(cat /proc/sys/kernel/pid_max)
trap 'echo "$was" >/proc/sys/kernel/pid_max' EXIT
echo 400 >/proc/sys/kernel/pid_max
bawn() { "$BAWN" --root "$ROOT" "$@" </dev/null; }
for ((i = 0; i < 310; i++)); do (:); done # those below 300 come only once
bawn run -d --bundle "$BUNDLE" "$ID" >/dev/null
init=$(bawn state "$ID" | jq .pid)
kill -KILL "$init"
for ((i = 0; i < 4000; i++)); do
	sleep 1000 &
	[[ $! != "$init" ]] || break
	kill -KILL $!
	wait $! 2>/dev/null || true
done
[[ $! == "$init" ]] || { echo "number $init did not come again"; exit 99; }
bawn state "$ID" | jq -r '"\(.status) \(.pid)"'
for verb in "kill $ID KILL" "kill --all $ID KILL" "exec $ID true" "ps $ID" "pause $ID" \
	"update --pids-limit 5 $ID" "delete $ID"; do
	status=0
	bawn $verb >/dev/null 2>"$TMP/why" || status=$?
	echo "${verb%% *}: $status $(cat "$TMP/why")"
done
bawn list -q
kill -0 "$init" && [[ $(cat "/proc/$init/comm") == sleep ]] && echo "the new owner is well"
kill -KILL "$init"
END
}

@test "T23: the number of a container's process has a new owner: nothing is done to that" {
	make_bundle
	export BAWN ROOT BUNDLE ID TMP
	run timeout 120 unshare --pid --fork --kill-child --mount-proc bash -c "$(reuse_script)" 3>&-
	echo "$output"
	[[ $status == 0 && ${lines[0]} == "stopped 0" ]]
	# bash may have told of a killed process after it.
	grep -qx "the new owner is well" <<<"$output"
	assert_equal "$(sed -n 's/\(^[a-z]*: [0-9]*\) .*/\1/p' <<<"$output" | xargs)" \
		"kill: 1 kill: 0 exec: 125 ps: 0 pause: 1 update: 1 delete: 0"
	grep -q '^kill: 1 .*not running' <<<"$output"
}

# ---- T27: floods --------------------------------------------------------------------------------

start_sleeper() {
	make_bundle
	with_probe
	bawn run -d --bundle "$BUNDLE" "$ID"
}

# within ULIMIT-OPTION...: bawn itself, not what plays the terminal.
within() {
	printf '#!/bin/bash\nulimit %s\nexec %q "$@"\n' "$*" "$BAWN" >"$TMP/limited"
	chmod +x "$TMP/limited"
}

@test "T27: 10000 sizes of the terminal within 40 files and 16 MB" {
	without_sanitizers "their memory is more than the limit"
	start_sleeper
	command=(exec --tty "$ID" probe size)
	terminal_size="33 99"
	local sizes
	mapfile -t sizes < <(seq -f 'resize 10 %g' 1 10000)
	within -Sn 40 -v 16384
	BAWN=$TMP/limited with_terminal 'expect size 33 99' "${sizes[@]}" 'resize 50 132' \
		'expect size 50 132' 'send q\r'
	assert_status 0
	assert_equal "$stderr" "terminal: restored"
}

@test "T27: 50 MB through a terminal within 16 MB" {
	without_sanitizers "their memory is more than the limit"
	start_sleeper
	command=(exec --tty "$ID" sh -c 'stty raw -echo; yes 0123456789abcde | head -c 52428800')
	within -v 16384
	BAWN=$TMP/limited with_terminal
	assert_status 0
	assert_equal "$(sha256sum <"$TMP/stdout")" "$(yes 0123456789abcde | head -c 52428800 | sha256sum)"
}

@test "T27: output that nobody reads waits in the container, not in bawn's memory" {
	without_sanitizers "their memory is more than the limit"
	start_sleeper
	mkfifo "$TMP/pipe"
	sleep 1000 <>"$TMP/pipe" 3>&- &
	local reader=$! pid
	"$BAWN" --root "$ROOT" exec --tty "$ID" yes >"$TMP/pipe" </dev/null 3>&- &
	pid=$!
	wait_for 10 pipe_is_full
	sleep 1
	local peak
	peak=$(awk '/^VmHWM/ { print $2 }' "/proc/$pid/status")
	kill -KILL "$reader" "$pid"
	wait "$reader" "$pid" || true
	((peak > 0 && peak < 8192)) || fail "peak of $peak KB"
}

# "yes" has nowhere to write to.
pipe_is_full() {
	local pid
	pid=$("$BAWN" --root "$ROOT" ps --format json "$ID" | jq '.[1] // empty') &&
		[[ -n $pid && $(cat "/proc/$pid/comm") == yes && $(cut -d' ' -f3 "/proc/$pid/stat") == S ]]
}
