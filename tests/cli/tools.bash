# tools.bash - for suites that need programs of tests/lib: `load tools` after `load helpers`, and
# setup_file() { need_tools; }.
#
# recvfd and ptyrun run beside bawn, probe inside containers: with_probe puts it into the bundle.

# shellcheck disable=SC2034 # variables are for the suites

tool_dir=$top/build/test

# Compiles what is missing or older than its source: beside the other test programs, so that the VM
# finds it there.
need_tools() {
	local name
	mkdir -p "$tool_dir"
	for name in recvfd ptyrun probe; do
		[[ $tool_dir/$name -nt $top/tests/lib/$name.c ]] || compile_tool "$name"
	done
}

compile_tool() {
	gcc -std=gnu17 -O1 -Wall -Wextra -D_GNU_SOURCE -static "$top/tests/lib/$1.c" \
		-o "$tool_dir/$1.$$" && mv "$tool_dir/$1.$$" "$tool_dir/$1"
}

recvfd() {
	timeout -k 5 "$BAWN_TEST_LIMIT" "$tool_dir/recvfd" "$@" 3>&- 4>&-
}

# listen_for KIND [ARG...]: recvfd KIND $TMP/socket in the background; sets listener. Its output is
# in $TMP/received, the message in $TMP/message.
listen_for() {
	local kind=$1
	shift
	rm -f "$TMP/socket"
	recvfd "$kind" "$TMP/socket" "$@" >"$TMP/received" 2>"$TMP/message" </dev/null &
	listener=$!
	wait_for 5 test -S "$TMP/socket"
}

# with_terminal STEP...: runs bawn ("${command[@]}", with the test's state root) on a terminal and
# plays the steps. Sets status, stdout (what was shown) and stderr.
with_terminal() {
	last_command="bawn ${command[*]} (on a terminal)"
	status=0
	printf '%s\n' "$@" | timeout -k 5 100 "$tool_dir/ptyrun" ${terminal_size:+-s $terminal_size} \
		"$BAWN" --root "$ROOT" "${command[@]}" >"$TMP/stdout" 2>"$TMP/stderr" 3>&- 4>&- ||
		status=$?
	stdout=$(tr -d '\0' <"$TMP/stdout")
	stderr=$(tr -d '\0' <"$TMP/stderr")
	output=$stdout$'\n'$stderr
}

# finish PID: waits for a child of the test, within a limit; sets status.
finish() {
	local end=$((SECONDS + BAWN_TEST_LIMIT))
	while kill -0 "$1" 2>/dev/null; do
		((SECONDS < end)) || {
			kill -KILL "$1"
			fail "process $1 does not end"
			return 1
		}
		sleep 0.02
	done
	status=0
	wait "$1" || status=$?
}

# Puts probe into the bundle as /bin/probe.
with_probe() {
	cp "$tool_dir/probe" "$BUNDLE/rootfs/bin/probe"
}

# run_in_container: runs the bundle in the foreground; sets what run_bawn sets.
run_in_container() {
	run_bawn run --bundle "$BUNDLE" "$ID"
}

# started: creates and starts the bundle.
start_container() {
	bawn create --bundle "$BUNDLE" "$ID"
	bawn start "$ID"
}

state_of() {
	"$BAWN" --root "$ROOT" state "$1"
}

pid_of() {
	state_of "$1" | jq .pid
}

# cgroup_of ID: its directory.
cgroup_of() {
	echo "/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$(pid_of "$1")/cgroup")"
}

# assert_line LINE: is one of the lines on stdout.
assert_line() {
	grep -qxF -- "$1" <<<"$stdout" || fail "want the line: $1" "$(show_last)"
}

# matches WORD PATTERN...: bash patterns
assert_stderr_like() {
	# shellcheck disable=SC2053 # a pattern
	[[ $stderr == $1 ]] || fail "want on stderr, as a pattern: $1" "$(show_last)"
}
