#!/usr/bin/env bats
# T18: the terminal. Keys pushed by a container (TIOCSTI) must not reach the caller's terminal
# (CVE-2016-10124, CVE-2017-5226).
# where: native vm

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
	with_payload
	tiocsti=/proc/sys/dev/tty/legacy_tiocsti
	[[ ! -e $tiocsti || $(cat $tiocsti) == 1 ]] || skip "the kernel allows no TIOCSTI at all"
}

# A shell on a terminal runs bawn, then reads a line: what the container has pushed would be it.
shell_after() {
	# shellcheck disable=SC2016 # for that shell
	timeout -k 5 100 "$tool_dir/ptyrun" bash -c '"$@"
		IFS= read -r -t 1 line
		echo "the shell has read: <$line>"' bash "$BAWN" --root "$ROOT" run --bundle "$BUNDLE" "$ID" \
		</dev/null >"$TMP/stdout" 2>"$TMP/stderr" 3>&- 4>&- || true
	stdout=$(<"$TMP/stdout")
	last_command="a shell that runs bawn"
}

@test "the attack works without a container" {
	# shellcheck disable=SC2016 # for that shell
	timeout -k 5 100 "$tool_dir/ptyrun" bash -c '"$@"
		IFS= read -r -t 1 line
		echo "the shell has read: <$line>"' bash "$top/build/test/payload" sti $'injected\n' \
		</dev/null >"$TMP/stdout" 2>&1
	grep -q 'has read: <injected' "$TMP/stdout" || fail "$(cat "$TMP/stdout")"
}

@test "TIOCSTI in a container with a terminal of its own: nothing of it gets to the caller" {
	edit_config '.process.terminal = true | del(.linux.seccomp)'
	set_args payload sti $'injected\n'
	shell_after
	[[ $stdout == *"pushed 9"* ]] || fail "$(show_last)" # in its own
	[[ $stdout == *"has read: <>"* ]] || fail "$(show_last)"
}

@test "TIOCSTI in a container that has the caller's terminal as its stdin, stdout and stderr" {
	edit_config 'del(.linux.seccomp)'
	set_args payload sti $'injected\n'
	shell_after
	[[ $stdout == *"fd 0: pushed 0"* ]] || fail "$(show_last)"
	[[ $stdout != *"pushed 9"* ]] || fail "$(show_last)"
	[[ $stdout == *"has read: <>"* ]] || fail "$(show_last)"
}

@test "the default profile refuses TIOCSTI everywhere" {
	edit_config '.process.terminal = true'
	set_args payload sti $'injected\n'
	shell_after
	[[ $stdout == *"pushed 0"* && $stdout != *"pushed 9"* ]] || fail "$(show_last)"
	[[ $stdout == *"has read: <>"* ]] || fail "$(show_last)"
}

@test "/dev/pts of the image is no devpts: refused" {
	local what
	no_mount /dev /dev/pts
	edit_config '.process.terminal = true'
	for what in missing file link node tree; do
		rm -rf "$BUNDLE/rootfs/dev"
		mkdir -p "$BUNDLE/rootfs/dev/pts"
		case $what in
		file) echo text >"$BUNDLE/rootfs/dev/pts/ptmx" ;;
		link) ln -s "$HOST/file" "$BUNDLE/rootfs/dev/pts/ptmx" ;;
		node) mknod "$BUNDLE/rootfs/dev/pts/ptmx" c 5 2 ;;
		tree) rm -r "$BUNDLE/rootfs/dev/pts"; ln -s "$HOST/dir" "$BUNDLE/rootfs/dev/pts" ;;
		esac
		command=(run --bundle "$BUNDLE" "$ID")
		with_terminal
		[[ $status == 125 ]] || fail "$what" "$(show_last)"
		assert_canary "$what"
	done
}

@test "/dev/ptmx of the image is the host's: the container gets its own" {
	no_mount /dev
	rm -rf "$BUNDLE/rootfs/dev"
	mkdir -p "$BUNDLE/rootfs/dev/pts"
	mknod -m 666 "$BUNDLE/rootfs/dev/ptmx" c 5 2
	edit_config '.process.terminal = true | .mounts |= map(select(.destination | startswith("/dev/") | not))
		| .mounts += [{destination: "/dev/pts", type: "devpts", source: "devpts",
			options: ["newinstance", "ptmxmode=0666", "mode=0620"]}]'
	set_args readlink /dev/ptmx
	command=(run --bundle "$BUNDLE" "$ID")
	with_terminal
	assert_equal "$status ${stdout//[$'\r\n']/}" "0 pts/ptmx"
}
