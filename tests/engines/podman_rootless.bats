#!/usr/bin/env bats
# podman without root: an ordinary user's login session and user manager, on a Debian that its
# systemd has booted. Containers in units of the user manager (podman's default) and in cgroups
# that bawn makes in what is delegated to the user.
# where: vm-full
# limit: 900
# machine: --systemd podman conmon crun catatonit netavark aardvark-dns uidmap fuse-overlayfs slirp4netns
# images: busybox

# shellcheck disable=SC2034 # variables are for the helpers

load helpers
load podman
load ../cli/session

# Of each call of podman, and of the session's bus.
engine_own='^. (cgroup .*/podman-[0-9]+\.scope|cgroup .*/dbus\.(service|socket)|process .*(dbus-daemon|podman))'

setup_file() {
	TMP=$BATS_FILE_TMPDIR
	make_home
	configure_user
	log_in
	podman load -q -i "$session_home/busybox.tar"
	podman run --rm "$image" true
}

teardown_file() {
	log_out
}

setup() {
	TMP=$BATS_TEST_TMPDIR
	ROOT=/run/user/$session_uid/bawn
	NAME=c$BATS_TEST_NUMBER
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "${TMP%/*}" "$TMP"
	cd "$TMP"
	take_snapshot before
}

# A file system that takes overlays and ids of others, as homes do.
make_home() {
	truncate -s 1G "$TMP/disk"
	mkfs.ext4 -q "$TMP/disk"
	modprobe -a loop ext4 tun fuse
	chmod 666 /dev/net/tun /dev/fuse # as udev would
	mkdir -p "$session_home"
	mount -o loop "$TMP/disk" "$session_home"
}

# What README.md tells a user to do.
configure_user() {
	local dir=$session_home/.config/containers
	install -m 755 "$BAWN" "${BAWN%/*}"/bawn-{net,systemd} /usr/local/bin/
	make_session_user
	mkdir -p "$dir/containers.conf.d"
	cp "$top/config/podman/bawn.conf" "$dir/containers.conf.d/"
	[[ $runtime == bawn ]] ||
		printf '[engine]\nruntime = "%s"\n' "$runtime" >"$dir/containers.conf.d/other.conf"
	cat >"$dir/containers.conf" <<-'END'
		[containers]
		netns = "none"
		[engine]
		events_logger = "file"
		[network]
		network_backend = "netavark"
	END
	echo '{"default": [{"type": "insecureAcceptAnything"}]}' >"$dir/policy.json"
	cp "$images/busybox.tar" "$session_home"
	chown -R "$session_uid:$session_uid" "$session_home"
}

podman() {
	as-user env GOMAXPROCS=1 GOGC=off podman ${manager:+--cgroup-manager "$manager"} "$@"
}

run_podman() { # STATUS ARG...
	local want=$1
	shift
	run_command as-user env GOMAXPROCS=1 GOGC=off podman ${manager:+--cgroup-manager "$manager"} "$@"
	assert_status "$want"
}

# ---- a container's life ------------------------------------------------------------------------

# Everything but the cgroup's place is the same with both managers.
live() {
	run_podman 7 run --rm "$image" sh -c 'echo out; echo err >&2; id -u; exit 7'
	assert_stdout $'out\n0'
	assert_stderr err
	run_podman 0 run --rm --user user "$image" sh -c 'id -un; touch /tmp/x; stat -c %U /tmp/x'
	assert_stdout $'user\nuser'
	run_podman 0 run -d --name "$NAME" "$image" \
		sh -c 'trap "echo bye; exit 5" TERM; echo ready; while :; do sleep 0.1; done'
	wait_for 20 logs_have "$NAME" ready
	assert_equal "$(inspect "$NAME" '{{.OCIRuntime}}')" "$runtime"
	# Root inside is the user outside.
	assert_equal "$(stat -c %u "/proc/$(pid_of "$NAME")")" "$session_uid"
	run_podman 9 exec -e A=b --user user "$NAME" sh -c 'echo "$A $(id -un)"; exit 9'
	assert_stdout "b user"
	run_podman 0 exec -d "$NAME" sleep 500
	run_podman 0 top "$NAME" pid args
	assert_output_has "sleep 500"
	run_podman 0 stop -t 60 "$NAME"
	assert_equal "$(inspect "$NAME" '{{.State.ExitCode}}')" 5
	run_podman 0 logs "$NAME"
	assert_stdout $'ready\nbye'
	run_podman 0 rm "$NAME"
	run_podman 127 run --rm "$image" nonexistent
	run_podman 126 run --rm "$image" /etc/passwd
}

@test "the user manager's units: run, exec, logs, stop, statuses" {
	run_podman 0 info --format '{{.Host.Security.Rootless}} {{.Host.CgroupManager}} {{.Host.OCIRuntime.Name}}'
	assert_stdout "true systemd $runtime"
	live
}

@test "--cgroup-manager=cgroupfs: run, exec, logs, stop, statuses" {
	manager=cgroupfs
	live
}

@test "on a terminal: run and exec" {
	run_pty 'expect #
		send stty size\r
		expect 30 100
		send exit 5\r' as-user podman run -it --rm "$image" sh
	assert_status 5
	run_podman 0 run -d --name "$NAME" "$image" sleep 1000
	run_pty 'expect #
		send tty; id -u\r
		expect /dev/pts
		send exit 6\r' as-user podman exec -it "$NAME" sh
	assert_status 6
}

# ---- limits ------------------------------------------------------------------------------------

limits=(--memory 64m --memory-swap 96m --pids-limit 33 --cpus 0.5)

assert_limits() {
	local dir
	dir=$(cgroup_of "$(pid_of "$NAME")")
	[[ $dir == "$1"* ]] || fail "in the cgroup $dir"
	assert_equal "$(cat "$dir"/{memory.max,memory.swap.max,pids.max,cpu.max} | tr '\n' ' ')" \
		"67108864 33554432 33 50000 100000 "
	run_podman 0 exec "$NAME" cat /sys/fs/cgroup/memory.max
	assert_stdout 67108864
	run_podman 137 exec "$NAME" tail /dev/zero
	grep -q '^oom_kill 1$' "$dir/memory.events"
	state_is "$NAME" running
	run_podman 0 stats --no-stream --format '{{.MemUsage}}' "$NAME"
	assert_output_has 67.11MB
}

@test "limits in a unit of the user manager: systemd's and the kernel's, and update" {
	start_sleeper "${limits[@]}"
	local unit
	unit=libpod-$(inspect "$NAME" '{{.Id}}').scope
	assert_limits "$session_cgroup/user.slice/$unit"
	assert_equal "$(show_unit "$unit" MemoryMax)" 67108864
	assert_equal "$(show_unit "$unit" TasksMax)" 33
	assert_equal "$(show_unit "$unit" CPUQuotaPerSecUSec)" 500ms
	run_podman 0 update --memory 80m --memory-swap 96m "$NAME"
	assert_equal "$(cgroup_value "$(pid_of "$NAME")" memory.max)" 83886080
	[[ $runtime != bawn ]] || assert_equal "$(show_unit "$unit" MemoryMax)" 83886080
	run_podman 0 rm -f -t 0 "$NAME"
	wait_for 20 unit_is_gone "$unit"
}

@test "limits with --cgroup-manager=cgroupfs: in what is delegated to the user" {
	manager=cgroupfs
	start_sleeper "${limits[@]}"
	assert_limits "$session_cgroup/"
}

@test "systemctl --user stop ends a container, podman sees it" {
	start_sleeper
	local unit
	unit=libpod-$(inspect "$NAME" '{{.Id}}').scope
	assert_equal "$(show_unit "$unit" ActiveState)" active
	as-user systemctl --user stop "$unit"
	run_podman 0 wait "$NAME"
	assert_stdout 137
	wait_for 20 unit_is_gone "$unit"
}

@test "a service of the user manager runs podman, without a session" {
	run_command as-user systemd-run --user --wait --pipe -q podman run --rm --memory 64m "$image" \
		cat /sys/fs/cgroup/memory.max
	assert_status 0
	assert_stdout 67108864
}

# ---- pause, signals ----------------------------------------------------------------------------

@test "pause, unpause, kill, restart, stats" {
	start_sleeper
	local pid
	pid=$(pid_of "$NAME")
	run_podman 0 pause "$NAME"
	grep -q '^frozen 1$' "$(cgroup_of "$pid")/cgroup.events"
	run_podman 0 unpause "$NAME"
	state_is "$NAME" running
	run_podman 0 restart -t 0 "$NAME"
	[[ $(pid_of "$NAME") != "$pid" ]]
	run_podman 0 kill "$NAME"
	run_podman 0 wait "$NAME"
	assert_stdout 137
}

@test "a health check that the user manager's timer runs" {
	start_sleeper --health-cmd 'test ! -e /tmp/ill' --health-interval 2s --health-retries 1
	health_is() {
		[[ $(inspect "$NAME" '{{.State.Health.Status}}') == "$1" ]]
	}
	wait_for 30 health_is healthy
	run_podman 0 exec "$NAME" touch /tmp/ill
	wait_for 30 health_is unhealthy
}

# ---- ids, files, networks ----------------------------------------------------------------------

@test "--userns=keep-id: the user is the same one inside; auto: ids of its own" {
	mkdir "$TMP/volume"
	chown "$session_uid:$session_uid" "$TMP/volume"
	run_podman 0 run --rm --userns keep-id -v "$TMP/volume:/v" "$image" \
		sh -c 'id -u; touch /v/made; stat -c %u /v/made /etc/passwd; cat /proc/self/uid_map | tr -s " "'
	assert_stdout "$session_uid
$session_uid
0
 0 1 $session_uid
 $session_uid 0 1
 $((session_uid + 1)) $((session_uid + 1)) $((65536 - session_uid))"
	assert_equal "$(stat -c %u "$TMP/volume/made")" "$session_uid"
	start_sleeper --userns keep-id
	run_podman 0 exec "$NAME" id -u
	assert_stdout "$session_uid"
	# That one takes all ids.
	run_podman 0 rm -f -t 0 "$NAME"
	run_podman 0 run --rm --userns auto:size=2000 "$image" sh -c 'wc -l </proc/self/uid_map; id -u'
	assert_stdout $'1\n0'
}

@test "volumes, --read-only, capabilities, seccomp, sysctls, no new privileges" {
	mkdir "$TMP/dir"
	chown "$session_uid:$session_uid" "$TMP/dir"
	run_podman 1 run --rm -v "$TMP/dir:/rw" -v "$TMP/dir:/ro:ro" --read-only "$image" \
		sh -c 'echo new >/rw/new; touch /ro/x /x'
	assert_file_has "$TMP/dir/new" new
	assert_output_has "/ro/x: Read-only file system"
	assert_output_has "/x: Read-only file system"
	run_podman 0 run --rm --cap-drop all --cap-add net_admin --security-opt no-new-privileges \
		--sysctl net.ipv4.ip_forward=1 "$image" \
		sh -c 'grep -E "^(CapBnd|NoNewPrivs|Seccomp):" /proc/self/status; cat /proc/sys/net/ipv4/ip_forward'
	assert_stdout $'CapBnd:\t0000000000001000\nNoNewPrivs:\t1\nSeccomp:\t2\n1'
	run_podman 0 run --rm --privileged "$image" sh -c 'mount -t tmpfs t /tmp && mkdir /sys/fs/cgroup/a'
}

@test "a network through slirp4netns, the host's network, a published port" {
	run_podman 0 run -d --name "$NAME" --net slirp4netns -p 8124:80 "$image" \
		sh -c 'mkdir /www; echo page >/www/index.html; exec httpd -f -h /www'
	run_podman 0 exec "$NAME" ip -o addr show tap0
	assert_output_has 10.0.2.100
	fetch() {
		busybox wget -q -O - http://127.0.0.1:8124/ | grep -q page
	}
	wait_for 20 fetch
	run_podman 0 run --rm --net host "$image" readlink /proc/self/ns/net
	assert_stdout "$(readlink /proc/self/ns/net)"
}

@test "a pod: namespaces and the pod's slice are shared" {
	run_podman 0 pod create --name "p$NAME" --infra-image "$image" --infra-command "sleep 3000" \
		--share ipc,net,uts
	run_podman 0 run -d --pod "p$NAME" --name "$NAME-a" --memory 64m "$image" sleep 1000
	run_podman 0 run -d --pod "p$NAME" --name "$NAME-b" "$image" sleep 1100
	local a b
	a=$(pid_of "$NAME-a")
	b=$(pid_of "$NAME-b")
	assert_equal "$(readlink "/proc/$a/ns/net")" "$(readlink "/proc/$b/ns/net")"
	assert_equal "$(dirname "$(cgroup_of "$a")")" "$(dirname "$(cgroup_of "$b")")"
	[[ $(cgroup_of "$a") == */user-libpod_pod_*.slice/libpod-*.scope* ]]
	assert_equal "$(cgroup_value "$a" memory.max)" 67108864
	run_podman 0 exec "$NAME-b" hostname
	assert_stdout "p$NAME"
	podman pod rm -fa -t 0
}

@test "ten containers at once" {
	local n pids=()
	for ((n = 0; n < 10; n++)); do
		timeout "$ENGINE_LIMIT" as-user podman run -d --name "$NAME-$n" "$image" sleep 2000 \
			>/dev/null 2>>"$TMP/errors" 3>&- 4>&- &
		pids+=($!)
	done
	for n in "${pids[@]}"; do
		wait "$n" || fail "$(<"$TMP/errors")"
	done
	assert_equal "$(podman ps -q | wc -l)" 10
	run_podman 0 rm -fa -t 0
}
