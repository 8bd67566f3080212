#!/usr/bin/env bats
# T11, T18: container starts while somebody exchanges directories of a shared volume with links to
# the host all the time (CVE-2021-30465, CVE-2024-45310, CVE-2025-52565). BAWN_TEST_ROUNDS says how
# many starts for each test.
# where: native vm-full
# limit: 7200

# shellcheck disable=SC2034 # variables are for helpers.bash

load ../cli/helpers
load ../cli/tools
load attack

setup_file() {
	need_attack
}

setup() {
	test_setup
	make_bundle
	make_canary
	mkdir -p "$TMP/volume/real" "$TMP/source"
	echo source >"$TMP/source/file"
	no_mount /dev/mqueue /dev/shm
	edit_config '.mounts += [{destination: "/volume", source: $volume, options: ["bind"]}]' \
		--arg volume "$TMP/volume"
	set_args sh -c 'cat /volume/real/*/* /volume/link/*/* 2>/dev/null; cat /volume/link/canary; exit 0'
}

# start_often NATIVE VM: prints how many were refused. Every result is right but one: an effect on
# the host, or a view of it.
start_often() {
	local i refused=0 n
	n=$(rounds "$1" "$2")
	for ((i = 0; i < n; i++)); do
		run_in_container
		[[ $status == 0 || $status == 125 ]] || fail "$(show_last)"
		[[ $output != *CANARY* ]] || fail "$(show_last)"
		[[ $status == 0 ]] || refused=$((refused + 1))
		assert_canary "start $i"
	done
	echo "$refused of $n starts refused"
}

@test "the swapper and the canary: who makes a path by name falls for it" {
	local i
	ln -s "$HOST/dir" "$TMP/volume/link"
	swap "$TMP/volume/real" "$TMP/volume/link"
	for ((i = 0; i < 200; i++)); do
		mkdir -p "$TMP/volume/real/d$i/e" 2>/dev/null || true
		assert_canary 2>/dev/null || break
	done
	stop_swap
	((i < 200)) || fail "no hit in 200 tries"
}

@test "T11: destinations of eight mounts in a directory that is exchanged with a link" {
	ln -s "$HOST/dir" "$TMP/volume/link"
	edit_config '.mounts += ([range(8)] | map({destination: "/volume/real/d\(.)",
		source: $source, options: ["bind"]}))' --arg source "$TMP/source"
	swap "$TMP/volume/real" "$TMP/volume/link"
	start_often 25 3
	stop_swap
}

@test "T11: directories to be made, files, tmpfs, masks and WORKDIR in it" {
	ln -s "$HOST/dir" "$TMP/volume/link"
	edit_config '.mounts += [
			{destination: "/volume/real/a/b/c/d", type: "tmpfs", source: "tmpfs"},
			{destination: "/volume/link/a/b/c/d", source: $source, options: ["bind"]},
			{destination: "/volume/real/x/y/file", source: ($source + "/file"), options: ["bind"]}]
		| .linux.devices = [{path: "/volume/real/e/node", type: "c", major: 1, minor: 3}]
		| .linux.maskedPaths += ["/volume/real", "/volume/link"]
		| .linux.readonlyPaths += ["/volume/real", "/volume/link"]
		| .process.cwd = "/volume/real/w/o/r/k"' --arg source "$TMP/source"
	swap "$TMP/volume/real" "$TMP/volume/link"
	start_often 25 3
	stop_swap
}

@test "T11: the link leads to the host by many ways up" {
	ln -s "../../../../../../../../../../../../..$HOST/dir" "$TMP/volume/link"
	edit_config '.mounts += [
			{destination: "/volume/real/a/b", source: $source, options: ["bind"]},
			{destination: "/volume/real/../real/c", type: "tmpfs", source: "tmpfs"},
			{destination: "/volume/link/../link/d", type: "tmpfs", source: "tmpfs"}]' \
		--arg source "$TMP/source"
	swap "$TMP/volume/real" "$TMP/volume/link"
	start_often 25 3
	stop_swap
}

@test "T12: a proc mount on a directory that is exchanged with a link" {
	ln -s "$HOST/dir" "$TMP/volume/link"
	edit_config '.mounts += [{destination: "/volume/real", type: "proc", source: "proc"},
		{destination: "/volume/link", type: "sysfs", source: "sysfs"}]'
	swap "$TMP/volume/real" "$TMP/volume/link"
	start_often 12 2
	stop_swap
}

@test "T13: /dev is a volume in which null, console and pts are exchanged with links" {
	rm -rf "$TMP/volume/real"
	mkdir "$TMP/volume/pts" "$TMP/volume/shm" "$TMP/volume/mqueue"
	ln -s "$HOST/dir" "$TMP/volume/other"
	edit_config '.mounts |= map(if .destination == "/dev" then {destination: "/dev", source: $volume,
			options: ["bind"]} else . end)
		| .linux.devices = [{path: "/dev/pts/x", type: "c", major: 1, minor: 3}]' \
		--arg volume "$TMP/volume"
	swap "$TMP/volume/pts" "$TMP/volume/other"
	start_often 12 2
	stop_swap
}

# The pty's slave is never looked up by its name.
@test "T18: a terminal whose /dev/pts is exchanged with a link" {
	local i
	rm -rf "$TMP/volume/real"
	mkdir "$TMP/volume/pts" "$TMP/volume/other"
	touch "$TMP/volume/other/0" "$TMP/volume/console"
	ln -s "$HOST/file" "$TMP/volume/other/ptmx"
	edit_config '.mounts |= map(if .destination == "/dev" then {destination: "/dev", source: $volume,
			options: ["bind"]} else . end) | .process.terminal = true' \
		--arg volume "$TMP/volume"
	set_args sh -c 'echo text >/dev/console'
	swap "$TMP/volume/pts" "$TMP/volume/other"
	command=(run --bundle "$BUNDLE" "$ID")
	for ((i = 0; i < $(rounds 12 2); i++)); do
		with_terminal
		[[ $status == 0 || $status == 125 || $status == 1 ]] || fail "$(show_last)"
		assert_canary "start $i"
	done
	stop_swap
	assert_equal "$(cat "$TMP/volume"/*/0)" ""
}
