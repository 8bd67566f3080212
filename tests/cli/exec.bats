#!/usr/bin/env bats
# exec: further processes in a container: what they get, their exit status, errors.
# where: native vm-full

load helpers
load tools

setup_file() {
	need_tools
}

@test "exec runs a command; streams go through, the status is its own" {
	make_bundle
	start_container
	status=0
	echo in | "$BAWN" --root "$ROOT" exec "$ID" sh -c 'cat; echo err >&2; exit 9' >out 2>err ||
		status=$?
	assert_equal "$status $(cat out) $(cat err)" "9 in err"
	run_bawn exec "$ID" sh -c 'kill -TERM $$'
	assert_status 143
	run_bawn exec "$ID" sh -c 'kill -9 $$'
	assert_status 137
	run_bawn exec "$ID" nosuchprogram
	assert_status 127
	assert_stderr "bawn exec $ID: exec: \"nosuchprogram\": executable file not found in \$PATH"
	run_bawn exec "$ID" /etc/passwd
	assert_status 126
	assert_stderr "bawn exec $ID: exec: \"/etc/passwd\": permission denied"
	run_bawn exec "$ID" /no/such
	assert_status 127
	assert_stderr "bawn exec $ID: exec: \"/no/such\": no such file or directory"
}

@test "options after the id belong to the command, one -- is dropped" {
	make_bundle
	start_container
	run_bawn exec "$ID" echo --detach -t
	assert_stdout "--detach -t"
	run_bawn exec "$ID" -- echo -- x
	assert_stdout "-- x"
	run_bawn exec "$ID"
	assert_status 2
	assert_output_has "no command given"
	run_bawn exec --process x "$ID" echo
	assert_status 2
}

@test "exec is in the container's namespaces and cgroup, with its user, env, cwd and limits" {
	make_bundle
	edit_config '.process.cwd = "/tmp" | .process.env += ["FROM=config"]
		| .process.user = {uid: 12, gid: 34, additionalGids: [56], umask: 63}
		| .process.rlimits = [{type: "RLIMIT_NOFILE", soft: 100, hard: 200}]
		| .process.oomScoreAdj = 321'
	chmod 1777 "$BUNDLE/rootfs/tmp"
	set_args sh -c 'for i in $(ls /proc/self/ns); do readlink /proc/self/ns/$i; done >/tmp/ns
		exec sleep 1000'
	start_container
	wait_for 5 test -s "$BUNDLE/rootfs/tmp/ns"
	run_bawn exec "$ID" sh -c 'for i in $(ls /proc/self/ns); do readlink /proc/self/ns/$i; done'
	assert_equal "$stdout" "$(cat "$BUNDLE/rootfs/tmp/ns")"
	run_bawn exec "$ID" sh -c 'id -u; id -g; id -G; pwd; umask; echo $FROM $HOME; ulimit -n
		ulimit -Hn; cat /proc/self/oom_score_adj; grep ^0: /proc/self/cgroup; pidof sleep'
	assert_stdout "12
34
34 56
/tmp
0077
config /
100
200
321
0::/
1"
}

@test "--user, --additional-gids, --cwd, --env, --cap, --no-new-privs" {
	make_bundle
	edit_config '.process.noNewPrivileges = false'
	start_container
	run_bawn exec --user 7 "$ID" sh -c 'id -u; id -g; id -G'
	assert_stdout $'7\n0\n0'
	run_bawn exec -u 7:8 -g 9 --additional-gids 10 --cwd /usr -e A=b --env=C=d=e "$ID" \
		sh -c 'id -u; id -G; pwd; echo $A $C'
	assert_stdout $'7\n8 9 10\n/usr\nb d=e'
	run_bawn exec --cap CAP_NET_RAW -c CAP_SYS_TIME "$ID" grep Cap /proc/self/status
	assert_equal "$(awk '$1 != "CapBnd:" && $1 != "CapInh:"' <<<"$stdout" | tr -d '\t')" \
		$'CapPrm:0000000022002420\nCapEff:0000000022002420\nCapAmb:0000000000000000'
	run_bawn exec "$ID" grep NoNewPrivs /proc/self/status
	assert_stdout $'NoNewPrivs:\t0'
	run_bawn exec --no-new-privs "$ID" grep NoNewPrivs /proc/self/status
	assert_stdout $'NoNewPrivs:\t1'
	local bad
	for bad in "--user root" "--user 1:x" "--user -1" "--user 1:2:3" "--user 4294967295" \
		"--additional-gids x" "--env NAME" "--cwd relative" "--cap CAP_NONSENSE" \
		"--preserve-fds 9999" "--preserve-fds x"; do
		# shellcheck disable=SC2086 # two words
		run_bawn exec $bad "$ID" true
		assert_status 2
	done
	run_bawn exec --cwd /no/such "$ID" true
	assert_status 125
	assert_output_has "/no/such: no such file or directory"
}

@test "--process FILE" {
	make_bundle
	start_container
	jq '.process | .args = ["sh", "-c", "echo $X; id -u; exit 4"] | .env += ["X=y"]
		| .user = {uid: 77, gid: 0}' "$BUNDLE/config.json" >process.json
	run_bawn exec --process process.json "$ID"
	assert_status 4
	assert_stdout $'y\n77'
	run_bawn exec -p process.json "$ID"
	assert_status 4
	run_bawn exec --process no-such-file "$ID"
	assert_status 125
	assert_stderr_like '*no-such-file*: no such file or directory'
	echo '{"args": ["true"], "cwd": 5}' >process.json
	run_bawn exec --process process.json "$ID"
	assert_status 125
	assert_stderr_like '*process.json: *cwd: *'
	echo '{"cwd": "/"}' >process.json
	run_bawn exec --process process.json "$ID"
	assert_status 125
	assert_stderr_like '*args*'
	echo '{' >process.json
	run_bawn exec --process process.json "$ID"
	assert_status 125
}

@test "--detach returns at once, with a pid file; the process ends with the container" {
	make_bundle
	start_container
	bawn exec --detach --pid-file pid "$ID" sh -c 'echo detached; exec sleep 2000'
	wait_for 5 assert_file_has "$OUT" detached
	assert_equal "$(od -An -c pid | tr -d ' \n0-9')" ""
	local pid
	pid=$(cat pid)
	wait_for 5 grep -q 2000 "/proc/$pid/cmdline"
	run_bawn ps -f json "$ID"
	assert_equal "$(jq "index($pid) != null" <<<"$stdout")" true
	run_bawn exec --detach "$ID" nosuchprogram
	assert_status 127
	run_bawn exec -td "$ID" true
	assert_status 2
	bawn kill "$ID" KILL
	wait_for 5 status_is "$ID" stopped
	wait_for 5 test ! -e "/proc/$pid"
}

@test "exec in a created container works, in a stopped or paused one it does not" {
	make_bundle
	bawn create --bundle "$BUNDLE" "$ID"
	run_bawn exec "$ID" echo early
	assert_status 0
	assert_stdout early
	bawn start "$ID"
	bawn pause "$ID"
	run_bawn exec "$ID" true
	assert_status 125
	assert_stderr "bawn exec $ID: cannot exec in a paused container; resume it or use --ignore-paused"
	"$BAWN" --root "$ROOT" exec --ignore-paused "$ID" echo late >out 2>&1 </dev/null 3>&- 4>&- &
	sleep 0.3
	assert_equal "$(cat out)" ""
	bawn resume "$ID"
	wait $!
	assert_equal "$(cat out)" late
	bawn kill "$ID" KILL
	wait_for 5 status_is "$ID" stopped
	run_bawn exec "$ID" true
	assert_status 125
	assert_output_has "container not running"
}

@test "exec forwards signals" {
	make_bundle
	with_probe
	start_container
	"$BAWN" --root "$ROOT" exec "$ID" probe catch </dev/null >out 3>&- 4>&- &
	wait_for 5 assert_file_has out ready
	kill -TERM $!
	wait_for 5 grep -qx "signal 15" out
	kill -USR2 $!
	finish $!
	assert_status 42
}

@test "the container's first process ends while exec runs" {
	make_bundle
	start_container
	"$BAWN" --root "$ROOT" exec "$ID" sleep 1000 </dev/null 3>&- 4>&- &
	wait_for 5 has_processes 2
	bawn kill "$ID" KILL
	finish $!
	assert_status 137
}

has_processes() {
	[[ $("$BAWN" --root "$ROOT" ps -f json "$ID" | jq length) == "$1" ]]
}

@test "an exec'd process has no fd but its own three, and a new session keyring of the name" {
	make_bundle
	edit_config 'del(.linux.seccomp)'
	with_probe
	start_container
	exec 7<"$TMP"
	run_bawn exec "$ID" probe fds , keyring
	exec 7<&-
	assert_equal "$(grep -c '^fd' <<<"$stdout")" 3
	[[ $stdout == *";_ses.$ID" ]] || fail "$stdout"
}

@test "exec gets the container's seccomp filter, personality and CPUs" {
	make_bundle
	with_probe
	edit_config '.linux.personality = {domain: "LINUX32"}
		| .process.execCPUAffinity = {initial: "0", final: "1"}
		| .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls:
			[{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 77}]}'
	start_container
	run_bawn exec "$ID" sh -c 'uname -m; probe affinity; probe syscall 258 -100 @/x 511; grep Seccomp: /proc/self/status'
	assert_stdout $'i686\naffinity 1\nerrno 77 (File descriptor in bad state)\nSeccomp:\t2'
}

@test "--cgroup runs in a cgroup below the container's" {
	make_bundle
	start_container
	local dir
	dir=$(cgroup_of "$ID")
	mkdir "$dir/sub"
	run_bawn exec --cgroup sub "$ID" grep ^0: /proc/self/cgroup
	assert_status 0
	assert_stdout 0::/sub
	run_bawn exec --cgroup /sub "$ID" grep ^0: /proc/self/cgroup
	assert_stdout 0::/sub
	run_bawn exec --cgroup nosuch "$ID" true
	assert_status 125
	assert_output_has " adding pid of the process to cgroups: "
	assert_output_has "/nosuch/cgroup.procs: no such file or directory"
	run_bawn exec --cgroup ../../init "$ID" true
	assert_status 2
	assert_output_has "--cgroup: ../../init is not a sub cgroup path"
	run_bawn exec --cgroup / "$ID" grep ^0: /proc/self/cgroup
	assert_stdout 0::/
}

@test "a hundred execs, twenty at a time" {
	make_bundle
	start_container
	local i n=${BAWN_TEST_VM:+20}
	for ((i = 0; i < ${n:-100}; i++)); do
		"$BAWN" --root "$ROOT" exec "$ID" echo "$i" </dev/null >>out 3>&- 4>&- &
		((i % 20 != 19)) || wait
	done
	wait
	assert_equal "$(sort -n out)" "$(seq 0 $((i - 1)))"
}

@test "--process from a pipe, a slow one, a FIFO, standard input; a FIFO without a writer ends" {
	make_bundle
	start_container
	jq '.process | .args = ["echo", "from the pipe"]' "$BUNDLE/config.json" >process.json
	# <() is /dev/fd/63, which run_bawn passes on.
	run_bawn exec --process <(cat process.json) "$ID"
	assert_status 0
	assert_stdout "from the pipe"
	run_bawn exec --process <(sleep 1; head -c 20 process.json; sleep 1; tail -c +21 process.json) "$ID"
	assert_status 0
	assert_stdout "from the pipe"
	status=0
	# shellcheck disable=SC2002 # a pipe is the point
	jq . process.json | "$BAWN" --root "$ROOT" exec --process /dev/stdin "$ID" >out 2>err || status=$?
	assert_equal "$status $(cat out err)" "0 from the pipe"
	mkfifo fifo
	(sleep 1; cat process.json >fifo) 3>&- 4>&- &
	run_bawn exec --process fifo "$ID"
	assert_status 0
	assert_stdout "from the pipe"
	wait
	run_bawn exec --process fifo "$ID"
	assert_status 125
	assert_output_has "read fifo: nobody writes to this FIFO: "
}

# docs/adr/0007: with CAP_SYS_PTRACE over our user namespace another process makes the last one.
with_ptrace() {
	make_bundle
	edit_config '.process.capabilities.bounding += ["CAP_SYS_PTRACE"]'
}

@test "out of the container's sight: streams, status and errors as ever" {
	with_ptrace
	start_container
	status=0
	echo in | "$BAWN" --root "$ROOT" exec "$ID" sh -c 'cat; echo err >&2; exit 9' >out 2>err ||
		status=$?
	assert_equal "$status $(cat out) $(cat err)" "9 in err"
	run_bawn exec "$ID" sh -c 'kill -9 $$'
	assert_status 137
	run_bawn exec "$ID" /no/such
	assert_status 127
	assert_stderr "bawn exec $ID: exec: \"/no/such\": no such file or directory"
	printf '#!/no/interpreter\n' >"$BUNDLE/rootfs/bin/script"
	chmod 755 "$BUNDLE/rootfs/bin/script"
	run_bawn exec "$ID" script
	assert_status 127
	assert_stderr "bawn exec $ID: exec: \"script\": no such file or directory"
	run_bawn exec --pid-file /no/such/dir/pid "$ID" sleep 1000
	assert_status 125
	assert_output_has "--pid-file"
	[[ $("$BAWN" --root "$ROOT" ps "$ID" | grep -c sleep) == 1 ]] || fail "the process is still there"
}

@test "out of the container's sight: namespaces, session, user, limits, capabilities, filter" {
	local what='for i in $(ls /proc/self/ns); do readlink /proc/self/ns/$i; done; ulimit -n; ulimit -u
		id -u; id -g; umask; pwd; grep -E "^(Cap|NoNew|Seccomp:)" /proc/self/status
		cut -d" " -f5-6 /proc/self/stat | grep -c "^\([0-9]*\) \1$"; ls /proc/self/fd'
	make_bundle
	edit_config '.process.user = {uid: 12, gid: 34, umask: 63} | .process.cwd = "/tmp"
		| .process.noNewPrivileges = false
		| .process.rlimits = [{type: "RLIMIT_NOFILE", soft: 100, hard: 200},
			{type: "RLIMIT_NPROC", soft: 50, hard: 60}]'
	chmod 1777 "$BUNDLE/rootfs/tmp"
	start_container
	run_bawn exec "$ID" sh -c "$what"
	assert_status 0
	grep -v Cap <<<"$stdout" | grep -v : >"$TMP/plain"
	bawn delete --force "$ID"
	edit_config '.process.capabilities.bounding += ["CAP_SYS_PTRACE"]'
	start_container
	run_bawn exec "$ID" sh -c "$what"
	assert_status 0
	assert_equal "$(grep -v Cap <<<"$stdout" | grep -v :)" "$(cat "$TMP/plain")"
	assert_line $'Seccomp:\t2'
	assert_line $'CapEff:\t0000000000000000'
}

@test "out of the container's sight: a filter without clone is still loaded, a detached process has a pid file" {
	with_ptrace
	edit_config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [
		{names: ["clone", "clone3", "fork", "vfork"], action: "SCMP_ACT_ERRNO"}]}'
	start_container
	run_bawn exec "$ID" grep Seccomp: /proc/self/status
	assert_stdout $'Seccomp:\t2'
	run_bawn exec "$ID" sh -c 'true & wait'
	assert_output_has "fork"
	bawn exec --detach --pid-file "$TMP/exec.pid" "$ID" sleep 1001
	grep -qa "sleep" "/proc/$(cat "$TMP/exec.pid")/cmdline" || fail "the pid file names something else"
	bawn delete --force "$ID"
	[[ ! -e /proc/$(cat "$TMP/exec.pid") ]] || fail "the process lives on"
}
