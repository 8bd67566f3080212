#!/usr/bin/env bats
# Terminals: run and exec in the foreground on one, console sockets, sizes.
# where: native vm

# shellcheck disable=SC2034 # variables are for tools.bash

load helpers
load tools

setup_file() {
	need_tools
}

make_terminal_bundle() {
	make_bundle
	edit_config '.process.terminal = true'
}

@test "run on a terminal: a shell, raw mode, Ctrl-C goes inside, the terminal is restored" {
	make_terminal_bundle
	set_args sh -i
	command=(run --bundle "$BUNDLE" "$ID")
	with_terminal 'expect # ' raw 'send tty\r' 'expect /dev/pts/0' \
		'send echo b$((41+1))d; sleep 1000\r' 'expect b42d' 'send \003' 'expect # ' \
		'send echo a$((1+1))c\r' 'expect a2c' 'send exit 5\r'
	assert_status 5
	assert_equal "$stderr" "terminal: restored"
	[[ ! -e $ROOT/$ID ]]
}

@test "the container's terminal: controlling, owned by the user, also /dev/console and 0 1 2" {
	make_terminal_bundle
	edit_config '.process.user = {uid: 1000, gid: 1000}'
	set_args sh -c 'echo "$(tty)"; stat -c "%u:%g %a %t:%T" $(tty); stat -c "%t:%T" /dev/console
		for fd in 0 1 2; do readlink /proc/self/fd/$fd; done; echo via-tty >/dev/tty
		echo via-console >/dev/console; cut -d" " -f7 /proc/self/stat; ls /proc/self/fd | wc -l'
	command=(run --bundle "$BUNDLE" "$ID")
	with_terminal
	assert_status 0
	assert_equal "$(tr -d '\r' <<<"$stdout")" "/dev/pts/0
1000:5 620 88:0
88:0
/dev/pts/0
/dev/pts/0
/dev/pts/0
via-tty
via-console
34816
4"
}

@test "the window's size goes in, and its changes" {
	make_terminal_bundle
	with_probe
	set_args probe size
	command=(run --bundle "$BUNDLE" "$ID")
	terminal_size="33 99"
	with_terminal 'expect size 33 99' 'resize 50 132' 'expect size 50 132' 'resize 1 1' \
		'expect size 1 1' 'send q\r'
	assert_status 0
	# exec has the same way.
	set_args sleep 1000
	edit_config '.process.terminal = false'
	bawn run -d --bundle "$BUNDLE" "$ID"
	command=(exec --tty "$ID" probe size)
	with_terminal 'expect size 33 99' 'resize 7 8' 'expect size 7 8' 'send q\r'
	assert_status 0
	assert_equal "$stderr" "terminal: restored"
}

@test "the size is there before the program" {
	make_terminal_bundle
	set_args stty size
	command=(run --bundle "$BUNDLE" "$ID")
	terminal_size="44 55"
	with_terminal
	assert_line $'44 55\r'
	set_args sleep 1000
	edit_config '.process.terminal = false'
	bawn run -d --bundle "$BUNDLE" "$ID"
	command=(exec -t "$ID" stty size)
	with_terminal
	assert_line $'44 55\r'
}

@test "consoleSize is the size where nobody else gives one" {
	make_terminal_bundle
	edit_config '.process.consoleSize = {height: 11, width: 222}'
	set_args sh -c 'stty size'
	listen_for tty
	bawn create --bundle "$BUNDLE" --console-socket "$TMP/socket" "$ID"
	bawn start "$ID"
	finish "$listener"
	assert_status 0
	assert_equal "$(tr -d '\r' <"$TMP/received")" "11 222"
}

@test "a terminal is restored when the program is killed or bawn gets a signal" {
	make_terminal_bundle
	with_probe
	set_args sh -c 'echo ready; exec sleep 1000'
	command=(run --bundle "$BUNDLE" "$ID")
	with_terminal 'expect ready' raw 'kill 9' >/dev/null
	assert_status 137
	# Killed itself: nobody can restore it; but the container is there and can be deleted.
	status_is "$ID" running
	bawn delete --force "$ID"
	set_args probe catch
	with_terminal 'expect ready' raw 'kill 15' 'expect signal 15' 'kill 12'
	assert_status 42
	assert_equal "$stderr" "terminal: restored"
	set_args nosuchprogram
	with_terminal
	assert_status 127
	assert_output_has 'executable file not found in $PATH'
	assert_output_has "terminal: restored"
}

@test "hanging up ends the session inside" {
	make_terminal_bundle
	with_probe
	set_args sleep 1000
	command=(run --bundle "$BUNDLE" "$ID")
	set_args sh -c 'trap "exit 9" HUP; echo ready; while :; do sleep 0.1; done'
	with_terminal 'expect ready' hangup
	assert_status 9
	[[ ! -e $ROOT/$ID ]]
}

@test "10 MB through a terminal, byte for byte" {
	make_terminal_bundle
	set_args sh -c 'stty raw -echo; yes 0123456789abcde | head -c 10485760; echo; echo end'
	command=(run --bundle "$BUNDLE" "$ID")
	with_terminal
	assert_status 0
	assert_equal "$(head -c 10485760 "$TMP/stdout" | sha256sum)" \
		"$(yes 0123456789abcde | head -c 10485760 | sha256sum)"
	assert_equal "$(tail -n 1 "$TMP/stdout")" end
}

@test "input through a terminal" {
	make_terminal_bundle
	set_args sh -c 'stty raw -echo; echo ready; head -c 20000 | tr -d "\r\n" | sha256sum'
	command=(run --bundle "$BUNDLE" "$ID")
	local text
	text=$(yes 0123456789 | head -c 4000 | tr -d '\n')
	with_terminal 'expect ready' "send ${text:0:3500}" "send ${text:0:3500}" "send ${text:0:3500}" \
		"send ${text:0:3500}" "send ${text:0:3500}" "send ${text:0:2500}"
	assert_status 0
	assert_output_has "$(printf '%s' "${text:0:3500}"{,,,,} "${text:0:2500}" | sha256sum)"
}

@test "a terminal with output and input that are none" {
	make_terminal_bundle
	set_args sh -c 'tty; echo done'
	run_in_container
	assert_status 0
	assert_equal "$(tr -d '\r' <<<"$stdout")" $'/dev/pts/0\ndone'
}

@test "--console-socket: the master goes to the socket" {
	make_terminal_bundle
	set_args sh -c 'read -r line; echo "got $line"; exit 3'
	listen_for tty $'typed\r'
	bawn create --bundle "$BUNDLE" --console-socket "$TMP/socket" "$ID"
	status_is "$ID" created
	assert_equal "$(cat "$TMP/message")" "message: /dev/ptmx"
	bawn start "$ID"
	wait_for 5 assert_file_has "$TMP/received" "got typed"
	finish "$listener"
	assert_status 0
	wait_for 5 status_is "$ID" stopped
	bawn delete "$ID"
	# run --detach, and a socket path relative to the caller
	listen_for tty
	set_args echo from-run
	bawn run -d --console-socket socket --bundle "$BUNDLE" "$ID"
	finish "$listener"
	assert_status 0
	assert_file_has "$TMP/received" from-run
}

@test "exec with --console-socket, --tty and --detach" {
	make_bundle
	start_container
	listen_for tty
	bawn exec --tty --detach --pid-file pid --console-socket "$TMP/socket" "$ID" \
		sh -c 'tty; echo $0'
	finish "$listener"
	assert_status 0
	assert_equal "$(tr -d '\r' <"$TMP/received")" $'/dev/pts/0\nsh'
	jq '.process | .terminal = true | .args = ["stty", "size"]
		| .consoleSize = {height: 5, width: 6}' "$BUNDLE/config.json" >process.json
	listen_for tty
	bawn exec --detach --process process.json --console-socket "$TMP/socket" "$ID"
	finish "$listener"
	assert_status 0
	assert_equal "$(tr -d '\r' <"$TMP/received")" "5 6"
	command=(exec -t "$ID" sh -c 'echo ready; read x; exit 6')
	with_terminal 'expect ready' raw 'send x\r'
	assert_status 6
	assert_equal "$stderr" "terminal: restored"
}

@test "a long path of a console socket" {
	make_terminal_bundle
	local long
	long=$TMP/$(printf 'd%.0s' {1..150})
	mkdir "$long"
	set_args echo far
	(cd "$long" && exec "$tool_dir/recvfd" tty socket >"$TMP/received" 2>"$TMP/message" 3>&- 4>&-) &
	listener=$!
	wait_for 5 test -S "$long/socket"
	bawn run -d --bundle "$BUNDLE" --console-socket "$long/socket" "$ID"
	finish "$listener"
	assert_status 0
	assert_file_has "$TMP/received" far
}

@test "console socket errors" {
	make_terminal_bundle
	run_bawn create --bundle "$BUNDLE" --console-socket no/socket "$ID"
	assert_status 1
	assert_stderr_like '*--console-socket: *no/socket*: no such file or directory'
	run_bawn run --detach --bundle "$BUNDLE" "$ID"
	assert_status 2
	assert_output_has --console-socket
	touch file
	run_bawn create --bundle "$BUNDLE" --console-socket file "$ID"
	assert_status 1
	assert_stderr_like '*--console-socket: *: connection refused'
	edit_config '.process.terminal = false'
	run_bawn create --bundle "$BUNDLE" --console-socket no/socket "$ID"
	assert_status 2
	assert_output_has "process.terminal is not true"
	[[ ! -e $ROOT/$ID ]]
}

@test "a terminal needs a devpts, and says so" {
	make_terminal_bundle
	edit_config '.mounts |= map(select(.destination != "/dev/pts"))'
	run_in_container
	assert_status 125
	assert_output_has "process.terminal needs a devpts mount on /dev/pts"
	[[ ! -e $ROOT/$ID ]]
}
