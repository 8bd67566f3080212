#!/usr/bin/env bats
# The exact command lines with which engines call a runtime, in their order, and what they read in
# the answers: exit status, pid files, JSON documents, log lines, texts. No engine is needed here;
# tests/engines has the real ones.
# shellcheck disable=SC2016 # $PATH in messages
# where: native vm-full

load helpers
load tools

setup_file() {
	need_tools
}

setup() {
	test_setup
	make_bundle
	LOG=$TMP/log.json
	PIDFILE=$TMP/pid
}

# engine ARG...: bawn with nothing but ARG...; sets what run_bawn sets.
engine() {
	last_command="bawn $*"
	status=0
	timeout -k 5 "$BAWN_TEST_LIMIT" "$BAWN" "$@" </dev/null \
		>"$TMP/stdout" 2>"$TMP/stderr" 3>&- 4>&- || status=$?
	stdout=$(<"$TMP/stdout")
	stderr=$(<"$TMP/stderr")
	output=$stdout$stderr
}

# quiet ARG...: succeeds, and says nothing on either stream or in the log.
quiet() {
	engine "$@"
	assert_status 0
	assert_equal "$output" ""
	[[ ! -s $LOG ]] || fail "in the log: $(cat "$LOG")"
}

# The prefix of containerd's shim and of docker.
shim() {
	engine --root "$ROOT" --log "$LOG" --log-format json "$@"
}

quiet_shim() {
	quiet --root "$ROOT" --log "$LOG" --log-format json "$@"
}

assert_pid_file() { # FILE: a number and nothing else, of a process that lives
	[[ $(od -An -c "$1" | tr -d ' \n') =~ ^[0-9]+$ ]] || fail "in $1: $(od -c "$1")"
	kill -0 "$(cat "$1")"
}

# failed_with TEXT: status 1 and, as the log's only line, one JSON error that podman reads as the
# whole file and containerd as the last line.
failed_with() {
	assert_status 1
	assert_equal "$stdout" ""
	assert_equal "$(wc -l <"$LOG")" 1
	assert_equal "$(jq -r .level "$LOG")" error
	[[ $(jq -r .msg "$LOG") == *"$1"* ]] || fail "want: $1" "have: $(cat "$LOG")"
	[[ $stderr == *"$1"* ]] || fail "want on stderr: $1" "have: $stderr"
	rm "$LOG"
}

# As the engines look at it: a stopped container has no pid.
is_stopped() {
	[[ $("$BAWN" --root "$ROOT" state "$ID" | jq -r '"\(.status) \(.pid)"') == "stopped 0" ]]
}

# ---- podman and buildah -------------------------------------------------------------------------

@test "podman: conmon's create with its environment, start, kill, delete; the default root" {
	cd "$BUNDLE"
	export _OCI_SYNCPIPE=7 _OCI_STARTPIPE=8 XDG_RUNTIME_DIR=
	quiet --log-format=json --log "$LOG" create --bundle "$BUNDLE" --pid-file "$PIDFILE" \
		--no-new-keyring "$ID"
	assert_pid_file "$PIDFILE"
	quiet start "$ID"
	quiet pause "$ID"
	engine state "$ID"
	assert_equal "$(jq -r .status <<<"$stdout")" paused
	quiet resume "$ID"
	quiet kill "$ID" 9
	quiet delete --force "$ID"
	quiet delete --force "$ID"
	[[ ! -e /run/bawn/$ID ]]
}

@test "podman: create with --no-pivot, --preserve-fds and sd_notify's environment" {
	set_args sh -c 'cat <&3; echo $LISTEN_FDS'
	edit_config '.process.env += ["LISTEN_FDS=1"]'
	LISTEN_FDS=1 NOTIFY_SOCKET=/no/such timeout 20 "$BAWN" --root "$ROOT" create \
		--bundle "$BUNDLE" --pid-file "$PIDFILE" --no-pivot --no-new-keyring --preserve-fds 1 \
		"$ID" </dev/null >>"$OUT" 3< <(echo preserved) 4</dev/null
	assert_pid_file "$PIDFILE"
	quiet --root "$ROOT" start "$ID"
	wait_for 5 is_stopped
	assert_equal "$(cat "$OUT")" $'preserved\n1'
}

@test "podman: conmon's create and exec on console sockets" {
	edit_config '.process.terminal = true'
	set_args sh -c 'tty; sleep 1000'
	listen_for tty
	bawn create --bundle "$BUNDLE" --pid-file "$PIDFILE" --console-socket "$TMP/socket" "$ID"
	assert_pid_file "$PIDFILE"
	quiet --root "$ROOT" start "$ID"
	wait_for 5 assert_file_has "$TMP/received" /dev/pts/0
	jq '.process | .args = ["sh", "-c", "tty; exit 3"]' "$BUNDLE/config.json" >process.json
	mv "$TMP/received" "$TMP/received.1"
	first=$listener
	listen_for tty
	quiet --root "$ROOT" --log-format=json --log "$LOG" exec --pid-file "$TMP/exec.pid" \
		--process process.json --detach --console-socket "$TMP/socket" "$ID"
	finish "$listener"
	assert_file_has "$TMP/received" /dev/pts/1
	quiet --root "$ROOT" kill --all "$ID" 9
	finish "$first"
}

@test "podman: conmon's exec, detached, with preserved fds; the pid file is there when it returns" {
	start_container
	jq '.process | .args = ["sh", "-c", "cat <&3; exec sleep 1000"]' "$BUNDLE/config.json" \
		>process.json
	timeout 20 "$BAWN" --root "$ROOT" --log-format=json --log "$LOG" exec \
		--pid-file "$TMP/exec.pid" --process process.json --detach --preserve-fds 1 "$ID" \
		</dev/null >"$TMP/exec.out" 2>&1 3< <(echo preserved) 4>&-
	assert_pid_file "$TMP/exec.pid"
	wait_for 5 assert_file_has "$TMP/exec.out" preserved
	quiet --root "$ROOT" kill --all "$ID" 15
}

@test "podman: msg decides between 126 and 127" {
	local not_found='executable file not found in|no such file or directory'
	local denied='permission denied|operation not permitted'
	set_args nosuchprogram
	engine --root "$ROOT" --log-format=json --log "$LOG" create --bundle "$BUNDLE" \
		--pid-file "$PIDFILE" "$ID"
	assert_status 1
	jq -r .msg "$LOG" | grep -qE "$not_found"
	failed_with 'exec: "nosuchprogram": executable file not found in $PATH'
	set_args /etc
	engine --root "$ROOT" --log-format=json --log "$LOG" create --bundle "$BUNDLE" \
		--pid-file "$PIDFILE" "$ID"
	jq -r .msg "$LOG" | grep -qE "$denied"
	failed_with 'exec: "/etc": permission denied'
	[[ ! -e $PIDFILE ]]
}

@test "buildah: create, start, state until it is stopped, delete without --force" {
	set_args sh -c 'exit 4'
	quiet --root "$ROOT" create --bundle "$BUNDLE" --pid-file "$PIDFILE" --no-new-keyring "$ID"
	engine --root "$ROOT" state "$ID"
	assert_equal "$(jq -r .status <<<"$stdout")" created
	quiet --root "$ROOT" start "$ID"
	wait_for 5 is_stopped
	engine --root "$ROOT" kill "$ID"
	assert_status 1
	quiet --root "$ROOT" delete "$ID"
}

# ---- containerd's shim, docker ------------------------------------------------------------------

@test "shim: the life of a container" {
	quiet_shim create --bundle "$BUNDLE" --pid-file "$PIDFILE" "$ID"
	assert_pid_file "$PIDFILE"
	quiet_shim start "$ID"
	jq '.process | .args = ["sleep", "1000"]' "$BUNDLE/config.json" >process.json
	quiet_shim exec --process process.json --detach --pid-file "$TMP/exec.pid" "$ID"
	assert_pid_file "$TMP/exec.pid"

	shim ps --format json "$ID"
	assert_status 0
	assert_equal "$(jq -c sort <<<"$stdout")" \
		"$(jq -nc '[$ARGS.positional[] | tonumber] | sort' \
			--args "$(cat "$PIDFILE")" "$(cat "$TMP/exec.pid")")"

	quiet_shim pause "$ID"
	shim state "$ID"
	assert_equal "$(jq -r .status <<<"$stdout")" paused
	quiet_shim resume "$ID"
	shim list --format=json
	assert_equal "$(jq -r '.[] | "\(.id) \(.status) \(.pid)"' <<<"$stdout")" \
		"$ID running $(cat "$PIDFILE")"

	quiet_shim kill "$ID" 15
	quiet_shim kill --all "$ID" 9
	wait_for 5 is_stopped
	shim kill "$ID" 9
	failed_with "process already finished"
	quiet_shim kill --all "$ID" 9
	quiet_shim delete "$ID"
	quiet_shim delete --force "$ID"
	shim state "$ID"
	failed_with "does not exist"
	shim kill "$ID" 9
	failed_with "does not exist"
}

@test "shim: --no-pivot --no-new-keyring --preserve-fds 0 --pidfd-socket" {
	listen_for pidfd
	quiet_shim create --bundle "$BUNDLE" --pid-file "$PIDFILE" --no-pivot --no-new-keyring \
		--preserve-fds 0 --pidfd-socket "$TMP/socket" "$ID"
	wait_for 5 grep -q "$(cat "$PIDFILE")" "$TMP/received"
	quiet_shim delete --force "$ID"
	finish "$listener"
}

@test "shim: a created container can be killed and deleted, its root is made" {
	local ROOT=$TMP/docker/runtime-runc/moby
	quiet_shim create --bundle "$BUNDLE" --pid-file "$PIDFILE" "$ID"
	quiet_shim kill "$ID" 9
	quiet_shim delete "$ID"
	assert_equal "$(find "$ROOT" -mindepth 1)" ""
}

@test "shim: wrong programs of create, start and exec; docker looks for these words" {
	start_container
	exec_of nosuchprogram 'exec: "nosuchprogram": executable file not found in $PATH'
	exec_of /no/such/program 'exec: "/no/such/program": no such file or directory'
	exec_of /etc/passwd 'exec: "/etc/passwd": permission denied'
	exec_of /etc 'exec: "/etc": permission denied'
}

exec_of() { # PROGRAM TEXT
	jq '.process | .args = [$p]' --arg p "$1" "$BUNDLE/config.json" >process.json
	shim exec --process process.json --detach --pid-file "$TMP/exec.pid" "$ID"
	[[ $status != 0 ]] || fail "exec of $1 succeeded"
	status=1
	failed_with "$2"
	[[ ! -e $TMP/exec.pid ]]
}

@test "shim: exec in a stopped container" {
	start_container
	quiet_shim kill "$ID" 9
	wait_for 5 is_stopped
	jq .process "$BUNDLE/config.json" >process.json
	shim exec --process process.json --detach --pid-file "$TMP/exec.pid" "$ID"
	[[ $status != 0 ]]
	status=1
	failed_with "not running"
}

@test "shim: a container in the host's pid namespace is ended by kill --all" {
	edit_config 'del(.linux.namespaces[] | select(.type == "pid"))'
	set_args sh -c 'trap "" TERM; sleep 1000 & sleep 1000'
	quiet_shim create --bundle "$BUNDLE" --pid-file "$PIDFILE" "$ID"
	quiet_shim start "$ID"
	quiet_shim kill --all "$ID" 9
	wait_for 5 is_stopped
	quiet_shim delete "$ID"
}

@test "docker: --version at start of the daemon" {
	engine --version
	assert_status 0
	assert_stderr ""
	# Its pattern is "NAME version X", then lines "commit: X" and "spec: X".
	[[ ${stdout%%$'\n'*} =~ ^[a-z]+\ version\ [0-9.]+ ]]
	grep -qE '^spec: 1\.[0-9]+\.[0-9]+$' <<<"$stdout"
	engine -v
	assert_status 0
}

@test "docker: resources that ask for nothing" {
	edit_config '.linux.resources += {memory: {}, cpu: {shares: 0}, pids: {limit: 0},
		blockIO: {weight: 0}}'
	quiet_shim create --bundle "$BUNDLE" --pid-file "$PIDFILE" "$ID"
	quiet_shim delete "$ID"
}

# ---- CRI-O and kubelet --------------------------------------------------------------------------

@test "CRI-O: signal names and numbers, exec that waits, delete --force" {
	quiet --root="$ROOT" create --bundle "$BUNDLE" --pid-file "$PIDFILE" "$ID"
	quiet --root "$ROOT" start "$ID"
	jq '.process | .args = ["sh", "-c", "echo out; echo err >&2; exit 7"]' \
		"$BUNDLE/config.json" >process.json
	engine --root "$ROOT" exec --process process.json "$ID"
	assert_status 7
	assert_stdout out
	assert_stderr err
	quiet --root "$ROOT" kill "$ID" CONT
	quiet --root "$ROOT" kill "$ID" SIGCONT
	quiet --root "$ROOT" kill -a "$ID" 18
	quiet --root "$ROOT" kill -a "$ID" KILL
	wait_for 5 is_stopped
	quiet --root "$ROOT" delete --force "$ID"
}

@test "CRI-O and kubelet: features on standard output and nothing else" {
	engine features
	assert_status 0
	assert_stderr ""
	jq -e '(.mountOptions | index("rro")) and .linux.mountExtensions.idmap.enabled
		and .linux.seccomp.enabled and (.ociVersionMax | startswith("1."))' <<<"$stdout"
}

@test "every ociVersion 1.x of any engine is taken" {
	local version
	for version in 1.0.0 1.0.2 1.0.2-dev 1.1.0 1.1.0+dev 1.2.1 1.3.0; do
		edit_config '.ociVersion = $v' --arg v "$version"
		quiet_shim create --bundle "$BUNDLE" --pid-file "$PIDFILE" "$ID"
		quiet_shim delete "$ID"
	done
}

# ---- update and events ----------------------------------------------------------------------------

# update_says DOCUMENT ARG...: succeeds and says nothing.
update_says() {
	local document=$1
	shift
	status=0
	timeout -k 5 "$BAWN_TEST_LIMIT" "$BAWN" --root "$ROOT" --log "$LOG" --log-format json update "$@" \
		<<<"$document" >"$TMP/stdout" 2>"$TMP/stderr" 3>&- 4>&- || status=$?
	assert_equal "$status $(cat "$TMP/stdout" "$TMP/stderr")" "0 "
	[[ ! -s $LOG ]] || fail "in the log: $(cat "$LOG")"
}

# What docker update sends for every limit that was not named; version 1's own are among them.
zeros='{"memory": {"limit": 0, "reservation": 0, "swap": 0, "kernel": 0, "kernelTCP": 0},
	"cpu": {"shares": 0, "quota": 0, "period": 0, "realtimePeriod": 0, "realtimeRuntime": 0, "cpus": "", "mems": ""},
	"pids": {"limit": 0}, "blockIO": {"weight": 0}}'

@test "shim, docker, CRI-O: update --resources by standard input; podman: by a file" {
	start_container
	local dir limits='{"pids": {"limit": -1}}'
	dir=$(cgroup_of "$ID")
	! in_vm || limits='{"pids": {"limit": 77}, "memory": {"limit": 104857600, "swap": 209715200},
		"cpu": {"shares": 512, "quota": 50000, "period": 100000}}'
	update_says "$zeros" --resources - "$ID"
	update_says "$limits" --resources=- "$ID"
	update_says "$zeros" --resources - "$ID"
	echo "$limits" >resources.json
	update_says "" "--resources=$TMP/resources.json" "$ID"
	update_says "" --resources "$TMP/resources.json" "$ID"
	if in_vm; then
		assert_equal "$(cat "$dir"/{pids.max,memory.max,memory.swap.max,cpu.max} | xargs)" \
			"77 104857600 104857600 50000 100000"
	fi
	shim update --resources "$TMP/resources.json" nosuch
	failed_with "does not exist"
	echo '{"pids": {"limit": "many"}}' >resources.json
	shim update --resources "$TMP/resources.json" "$ID"
	failed_with "pids.limit"
}

@test "shim and go-runc: events --stats, and --interval as Go writes a duration" {
	start_container
	shim events --stats "$ID"
	assert_status 0
	assert_equal "$stderr" ""
	[[ ! -s $LOG ]]
	assert_equal "$(wc -l <<<"$stdout") $(jq -r '"\(.type) \(.id)"' <<<"$stdout")" "1 stats $ID"
	jq -e '.data | (.cpu.usage.total | type) == "number" and (.memory | type) == "object"
		and (.pids | type) == "object"' <<<"$stdout"
	local interval
	for interval in 5s 1m0s 1h0m0s 500ms 1.5s; do
		"$BAWN" --root "$ROOT" --log "$LOG" --log-format json events "--interval=$interval" "$ID" \
			>"$TMP/events" 2>&1 </dev/null 3>&- 4>&- &
		wait_for 5 watches "$!"
		kill -TERM "$!"
		finish "$!"
		assert_equal "$status $(cat "$TMP/events")" "143 "
	done
	shim events --stats nosuch
	failed_with "does not exist"
	quiet_shim kill "$ID" 9
	wait_for 5 is_stopped
	shim events --stats "$ID"
	failed_with "container not running"
}

# Waits for what happens: the container was found.
watches() {
	find "/proc/$1/fd" -lname '*pidfd*' 2>/dev/null | grep -q .
}
