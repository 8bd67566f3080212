#!/usr/bin/env bats
# Terminals: run and exec in the foreground on one, console sockets, sizes.
# where: native vm-full

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
		'send sh -c "echo b\\$((41+1))d; exec sleep 1000"\r' 'expect b42d' 'send \003' 'expect # ' \
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

@test "exec --tty out of the container's sight (docs/adr/0007): job control as ever" {
	make_terminal_bundle
	set_args sleep 1000
	edit_config '.process.terminal = false | .process.capabilities.bounding += ["CAP_SYS_PTRACE"]'
	start_container
	command=(exec -t "$ID" sh -i)
	with_terminal 'expect # ' 'send tty\r' 'expect /dev/pts/0' \
		'send sh -c "echo b\\$((41+1))d; exec sleep 1000"\r' 'expect b42d' 'send \003' 'expect # ' \
		'send exit 5\r'
	assert_status 5
	assert_equal "$stderr" "terminal: restored"
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

@test "exec --console-socket without a terminal" {
	make_bundle
	start_container
	run_bawn exec -d --console-socket "$TMP/socket" "$ID" true
	assert_status 2
	assert_output_has "--console-socket: the process has no terminal; give --tty"
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

# output_into COMMAND: runs the bundle with its output going into sh -c COMMAND; sets status (bawn's)
# and stdout (the command's).
output_into() {
	last_command="bawn run | $1"
	timeout -k 5 100 "$BAWN" --root "$ROOT" run --bundle "$BUNDLE" "$ID" </dev/null \
		2>"$TMP/stderr" 3>&- 4>&- | sh -c "$1" >"$TMP/stdout"
	status=${PIPESTATUS[0]}
	stdout=$(<"$TMP/stdout")
	stderr=$(<"$TMP/stderr")
	output=$stdout$'\n'$stderr
}

@test "a slow reader of a terminal's output gets all of it" {
	make_terminal_bundle
	# One newline, which becomes two bytes.
	set_args sh -c 'head -c 100892 /dev/zero | tr "\0" x; echo; exit 4'
	output_into 'sleep 1.5; wc -c'
	assert_status 4
	assert_stdout 100894
	set_args sh -c 'head -c 1000000 /dev/zero | tr "\0" x'
	output_into 'sleep 0.5; wc -c'
	assert_stdout 1000000
	# A nonblocking pipe: dd makes it so.
	assert_equal "$(
		{
			dd if=/dev/null oflag=nonblock status=none
			"$BAWN" --root "$ROOT" run --bundle "$BUNDLE" "$ID"
		} | (sleep 0.5; wc -c)
	)" 1000000
}

@test "a reader of a terminal's output that goes away: the terminal is hung up, the status stays" {
	make_terminal_bundle
	set_args sh -c 'trap "sleep 0.1; exit 6" HUP; while :; do echo xxxxxxxxxxxxxxxxxx; done 2>/dev/null'
	output_into 'head -n 3 | wc -l'
	assert_status 6
	assert_stdout 3
	# After the program's end: the status is its own, not 141.
	set_args sh -c 'head -c 100000 /dev/zero; exit 5'
	output_into 'sleep 1'
	assert_status 5
	[[ ! -e $ROOT/$ID ]]
}

@test "a reader that never reads: signals end the wait for it" {
	make_terminal_bundle
	set_args sh -c 'head -c 100000 /dev/zero | tr "\0" x; exit 5'
	mkfifo fifo
	# Open for reading too, so that it never has no reader.
	# shellcheck disable=SC2094
	"$BAWN" --root "$ROOT" run --bundle "$BUNDLE" "$ID" </dev/null 1<>fifo 3>&- 4>&- &
	# The pipe and bawn together hold all of it.
	wait_for 5 status_is "$ID" stopped
	kill -0 $!
	kill -TERM $!
	finish $!
	assert_status 5
	[[ ! -e $ROOT/$ID ]]
}

@test "a program may close its terminal for a while: no SIGHUP, and what comes later is shown" {
	make_terminal_bundle
	set_args sh -c 'trap "" HUP; tty=$(tty); echo first; exec </dev/null >/tmp/log 2>&1; sleep 1
		echo second >$tty || exit 7; sleep 0.1; exit 8'
	run_in_container
	assert_status 8
	assert_equal "$(tr -d '\r' <<<"$stdout")" $'first\nsecond'
}

@test "in the background the terminal is the shell's; fg gives it to the container" {
	make_terminal_bundle
	set_args sh -c 'echo in-"side"; read -r line; echo "got $line"; exit 3'
	# An interactive bash is the person's shell; it shows its own echo, cooked or readline's.
	cat >rc <<-END
		PS1='prompt> '
		set +o history
		bind 'set enable-bracketed-paste off'
	END
	printf '%s\n' 'expect prompt> ' "send $BAWN --root $ROOT run --bundle $BUNDLE $ID &\\r" \
		'expect in-side' 'send stty -a | grep -o .icanon; echo m-$((1+1))\r' 'expect m-2' \
		'send fg\r' 'expect run' raw 'send typed\r' 'expect got typed' 'expect prompt> ' \
		'send echo s-$?\r' 'expect s-3' 'send exit\r' |
		timeout -k 5 100 "$tool_dir/ptyrun" bash --noprofile --rcfile rc -i \
			>transcript 2>err 3>&- 4>&- || fail "status $?" "$(cat transcript err)"
	[[ ! -e $ROOT/$ID ]]
}

@test "stopped by SIGSTOP in the foreground, then fg: raw again, the terminal is restored" {
	make_terminal_bundle
	set_args sh -c 'echo in-"side"; read -r line; echo "got $line"; exit 3'
	cat >rc <<-END
		PS1='prompt> '
		set +o history
		bind 'set enable-bracketed-paste off'
	END
	printf '%s\n' 'expect prompt> ' \
		"send (sleep 2; kill -STOP \$(pgrep -f \"run --bundle $BUNDLE $ID\\\$\")) &\\r" \
		'expect prompt> ' "send $BAWN --root $ROOT run --bundle $BUNDLE $ID\\r" \
		'expect in-side' 'expect Stopped' 'expect prompt> ' 'send fg\r' 'expect --bundle' \
		'send typed\r' 'expect got typed' 'expect prompt> ' \
		'send echo s-$?\r' 'expect s-3' 'send exit\r' |
		timeout -k 5 100 "$tool_dir/ptyrun" bash --noprofile --rcfile rc -i \
			>transcript 2>err 3>&- 4>&- || fail "status $?" "$(cat transcript err)"
	assert_file_has err "terminal: restored"
}
