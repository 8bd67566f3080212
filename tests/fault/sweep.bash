# sweep.bash - SIGKILL at every system call of a verb: `load sweep` after `load ../cli/helpers`. A
# suite may change killat (and what is before it) and program, which is run instead of $BAWN.

# shellcheck disable=SC2034 # variables are for the suites

: "${BAWN_FAULT_STEP:=10}"
: "${BAWN_FAULT_FIRST:=1}"
killat=("$top/build/test/killat")

# Compared in the middle of a test, where bats has other files open than around it.
take_snapshot() {
	"$snapshot_program" ${BAWN_TEST_VM:+-a} "$ROOT" /run/bawn >"$TMP/snapshot.$1"
}

# Preparation of each verb, and the command that is killed.
prepare_create() { :; }
prepare_run() { :; }
prepare_start() { bawn create --bundle "$BUNDLE" "$ID"; }
prepare_exec() { bawn run -d --bundle "$BUNDLE" "$ID"; }
prepare_kill() { bawn run -d --bundle "$BUNDLE" "$ID"; }
prepare_delete() {
	bawn run -d --bundle "$BUNDLE" "$ID"
	bawn kill "$ID" KILL
	wait_for 5 status_is "$ID" stopped
}
# Where there are controllers, memory that has to be reclaimed first too.
prepare_update() {
	local limits='"pids": {"limit": -1}'
	! in_vm || limits='"pids": {"limit": 90}, "memory": {"limit": 20000000}, "unified": {"io.weight": "default 50"}'
	bawn run -d --bundle "$BUNDLE" "$ID"
	! in_vm || bawn exec "$ID" dd if=/dev/zero of=/dev/shm/x bs=1M count=17
	echo "{\"devices\": [{\"allow\": true, \"access\": \"r\"}], $limits}" >"$TMP/resources"
}
prepare_force() { bawn run -d --bundle "$BUNDLE" "$ID"; }

set_command() {
	case $1 in
	create) command=(create --bundle "$BUNDLE" --pid-file "$TMP/pid" "$ID") ;;
	run) command=(run -d --bundle "$BUNDLE" --pid-file "$TMP/pid" "$ID") ;;
	start) command=(start "$ID") ;;
	exec) command=(exec -d "$ID" sleep 1000) ;;
	kill) command=(kill "$ID" TERM) ;;
	stubborn) command=(kill --all "$ID" KILL) ;;
	delete) command=(delete "$ID") ;;
	update) command=(update --resources "$TMP/resources" "$ID") ;;
	force) command=(delete --force "$ID") ;;
	esac
}

# at PROCESS N VERB: one run. Sets calls, and status 0 when it was killed.
at() {
	local process=$1 n=$2 verb=$3
	"prepare_$verb"
	set_command "$verb"
	status=0
	timeout -k 5 "$BAWN_TEST_LIMIT" "${killat[@]}" "$process" "$n" "${program:-$BAWN}" --root "$ROOT" \
		"${command[@]}" </dev/null >>"$OUT" 2>&1 3>"$TMP/calls" 4>&- || status=$?
	calls=$(<"$TMP/calls")
	((status == 0 || status == 3)) || fail "$verb, $process, call $n: killat says $status"
}

clear_up() {
	bawn delete --force "$ID" || fail "$1: delete --force fails"
	rm -f "$TMP/pid" "$TMP"/pid.*.tmp
	assert_clean || fail "$1: something is left"
}

# sweep_verb PROCESS VERB
sweep_verb() {
	local n total
	at "$1" 0 "$2"
	total=$calls
	clear_up "$2, $1, not killed"
	((total > 10)) || fail "$2, $1: only $total calls were seen"
	for ((n = BAWN_FAULT_FIRST; n <= total; n += BAWN_FAULT_STEP)); do
		at "$1" "$n" "$2"
		clear_up "$2, $1 killed at call $n of $total"
	done
	echo "# $2, $1: $total system calls, every ${BAWN_FAULT_STEP}th" >&3
}
