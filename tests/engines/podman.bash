# podman.bash - podman and buildah of Debian with bawn as the runtime, for the suites podman*.bats
# and buildah.bats. The runtime is registered by the very file that README.md tells people to copy.
#
# BAWN_TEST_RUNTIME=crun tests the same with another runtime, to see whose fault a failure is.

# shellcheck disable=SC2034 # variables are for the suites

# podman's threads and garbage collections are half of its time in an emulated machine.
export GOMAXPROCS=1 GOGC=off

image=localhost/busybox
runtime=${BAWN_TEST_RUNTIME:-bawn}
# podman_probe: made to see whether swap is counted, and never removed.
engine_own='^. (mount [^ ]* (/tmp/storage/overlay|/run/netns) |cgroup /sys/fs/cgroup/podman_probe$)'

setup_file() {
	TMP=$BATS_FILE_TMPDIR
	configure_podman
	podman load -q -i "$images/busybox.tar"
	podman run --rm "$image" true
}

setup() {
	TMP=$BATS_TEST_TMPDIR
	ROOT=/run/bawn
	NAME=c$BATS_TEST_NUMBER
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "${TMP%/*}" "$TMP"
	cd "$TMP"
	take_snapshot before
}

teardown() {
	cd /
	podman rm -fav -t 0 >/dev/null
	assert_nothing_left || {
		sweep
		return 1
	}
}

# What Debian leaves to the administrator. All storage is in memory: the VM's root, an overlay,
# cannot be the upper layer of one. No network unless a test asks: that saves half of the time.
configure_podman() {
	local dir=/etc/containers
	install_bawn
	mkdir -p $dir/containers.conf.d
	cp "$top/config/podman/bawn.conf" $dir/containers.conf.d/
	[[ $runtime == bawn ]] ||
		printf '[engine]\nruntime = "%s"\n' "$runtime" >$dir/containers.conf.d/other.conf
	cat >$dir/storage.conf <<-'END'
		[storage]
		driver = "overlay"
		graphroot = "/tmp/storage"
		runroot = "/run/containers/storage"
	END
	cat >$dir/containers.conf <<-'END'
		[containers]
		netns = "none"
		[engine]
		cgroup_manager = "cgroupfs"
		events_logger = "file"
		[network]
		network_backend = "netavark"
	END
	echo '{"default": [{"type": "insecureAcceptAnything"}]}' >$dir/policy.json
}

# run_podman STATUS ARG...: must end with STATUS; sets stdout, stderr, output.
run_podman() {
	local want=$1
	shift
	run_command podman "$@"
	assert_status "$want"
}

# inspect NAME FORMAT: prints one property.
inspect() {
	podman inspect --format "$2" "$1"
}

pid_of() {
	inspect "$1" '{{.State.Pid}}'
}

state_is() { # NAME STATE
	[[ $(inspect "$1" '{{.State.Status}}') == "$2" ]]
}

logs_have() { # NAME TEXT
	[[ $(podman logs "$1" 2>&1) == *"$2"* ]]
}

# A container that lives until it is stopped.
start_sleeper() { # [OPTION...]
	run_podman 0 run -d --name "$NAME" "$@" "$image" sleep 1000
}
