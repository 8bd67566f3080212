#!/usr/bin/env bats
# podman: a container's life, from run to rm, and what podman reports of it.
# where: vm-full
# limit: 900
# machine: podman conmon buildah crun runc catatonit netavark aardvark-dns apparmor iptables nftables uidmap fuse-overlayfs slirp4netns e2fsprogs strace
# images: busybox

load helpers
load podman

# The program that ctrl-c is for speaks itself: what is typed before a shell has handed over the
# terminal is the shell's.
@test "run and exec on a terminal: a shell, its size, ctrl-c, status" {
	run_pty 'expect #
		send stty size\r
		expect 30 100
		send tty; test -t 2 && echo is-"a"-tty\r
		expect is-a-tty
		send sh -c "echo star\\\\ted; exec sleep 100"\r
		expect started
		send \003
		expect #
		send exit 5\r' podman run -it --rm "$image" sh
	assert_status 5
	start_sleeper
	run_pty 'expect #
		resize 40 90
		send sleep 1; stty size\r
		expect 40 90
		send exit 6\r' podman exec -it "$NAME" sh
	assert_status 6
	run_podman 0 exec -t "$NAME" tty
	assert_output_has /dev/
}

@test "attach to a terminal, leave it with the detach keys, come back" {
	run_podman 0 create -it --name "$NAME" "$image" sh
	run_pty 'expect #
		send echo ma""rk\r
		expect mark
		send \030' podman start -ai --detach-keys ctrl-x "$NAME"
	assert_status 0
	state_is "$NAME" running
	run_pty 'send exit 4\r' podman attach "$NAME"
	run_podman 0 wait "$NAME"
	assert_stdout 4
}

@test "exec: output, input, environment, user, directory, status, detached" {
	start_sleeper -e GLOBAL=1
	run_podman 9 exec -e A=b --user user --workdir /tmp "$NAME" \
		sh -c 'echo "$A $GLOBAL $(id -un) $PWD"; echo err >&2; exit 9'
	assert_stdout "b 1 user /tmp"
	assert_stderr err
	run_command bash -c "echo typed | podman exec -i '$NAME' cat"
	assert_stdout typed
	run_podman 0 exec -d "$NAME" sh -c 'echo made >/tmp/detached; exec sleep 500'
	wait_for 10 podman exec "$NAME" grep -q made /tmp/detached
	run_podman 0 exec --privileged "$NAME" grep CapEff /proc/self/status
	assert_output_has "$all_capabilities"
	run_podman 0 top "$NAME" pid args
	assert_output_has "sleep 500"
	run_podman 137 exec "$NAME" sh -c 'kill -9 $$'
	# The container ends while a process in it runs.
	podman exec "$NAME" sleep 700 3>&- 4>&- &
	wait_for 10 podman exec "$NAME" sh -c 'ps | grep -q "[s]leep 700"'
	run_podman 0 kill "$NAME"
	run wait $!
	assert_equal "$status" 137
}

@test "exit status: 125 podman's own, 126 cannot be executed, 127 not found, 128+N" {
	run_podman 127 run --rm "$image" nonexistent
	assert_output_has 'executable file not found in $PATH'
	run_podman 127 run --rm "$image" /no/such/file
	assert_output_has 'no such file or directory'
	run_podman 126 run --rm "$image" /etc/passwd
	assert_output_has 'permission denied'
	run_podman 126 run --rm "$image" /etc
	run_podman 125 run --rm --no-such-option "$image" true
	run_podman 126 run --rm --workdir /etc/passwd "$image" true
	# The first process of a pid namespace cannot be killed by itself.
	run_podman 137 run --rm --pid host "$image" sh -c 'kill -KILL $$'
	run_podman 139 run --rm --pid host "$image" sh -c 'kill -SEGV $$'
	start_sleeper
	run_podman 127 exec "$NAME" nonexistent
	run_podman 126 exec "$NAME" /etc/passwd
	run_podman 127 exec --workdir /nonexistent "$NAME" true
	run_podman 125 exec no-such-container true
	run_podman 125 start no-such-container
}

@test "stop: the program ends by itself, or is killed when the time is up" {
	run_podman 0 run -d --name "$NAME" "$image" \
		sh -c 'trap "echo bye; exit 5" TERM; echo ready; while :; do sleep 0.1; done'
	wait_for 20 logs_have "$NAME" ready
	run_podman 0 stop -t 60 "$NAME"
	assert_equal "$(inspect "$NAME" '{{.State.ExitCode}}')" 5
	logs_have "$NAME" bye
	run_podman 0 run -d --name "$NAME-stubborn" "$image" sh -c 'trap "" TERM; sleep 1000'
	run_podman 0 stop -t 1 "$NAME-stubborn"
	assert_equal "$(inspect "$NAME-stubborn" '{{.State.ExitCode}}')" 137
	run_podman 0 run -d --name "$NAME-other" --stop-signal USR1 "$image" \
		sh -c 'trap "exit 8" USR1; echo ready; while :; do sleep 0.1; done'
	wait_for 20 logs_have "$NAME-other" ready
	run_podman 0 stop -t 60 "$NAME-other"
	assert_equal "$(inspect "$NAME-other" '{{.State.ExitCode}}')" 8
	run_podman 0 stop "$NAME-other"
}

@test "kill, restart, rm -f: of running and of paused containers" {
	run_podman 0 run -d --name "$NAME" "$image" \
		sh -c 'trap "echo hup" HUP; echo ready; while :; do sleep 0.1; done'
	wait_for 20 logs_have "$NAME" ready
	run_podman 0 kill -s HUP "$NAME"
	wait_for 20 logs_have "$NAME" hup
	local pid
	pid=$(pid_of "$NAME")
	run_podman 0 restart -t 0 "$NAME"
	[[ $(pid_of "$NAME") != "$pid" ]]
	run_podman 0 kill "$NAME"
	run_podman 0 wait "$NAME"
	assert_stdout 137
	run_podman 125 kill "$NAME"
	run_podman 0 start "$NAME"
	run_podman 2 rm "$NAME"
	run_podman 0 pause "$NAME"
	run_podman 0 rm -f -t 0 "$NAME"
	run_podman 125 inspect --type container "$NAME"
}

@test "pause and unpause: nothing runs meanwhile" {
	# Renamed, so that nobody reads an empty file.
	run_podman 0 run -d --name "$NAME" "$image" sh -c 'n=0
		while :; do n=$((n + 1)); echo $n >/tmp/m; mv /tmp/m /tmp/n; sleep 0.02; done'
	wait_for 20 podman exec "$NAME" test -s /tmp/n
	run_podman 0 pause "$NAME"
	state_is "$NAME" paused
	[[ $(awk '$1 == "frozen" { print $2 }' "$(cgroup_of "$(pid_of "$NAME")")/cgroup.events") == 1 ]]
	run_podman 255 exec "$NAME" true
	run_podman 0 unpause "$NAME"
	state_is "$NAME" running
	run_podman 0 exec "$NAME" sh -c 'a=$(cat /tmp/n); sleep 1; test $(cat /tmp/n) -gt $a'
}

@test "restart policy: on-failure tries that often, always comes back" {
	run_podman 0 run -d --name "$NAME" --restart on-failure:2 "$image" sh -c 'echo try; exit 1'
	exited_after() {
		[[ $(inspect "$NAME" '{{.RestartCount}} {{.State.Status}}') == "$1 exited" ]]
	}
	wait_for 30 exited_after 2
	assert_equal "$(podman logs "$NAME" | grep -c try)" 3
	run_podman 0 run -d --name "$NAME-always" --restart always "$image" sleep 1000
	local pid
	pid=$(pid_of "$NAME-always")
	kill -KILL "$pid"
	is_another() {
		local now
		now=$(pid_of "$NAME-always")
		[[ $now != 0 && $now != "$pid" ]]
	}
	wait_for 30 is_another
}

@test "cp, diff, rename, commit, export, events" {
	start_sleeper
	echo content >"$TMP/file"
	run_podman 0 cp "$TMP/file" "$NAME:/tmp/copied"
	run_podman 0 exec "$NAME" cat /tmp/copied
	assert_stdout content
	run_podman 0 cp "$NAME:/etc/passwd" "$TMP/passwd"
	assert_file_has "$TMP/passwd" root:
	run_podman 0 diff "$NAME"
	assert_output_has /tmp/copied
	run_podman 0 rename "$NAME" "$NAME-renamed"
	run_podman 0 commit -q -c 'CMD ["cat", "/tmp/copied"]' "$NAME-renamed" localhost/committed
	run_podman 0 run --rm localhost/committed
	assert_stdout content
	run_podman 0 export -o "$TMP/export.tar" "$NAME-renamed"
	tar tf "$TMP/export.tar" | grep -qx tmp/copied
	run_podman 0 events --stream=false --since 10m --filter container="$(inspect "$NAME-renamed" '{{.Id}}')" \
		--format '{{.Status}}'
	assert_output_has start
	podman rmi -f localhost/committed
}

@test "cidfile, pidfile, preserved fds, labels, annotations reach the container" {
	run_podman 0 run -d --name "$NAME" --cidfile "$TMP/cid" --pidfile "$TMP/pid" \
		--label l=1 --annotation org.example.a=b "$image" sleep 1000
	assert_equal "$(<"$TMP/cid")" "$(inspect "$NAME" '{{.Id}}')"
	assert_equal "$(<"$TMP/pid")" "$(pid_of "$NAME")"
	if [[ $runtime == bawn ]]; then
		assert_equal "$(bawn_annotation org.example.a)" b
	fi
	run_command bash -c "echo from-fd >fd; podman run --rm --preserve-fds 2 $image \
		sh -c 'cat <&4' 3</dev/null 4<fd"
	assert_status 0
	assert_stdout from-fd
}

bawn_annotation() {
	"$BAWN" state "$(<"$TMP/cid")" | jq -r --arg name "$1" '.annotations[$name]'
}

@test "50 containers at once" {
	local n pids=()
	for ((n = 0; n < 50; n++)); do
		timeout "$ENGINE_LIMIT" podman run -d --name "$NAME-$n" "$image" \
			sh -c "echo number $n; exec sleep 2000" >/dev/null 2>>"$TMP/errors" 3>&- 4>&- &
		pids+=($!)
	done
	for n in "${pids[@]}"; do
		wait "$n" || fail "$(<"$TMP/errors")"
	done
	assert_equal "$(podman ps -q | wc -l)" 50
	[[ $runtime != bawn ]] || assert_equal "$("$BAWN" list -q | wc -l)" 50
	run_podman 0 exec "$NAME-49" ps
	assert_output_has "sleep 2000"
	run_podman 0 rm -fa -t 0
	assert_equal "$(podman ps -aq | wc -l)" 0
}
