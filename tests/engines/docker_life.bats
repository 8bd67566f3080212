#!/usr/bin/env bats
# docker: a container's life in detail: run, exec, stop, restart, what docker reports of it.
# where: vm-full
# limit: 600
# machine: containerd docker.io iptables apparmor
# images: busybox

load helpers
load docker

@test "run: input, environment, user, directory, hostname; --rm leaves nothing to inspect" {
	run_command bash -c "echo typed | docker run --rm -i --name $NAME $image cat"
	assert_status 0
	assert_stdout typed
	run_docker 1 inspect "$NAME"
	once 0 -e A=b --user user --workdir /home/user --hostname h -- \
		sh -c 'echo $A $(id -un) $(id -G) $PWD $(hostname) $HOME'
	assert_stdout "b user 1000 1001 /home/user h /home/user"
	once 0 --user 77:78 --group-add 79 --workdir /made/by/docker --entrypoint /bin/sh -- \
		-c 'id -u; id -G; pwd'
	assert_stdout $'77\n78 79\n/made/by/docker'
}

@test "run detached: logs, wait, start again with the same filesystem" {
	run_docker 0 run -d --name "$NAME" "$image" sh -c 'echo one; echo two >&2; date >>/n; exit $(wc -l </n)'
	run_docker 0 wait "$NAME"
	assert_stdout 1
	run_docker 0 logs "$NAME"
	assert_stdout one
	assert_stderr two
	run_docker 2 start -a "$NAME"
	assert_stdout one
	assert_equal "$(docker ps -a --filter "name=$NAME" --format '{{.Names}} {{.Status}}' |
		cut -d' ' -f1-3)" "$NAME Exited (2)"
}

@test "exit statuses: 125, 126, 127, 128+N" {
	once 125 --no-such-option -- true
	once 125 --workdir /etc/passwd -- true
	once 127 -- /no/such/file
	assert_output_has 'exec: "/no/such/file": no such file or directory'
	once 126 -- /etc
	assert_output_has 'permission denied'
	once 126 --user user --tmpfs /closed:mode=700 -- /closed/x
	once 127 --entrypoint nonexistent --
	assert_output_has 'executable file not found in $PATH'
	once 137 --init -- sh -c 'kill -KILL $$'
	once 139 --init -- sh -c 'kill -SEGV $$; sleep 5'
	run_docker 125 run --rm no-such-image:none true
}

@test "exec: statuses, input, environment, directory, privileged, detached, 126 and 127" {
	start_sleeper -e GLOBAL=1
	run_docker 9 exec -e A=b --user user --workdir /tmp "$NAME" \
		sh -c 'echo "$A $GLOBAL $(id -un) $(id -G) $PWD"; echo err >&2; exit 9'
	assert_stdout "b 1 user 1000 1001 /tmp"
	assert_stderr err
	run_command bash -c "echo typed | docker exec -i $NAME cat"
	assert_stdout typed
	run_docker 0 exec -d "$NAME" sh -c 'echo made >/tmp/detached; exec sleep 500'
	wait_for 20 docker exec "$NAME" grep -q made /tmp/detached
	run_docker 0 exec "$NAME" grep CapEff /proc/self/status
	assert_output_has 00000000a80425fb
	run_docker 0 exec --privileged "$NAME" grep CapEff /proc/self/status
	assert_all_caps
	run_docker 0 top "$NAME" -o pid,args
	assert_output_has "sleep 500"
	assert_output_has "sleep 1000"
	# docker 20.10 has one status for all that exec cannot start, whatever the runtime.
	run_docker 126 exec "$NAME" nonexistent
	assert_output_has 'executable file not found in $PATH'
	run_docker 126 exec "$NAME" /etc/passwd
	assert_output_has "permission denied"
	run_docker 137 exec "$NAME" sh -c 'kill -9 $$'
	run_docker 1 exec no-such-container true
}

@test "exec ends when the container does; in a stopped or paused container it is refused" {
	start_sleeper
	docker exec "$NAME" sleep 700 >/dev/null 2>&1 3>&- 4>&- &
	wait_for 20 docker exec "$NAME" sh -c 'ps | grep -q "[s]leep 700"'
	run_docker 0 pause "$NAME"
	run_docker 1 exec "$NAME" true
	assert_output_has "is paused"
	run_docker 0 unpause "$NAME"
	run_docker 0 kill "$NAME"
	status=0
	wait $! || status=$?
	assert_status 137
	run_docker 1 exec "$NAME" true
	assert_output_has "is not running"
}

@test "terminals: run, exec, attach, detach keys, resize, status" {
	# docker sets the size when the program runs already.
	run_pty 'expect #
		send until stty size | grep .; do sleep 0.2; done; tty; test -t 2 && echo is-"a"-tty\r
		expect 30 100
		expect is-a-tty
		resize 40 90
		send sleep 1; stty size\r
		expect 40 90
		send sh -c "echo sl""eeps; exec sleep 100"\r
		expect sleeps
		send \003
		send echo ma""rk\r
		expect mark
		send \020\021' docker run -it --name "$NAME" "$image" sh
	assert_status 0
	state_is "$NAME" running
	run_pty 'expect #
		send until stty size | grep .; do sleep 0.2; done\r
		expect 30 100
		send exit 6\r' docker exec -it "$NAME" sh
	assert_status 6
	run_docker 0 exec -t "$NAME" tty
	assert_output_has /dev/pts/
	run_pty 'send \r
		expect #
		send exit 4\r' docker attach "$NAME"
	assert_status 4
}

@test "stop: the program ends by itself, at its own signal, or is killed when the time is up" {
	run_docker 0 run -d --name "$NAME" "$image" \
		sh -c 'trap "echo bye; exit 5" TERM; echo ready; while :; do sleep 0.1; done'
	run_docker 0 run -d --name "$NAME-other" --stop-signal USR1 "$image" \
		sh -c 'trap "exit 8" USR1; echo ready; while :; do sleep 0.1; done'
	run_docker 0 run -d --name "$NAME-stubborn" "$image" sh -c 'trap "" TERM; sleep 1000'
	wait_for 20 logs_have "$NAME" ready
	wait_for 20 logs_have "$NAME-other" ready
	run_docker 0 stop -t 60 "$NAME" "$NAME-other"
	run_docker 0 stop -t 1 "$NAME-stubborn"
	assert_equal "$(inspect "$NAME" '{{.State.ExitCode}}')" 5
	assert_equal "$(inspect "$NAME-other" '{{.State.ExitCode}}')" 8
	assert_equal "$(inspect "$NAME-stubborn" '{{.State.ExitCode}}')" 137
	logs_have "$NAME" bye
	run_docker 0 stop "$NAME"
}

@test "kill, restart, restart policy, rm -f of paused containers" {
	local pid
	run_docker 0 run -d --name "$NAME" "$image" \
		sh -c 'trap "echo hup" HUP; echo ready; while :; do sleep 0.1; done'
	wait_for 20 logs_have "$NAME" ready
	run_docker 0 kill -s HUP "$NAME"
	wait_for 20 logs_have "$NAME" hup
	pid=$(pid_of "$NAME")
	run_docker 0 restart -t 0 "$NAME"
	[[ $(pid_of "$NAME") != "$pid" ]]
	run_docker 0 kill "$NAME"
	run_docker 0 wait "$NAME"
	assert_stdout 137
	run_docker 1 kill "$NAME"
	assert_output_has "is not running"
	run_docker 0 start "$NAME"
	run_docker 1 rm "$NAME"
	run_docker 0 pause "$NAME"
	run_docker 0 rm -f "$NAME"
	run_docker 0 run -d --name "$NAME-again" --restart on-failure:2 "$image" sh -c 'echo run; exit 1'
	ended() { [[ $(inspect "$NAME-again" '{{.RestartCount}} {{.State.Status}}') == "2 exited" ]]; }
	wait_for 30 ended
	assert_equal "$(docker logs "$NAME-again")" $'run\nrun\nrun'
}

@test "pause: nothing runs meanwhile; stop of a paused container" {
	run_docker 0 run -d --name "$NAME" "$image" \
		sh -c 'n=0; while :; do n=$((n + 1)); echo $n >/n; sleep 0.02; done'
	wait_for 20 docker exec "$NAME" test -s /n
	run_docker 0 pause "$NAME"
	state_is "$NAME" paused
	[[ $(cgroup_value "$(pid_of "$NAME")" cgroup.events) == *"frozen 1"* ]]
	local file before
	file=/proc/$(pid_of "$NAME")/root/n
	before=$(<"$file")
	sleep 1
	assert_equal "$(<"$file")" "$before"
	run_docker 1 pause "$NAME"
	run_docker 0 unpause "$NAME"
	run_docker 1 unpause "$NAME"
	run_docker 0 pause "$NAME"
	run_docker 0 stop -t 1 "$NAME"
	assert_equal "$(inspect "$NAME" '{{.State.ExitCode}}')" 137
}

@test "health check: healthy, then not" {
	start_sleeper --health-cmd 'test ! -e /ill' --health-interval 1s --health-retries 1
	health_is() { [[ $(inspect "$NAME" '{{.State.Health.Status}}') == "$1" ]]; }
	wait_for 30 health_is healthy
	run_docker 0 exec "$NAME" touch /ill
	wait_for 30 health_is unhealthy
}

@test "--init: a first process that reaps and passes signals on" {
	run_docker 0 run -d --init --name "$NAME" "$image" \
		sh -c 'trap "exit 3" TERM; (sleep 0.2 &); echo ready; while :; do sleep 0.1; done'
	wait_for 20 logs_have "$NAME" ready
	run_docker 0 exec "$NAME" cat /proc/1/comm
	assert_output_has docker-init
	run_docker 0 stop -t 60 "$NAME"
	assert_equal "$(inspect "$NAME" '{{.State.ExitCode}}')" 3
}

@test "events: in their order" {
	local since
	since=$(date +%s)
	run_docker 7 run --name "$NAME" "$image" sh -c 'exit 7'
	start_sleeper --name "$NAME-2"
	run_docker 0 exec "$NAME-2" true
	run_docker 0 pause "$NAME-2"
	run_docker 0 unpause "$NAME-2"
	run_docker 0 kill "$NAME-2"
	run_docker 0 wait "$NAME-2"
	run_docker 0 events --since "$since" --until "$(($(date +%s) + 1))" --filter type=container \
		--format '{{.Actor.Attributes.name}} {{.Action}} {{.Actor.Attributes.exitCode}}'
	assert_equal "$(grep "^$NAME " <<<"$stdout" | cut -d' ' -f2- | sed 's/ <no value>//' | xargs)" \
		"create attach start die 7"
	assert_equal "$(grep "^$NAME-2 " <<<"$stdout" | cut -d' ' -f2 | tr -d : | xargs)" \
		"create start exec_create exec_start exec_die pause unpause kill die"
}

@test "cp and commit, of running and stopped containers; diff; rename; export" {
	echo data >file
	start_sleeper
	run_docker 0 cp file "$NAME:/file"
	run_docker 0 exec "$NAME" cat /file
	assert_stdout data
	run_docker 0 exec "$NAME" sh -c 'echo inside >/inside'
	run_docker 0 cp "$NAME:/inside" out
	assert_file_has out inside
	run_docker 0 rename "$NAME" "$NAME-new"
	run_docker 0 commit -c 'CMD ["cat", "/file", "/inside"]' "$NAME-new" "made$NAME"
	once_made() { run_docker 0 run --rm "made$NAME"; }
	once_made
	assert_stdout $'data\ninside'
	run_docker 0 diff "$NAME-new"
	assert_output_has "A /inside"
	docker export "$NAME-new" | tar -t | grep -qx inside
	run_docker 0 rmi "made$NAME"
}

@test "docker build: users, arguments, stages, a failing RUN and one without a program" {
	mkdir context
	echo context >context/file
	cat >context/Dockerfile <<-END
		FROM "$image" AS first
		RUN echo built >/built && mkdir -p /a/b
		FROM "$image"
		ARG WORD=default
		COPY --from=first /built /built
		COPY file /file
		RUN ! touch /proc/sys/kernel/panic
		USER user
		WORKDIR /home/user
		RUN ["sh", "-c", "cd; id -un >who; echo \$WORD >word"]
		CMD ["cat", "/built", "/file", "who", "word"]
	END
	run_docker 0 build -q --network none --build-arg WORD=given -t "built$NAME" context
	run_docker 0 run --rm "built$NAME"
	assert_stdout $'built\ncontext\nuser\ngiven'
	printf '%s\n' "FROM $image" 'RUN exit 7' >context/Dockerfile
	run_docker 7 build context
	assert_output_has "returned a non-zero code: 7"
	printf '%s\n' "FROM $image" 'RUN ["/no/such/program"]' >context/Dockerfile
	run_docker 1 build context
	assert_output_has "no such file or directory"
	run_docker 0 rmi "built$NAME"
	docker image prune -f
}

@test "fifty containers at once" {
	local i
	for ((i = 0; i < 50; i++)); do
		docker run -d --name "$NAME-$i" "$image" sh -c "echo $i >/n; sleep 1000" >/dev/null 2>>err \
			3>&- 4>&- &
		((i % 10 != 9)) || wait
	done
	wait
	[[ ! -s err ]] || fail "$(cat err)"
	assert_equal "$(docker ps -q | wc -l)" 50
	assert_equal "$(bawn_list | jq -r '.[].status' | sort | uniq -c | xargs)" "50 running"
	run_docker 0 exec "$NAME-49" cat /n
	assert_stdout 49
	docker ps -aq | xargs docker rm -f >/dev/null
	assert_equal "$(bawn_list | jq length)" 0
}

bawn_list() {
	"$(type -P "$runtime")" --root "$ROOT" list --format json
}

@test "the daemon is killed and comes back: containers that ran are seen as ended" {
	start_sleeper
	local pid old
	pid=$(pid_of "$NAME")
	old=$(daemon_pid dockerd)
	kill -KILL "$old"
	wait_for 30 process_is_gone "$old"
	kill -0 "$pid"
	launch_dockerd
	# This one is no leak.
	take_snapshot now
	grep '(dockerd)' snapshot.now >>snapshot.before
	state_is "$NAME" exited
	run_docker 0 start "$NAME"
	run_docker 0 exec "$NAME" true
}
