# helpers.bash - what all bats suites share.
#
# A suite is a file tests/DIR/NAME.bats; a test is written like this:
#
#	#!/usr/bin/env bats
#	# create: what the suite is about
#	# where: native vm			(default; "vm" for what needs controllers)
#	# limit: 600				(seconds for the whole suite; default 300)
#
#	load helpers				(from another directory: load ../cli/helpers)
#
#	@test "start runs the container's program" {
#		make_bundle
#		set_args sh -c 'echo hello'
#		bawn create --bundle "$BUNDLE" "$ID"	(its output goes to $OUT)
#		run_bawn start "$ID"			(sets status, stdout, stderr, output)
#		assert_status 0
#		wait_for 5 status_is "$ID" stopped
#		assert_file_has "$OUT" hello
#	}
#
# Each test has a state root ($ROOT, passed by bawn and run_bawn), a bundle ($BUNDLE), an id ($ID)
# and a directory ($TMP) of its own. setup takes a snapshot of the host; teardown deletes the
# containers that are left with `delete --force` and calls assert_clean: a test fails when the host
# is not as it was. A suite with a setup or teardown of its own calls test_setup and test_teardown
# in it. Do not `run bawn create`: run waits until the container closes its end of the pipe.
#
# Suites run one after the other in a cgroup2 view of their own (tests/native/run), or in the test
# VM, where in_vm is true. By hand: `make tests`, then `tests/native/run bats tests/cli/X.bats`.

# shellcheck disable=SC2034 # variables are for the suites

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
: "${BAWN:=$top/build/bawn}"
snapshot_program=$top/build/test/snapshot
# For every call of bawn, in seconds; the VM is 10 to 30 times slower.
: "${BAWN_TEST_LIMIT:=$([[ -n ${BAWN_TEST_VM:-} ]] && echo 120 || echo 20)}"

setup() {
	test_setup
}

teardown() {
	test_teardown
}

test_setup() {
	TMP=$BATS_TEST_TMPDIR
	ROOT=$TMP/root
	BUNDLE=$TMP/bundle
	OUT=$TMP/container-out
	ID=t$BATS_TEST_NUMBER-$$
	# A container's user must be able to reach its rootfs.
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "${TMP%/*}" "$TMP"
	cd "$TMP"
	take_snapshot before
}

test_teardown() {
	local id
	cd /
	for id in "$ROOT"/*/; do
		[[ -d $id ]] || continue
		id=${id%/}
		bawn delete --force "${id##*/}" || echo "cannot delete ${id##*/}"
	done
	assert_clean || {
		sweep
		return 1
	}
}

# ---- bundles ----------------------------------------------------------------------------------

applets=(
	'[' ash awk basename cat chgrp chmod chown chroot cmp cp cut date dd df dirname du echo env expr
	false find free grep groups head hexdump hostname id ifconfig ip kill killall ln ls md5sum mkdir
	mkfifo mknod mktemp mount mv nc nice nproc od pidof ping ps pwd readlink realpath renice rm rmdir
	sed seq setsid sh sha256sum sleep sort stat stty sync tail tar tee test timeout top touch tr true
	tty umount uname unshare uniq wc which whoami xargs yes
)

# One for each suite; the bundles hold hard links to it.
make_rootfs_template() {
	local dir=$BATS_FILE_TMPDIR/rootfs applet
	mkdir -p "$dir"/{bin,dev,etc,home,proc,root,sys,tmp,usr,var}
	ln -s ../bin "$dir/usr/bin"
	cp "$(type -P busybox)" "$dir/bin/busybox"
	for applet in "${applets[@]}"; do
		ln -s busybox "$dir/bin/$applet"
	done
	echo 'root:x:0:0:root:/root:/bin/sh' >"$dir/etc/passwd"
	echo 'root:x:0:' >"$dir/etc/group"
}

# What `bawn spec` writes, but without a terminal.
make_config_template() {
	local dir=$BATS_FILE_TMPDIR/spec
	mkdir -p "$dir"
	rm -f "$dir/config.json"
	(cd "$dir" && "$BAWN" spec)
	jq '.process.terminal = false | .root.readonly = false | del(.hostname)
		| .process.args = ["sh", "-c", "exec sleep 1000"]' \
		"$dir/config.json" >"$BATS_FILE_TMPDIR/config.json"
}

# make_bundle [DIR]: a bundle with a busybox rootfs and the default config, whose program sleeps.
# Sets BUNDLE.
make_bundle() {
	BUNDLE=${1:-$TMP/bundle}
	[[ -d $BATS_FILE_TMPDIR/rootfs ]] || make_rootfs_template
	[[ -e $BATS_FILE_TMPDIR/config.json ]] || make_config_template
	mkdir -p "$BUNDLE"
	cp -al "$BATS_FILE_TMPDIR/rootfs" "$BUNDLE/rootfs"
	cp "$BATS_FILE_TMPDIR/config.json" "$BUNDLE/config.json"
}

# edit_config FILTER [JQ-OPTION...]: changes $BUNDLE/config.json.
edit_config() {
	jq "$@" "$BUNDLE/config.json" >"$BUNDLE/config.json.new"
	mv "$BUNDLE/config.json.new" "$BUNDLE/config.json"
}

# set_args PROGRAM ARG...: what the container runs.
set_args() {
	local args
	args=$(jq -cn '$ARGS.positional' --args -- "$@")
	edit_config ".process.args = $args"
}

# ---- running bawn -----------------------------------------------------------------------------

# bawn ARG...: with this test's state root. The container's own output goes to $OUT, so that no
# pipe is kept open; 3 and 4 are bats' own.
bawn() {
	timeout -k 5 "$BAWN_TEST_LIMIT" "$BAWN" --root "$ROOT" "$@" </dev/null >>"$OUT" 3>&- 4>&-
}

# run_bawn ARG...: sets status, stdout, stderr, output (both, stdout first) and lines.
run_bawn() {
	last_command="bawn $*"
	status=0
	timeout -k 5 "$BAWN_TEST_LIMIT" "$BAWN" --root "$ROOT" "$@" </dev/null \
		>"$TMP/stdout" 2>"$TMP/stderr" 3>&- 4>&- || status=$?
	stdout=$(tr -d '\0' <"$TMP/stdout")
	stderr=$(tr -d '\0' <"$TMP/stderr")
	output=$stdout${stdout:+${stderr:+$'\n'}}$stderr
	mapfile -t lines <<<"$output"
}

# status_is ID STATUS: as `bawn state` shows it; "none" when there is no such container.
status_is() {
	local now
	now=$("$BAWN" --root "$ROOT" state "$1" 2>/dev/null | jq -r .status) || true
	[[ ${now:-none} == "$2" ]]
}

# wait_for SECONDS COMMAND...: until COMMAND succeeds.
wait_for() {
	local end=$((SECONDS + $1 * (${BAWN_TEST_VM:+4} + 1)))
	shift
	until "$@"; do
		((SECONDS < end)) || {
			fail "waited in vain for: $*"
			return 1 # "set -e" is off below run
		}
		sleep 0.05
	done
}

# ---- assertions -------------------------------------------------------------------------------

fail() {
	printf '%s\n' "$@" >&2
	return 1
}

show_last() {
	echo "command: ${last_command:-}"
	echo "status:  ${status:-}"
	echo "stdout:  ${stdout:-}"
	echo "stderr:  ${stderr:-}"
}

assert_status() {
	[[ $status == "$1" ]] || fail "want status $1" "$(show_last)"
}

assert_output_has() {
	[[ $output == *"$1"* ]] || fail "want in the output: $1" "$(show_last)"
}

assert_output_lacks() {
	[[ $output != *"$1"* ]] || fail "do not want in the output: $1" "$(show_last)"
}

assert_stdout() {
	[[ $stdout == "$1" ]] || fail "want on stdout: $1" "$(show_last)"
}

assert_stderr() {
	[[ $stderr == "$1" ]] || fail "want on stderr: $1" "$(show_last)"
}

assert_equal() {
	[[ $1 == "$2" ]] || fail "have: $1" "want: $2"
}

assert_file_has() {
	grep -qF -- "$2" "$1" || fail "want in $1: $2" "it holds: $(cat "$1" 2>&1)"
}

# ---- where a test can run ---------------------------------------------------------------------

in_vm() {
	[[ -n ${BAWN_TEST_VM:-} ]]
}

need_vm() {
	in_vm || skip "${1:-needs the test VM}"
}

# need_controller NAME: of cgroup v2. The VM has them all.
need_controller() {
	grep -qw "$1" /sys/fs/cgroup/cgroup.controllers || skip "no cgroup v2 controller $1 here"
}

# Whether the bawn under test is one of build/asan: no static program, and with much memory of its own.
has_sanitizers() {
	grep -qa __asan_init "$BAWN"
}

# without_sanitizers WHY: why the test says nothing about such a program.
without_sanitizers() {
	! has_sanitizers || skip "with sanitizers: $1"
}

need_command() {
	type -P "$1" >/dev/null || skip "no $1 here"
}

# ---- the host must be as it was ---------------------------------------------------------------

take_snapshot() {
	"$snapshot_program" ${BAWN_TEST_VM:+-a} -p $$ "$ROOT" /run/bawn >"$TMP/snapshot.$1"
}

# "+ what is new" and "- what is gone". Processes, programs and fds may go, fewer keys are no leak,
# and bats itself opens pipes and its output file at will.
differences() {
	awk '
		/^keys of user/ { if (NR == FNR) had[$4] = $5; else if ($5 <= had[$4]) next }
		NR == FNR { before[$0]++; next }
		{ after[$0]++ }
		END {
			for (l in after) if (after[l] > before[l]) print "+ " l
			for (l in before) if (before[l] > after[l]) print "- " l
		}' "$TMP/snapshot.before" "$TMP/snapshot.after" |
		grep -vE '^- (process|netns|bpf|keys|fd) |^. fd .* (pipe:.*|/.*/bats\.[0-9]+\.out)$' |
		sort || true
}

# The kernel takes its time with these after their owner is gone; nothing else is waited for.
is_only_late() {
	! grep -qvE '^\+ (process .*, dead$|netns |bpf |keys )' <<<"$1"
}

# Fails when processes, cgroups, mounts, network namespaces or links, device programs, keys, files
# of the state root or fds of the test are there that were not there in setup, or have gone.
assert_clean() {
	local try diff
	for ((try = 0; try < 20; try++)); do
		take_snapshot after
		diff=$(differences)
		[[ -n $diff ]] || return 0
		is_only_late "$diff" || break
		sleep 0.1
	done
	echo "the host is not as it was before the test:"
	echo "$diff"
	return 1
} >&2

# After a failed test: the next one shall not suffer.
sweep() {
	local sign what a b _ try cgroups=()
	while read -r sign what a b _; do
		case $sign$what in
		+process) kill -KILL "$a" || true ;;
		+mount) umount -l "$b" || true ;;
		+cgroup)
			cgroups=("$a" "${cgroups[@]}") # the deeper ones first
			echo 1 >"$a/cgroup.kill" || true
			echo 0 >"$a/cgroup.freeze" || true
			;;
		esac
	done < <(differences) 2>/dev/null
	((${#cgroups[@]})) || return 0
	for ((try = 0; try < 50; try++)); do
		rmdir "${cgroups[@]}" 2>/dev/null || true
		[[ -d ${cgroups[-1]} ]] || return 0
		sleep 0.1
	done
}
