#!/usr/bin/env bats
# create and start: the life of a container from its bundle to its program.
# where: native vm-full

load helpers
load tools

setup_file() {
	need_tools
}

@test "create makes a container that waits, start runs its program" {
	make_bundle
	set_args sh -c 'echo hello; exec sleep 1000'
	bawn create --bundle "$BUNDLE" "$ID"
	status_is "$ID" created
	run grep -q hello "$OUT"
	assert_status 1
	kill -0 "$(pid_of "$ID")"
	bawn start "$ID"
	status_is "$ID" running
	wait_for 5 assert_file_has "$OUT" hello
	bawn kill "$ID" KILL
	wait_for 5 status_is "$ID" stopped
	bawn delete "$ID"
	[[ ! -e $ROOT/$ID ]]
}

@test "create and start print nothing" {
	make_bundle
	set_args true
	run_bawn start "$ID"
	bawn create --bundle "$BUNDLE" "$ID" 2>"$TMP/said"
	run_bawn start "$ID"
	assert_status 0
	assert_equal "$output" ""
	assert_equal "$(cat "$TMP/said" "$OUT")" ""
	wait_for 5 status_is "$ID" stopped
}

@test "the bundle is the current directory by default" {
	make_bundle
	cd "$BUNDLE"
	bawn create "$ID"
	cd "$TMP"
	assert_equal "$(state_of "$ID" | jq -r .bundle)" "$BUNDLE"
	assert_equal "$(state_of "$ID" | jq -r .rootfs)" "$BUNDLE/rootfs"
}

@test "the bundle can be relative and a symbolic link; state shows the real path" {
	make_bundle
	ln -s bundle link
	bawn create -b link "$ID"
	assert_equal "$(state_of "$ID" | jq -r .bundle)" "$BUNDLE"
	bawn create --bundle=bundle "$ID-2"
	assert_equal "$(state_of "$ID-2" | jq -r .bundle)" "$BUNDLE"
}

@test "--config takes another file, and the container keeps a copy of it" {
	make_bundle
	set_args sh -c 'echo other; exec sleep 1000'
	mv "$BUNDLE/config.json" other.json
	bawn create --bundle "$BUNDLE" --config other.json "$ID"
	rm other.json
	bawn start "$ID"
	wait_for 5 assert_file_has "$OUT" other
	run_bawn exec "$ID" true
	assert_status 0
}

@test "the pid file is decimal without a newline, complete, and relative to the caller" {
	make_bundle
	mkdir sub
	cd sub
	bawn create --bundle ../bundle --pid-file pid "$ID"
	cd "$TMP"
	assert_equal "$(od -An -c sub/pid | tr -d ' \n')" "$(pid_of "$ID")"
	assert_equal "$(ls sub)" pid
	bawn create --bundle bundle --pid-file "$TMP/sub/pid" "$ID-2"
	assert_equal "$(cat sub/pid)" "$(pid_of "$ID-2")"
}

@test "a pid file that cannot be written: nothing is left" {
	make_bundle
	run_bawn create --bundle "$BUNDLE" --pid-file no/such/pid "$ID"
	assert_status 1
	assert_stderr_like '*--pid-file: *no/such/pid*: no such file or directory'
	[[ ! -e $ROOT/$ID ]]
}

@test "starting twice fails, and the container goes on" {
	make_bundle
	start_container
	run_bawn start "$ID"
	assert_status 1
	assert_stderr "bawn start $ID: cannot start a container in the running state"
	status_is "$ID" running
	bawn kill "$ID" KILL
	wait_for 5 status_is "$ID" stopped
	run_bawn start "$ID"
	assert_status 1
	assert_stderr "bawn start $ID: cannot start a container that has stopped"
}

@test "two starts at once: one of them wins" {
	make_bundle
	set_args sh -c 'echo once; exec sleep 1000'
	bawn create --bundle "$BUNDLE" "$ID"
	local i pids=() won=0
	for i in 1 2 3 4; do
		bawn start "$ID" 2>>"$TMP/said" &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i" && won=$((won + 1))
	done
	assert_equal "$won" 1
	wait_for 5 assert_file_has "$OUT" once
	assert_equal "$(grep -c once "$OUT")" 1
}

@test "an id that is in use is refused, and its container lives on" {
	make_bundle
	start_container
	local pid
	pid=$(pid_of "$ID")
	run_bawn create --bundle "$BUNDLE" "$ID"
	assert_status 1
	assert_stderr "bawn create $ID: container with id exists already: $ID"
	run_bawn run --bundle "$BUNDLE" "$ID"
	assert_status 125
	assert_equal "$(pid_of "$ID")" "$pid"
	kill -0 "$pid"
}

@test "ids: what is allowed, what is not" {
	make_bundle
	set_args true
	local id long
	long=$(printf 'x%.0s' {1..128})
	for id in a 0 _x +y A-b.c+d_e "$long"; do
		run_bawn run --bundle "$BUNDLE" "$id"
		assert_status 0
	done
	for id in '' . .. .a a/b a..b/ 'a b' 'ä' a:b "${long}x" $'a\nb' /etc; do
		run_bawn create --bundle "$BUNDLE" "$id"
		assert_status 2
		assert_output_has "invalid container id"
		run_bawn state "$id"
		assert_status 2
	done
	assert_equal "$(ls "$ROOT")" ""
}

@test "a program that does not exist: create says so, as engines want it" {
	make_bundle
	set_args nosuchprogram
	run_bawn create --bundle "$BUNDLE" "$ID"
	assert_status 1
	assert_stderr_like '*exec: "nosuchprogram": executable file not found in $PATH'
	set_args /no/such/program
	run_bawn create --bundle "$BUNDLE" "$ID"
	assert_status 1
	assert_stderr_like '*exec: "/no/such/program": no such file or directory'
	set_args /etc/passwd
	run_bawn create --bundle "$BUNDLE" "$ID"
	assert_status 1
	assert_stderr_like '*exec: "/etc/passwd": permission denied'
	set_args /etc
	run_bawn create --bundle "$BUNDLE" "$ID"
	assert_status 1
	assert_stderr_like '*exec: "/etc": permission denied'
	set_args /etc/passwd/x
	run_bawn create --bundle "$BUNDLE" "$ID"
	assert_status 1
	assert_stderr_like '*exec: "/etc/passwd/x": not a directory'
	[[ ! -e $ROOT/$ID ]]
}

@test "a program that cannot be executed: start says so, the container is stopped" {
	make_bundle
	echo 'neither ELF nor script' >"$BUNDLE/rootfs/bin/junk"
	chmod 755 "$BUNDLE/rootfs/bin/junk"
	set_args junk
	bawn create --bundle "$BUNDLE" "$ID"
	run_bawn start "$ID"
	assert_status 1
	assert_stderr "bawn start $ID: exec: \"junk\": exec format error"
	wait_for 5 status_is "$ID" stopped
	run_bawn start "$ID"
	assert_status 1
	bawn delete "$ID"
	run_bawn run --bundle "$BUNDLE" "$ID"
	assert_status 126
	assert_output_has "exec format error"
	printf '#!/no/such/interpreter\n' >"$BUNDLE/rootfs/bin/junk"
	run_bawn run --bundle "$BUNDLE" "$ID"
	assert_status 127
	assert_output_has 'exec: "junk": no such file or directory'
	[[ ! -e $ROOT/$ID ]]
}

@test "a container whose process is killed before start has stopped" {
	make_bundle
	bawn create --bundle "$BUNDLE" "$ID"
	kill -KILL "$(pid_of "$ID")"
	wait_for 5 status_is "$ID" stopped
	run_bawn start "$ID"
	assert_status 1
	assert_stderr "bawn start $ID: cannot start a container that has stopped"
	bawn delete "$ID"
}

@test "kill before start ends the container, delete takes it" {
	make_bundle
	bawn create --bundle "$BUNDLE" "$ID"
	bawn kill "$ID" KILL
	wait_for 5 status_is "$ID" stopped
	bawn delete "$ID"
	[[ ! -e $ROOT/$ID ]]
}

@test "delete takes a created container, refuses a running one, --force does not" {
	make_bundle
	bawn create --bundle "$BUNDLE" "$ID"
	bawn delete "$ID"
	start_container
	run_bawn delete "$ID"
	assert_status 1
	assert_stderr_like "*cannot delete container \"$ID\" that is not stopped: running*"
	status_is "$ID" running
	run_bawn delete --force "$ID"
	assert_status 0
	assert_equal "$output" ""
	run_bawn delete "$ID"
	assert_status 1
	assert_stderr "bawn delete $ID: container \"$ID\" does not exist"
	run_bawn delete --force "$ID"
	assert_status 0
	assert_equal "$output" ""
	run_bawn delete -f "$ID"
	assert_status 0
}

@test "every verb says that a container does not exist" {
	local verb
	for verb in start state kill delete pause resume ps exec; do
		if [[ $verb == exec ]]; then
			run_bawn exec nobody true
			assert_status 125
		else
			run_bawn "$verb" nobody
			assert_status 1
		fi
		assert_stderr "bawn $verb nobody: container \"nobody\" does not exist"
	done
}

@test "a stopped container keeps its id until delete" {
	make_bundle
	set_args true
	start_container
	wait_for 5 status_is "$ID" stopped
	assert_equal "$(pid_of "$ID")" 0
	run_bawn create --bundle "$BUNDLE" "$ID"
	assert_status 1
	bawn delete "$ID"
	bawn create --bundle "$BUNDLE" "$ID"
}

@test "the rest of the container is gone when its first process ends" {
	make_bundle
	set_args sh -c 'setsid sleep 1000 & setsid sleep 1000 & sleep 1000'
	start_container
	wait_for 5 test_processes 3
	bawn kill "$ID" KILL
	wait_for 5 status_is "$ID" stopped
	wait_for 5 test_processes 0
	bawn delete "$ID"
}

test_processes() {
	[[ $("$BAWN" --root "$ROOT" ps -f json "$ID" | jq length) == "$1" ]]
}

@test "--no-pivot" {
	make_bundle
	set_args sh -c 'ls /; exec sleep 1000'
	bawn create --no-pivot --bundle "$BUNDLE" "$ID"
	bawn start "$ID"
	wait_for 5 assert_file_has "$OUT" usr
	run_bawn exec "$ID" ls /bin/busybox
	assert_status 0
	# Neither the first process nor an exec sees the host.
	run_bawn exec "$ID" ls /work
	assert_status 1
}

@test "--no-new-keyring keeps the caller's keyring, else there is a new one" {
	make_bundle
	with_probe
	set_args probe keyring
	edit_config 'del(.linux.seccomp)'
	run_in_container
	assert_status 0
	[[ $stdout == *";_ses.$ID" ]] || fail "$stdout"
	run_bawn run --no-new-keyring --bundle "$BUNDLE" "$ID"
	assert_status 0
	[[ $stdout != *";_ses.$ID" ]] || fail "$stdout"
}

@test "options that only others need are accepted" {
	make_bundle
	set_args true
	run_bawn run --no-subreaper -no-subreaper --bundle "$BUNDLE" "$ID"
	assert_status 0
	run_bawn --systemd-cgroup=false --cgroup-manager cgroupfs run -b "$BUNDLE" "$ID"
	assert_status 0
}

@test "the environment of the caller stays outside" {
	make_bundle
	set_args env
	export SECRET=x _OCI_SYNCPIPE=99 _OCI_STARTPIPE=98 XDG_RUNTIME_DIR=
	run_in_container
	assert_status 0
	assert_equal "$(sort <<<"$stdout" | cut -d= -f1 | xargs)" "HOME PATH TERM"
}
