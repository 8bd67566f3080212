# containerd.bash - Debian's containerd, for the suites containerd*.bats and, below docker, docker*.bats.
# It reads the very file that README.md tells people to copy. BAWN_TEST_RUNTIME=runc tests the same with
# another runtime, to see whose fault a failure is.

# shellcheck disable=SC2034 # variables are for the suites

# Threads and garbage collections of Go programs are half of their time in an emulated machine.
export GOMAXPROCS=1 GOGC=off

runtime=${BAWN_TEST_RUNTIME:-bawn}
containerd_socket=/run/containerd/containerd.sock

# Its files are in memory: the VM's root, an overlay, cannot be the upper layer of one.
start_containerd() {
	mkdir -p /var/lib/containerd
	mount -t tmpfs containerd /var/lib/containerd
	GOGC=400 containerd --config "$top/config/containerd/config.toml" \
		</dev/null >>/run/containerd.log 2>&1 3>&- 4>&- &
	echo $! >/run/containerd.test-pid
	wait_for_daemon containerd ctr version
}

stop_containerd() {
	stop_daemon containerd
	umount -R --lazy /var/lib/containerd
}

# wait_for_daemon NAME COMMAND...: until COMMAND succeeds or the daemon has ended.
wait_for_daemon() {
	local name=$1
	shift
	wait_for 60 answers_or_is_gone "$name" "$@"
	if process_is_gone "$(daemon_pid "$name")"; then
		tail -n 50 "/run/$name.log"
		return 1
	fi
}

daemon_pid() { # NAME
	cat "/run/$1.test-pid"
}

answers_or_is_gone() { # NAME COMMAND...
	process_is_gone "$(daemon_pid "$1")" || "${@:2}" >/dev/null 2>&1 3>&- 4>&-
}

stop_daemon() { # NAME
	local pid
	pid=$(daemon_pid "$1")
	kill "$pid"
	wait_for 60 process_is_gone "$pid"
}

process_is_gone() { # PID: or a zombie, until bats reaps it
	[[ ! -e /proc/$1 || $(cut -d ' ' -f 3 "/proc/$1/stat") == Z ]]
}
