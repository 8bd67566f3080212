#!/usr/bin/env bats
# run: foreground and detached, exit statuses, signals, standard streams.
# where: native vm-full

load helpers
load tools

setup_file() {
	need_tools
}

@test "run in the foreground: streams go through, the status is the program's, nothing stays" {
	make_bundle
	set_args sh -c 'cat; echo to-stderr >&2; exit 7'
	status=0
	echo from-stdin | "$BAWN" --root "$ROOT" run --bundle "$BUNDLE" "$ID" >out 2>err || status=$?
	assert_equal "$status" 7
	assert_equal "$(cat out)" from-stdin
	assert_equal "$(cat err)" to-stderr
	[[ ! -e $ROOT/$ID ]]
}

@test "exit statuses: 0, 1, 255, 128+n, 125, 126, 127, 2" {
	make_bundle
	local n
	for n in 0 1 2 125 255; do
		set_args sh -c "exit $n"
		run_in_container
		assert_status "$n"
		assert_equal "$output" ""
	done
	set_args sh -c 'sh -c "kill -TERM \$\$"; exit $?'
	run_in_container
	assert_status 143
	set_args nosuchprogram
	run_in_container
	assert_status 127
	set_args /etc/passwd
	run_in_container
	assert_status 126
	run_bawn run --bundle /no/such "$ID"
	assert_status 125
	run_bawn run --no-such-option "$ID"
	assert_status 2
	[[ ! -e $ROOT/$ID ]]
}

@test "a program that a signal ends: 128+9, and without a pid namespace 128+15" {
	make_bundle
	set_args sleep 1000
	"$BAWN" --root "$ROOT" run --bundle "$BUNDLE" "$ID" </dev/null 3>&- 4>&- &
	wait_for 5 status_is "$ID" running
	bawn kill "$ID" 9
	finish $!
	assert_status 137
	edit_config '.linux.namespaces |= map(select(.type != "pid"))'
	"$BAWN" --root "$ROOT" run --bundle "$BUNDLE" "$ID" </dev/null 3>&- 4>&- &
	wait_for 5 status_is "$ID" running
	kill -TERM $!
	finish $!
	assert_status 143
	[[ ! -e $ROOT/$ID ]]
}

@test "run forwards signals, and only to the program" {
	make_bundle
	with_probe
	set_args probe catch
	"$BAWN" --root "$ROOT" run --bundle "$BUNDLE" "$ID" </dev/null >out 3>&- 4>&- &
	local pid=$! sig
	wait_for 5 assert_file_has out ready
	for sig in 1 2 3 10 15 18 34 37; do
		kill -"$sig" $pid
		wait_for 5 grep -qx "signal $sig" out
	done
	kill -USR2 $pid
	finish "$pid"
	assert_status 42
	[[ ! -e $ROOT/$ID ]]
}

@test "signals that come before the program runs are not lost" {
	make_bundle
	with_probe
	set_args sleep 1000
	# In a pid namespace the kernel drops what its first process has no handler for yet.
	edit_config '.hooks.prestart = [{path: "/bin/sleep", args: ["sleep", "0.5"]}]
		| .linux.namespaces |= map(select(.type != "pid"))'
	"$BAWN" --root "$ROOT" run --bundle "$BUNDLE" "$ID" </dev/null >out 3>&- 4>&- &
	local pid=$!
	wait_for 5 test -e "$ROOT/$ID"
	sleep 0.1
	kill -USR2 $pid
	finish "$pid"
	assert_status 140
}

@test "the program starts with default signals and an empty mask, in a session of its own" {
	make_bundle
	with_probe
	set_args probe dispositions
	(
		trap '' HUP INT QUIT TERM PIPE
		"$BAWN" --root "$ROOT" run --bundle "$BUNDLE" "$ID" </dev/null
	) >out
	assert_equal "$(cat out)" dispositions
	set_args sh -c 'cut -d" " -f1,5,6 /proc/$$/stat'
	run_in_container
	assert_stdout "1 1 1"
}

@test "--detach returns when the program runs; delete takes the container" {
	make_bundle
	set_args sh -c 'echo started; exec sleep 1000'
	bawn run --detach --pid-file pid --bundle "$BUNDLE" "$ID"
	status_is "$ID" running
	assert_equal "$(cat pid)" "$(pid_of "$ID")"
	wait_for 5 assert_file_has "$OUT" started
	bawn kill "$ID" 9
	wait_for 5 status_is "$ID" stopped
	bawn delete "$ID"
	set_args nosuchprogram
	run_bawn run -d --bundle "$BUNDLE" "$ID"
	assert_status 127
	[[ ! -e $ROOT/$ID ]]
	# The status is never the program's: bawn's own failure is 1, as that of every verb.
	set_args true
	run_bawn run -d --pid-file no/such/file --bundle "$BUNDLE" "$ID"
	assert_status 1
	run_bawn run --pid-file no/such/file --bundle "$BUNDLE" "$ID"
	assert_status 125
}

@test "a cgroup that the config names gets all controllers that there are" {
	local dir=/sys/fs/cgroup/named-$$
	make_bundle
	set_args sleep 1000
	edit_config '.linux.cgroupsPath = $p' --arg p "/${dir##*/}/a/b"
	start_container
	assert_equal "$(cat "$dir/a/b/cgroup.controllers")" "$(cat /sys/fs/cgroup/cgroup.controllers)"
	bawn delete --force "$ID"
	[[ ! -e $dir ]]
}

@test "a cgroup of somebody else that cannot be used is left alone" {
	local dir=/sys/fs/cgroup/taken-$$ verb
	mkdir "$dir"
	echo 1 >"$dir/cgroup.freeze"
	make_bundle
	edit_config '.linux.cgroupsPath = $p' --arg p "/${dir##*/}"
	for verb in run create; do
		run_bawn $verb --bundle "$BUNDLE" "$ID"
		assert_output_has "container's cgroup unexpectedly frozen: /${dir##*/}: thaw it"
		[[ -d $dir && ! -e $ROOT/$ID ]]
	done
	rmdir "$dir"
}

@test "--keep leaves the stopped container" {
	make_bundle
	set_args sh -c 'exit 3'
	run_bawn run --keep --bundle "$BUNDLE" "$ID"
	assert_status 3
	status_is "$ID" stopped
	run_bawn run --keep --bundle "$BUNDLE" "$ID"
	assert_status 125
	bawn delete "$ID"
	run_bawn run --keep=false --bundle "$BUNDLE" "$ID"
	assert_status 3
	[[ ! -e $ROOT/$ID ]]
}

@test "a container that somebody else deletes while run waits" {
	make_bundle
	set_args sleep 1000
	"$BAWN" --root "$ROOT" run --bundle "$BUNDLE" "$ID" </dev/null 2>err 3>&- 4>&- &
	wait_for 5 status_is "$ID" running
	bawn delete --force "$ID"
	finish $!
	assert_status 137
	assert_equal "$(cat err)" ""
}

@test "when run itself is killed the container goes on and can be deleted" {
	make_bundle
	set_args sleep 1000
	"$BAWN" --root "$ROOT" run --bundle "$BUNDLE" "$ID" </dev/null 3>&- 4>&- &
	wait_for 5 status_is "$ID" running
	kill -KILL $!
	wait $! || true
	status_is "$ID" running
	run_bawn exec "$ID" echo still-there
	assert_stdout still-there
}

@test "10 MB go through, byte for byte, without a terminal" {
	make_bundle
	set_args sh -c 'head -c 10485760 /dev/urandom | tee /blob; sha256sum </blob >&2'
	"$BAWN" --root "$ROOT" run --bundle "$BUNDLE" "$ID" </dev/null 2>sum | sha256sum >have
	assert_equal "$(cat have)" "$(cat sum)"
}

@test "standard streams that are closed do no harm" {
	make_bundle
	with_probe
	set_args probe fds
	"$BAWN" --root "$ROOT" run --bundle "$BUNDLE" "$ID" <&- >out 2>&- 3>&- 4>&-
	grep -q '^fd 1 ' out
	assert_equal "$(grep -c '^fd' out)" 3
	assert_equal "$(grep -cE '^fd [02] .*null' out)" 2
	# A closed output is none of its errors.
	set_args echo x
	"$BAWN" --root "$ROOT" run --bundle "$BUNDLE" "$ID" <&- >&- 2>&- 3>&- 4>&- || [[ $? == 1 ]]
}
