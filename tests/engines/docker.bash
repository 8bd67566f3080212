# docker.bash - Debian's docker with bawn as the runtime, for the suites docker*.bats. bawn is
# registered by the very file that README.md tells people to copy.
#
# BAWN_TEST_RUNTIME=runc tests the same with another runtime, to see whose fault a failure is. DOCKERD
# replaces the options about networks; without any there is no network but "none" and "host".

# shellcheck disable=SC2034 # variables are for the suites

load containerd

image=localhost/busybox
dockerd_cgroup=/sys/fs/cgroup/dockerd

setup_file() {
	TMP=$BATS_FILE_TMPDIR
	ROOT=/run/docker/runtime-runc/moby
	start_docker
	docker load -q -i "$images/busybox.tar"
	# docker keeps the mount of the host's network namespace.
	docker run --rm --net host "$image" true
	docker run --rm "$image" true
}

teardown_file() {
	stop_docker
}

setup() {
	TMP=$BATS_TEST_TMPDIR
	ROOT=/run/docker/runtime-runc/moby
	NAME=c$BATS_TEST_NUMBER
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "${TMP%/*}" "$TMP"
	cd "$TMP"
	take_snapshot before
}

teardown() {
	local ids
	cd /
	mapfile -t ids < <(docker ps -aq)
	((${#ids[@]} == 0)) || docker rm -fv "${ids[@]}" >/dev/null
	assert_nothing_left || {
		tail -n 30 /run/dockerd.log /run/containerd.log
		sweep
		return 1
	}
}

# All of docker's files are in memory: the VM's root, an overlay, cannot be the upper layer of one.
start_docker() {
	install_bawn
	start_containerd
	mkdir -p /var/lib/docker
	mount -t tmpfs docker /var/lib/docker
	launch_dockerd
}

# With Debian's containerd beside it and a cgroup of its own, as docker.service has them: of the root,
# which has no limit of swap, dockerd concludes that the kernel has none.
launch_dockerd() {
	local options=(--bridge=none --iptables=false --ip6tables=false)
	[[ -z ${DOCKERD:-} ]] || read -ra options <<<"$DOCKERD"
	[[ $runtime == bawn ]] || options+=(--default-runtime "$runtime")
	mkdir -p "$dockerd_cgroup"
	GOGC=400 in_cgroup "$dockerd_cgroup" dockerd --config-file "$(daemon_config)" \
		--containerd "$containerd_socket" "${options[@]}" \
		</dev/null >>/run/dockerd.log 2>&1 3>&- 4>&- &
	echo $! >/run/dockerd.test-pid
	wait_for_daemon dockerd docker version
}

# in_cgroup DIR PROGRAM...: becomes PROGRAM.
in_cgroup() {
	echo "$BASHPID" >"$1/cgroup.procs"
	exec "${@:2}"
}

# The file as it is, but for another runtime: dockerd takes no option that its file has as well.
daemon_config() {
	local file=$top/config/docker/daemon.json
	[[ $runtime == bawn ]] || {
		jq 'del(.["default-runtime"])' "$file" >"$BATS_FILE_TMPDIR/daemon.json"
		file=$BATS_FILE_TMPDIR/daemon.json
	}
	echo "$file"
}

stop_docker() {
	stop_daemon dockerd
	rmdir "$dockerd_cgroup"
	umount -R --lazy /var/lib/docker
	stop_containerd
}

# run_docker STATUS ARG...: must end with STATUS; sets stdout, stderr, output.
run_docker() {
	local want=$1
	shift
	run_command docker "$@"
	assert_status "$want"
}

# once STATUS OPTION... -- PROGRAM...: run --rm of the image.
once() {
	local want=$1 options=()
	shift
	while [[ $1 != -- ]]; do
		options+=("$1")
		shift
	done
	shift
	run_docker "$want" run --rm "${options[@]}" "$image" "$@"
}

# All that docker knows: 20.10 does not know the three newest.
assert_all_caps() {
	[[ $stdout =~ 00000(03f|1ff)ffffffff$ ]] || fail "$(show_last)"
}

# inspect NAME FORMAT: prints one property.
inspect() {
	docker inspect --format "$2" "$1"
}

pid_of() {
	inspect "$1" '{{.State.Pid}}'
}

state_is() { # NAME STATE
	[[ $(inspect "$1" '{{.State.Status}}') == "$2" ]]
}

logs_have() { # NAME TEXT
	[[ $(docker logs "$1" 2>&1) == *"$2"* ]]
}

# A container that lives until it is killed: its first process ignores TERM, as any without a handler.
start_sleeper() { # [OPTION...]
	run_docker 0 run -d --name "$NAME" "$@" "$image" sleep 1000
}
