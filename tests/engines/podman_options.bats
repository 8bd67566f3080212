#!/usr/bin/env bats
# podman: options of run that become a part of config.json: files, rights, namespaces, devices.
# where: vm-full
# limit: 900
# machine: podman conmon buildah crun runc catatonit netavark aardvark-dns apparmor iptables nftables uidmap fuse-overlayfs slirp4netns e2fsprogs strace
# images: busybox

load helpers
load podman

# once OPTION... -- PROGRAM...: run --rm.
once() {
	local options=()
	while [[ $1 != -- ]]; do
		options+=("$1")
		shift
	done
	shift
	run_podman "${want:-0}" run --rm "${options[@]}" "$image" "$@"
}

# ---- files -------------------------------------------------------------------------------------

# The kernel's own words for the mount at $1.
mount_at() {
	awk -v at="$1" '$5 == at { print $6 "," $NF }' "${2:-/proc/self/mountinfo}"
}

@test "volumes: rw, ro, a single file, propagation, named, noexec" {
	mkdir "$TMP/dir"
	echo data >"$TMP/dir/file"
	once -v "$TMP/dir:/rw" -v "$TMP/dir:/ro:ro" -v "$TMP/dir/file:/etc/one:ro" \
		-v "$TMP/dir:/noexec:noexec,nosuid,nodev" -v "named$NAME:/named" -v /anonymous \
		-- sh -c 'cat /ro/file /etc/one; echo new >/rw/new; touch /ro/x /etc/one; echo x >/named/x
			cp /bin/busybox /noexec/true; /noexec/true; cat /proc/self/mountinfo'
	assert_file_has "$TMP/dir/new" new
	[[ $output == data$'\n'data* ]]
	assert_output_has "/ro/x: Read-only file system"
	assert_output_has "/etc/one: Read-only file system"
	assert_output_has "/noexec/true: Permission denied"
	[[ $(mount_at /noexec <(echo "$stdout")) == *nosuid,nodev,noexec* ]]
	run_podman 0 run --rm -v "named$NAME:/named" "$image" cat /named/x
	assert_stdout x
	run_podman 0 volume rm "named$NAME"
}

@test "volumes: rshared reaches the host, rprivate does not; rro is read-only all the way down" {
	mkdir -p "$TMP/dir/sub"
	mount -t tmpfs top "$TMP/dir"
	mount --make-shared "$TMP/dir"
	mkdir "$TMP/dir/sub" "$TMP/dir/new"
	mount -t tmpfs sub "$TMP/dir/sub"
	once --privileged -v "$TMP/dir:/m:rshared" -- mount -t tmpfs new /m/new
	grep -q "$TMP/dir/new" /proc/self/mountinfo
	umount "$TMP/dir/new"
	once --privileged -v "$TMP/dir:/m:rprivate" -- mount -t tmpfs new /m/new
	run_command grep "$TMP/dir/new" /proc/self/mountinfo
	assert_status 1
	once -v "$TMP/dir:/m:ro" -- touch /m/sub/writable
	run_podman 125 run --rm -v "$TMP/dir:/m:rro" "$image" true # podman 4.3 does not know it
	umount -R "$TMP/dir"
}

@test "tmpfs, --mount, --read-only with and without --read-only-tmpfs, --shm-size" {
	want=1 once --tmpfs /t:size=64k,mode=1770,noexec --mount type=tmpfs,destination=/u,tmpfs-size=128k \
		--shm-size 1m -- sh -c 'stat -c %a /t; df -k /t /u /dev/shm | tail -n 3 | awk "{ print \$2 }"
			dd if=/dev/zero of=/t/x bs=1k count=100'
	[[ $stdout == 1770$'\n'64$'\n'128$'\n'1024* ]] || fail "$(show_last)"
	assert_output_has "No space left on device"
	once --read-only -- sh -c 'touch /tmp/x /run/x /dev/shm/x; touch /x /etc/x; grep " / " /proc/self/mountinfo'
	assert_output_has "/x: Read-only file system"
	assert_output_has "/etc/x: Read-only file system"
	assert_output_lacks "/tmp/x:"
	want=1 once --read-only --read-only-tmpfs=false -- touch /tmp/x
	assert_output_has "Read-only file system"
}

@test "a root file system in a directory, alone and below an overlay" {
	mkdir "$TMP/rootfs"
	podman create --name "$NAME" "$image"
	podman export -o "$TMP/export.tar" "$NAME"
	tar -xf "$TMP/export.tar" -C "$TMP/rootfs"
	run_podman 0 run --rm --rootfs "$TMP/rootfs" sh -c 'echo here; touch /made'
	assert_stdout here
	[[ -e $TMP/rootfs/made ]]
	run_podman 0 run --rm --rootfs "$TMP/rootfs:O" touch /other
	[[ ! -e $TMP/rootfs/other ]]
}

@test "an idmapped volume: the user's files are its own, on a file system that can" {
	truncate -s 32M "$TMP/disk"
	mkfs.ext4 -q "$TMP/disk"
	modprobe loop
	modprobe ext4
	mkdir "$TMP/ext4"
	mount -o loop "$TMP/disk" "$TMP/ext4"
	echo x >"$TMP/ext4/file"
	once --uidmap 0:200000:1000 --gidmap 0:200000:1000 -v "$TMP/ext4:/v:idmap" -- \
		sh -c 'stat -c %u:%g /v/file; echo new >/v/new'
	assert_stdout 0:0
	assert_equal "$(stat -c %u:%g "$TMP/ext4/new")" 0:0
	umount "$TMP/ext4"
}

# ---- rights ------------------------------------------------------------------------------------

caps_of() { # LINE OPTION...
	local line=$1
	shift
	once "$@" -- awk "/^$line:/ { print \$2 }" /proc/self/status
}

@test "capabilities: the default set, drop, add, all, privileged, another user's" {
	caps_of CapEff
	assert_stdout 00000000800405fb
	caps_of CapEff --cap-drop all
	assert_stdout 0000000000000000
	caps_of CapBnd --cap-drop all --cap-add net_admin --cap-add CAP_SYS_TIME
	assert_stdout 0000000002001000
	caps_of CapBnd --cap-add all
	assert_stdout "$all_capabilities"
	caps_of CapEff --privileged
	assert_stdout "$all_capabilities"
	caps_of CapEff --user user
	assert_stdout 0000000000000000
	caps_of CapAmb --user user --cap-add net_admin
	assert_stdout 0000000000001000
	want=125 once --cap-add nonsense -- true
}

@test "seccomp: the default profile, one's own, none; no new privileges" {
	once -- sh -c 'grep -E "^Seccomp:|^NoNewPrivs" /proc/self/status; mount -t tmpfs t /tmp; true'
	assert_output_has $'NoNewPrivs:\t0'
	assert_output_has $'Seccomp:\t2'
	cat >"$TMP/profile.json" <<-'END'
		{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
			{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28}]}
	END
	want=1 once --security-opt seccomp="$TMP/profile.json" -- mkdir /tmp/x
	assert_output_has "No space left on device"
	once --security-opt seccomp=unconfined --security-opt no-new-privileges -- \
		grep -E '^Seccomp:|^NoNewPrivs' /proc/self/status
	assert_output_has $'NoNewPrivs:\t1'
	assert_output_has $'Seccomp:\t0'
	want=125 once --security-opt seccomp=/nonexistent -- true
}

@test "apparmor: a profile of the host, exec in it, none" {
	cat >"$TMP/profile" <<-'END'
		profile bawn-test flags=(attach_disconnected,mediate_deleted) {
			capability,
			file,
			signal,
			deny /tmp/denied w,
		}
	END
	apparmor_parser -r "$TMP/profile"
	run_podman 0 run -d --name "$NAME" --security-opt apparmor=bawn-test "$image" sleep 1000
	assert_equal "$(cat "/proc/$(pid_of "$NAME")/attr/apparmor/current")" "bawn-test (enforce)"
	run_podman 1 exec "$NAME" touch /tmp/denied
	assert_output_has "Permission denied"
	once --security-opt apparmor=unconfined -- cat /proc/self/attr/current
	assert_stdout unconfined
	want=126 once --security-opt apparmor=no-such-profile -- true
	assert_output_has no-such-profile
	apparmor_parser -R "$TMP/profile"
}

@test "masked and read-only paths; unmask; --privileged sees all" {
	want=1 once -- sh -c 'cat /proc/kcore; echo 1 >/proc/sys/kernel/domainname'
	assert_output_has "Read-only file system"
	once -- sh -c 'ls /sys/firmware | wc -l; head -c 1 /proc/keys | wc -c'
	assert_stdout $'0\n0'
	once --security-opt unmask=/proc/keys -- sh -c 'head -c 1 /proc/keys | wc -c'
	assert_stdout 1
	once --security-opt mask=/proc/version -- sh -c 'head -c 1 /proc/version | wc -c'
	assert_stdout 0
	once --privileged -- sh -c 'echo name >/proc/sys/kernel/domainname; cat /proc/sys/kernel/domainname
		test -r /dev/kmsg'
	assert_stdout name
}

@test "ulimits, oom score, umask, groups, init" {
	once --ulimit nofile=123:456 --ulimit core=0 --ulimit nproc=77 --oom-score-adj 500 \
		--umask 0027 --group-add 5 --group-add 1001 -- \
		sh -c 'ulimit -Sn; ulimit -Hn; ulimit -c; ulimit -u; cat /proc/self/oom_score_adj; umask; id -G'
	assert_stdout $'123\n456\n0\n77\n500\n0027\n0 5 1001'
	once --init -- cat /proc/1/comm
	assert_stdout podman-init
}

@test "devices: the default ones only, --device, rights, a cgroup rule" {
	want=1 once -- sh -c 'ls -1 /dev | sort | tr "\n" " "; mknod /tmp/kmsg c 1 11; cat /tmp/kmsg'
	[[ $stdout == "core fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero "* ]] ||
		fail "$(show_last)"
	assert_output_has "Operation not permitted"
	once --device /dev/fuse:/dev/mine:r -- sh -c 'stat -c %t:%T /dev/mine
		: </dev/mine && echo readable; (: <>/dev/mine) 2>&1; true'
	assert_output_has $'a:e5\nreadable'
	assert_output_has "Operation not permitted"
	once --device-cgroup-rule 'c 10:229 rm' --cap-add mknod -- \
		sh -c 'mknod /tmp/mine c 10 229 && (: </tmp/mine) && ! (: <>/tmp/mine)'
}

@test "sysctls of the container's own namespaces; one of the host's is refused" {
	once --sysctl kernel.shmmax=123456 --sysctl net.ipv4.ip_forward=1 --sysctl kernel.msgmax=4096 \
		--sysctl fs.mqueue.msg_max=20 -- sh -c 'cd /proc/sys
			cat kernel/shmmax net/ipv4/ip_forward kernel/msgmax fs/mqueue/msg_max'
	assert_stdout $'123456\n1\n4096\n20'
	run_podman 125 run --rm --sysctl kernel.panic=1 "$image" true
}

# ---- namespaces --------------------------------------------------------------------------------

ns_of() { # PID NAME
	readlink "/proc/$1/ns/$2"
}

@test "host namespaces: pid, ipc, net, uts, cgroup" {
	local ns
	start_sleeper --pid host --ipc host --net host --uts host --cgroupns host
	for ns in pid ipc net uts cgroup; do
		assert_equal "$(ns_of "$(pid_of "$NAME")" $ns)" "$(ns_of self $ns)"
	done
	run_podman 0 exec "$NAME" sh -c 'sleep 800 & sleep 801 & true'
	run_podman 0 kill "$NAME"
	run_podman 0 wait "$NAME"
	assert_stdout 137
}

@test "namespaces of its own, and of another container" {
	local ns pid other
	start_sleeper --ipc shareable
	pid=$(pid_of "$NAME")
	for ns in pid ipc net uts cgroup mnt; do
		[[ $(ns_of "$pid" $ns) != "$(ns_of self $ns)" ]]
	done
	run_podman 0 run -d --name "$NAME-2" --pid "container:$NAME" --ipc "container:$NAME" \
		--net "container:$NAME" --uts "container:$NAME" --cgroupns "container:$NAME" "$image" sleep 1100
	other=$(pid_of "$NAME-2")
	for ns in pid ipc net uts cgroup; do
		assert_equal "$(ns_of "$other" $ns)" "$(ns_of "$pid" $ns)"
	done
	[[ $(ns_of "$other" mnt) != "$(ns_of "$pid" mnt)" ]]
	run_podman 0 exec "$NAME-2" ps
	assert_output_has "sleep 1000"
	# The end of the pid namespace's first process ends both.
	run_podman 0 kill "$NAME"
	run_podman 0 wait "$NAME-2"
	assert_stdout 137
}

@test "user namespaces: maps, auto, exec in it, a volume, another container's" {
	start_sleeper --uidmap 0:100000:5000 --gidmap 0:200000:5000
	local pid
	pid=$(pid_of "$NAME")
	assert_equal "$(tr -s ' ' <"/proc/$pid/uid_map")" " 0 100000 5000"
	assert_equal "$(tr -s ' ' <"/proc/$pid/gid_map")" " 0 200000 5000"
	assert_equal "$(stat -c %u:%g "/proc/$pid/root/etc/passwd")" 100000:200000
	run_podman 0 exec --user user "$NAME" id -u
	assert_stdout 1000
	run_podman 0 exec "$NAME" sh -c 'stat -c %u /etc/passwd /proc/1 /dev/null /sys | tr "\n" " "'
	assert_stdout "0 0 65534 65534 "
	run_podman 0 run --rm --userns "container:$NAME" --net "container:$NAME" "$image" \
		cat /proc/self/uid_map
	assert_equal "$(tr -s ' ' <<<"$stdout")" " 0 100000 5000"
	grep -q ^containers: /etc/subuid || echo containers:300000:1000000 | tee -a /etc/subuid >>/etc/subgid
	run_podman 0 run --rm --userns auto:size=3000 "$image" cat /proc/self/uid_map
	assert_equal "$(tr -s ' ' <<<"$stdout")" " 0 300000 3000"
	run_podman 125 run --rm --userns keep-id "$image" true # podman_rootless.bats has it
	assert_output_has "only supported in rootless mode"
}

@test "a user namespace on a terminal, with a network and a tmpfs of its own" {
	run_pty 'expect #
		send tty; touch /tmp/x; stat -c %u /tmp/x; id -u\r
		expect 0
		send exit 3\r' podman run --rm -it --uidmap 0:100000:5000 --net none --tmpfs /tmp "$image" sh
	assert_status 3
}

@test "networks: a bridge with two containers that reach each other, published port, dns" {
	podman network create --disable-dns "net$NAME" >/dev/null
	run_podman 0 run -d --name "$NAME" --network "net$NAME" -p 127.0.0.1:8123:80 "$image" \
		sh -c 'mkdir /www; echo page >/www/index.html; exec httpd -f -h /www'
	local ip
	ip=$(inspect "$NAME" '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}')
	fetch() {
		podman run --rm --network "net$NAME" "$image" wget -q -O - "http://$ip/" | grep -q page
	}
	wait_for 10 fetch
	run_podman 0 exec "$NAME" ip -o addr show eth0
	assert_output_has "$ip"
	run_podman 0 port "$NAME"
	assert_output_has 127.0.0.1:8123
	run_podman 0 rm -f -t 0 "$NAME"
	run_podman 0 network rm "net$NAME"
}

@test "hostname, hosts, dns files, time zone" {
	once --hostname name --add-host other:1.2.3.4 --dns 9.9.9.9 --net bridge -- \
		sh -c 'hostname; grep other /etc/hosts; cat /etc/resolv.conf; touch /etc/resolv.conf'
	assert_output_has name
	assert_output_has 1.2.3.4
	assert_output_has 9.9.9.9
}

@test "cgroups: disabled, a parent without conmon" {
	start_sleeper --cgroups disabled
	assert_equal "$(cat "/proc/$(pid_of "$NAME")/cgroup")" "$(cat /proc/self/cgroup)"
	run_podman 0 exec "$NAME" true
	run_podman 0 rm -f -t 0 "$NAME"
	# Without conmon in it: podman leaves the cgroup of that, and with it the parents.
	start_sleeper --cgroup-parent /my/parent --cgroups no-conmon
	assert_equal "$(cgroup_of "$(pid_of "$NAME")")" \
		"/sys/fs/cgroup/my/parent/libpod-$(inspect "$NAME" '{{.Id}}')"
	run_podman 0 rm -f -t 0 "$NAME"
	[[ ! -e /sys/fs/cgroup/my ]]
}

@test "cgroups: split: the container's beside podman's in the cgroup that podman was given" {
	local given=/sys/fs/cgroup/given-$NAME
	mkdir "$given"
	run_command sh -c "echo 0 >$given/cgroup.procs
		exec podman run -d --name '$NAME' --cgroups split '$image' sleep 1000"
	assert_status 0
	assert_equal "$(cgroup_of "$(pid_of "$NAME")")" \
		"$given/libpod-payload-$(inspect "$NAME" '{{.Id}}')"
	run_podman 0 exec "$NAME" cat /proc/self/cgroup
	assert_output_has 0::/
	run_podman 0 rm -f -t 0 "$NAME"
	# What podman and conmon were in is theirs.
	rmdir "$given"/*/ "$given"
}
