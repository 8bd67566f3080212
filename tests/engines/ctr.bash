# ctr.bash - containerd's own client with bawn as the runtime, for the suites containerd*.bats.

# shellcheck disable=SC2034 # variables are for the suites

load containerd

image=localhost/busybox:latest

setup_file() {
	TMP=$BATS_FILE_TMPDIR
	install_bawn
	hide_runc
	start_containerd
	ctr images import "$images/busybox.tar"
	NAME=first
	once 0 true
}

teardown_file() {
	stop_containerd
}

setup() {
	TMP=$BATS_TEST_TMPDIR
	ROOT=/run/containerd/runc/default
	NAME=c$BATS_TEST_NUMBER
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "${TMP%/*}" "$TMP"
	cd "$TMP"
	take_snapshot before
}

teardown() {
	local id
	cd /
	for id in $(ctr tasks ls -q); do
		ctr tasks delete --force "$id" >/dev/null || true
	done
	for id in $(ctr containers ls -q); do
		ctr containers delete "$id"
	done
	assert_nothing_left || {
		tail -n 30 /run/containerd.log
		sweep
		return 1
	}
}

# run_ctr STATUS ARG...: must end with STATUS; sets stdout, stderr, output.
run_ctr() {
	local want=$1
	shift
	run_command ctr "$@"
	assert_status "$want"
}

# ctr's options for a task (--no-pivot, --uidmap) replace those that name the runtime's program, and
# containerd takes "runc".
hide_runc() {
	[[ $runtime != bawn ]] || ln -sfn "$BAWN" /usr/local/bin/runc
}

# How ctr run is told to use bawn.
with_runtime() {
	echo run --runtime io.containerd.runc.v2 --runc-binary "$(type -P "$runtime")"
}

# start [OPTION...]: a container that lives until it is killed.
start() {
	# shellcheck disable=SC2046 # a list of words
	run_ctr 0 $(with_runtime) -d "$@" "$image" "$NAME" sleep 1000
}

# once STATUS [OPTION... --] PROGRAM...: in the foreground, then removed.
once() {
	local want=$1 options=()
	shift
	if [[ " $* " == *" -- "* ]]; then
		while [[ $1 != -- ]]; do
			options+=("$1")
			shift
		done
		shift
	fi
	# shellcheck disable=SC2046 # a list of words
	run_ctr "$want" $(with_runtime) --rm "${options[@]}" "$image" "$NAME" "$@"
}

# execute STATUS PROGRAM...: in the container NAME.
execute() {
	local want=$1
	shift
	executions=$((${executions:-0} + 1))
	run_ctr "$want" tasks exec --exec-id "e$executions" "$NAME" "$@"
}

pid_of() {
	ctr tasks ls | awk -v id="$1" '$1 == id { print $2 }'
}

status_of() {
	ctr tasks ls | awk -v id="$1" '$1 == id { print $3 }'
}

task_is() { # ID STATUS
	[[ $(status_of "$1") == "$2" ]]
}
