#!/usr/bin/env bats
# bawn-criu, the helper that speaks CRIU's protocol, with a fake CRIU: what it asks, in which order,
# and what it says when CRIU fails, hangs, dies or talks nonsense at any step.
# where: native vm-full

load ../cli/helpers
load criu

setup() {
	test_setup
	need_command python3
	converse_options=()
}

# converse TYPE WORD...: a conversation with bawn-criu, whose fd 3 is $TMP/log. Sets status, output.
converse() {
	local type=$1
	shift
	status=0
	output=$(timeout -k 5 20 "$top/tests/checkpoint/converse" "${converse_options[@]}" -f "$TMP/log" \
		"$(helper_program)" "$type" "$CRIU" log=3 "$@" 2>"$TMP/stderr" 3>&- 4>&-) || status=$?
	stdout=$output stderr=$(<"$TMP/stderr") last_command="bawn-criu $type $*"
}

assert_said() {
	assert_equal "$output" "$(printf '%s\n' "$@")"
}

# no_criu: the fake one is gone; nothing of it outlives bawn-criu.
no_criu() {
	! pgrep -f "fakecriu $TMP/plan" >/dev/null
}

@test "version, with and without a third number" {
	fake_criu "version 3.17.1"
	converse VERSION
	assert_said ok "ok 3.17.1" "status 0"
	fake_criu "version 4.2"
	converse VERSION
	assert_said ok "ok 4.2.0" "status 0"
}

@test "features" {
	fake_criu "features 1 0"
	converse FEATURE_CHECK
	assert_said ok "ok mem_track=1 lazy_pages=0" "status 0"
}

@test "options of every kind reach CRIU as the protocol has them" {
	fake_criu ok
	converse DUMP -- images_dir_fd=7 pid=1234 leave_running=1 tcp_established=0 log_level=4 \
		log_file=- root=/a,b manage_cgroups_mode=IGNORE external='mnt[/x]:/x' \
		external='net[5]:k' inherit_fd='pipe:[1,2],9' ghost_limit=4294967295
	assert_said ok ok "status 0"
	assert_equal "$(jq -c .type "$TMP/plan.requests")" 1
	assert_equal "$(option 1)" 7
	assert_equal "$(option 2)" 1234
	assert_equal "$(option 3)" 1
	assert_equal "$(option 5)" 0
	assert_equal "$(option 9)" 4
	assert_equal "$(option 10)" -
	assert_equal "$(option 13)" /a,b
	assert_equal "$(option 34)" 0
	assert_equal "$(option 35)" 4294967295
	assert_equal "$(option 37)" $'mnt[/x]:/x\nnet[5]:k'
	# 1: the key, a string of 10 bytes; 2: the number
	assert_equal "$(option 27)" $'\n\npipe:[1,2]\x10\t'
}

@test "notifications wait for bawn's answer, in order; the pid and the fd come along" {
	fake_criu "notify pre-restore" "notify setup-namespaces 77" "notify orphan-pts-master fd" \
		"notify post-restore 77" "ok 77"
	converse RESTORE -- images_dir_fd=3
	assert_said ok "notify pre-restore" "notify setup-namespaces 77" \
		"notify orphan-pts-master +fd" "notify post-restore 77" "ok 77" "status 0"
}

@test "a refused notification makes CRIU take back what it did" {
	fake_criu "notify pre-dump" "notify post-dump" ok
	converse_options=(-r post-dump)
	converse DUMP -- images_dir_fd=3
	assert_said ok "notify pre-dump" "notify post-dump" "CRIU: notification refused" "status 1"
}

@test "CRIU's failure: its message, or the errno, or neither" {
	fake_criu "fail 52 Tasks are already traced"
	converse DUMP -- images_dir_fd=3
	assert_said ok "CRIU: Tasks are already traced" "status 1"
	fake_criu "fail 3"
	converse DUMP -- images_dir_fd=3
	assert_said ok "CRIU failed: no such process" "status 1"
	fake_criu "fail 0"
	converse DUMP -- images_dir_fd=3
	assert_said ok "CRIU failed and gives no reason" "status 1"
}

@test "CRIU dies: before an answer, at each notification, and after its refusal" {
	fake_criu crash
	converse DUMP -- images_dir_fd=3
	assert_said ok "CRIU was killed by signal 9" "status 1"
	fake_criu "exit 3"
	converse DUMP -- images_dir_fd=3
	assert_said ok "CRIU ended without an answer, exit status 3" "status 1"
	fake_criu "notify pre-dump" crash
	converse DUMP -- images_dir_fd=3
	assert_said ok "notify pre-dump" "CRIU was killed by signal 9" "status 1"
	fake_criu "notify pre-dump" "notify post-dump" "exit 0"
	converse DUMP -- images_dir_fd=3
	assert_said ok "notify pre-dump" "notify post-dump" \
		"CRIU ended without an answer, exit status 0" "status 1"
}

@test "CRIU closes its socket and stays: it is killed" {
	fake_criu close
	converse DUMP -- images_dir_fd=3
	assert_said ok "CRIU was killed by signal 9" "status 1"
	wait_for 5 no_criu
}

@test "CRIU answers nonsense, or another request" {
	fake_criu garbage
	converse DUMP -- images_dir_fd=3
	assert_said ok "CRIU answers what is no message of its protocol" "status 1"
	fake_criu other
	converse DUMP -- images_dir_fd=3
	assert_said ok "CRIU answers another request, of type 2" "status 1"
}

@test "no program, or none that can be executed" {
	CRIU=$TMP/none
	converse VERSION
	assert_said ok "CRIU cannot be executed" "status 1"
}

@test "what CRIU prints goes to the log alone" {
	fake_criu "log a line" ok
	converse DUMP -- images_dir_fd=3
	assert_said ok ok "status 0"
	assert_equal "$(<"$TMP/log")" "a line"
}

@test "wrong words are refused before CRIU runs" {
	fake_criu ok
	converse DUMP -- no_such_option=1
	assert_said "CRIU's protocol has no option \"no_such_option\"" "status 1"
	converse DUMP -- leave_running=2
	assert_said "option leave_running: \"2\" is not 0 or 1" "status 1"
	converse DUMP -- pid=x
	assert_said "option pid: \"x\" is not a number" "status 1"
	converse DUMP -- manage_cgroups_mode=NONE
	assert_said "option manage_cgroups_mode: \"NONE\" is not one of its values" "status 1"
	converse DUMP -- inherit_fd=x
	assert_said "option inherit_fd: \"x\" has too few values" "status 1"
	converse DUMP -- nothing
	assert_said "\"nothing\" is no NAME=VALUE" "status 1"
	converse NONE
	assert_said "CRIU's protocol has no request \"NONE\"" "status 1"
	converse DUMP thaw=77
	assert_said "thaw=77: no such fd" "status 1"
	converse DUMP other=4
	assert_output_has usage:
	[[ ! -e $TMP/plan.requests ]]
}

# thawed: the second file that bawn-criu got.
thawed() {
	[[ $(<"$TMP/frozen/cgroup.freeze") == 0 ]]
}

@test "bawn is killed at any step: CRIU is killed, and what was frozen goes on" {
	local step
	mkdir "$TMP/frozen"
	for step in go pre-dump post-dump; do
		echo 1 >"$TMP/frozen/cgroup.freeze"
		fake_criu "notify pre-dump" "notify post-dump" hang
		# fd 3 is the directory, 4 the log.
		converse_options=(-d "$step" -f "$TMP/frozen" -f "$TMP/log2")
		output=$(timeout -k 5 20 "$top/tests/checkpoint/converse" "${converse_options[@]}" \
			"$(helper_program)" DUMP "$CRIU" thaw=3 log=4 -- images_dir_fd=4 3>&- 4>&-) || true
		wait_for 5 thawed
		wait_for 5 no_criu
	done
}

@test "bawn is killed while CRIU works: the same" {
	mkdir "$TMP/frozen"
	echo 1 >"$TMP/frozen/cgroup.freeze"
	fake_criu "notify pre-dump" hang
	"$top/tests/checkpoint/converse" -f "$TMP/frozen" -f "$TMP/log" "$(helper_program)" DUMP \
		"$CRIU" thaw=3 log=4 -- images_dir_fd=4 >"$TMP/said" 3>&- 4>&- &
	wait_for 5 grep -q pre-dump "$TMP/said"
	kill -KILL $!
	wait $! || true
	wait_for 5 thawed
	wait_for 5 no_criu
}
