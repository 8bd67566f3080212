# helpers.bash - what the suites of container engines share, beside ../cli/helpers.
#
# They run in the test VM, whose root is a Debian with the engine ("# machine:"); never on the
# host, where an engine would change networks and mounts for good. Images come from ./images, made
# before the VM boots ("# images:"). A suite of engine X is tests/engines/X.bats or X_TOPIC.bats:
# tests/run counts by X. It loads this file and the engine's own one (podman.bash, ...).
#
# The engine makes things that stay (locks, bridges, its own cgroup), so the snapshot that
# teardown compares with is taken after a first container. Engines clean up in the background: they
# get some time for it, but at the end nothing may be left.

load ../cli/helpers

# For every call of an engine, in seconds.
ENGINE_LIMIT=${ENGINE_LIMIT:-300}
images=$top/build/images
# All capabilities of this machine, as in /proc/PID/status.
all_capabilities=$(awk '/^CapBnd:/ { print $2 }' /proc/self/status)

# run_command COMMAND...: like run_bawn.
run_command() {
	last_command="$*"
	status=0
	timeout -k 5 "$ENGINE_LIMIT" "$@" </dev/null >"$TMP/stdout" 2>"$TMP/stderr" 3>&- 4>&- ||
		status=$?
	stdout=$(tr -d '\0' <"$TMP/stdout")
	stderr=$(tr -d '\0' <"$TMP/stderr")
	output=$stdout${stdout:+${stderr:+$'\n'}}$stderr
	mapfile -t lines <<<"$output"
}

# run_pty STEPS COMMAND...: plays STEPS (tests/lib/ptyrun.c; may be indented) at a terminal; sets
# status and stdout, what the terminal showed.
run_pty() {
	local steps=$1
	shift
	last_command="$* (on a terminal)"
	status=0
	sed -E 's/^\s+//' <<<"$steps" |
		timeout -k 5 "$ENGINE_LIMIT" "$top/build/test/ptyrun" -s 30 100 "$@" \
			>"$TMP/stdout" 2>"$TMP/stderr" 3>&- 4>&- || status=$?
	stdout=$(tr -d '\0\r' <"$TMP/stdout")
	stderr=$(<"$TMP/stderr")
	output=$stdout$'\n'$stderr
}

# Where all engines look for a runtime of this name.
install_bawn() {
	ln -sfn "$BAWN" /usr/local/bin/bawn
}

# cgroup_of PID, cgroup_value PID FILE: of cgroup v2.
cgroup_of() {
	local path
	path=$(sed -n 's/^0:://p' "/proc/$1/cgroup")
	echo "/sys/fs/cgroup$path"
}

cgroup_value() {
	cat "$(cgroup_of "$1")/$2"
}

# Fails when after the engine's own cleanup processes, cgroups, mounts, network namespaces, links,
# device programs or state files are there that were not there before the test, but for lines that
# match $engine_own: the engine's own comings and goings.
assert_nothing_left() {
	local end=$((SECONDS + 60)) diff
	while :; do
		take_snapshot after
		diff=$(differences | grep -vE "${engine_own:-^$}" || true)
		[[ -n $diff ]] || return 0
		((SECONDS < end)) || break
		sleep 0.3
	done
	echo "something is left behind:"
	echo "$diff"
	return 1
} >&2
