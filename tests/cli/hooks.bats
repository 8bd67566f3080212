#!/usr/bin/env bats
# Hooks: six kinds, their order, what they get, time limits, what their failure does.
# where: native vm-full

load helpers
load tools

all_hooks=(prestart createRuntime createContainer startContainer poststart poststop)

# A bundle in which each hook, twice, appends a line to $TMP/log (inside: /log) with its name, its
# namespaces, and keeps the state it got.
make_hook_bundle() {
	make_bundle
	touch "$TMP/log"
	cat >"$TMP/hook" <<-'END'
		#!/bin/sh
		# hook LOG KIND: the state comes on stdin
		state=$(cat)
		status=${state#*\"status\":\"}
		echo "$2 ${status%%\"*} $0 $FROM_HOOK $(pwd)" >>"$1"
		echo "$state" >"$1.$2"
		readlink /proc/self/ns/mnt >"$1.$2.mnt"
		readlink /proc/self/ns/net >"$1.$2.net"
	END
	chmod 755 "$TMP/hook"
	cp "$TMP/hook" "$BUNDLE/rootfs/hook"
	edit_config '.hooks = ($k | map({key: ., value: [
			{path: "\($tmp)/hook", args: ["hook", "\($tmp)/log", "\(.)"], env: ["FROM_HOOK=one", "PATH=/usr/bin:/bin"]},
			{path: "\($tmp)/hook", args: ["hook", "\($tmp)/log", "\(.)"], env: ["FROM_HOOK=two", "PATH=/usr/bin:/bin"], timeout: 30}]})
		| from_entries)
		| .hooks.startContainer = [{path: "/hook", args: ["hook", "/log", "startContainer"], env: ["FROM_HOOK=one", "PATH=/bin"]}]
		| .annotations = {"a.b": "c"}' \
		--arg tmp "$TMP" --argjson k "$(jq -cn '$ARGS.positional' --args "${all_hooks[@]}")"
}

names() {
	cut -d' ' -f1 "$TMP/log" | xargs
}

@test "all six: order, status, working directory, environment" {
	make_hook_bundle
	set_args sh -c 'exec sleep 1000'
	bawn create --bundle "$BUNDLE" "$ID"
	assert_equal "$(names)" "prestart prestart createRuntime createRuntime createContainer createContainer"
	[[ ! -e $BUNDLE/rootfs/log ]]
	bawn start "$ID"
	assert_equal "$(names)" "prestart prestart createRuntime createRuntime createContainer createContainer poststart poststart"
	assert_equal "$(cut -d' ' -f1,2,4 "$BUNDLE/rootfs/log")" "startContainer created one"
	bawn kill "$ID" KILL
	wait_for 5 status_is "$ID" stopped
	bawn delete "$ID"
	assert_equal "$(names)" "prestart prestart createRuntime createRuntime createContainer createContainer poststart poststart poststop poststop"
	assert_equal "$(awk '{ print $1, $2, $4 }' "$TMP/log")" "prestart creating one
prestart creating two
createRuntime creating one
createRuntime creating two
createContainer creating one
createContainer creating two
poststart running one
poststart running two
poststop stopped one
poststop stopped two"
	assert_equal "$(awk '/^(prestart|createRuntime|poststart|poststop)/ { print $5 }' "$TMP/log" | sort -u)" "$BUNDLE"
}

@test "the state on stdin, and the namespaces each kind runs in" {
	make_hook_bundle
	bawn create --bundle "$BUNDLE" "$ID"
	local pid kind
	pid=$(pid_of "$ID")
	bawn start "$ID"
	for kind in prestart createRuntime createContainer poststart; do
		assert_equal "$(jq -c '[.id, .pid, .bundle, .annotations, (.ociVersion | length > 0)]' "$TMP/log.$kind")" \
			"[\"$ID\",$pid,\"$BUNDLE\",{\"a.b\":\"c\"},true]"
	done
	assert_equal "$(jq -c '[.id, .bundle, .annotations]' "$BUNDLE/rootfs/log.startContainer")" \
		"[\"$ID\",\"$BUNDLE\",{\"a.b\":\"c\"}]"
	for kind in prestart createRuntime poststart; do
		assert_equal "$(cat "$TMP/log.$kind.mnt")" "$(readlink /proc/self/ns/mnt)"
		assert_equal "$(cat "$TMP/log.$kind.net")" "$(readlink /proc/self/ns/net)"
	done
	for kind in "$TMP/log.createContainer" "$BUNDLE/rootfs/log.startContainer"; do
		assert_equal "$(cat "$kind.mnt")" "$(readlink "/proc/$pid/ns/mnt")"
		assert_equal "$(cat "$kind.net")" "$(readlink "/proc/$pid/ns/net")"
	done
	bawn kill "$ID" KILL
	wait_for 5 status_is "$ID" stopped
	bawn delete "$ID"
	assert_equal "$(jq -c '[.id, .status]' "$TMP/log.poststop")" "[\"$ID\",\"stopped\"]"
}

@test "run calls all of them, too; so does delete --force" {
	make_hook_bundle
	set_args true
	run_in_container
	assert_status 0
	assert_equal "$(names | tr ' ' '\n' | uniq | xargs)" "prestart createRuntime createContainer poststart poststop"
	: >"$TMP/log"
	set_args sleep 1000
	bawn run -d --bundle "$BUNDLE" "$ID"
	bawn delete --force "$ID"
	assert_equal "$(names | tr ' ' '\n' | uniq | xargs)" "prestart createRuntime createContainer poststart poststop"
}

@test "prestart hooks can find the new network namespace, createContainer hooks can mount" {
	make_bundle
	edit_config '.hooks.prestart = [{path: "/bin/sh", args: ["sh", "-c",
			"pid=$(jq .pid); readlink /proc/$pid/ns/net >net"], env: ["PATH=/usr/bin:/bin"]}]
		| .hooks.createContainer = [{path: "/bin/sh", args: ["sh", "-c",
			"mount -t tmpfs hooked srv"], env: ["PATH=/usr/bin:/bin:/sbin"]}]'
	mkdir "$BUNDLE/rootfs/srv"
	start_container
	run_bawn exec "$ID" grep "^hooked /srv tmpfs " /proc/mounts
	assert_status 0
	assert_equal "$(cat "$BUNDLE/net")" "$(readlink "/proc/$(pid_of "$ID")/ns/net")"
}

@test "prestart and createRuntime hooks add mounts by the rootfs's own path, as nvidia's does" {
	local kind
	for kind in prestart createRuntime; do
		make_bundle "$TMP/$kind"
		mkdir "$BUNDLE/rootfs/srv"
		edit_config '.hooks[$k] = [{path: "/bin/sh", args: ["sh", "-c",
				"nsenter -m -t $(jq .pid) mount -t tmpfs hooked \($dir)/rootfs/srv"], env: ["PATH=/usr/bin:/bin:/sbin"]}]
			| .mounts += [{destination: "/srv/below", type: "tmpfs", source: "tmpfs"}]' \
			--arg k $kind --arg dir "$BUNDLE"
		set_args grep " /srv" /proc/mounts
		run_in_container
		assert_status 0
		[[ $stdout == *"tmpfs /srv/below tmpfs "*"hooked /srv tmpfs "* ]] || fail "$(show_last)"
		run mountpoint "$BUNDLE/rootfs/srv"
		[ "$status" -ne 0 ]
	done
}

@test "a hook that fails stops the creation; nothing is left; poststop hooks run" {
	local kind
	for kind in prestart createRuntime createContainer; do
		make_bundle "$TMP/$kind"
		edit_config '.hooks[$k] = [{path: "/bin/true"}, {path: "/bin/sh", args: ["sh", "-c", "echo because; exit 3"]},
			{path: "/bin/touch", args: ["touch", "\($tmp)/too-far"]}]
			| .hooks.poststop = [{path: "/bin/touch", args: ["touch", "\($tmp)/\($k)-poststop"]}]' \
			--arg k $kind --arg tmp "$TMP"
		run_bawn create --bundle "$BUNDLE" "$ID"
		assert_status 1
		assert_stderr "bawn create $ID: error running hook: hooks.${kind}[1]: /bin/sh: exit status 3: because"
		run_in_container
		assert_status 125
		[[ ! -e $ROOT/$ID && ! -e $TMP/too-far && -e $TMP/$kind-poststop ]]
	done
}

@test "a startContainer hook that fails: start fails, the container is stopped" {
	make_bundle
	edit_config '.hooks.startContainer = [{path: "/bin/sh", args: ["sh", "-c", "echo no; exit 4"]}]'
	bawn create --bundle "$BUNDLE" "$ID"
	run_bawn start "$ID"
	assert_status 1
	assert_stderr "bawn start $ID: error running hook: hooks.startContainer[0]: /bin/sh: exit status 4: no"
	wait_for 5 status_is "$ID" stopped
	bawn delete "$ID"
	run_in_container
	assert_status 125
	[[ ! -e $ROOT/$ID ]]
}

@test "a poststart hook that fails: start fails, the container is stopped" {
	make_bundle
	edit_config '.hooks.poststart = [{path: "/bin/false"}]'
	bawn create --bundle "$BUNDLE" "$ID"
	run_bawn start "$ID"
	assert_status 1
	assert_stderr_like "*hooks.poststart\[0\]: /bin/false: exit status 1"
	wait_for 5 status_is "$ID" stopped
	run_bawn run --bundle "$BUNDLE" "$ID-2"
	assert_status 125
	[[ ! -e $ROOT/$ID-2 ]]
}

@test "a poststop hook that fails is a warning; the others run, the container is gone" {
	make_bundle
	edit_config '.hooks.poststop = [{path: "/bin/false"}, {path: "/bin/touch", args: ["touch", "\($tmp)/second"]}]' \
		--arg tmp "$TMP"
	set_args true
	run_in_container
	assert_status 0
	assert_output_has "hooks.poststop[0]: /bin/false: exit status 1"
	[[ -e $TMP/second && ! -e $ROOT/$ID ]]
}

@test "a hook that takes too long is killed, with what it started" {
	make_bundle
	edit_config '.hooks.createRuntime = [{path: "/bin/sh", args: ["sh", "-c", "echo slow; sleep 1000; true"], timeout: 1}]'
	local begin=$SECONDS
	run_bawn create --bundle "$BUNDLE" "$ID"
	assert_status 1
	assert_stderr_like "*hooks.createRuntime\[0\]: /bin/sh: killed: its timeout is over; seconds: 1: slow"
	((SECONDS - begin < (${BAWN_TEST_VM:+50} + 10)))
	[[ ! -e $ROOT/$ID ]]
}

@test "a poststop hook that takes too long, with what it started" {
	make_bundle
	edit_config '.hooks.poststop = [{path: "/bin/sh",
			args: ["sh", "-c", "setsid sleep 1001 & sleep 1000"], timeout: 1},
		{path: "/bin/touch", args: ["touch", "\($tmp)/second"]}]' --arg tmp "$TMP"
	set_args true
	run_in_container
	assert_status 0
	assert_output_has "hooks.poststop[0]: /bin/sh: killed: its timeout is over; seconds: 1"
	[[ -e $TMP/second && ! -e $ROOT/$ID ]]
	# The same by delete. assert_clean finds what would be left.
	start_container
	wait_for 5 status_is "$ID" stopped
	run_bawn delete "$ID"
	assert_status 0
	[[ ! -e $ROOT/$ID ]]
}

@test "delete --force ends a poststop hook that hangs" {
	make_bundle
	edit_config '.hooks.poststop = [{path: "/bin/sh",
		args: ["sh", "-c", "[ -e $0 ] && exit; echo >$0; setsid sleep 1001 & sleep 1000", $file]}]' \
		--arg file "$TMP/hangs"
	set_args true
	start_container
	wait_for 5 status_is "$ID" stopped
	bawn delete "$ID" 2>/dev/null &
	wait_for 5 test -e "$TMP/hangs"
	run_bawn delete --force "$ID"
	assert_status 0
	wait $! || true
	[[ ! -e $ROOT/$ID ]]
}

@test "hooks do not ignore the signals that the caller of bawn ignores" {
	make_bundle
	edit_config '.hooks.createRuntime = [{path: "/bin/sh", args: ["sh", "-c", "grep SigIgn /proc/$$/status >$0", $file]}]' \
		--arg file "$TMP/ignored"
	set_args true
	(
		trap '' HUP INT USR1 PIPE
		bawn run --bundle "$BUNDLE" "$ID"
	)
	assert_equal "$(tr -d '\t' <"$TMP/ignored")" "SigIgn:0000000000000000"
}

@test "a hook that is killed, one that does not exist, one that cannot be executed" {
	make_bundle
	edit_config '.hooks.prestart = [{path: "/bin/sh", args: ["sh", "-c", "kill -9 $$"]}]'
	run_in_container
	assert_status 125
	assert_output_has "hooks.prestart[0]: /bin/sh: killed by signal 9"
	edit_config '.hooks.prestart = [{path: "/no/such/hook"}]'
	run_in_container
	assert_status 125
	assert_output_has "hooks.prestart[0]: /no/such/hook: "
	assert_output_has "o such file or directory"
	edit_config '.hooks.prestart = [{path: "/etc/passwd"}]'
	run_in_container
	assert_status 125
	assert_output_has "ermission denied"
	edit_config '.hooks.prestart = [{path: "relative"}]'
	run_in_container
	assert_status 125
	assert_output_has "hooks.prestart[0].path"
	edit_config '.hooks.prestart = [{path: "/bin/true", timeout: 0}]'
	run_in_container
	assert_status 125
	assert_output_has "hooks.prestart[0].timeout"
}

@test "hooks: default arguments, empty environment, no fds, default signals, big output" {
	make_bundle
	need_tools
	edit_config '.hooks.prestart = [
		{path: "\($tools)/probe", args: ["probe", "fds", ",", "dispositions"]},
		{path: "/usr/bin/env", args: ["env"]},
		{path: "/bin/sh", args: ["sh", "-c", "yes | head -c 3000000; exit 1"]}]' --arg tools "$tool_dir"
	exec 8<"$TMP"
	run_in_container
	exec 8<&-
	assert_status 125
	# 512 bytes of it, here of two characters with a newline shown as four
	((${#stderr} < 1600))
	edit_config '.hooks.prestart |= [{path: "/bin/sh", args: ["sh", "-c", "\($tools)/probe fds , dispositions; env | grep -vE \"^(PWD|SHLVL|_)=\"; exit 1"]}]' \
		--arg tools "$tool_dir"
	exec 8<"$TMP"
	run_in_container
	exec 8<&-
	assert_equal "$(grep -o 'fd [0-9]*' <<<"$stderr" | xargs)" "fd 0 fd 1 fd 2" ||
		fail "$(show_last)"
	[[ $stderr == *dispositions || $stderr == *'dispositions\x0a' ]] || fail "$(show_last)"
}

@test "a daemon that a hook leaves behind ends with the container" {
	make_bundle
	edit_config '.hooks.prestart = [{path: "/bin/sh", args: ["sh", "-c",
		"setsid sleep 1000 >/dev/null 2>&1 </dev/null & echo $! >daemon"], env: ["PATH=/usr/bin:/bin"]}]'
	start_container
	kill -0 "$(cat "$BUNDLE/daemon")"
	bawn delete --force "$ID"
	wait_for 5 is_gone "$(cat "$BUNDLE/daemon")"
}

is_gone() {
	! kill -0 "$1" 2>/dev/null
}

@test "delete --force while a hook hangs ends it all" {
	make_bundle
	edit_config '.hooks.prestart = [{path: "/bin/sh", args: ["sh", "-c", "touch started; exec sleep 1000"]}]'
	"$BAWN" --root "$ROOT" create --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>err 3>&- 4>&- &
	local maker=$!
	wait_for 5 test -e "$BUNDLE/started"
	run_bawn delete --force "$ID"
	assert_status 0
	finish "$maker"
	# It is killed, or fails because its hook was.
	[[ $status == 137 || $status == 1 ]] || fail "status $status"
	[[ ! -e $ROOT/$ID ]]
}

@test "a poststart hook that hangs: delete --force ends it, also after start was killed" {
	make_bundle
	edit_config '.hooks.poststart = [{path: "/bin/sh", args: ["sh", "-c", "touch started; sleep 1000; true"]}]'
	local how
	for how in 15 9; do
		rm -f "$BUNDLE/started"
		bawn create --bundle "$BUNDLE" "$ID"
		"$BAWN" --root "$ROOT" start "$ID" </dev/null >/dev/null 2>err 3>&- 4>&- &
		wait_for 5 test -e "$BUNDLE/started"
		((how == 15)) || kill -KILL $!
		run_bawn delete --force "$ID"
		assert_status 0
		wait $! || true
		[[ ! -e $ROOT/$ID ]]
	done
}

@test "a startContainer hook runs under the container's seccomp filter, other hooks do not" {
	local privileges
	for privileges in true false; do
		make_bundle "$TMP/$privileges"
		set_args true
		edit_config '.process.noNewPrivileges = $p
			| .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [
				{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_KILL_PROCESS"}]}
			| .hooks.prestart = [{path: "/bin/sh", args: ["sh", "-c", "mkdir by-prestart"], env: ["PATH=/bin"]}]
			| .hooks.startContainer = [{path: "/bin/sh", args: ["sh", "-c", "exec mkdir /tmp/x"], env: ["PATH=/bin"]}]' \
			--argjson p $privileges
		run_in_container
		assert_status 125
		assert_output_has "error running hook: hooks.startContainer[0]: /bin/sh: bad system call: killed by signal 31"
		[[ -d $BUNDLE/by-prestart ]]
	done
}
