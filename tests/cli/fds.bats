#!/usr/bin/env bats
# File descriptors: which ones the program gets; --preserve-fds, LISTEN_FDS, --pidfd-socket.
# where: native vm-full

load helpers
load tools

setup_file() {
	need_tools
}

fd_numbers() {
	awk '/^fd/ { print $2 }' "$@" | sort -n | xargs
}

@test "fds of the caller do not get into the container" {
	make_bundle
	with_probe
	set_args probe fds
	exec 5<"$TMP" 77<"$BUNDLE/config.json"
	run_in_container
	exec 5<&- 77<&-
	assert_equal "$(fd_numbers <<<"$stdout")" "0 1 2"
	# create: bawn's files are not there either.
	exec 5<"$TMP"
	bawn create --bundle "$BUNDLE" "$ID"
	exec 5<&-
	bawn start "$ID"
	wait_for 5 status_is "$ID" stopped
	assert_equal "$(fd_numbers "$OUT")" "0 1 2"
}

@test "--preserve-fds passes on N fds by number" {
	make_bundle
	with_probe
	set_args sh -c 'cat <&3; cat <&4; probe fds'
	echo three >f3
	echo four >f4
	run_with_fds run --preserve-fds 2 --bundle "$BUNDLE" "$ID"
	assert_equal "$status $(head -2 out | xargs)" "0 three four"
	assert_equal "$(fd_numbers out)" "0 1 2 3 4"
	run_with_fds run --preserve-fds=1 --bundle "$BUNDLE" "$ID"
	assert_equal "$(fd_numbers out)" "0 1 2 3"
	# The caller's fds are as they were: close-on-exec is set in the container only.
	set_args sleep 1000
	start_container
	run_with_fds exec --preserve-fds 2 "$ID" sh -c 'cat <&3; cat <&4; probe fds'
	assert_equal "$status $(head -2 out | xargs)" "0 three four"
	assert_equal "$(fd_numbers out)" "0 1 2 3 4"
}

# Files f3 and f4 at fds 3 and 4, and one more at 9.
run_with_fds() {
	status=0
	timeout 60 "$BAWN" --root "$ROOT" "$@" </dev/null >out 2>err 3<"$TMP/f3" 4<"$TMP/f4" 9<"$TMP" ||
		status=$?
}

@test "--preserve-fds across create and start" {
	make_bundle
	echo three >f3
	set_args sh -c 'cat <&3 >/out'
	"$BAWN" --root "$ROOT" create --preserve-fds 1 --bundle "$BUNDLE" "$ID" \
		</dev/null >/dev/null 3<f3 4>&-
	bawn start "$ID"
	wait_for 5 assert_file_has "$BUNDLE/rootfs/out" three
}

@test "--preserve-fds of an fd that is not open" {
	make_bundle
	run_bawn create --bundle "$BUNDLE" --preserve-fds 1 "$ID"
	assert_status 2
	assert_output_has "fd 3 is not open"
	run_bawn create --bundle "$BUNDLE" --preserve-fds 4294967295 "$ID"
	assert_status 2
	run_bawn create --bundle "$BUNDLE" --preserve-fds -1 "$ID"
	assert_status 2
	[[ ! -e $ROOT/$ID ]]
}

@test "LISTEN_FDS: sockets go on to the program, LISTEN_PID is its own" {
	make_bundle
	with_probe
	set_args sh -c 'echo "$LISTEN_FDS $LISTEN_PID $$"; cat <&3; probe fds'
	echo three >f3
	# Of somebody else: not for bawn.
	LISTEN_FDS=1 LISTEN_PID=1 "$BAWN" --root "$ROOT" run --bundle "$BUNDLE" "$ID" \
		</dev/null >out 2>/dev/null 3<f3 4>&- || true
	assert_equal "$(head -n 1 out)" "  1"
	assert_equal "$(fd_numbers out)" "0 1 2"
	# shellcheck disable=SC2016 # for the inner shell
	LISTEN_FDS=1 sh -c 'LISTEN_PID=$$ exec "$@"' sh "$BAWN" --root "$ROOT" run \
		--bundle "$BUNDLE" "$ID" </dev/null >out 2>err 3<f3 4>&-
	assert_equal "$(head -n 2 out | xargs)" "1 1 1 three"
	assert_equal "$(fd_numbers out)" "0 1 2 3"
	# conmon leaves LISTEN_PID out, and adds --preserve-fds.
	LISTEN_FDS=1 "$BAWN" --root "$ROOT" run --preserve-fds 1 --bundle "$BUNDLE" "$ID" \
		</dev/null >out 2>err 3<f3 4<"$TMP"
	assert_equal "$(head -n 1 out)" "1 1 1"
	assert_equal "$(fd_numbers out)" "0 1 2 3 4"
}

@test "LISTEN_FDS that names fds that are not open: refused, so none of bawn's own gets in" {
	make_bundle
	LISTEN_FDS=6 run_bawn run --bundle "$BUNDLE" "$ID"
	assert_status 2
	assert_output_has "LISTEN_FDS=6: fd 3 is not open"
	[[ ! -e $ROOT/$ID ]]
}

@test "--pidfd-socket of create, run and exec" {
	make_bundle
	set_args sleep 1000
	listen_for pidfd
	bawn create --bundle "$BUNDLE" --pidfd-socket "$TMP/socket" "$ID"
	wait_for 5 test -s "$TMP/received"
	assert_equal "$(cat "$TMP/received")" "$(pid_of "$ID")"
	bawn start "$ID"
	local init=$listener init_out=$TMP/init-received
	mv "$TMP/received" "$init_out"
	listen_for pidfd
	bawn exec --detach --pid-file pid --pidfd-socket "$TMP/socket" "$ID" sleep 0.3
	finish "$listener"
	assert_status 0
	assert_equal "$(cat "$TMP/received")" "$(cat pid)"$'\nended'
	bawn kill "$ID" KILL
	finish "$init"
	assert_status 0
	assert_file_has "$init_out" ended
	run_bawn run --bundle "$BUNDLE" --pidfd-socket no/socket "$ID-2"
	assert_status 125
	assert_stderr_like '*--pidfd-socket: *no/socket*: no such file or directory'
	[[ ! -e $ROOT/$ID-2 ]]
}
