#!/usr/bin/env bats
# docker: options of run that become a part of config.json: files, rights, devices, namespaces.
# where: vm-full
# limit: 600
# machine: containerd docker.io iptables apparmor
# images: busybox

load helpers
load docker

# ---- files -------------------------------------------------------------------------------------

@test "volumes: rw, ro, a single file, named, noexec by --mount; a missing source" {
	mkdir dir
	echo data >dir/file
	once 0 -v "$TMP/dir:/rw" -v "$TMP/dir:/ro:ro" -v "$TMP/dir/file:/etc/one:ro" -v "named$NAME:/named" \
		--mount "type=bind,src=$TMP/dir,dst=/m,readonly" -- \
		sh -c 'cat /ro/file /etc/one /m/file; echo new >/rw/new; touch /ro/x /etc/one /m/x; echo x >/named/x'
	assert_file_has dir/new new
	assert_stdout $'data\ndata\ndata'
	assert_output_has "/ro/x: Read-only file system"
	assert_output_has "/etc/one: Read-only file system"
	assert_output_has "/m/x: Read-only file system"
	once 0 -v "named$NAME:/named" -- cat /named/x
	assert_stdout x
	run_docker 0 volume rm "named$NAME"
	once 125 --mount "type=bind,src=$TMP/nothing,dst=/m" -- true
	assert_output_has "does not exist"
}

@test "volumes: a read-only one with a mount below it, propagation to and from the host" {
	mkdir dir
	mount -t tmpfs top dir
	mount --make-shared dir
	mkdir dir/sub dir/new
	mount -t tmpfs sub dir/sub
	once 0 --privileged -v "$TMP/dir:/m:rshared" -- mount -t tmpfs new /m/new
	grep -q "$TMP/dir/new" /proc/self/mountinfo
	umount dir/new
	once 0 --privileged -v "$TMP/dir:/m" -- mount -t tmpfs new /m/new
	[[ $(</proc/self/mountinfo) != *"$TMP/dir/new"* ]]
	once 0 -v "$TMP/dir:/m:ro" -- touch /m/sub/writable
	start_sleeper -v "$TMP/dir:/m:rslave"
	mount -t tmpfs late dir/new
	run_docker 0 exec "$NAME" grep /m/new /proc/self/mountinfo
	umount -R dir
}

@test "tmpfs, --read-only, --shm-size" {
	once 1 --read-only --tmpfs /t:size=64k,mode=1770,noexec --mount type=tmpfs,dst=/u,tmpfs-size=131072 \
		--shm-size 1m -- sh -c 'stat -c %a /t; df -k /t /u /dev/shm | tail -n 3 | awk "{ print \$2 }"
			touch /x /etc/x; touch /dev/shm/x /u/x; dd if=/dev/zero of=/t/x bs=1k count=100'
	assert_stdout $'1770\n64\n128\n1024'
	assert_output_has "/x: Read-only file system"
	assert_output_has "/etc/x: Read-only file system"
	assert_output_lacks "/u/x:"
	assert_output_has "No space left on device"
}

@test "hostname, hosts and resolv.conf are files of docker's" {
	once 0 --hostname name --domainname dom --add-host other:1.2.3.4 --dns 9.9.9.9 --net host -- \
		sh -c 'hostname; grep other /etc/hosts; cat /etc/resolv.conf'
	assert_output_has 1.2.3.4
	assert_output_has 9.9.9.9
}

# ---- rights ------------------------------------------------------------------------------------

caps_of() { # LINE OPTION...
	local line=$1
	shift
	once 0 "$@" -- awk "/^$line:/ { print \$2 }" /proc/self/status
}

@test "capabilities: the default set, drop, add, all, privileged, another user's" {
	caps_of CapEff
	assert_stdout 00000000a80425fb
	caps_of CapEff --cap-drop all
	assert_stdout 0000000000000000
	caps_of CapBnd --cap-drop all --cap-add net_admin --cap-add CAP_SYS_TIME
	assert_stdout 0000000002001000
	caps_of CapEff --cap-add all
	assert_all_caps
	caps_of CapEff --privileged
	assert_all_caps
	caps_of CapEff --user user
	assert_stdout 0000000000000000
	once 125 --cap-add nonsense -- true
}

@test "seccomp: the default profile, one's own, none; no-new-privileges" {
	once 1 -- sh -c 'grep -E "^Seccomp:|^NoNewPrivs" /proc/self/status; unshare -U true'
	assert_output_has $'NoNewPrivs:\t0'
	assert_output_has $'Seccomp:\t2'
	assert_output_has "Operation not permitted"
	cat >profile.json <<-'END'
		{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
			{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28}]}
	END
	once 1 --security-opt seccomp=profile.json -- mkdir /tmp/x
	assert_output_has "No space left on device"
	once 0 --security-opt seccomp=unconfined --security-opt no-new-privileges -- \
		grep -E '^Seccomp:|^NoNewPrivs' /proc/self/status
	assert_output_has $'NoNewPrivs:\t1'
	assert_output_has $'Seccomp:\t0'
}

@test "AppArmor: docker's own profile, another one, none, one that is not loaded" {
	[[ $(cat /sys/module/apparmor/parameters/enabled 2>/dev/null) == Y ]] ||
		skip "the kernel has no AppArmor"
	once 0 -- cat /proc/self/attr/current
	assert_stdout "docker-default (enforce)"
	once 0 --security-opt apparmor=unconfined -- cat /proc/self/attr/current
	assert_stdout unconfined
	apparmor_parser -r <<<'profile bawn-test flags=(attach_disconnected) { file, deny /etc/passwd r, }'
	once 1 --security-opt apparmor=bawn-test -- sh -c 'cat /proc/self/attr/current; cat /etc/passwd'
	assert_stdout "bawn-test (enforce)"
	assert_output_has "Permission denied"
	start_sleeper --security-opt apparmor=bawn-test
	run_docker 0 exec "$NAME" cat /proc/self/attr/current
	assert_stdout "bawn-test (enforce)"
	apparmor_parser -R <<<'profile bawn-test flags=(attach_disconnected) { file, deny /etc/passwd r, }'
	once 125 --security-opt apparmor=no-such-profile -- true
	assert_output_has no-such-profile
}

@test "masked and read-only paths; --privileged and systempaths=unconfined see all" {
	once 0 -- sh -c 'head -c 1 /proc/keys | wc -c; ls /sys/firmware /proc/acpi 2>/dev/null | grep -vc :
		touch /sys/x; echo name >/proc/sys/kernel/domainname; cat /proc/kcore | wc -c'
	assert_output_has "Read-only file system"
	[[ ${stdout%%$'\n'*} == 0 && ${stdout##*$'\n'} == 0 ]] || fail "$(show_last)"
	once 0 --security-opt systempaths=unconfined -- sh -c 'head -c 1 /proc/keys | wc -c'
	assert_stdout 1
	once 0 --privileged -- sh -c 'echo name >/proc/sys/kernel/domainname
		cat /proc/sys/kernel/domainname; test -r /dev/kmsg && ls /dev | wc -l'
	[[ ${lines[0]} == name && ${lines[1]} -gt 20 ]] || fail "$(show_last)"
}

@test "ulimits, oom score, groups, stop timeout, labels" {
	once 0 --ulimit nofile=123:456 --ulimit core=0 --ulimit nproc=77 --oom-score-adj 500 \
		--group-add 5 --group-add more --label a=b -- \
		sh -c 'ulimit -Sn; ulimit -Hn; ulimit -c; ulimit -u; cat /proc/self/oom_score_adj; id -G'
	assert_stdout $'123\n456\n0\n77\n500\n0 5 1001'
}

@test "devices: the default ones only, --device, its rights, a cgroup rule" {
	once 1 --cap-add SYSLOG -- sh -c 'ls -1 /dev | sort | xargs; mknod /tmp/kmsg c 1 11; cat /tmp/kmsg'
	assert_stdout "core fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero"
	assert_output_has "Operation not permitted"
	once 1 --cap-add SYSLOG --device /dev/kmsg:/dev/mine:r -- \
		sh -c 'stat -c %t:%T /dev/mine; dd if=/dev/mine of=/dev/null bs=8k count=1 && echo read
			echo x >/dev/mine'
	assert_output_has 1:b
	assert_output_has read
	assert_output_has "Operation not permitted"
	once 0 --cap-add SYSLOG --device-cgroup-rule 'c 1:11 r' -- \
		sh -c 'mknod /tmp/kmsg c 1 11 && dd if=/tmp/kmsg of=/dev/null bs=8k count=1 && echo read'
	assert_output_has read
}

@test "sysctls of the container's own namespaces; one of the host's is refused" {
	once 0 --sysctl kernel.shmmax=123456 --sysctl net.ipv4.ip_forward=1 --sysctl kernel.msgmax=4096 \
		--sysctl fs.mqueue.msg_max=20 -- sh -c 'cd /proc/sys
			cat kernel/shmmax net/ipv4/ip_forward kernel/msgmax fs/mqueue/msg_max'
	assert_stdout $'123456\n1\n4096\n20'
	once 125 --sysctl kernel.panic=1 -- true
	assert_output_has kernel.panic
}

# ---- namespaces --------------------------------------------------------------------------------

ns_of() { # PID NAME
	readlink "/proc/$1/ns/$2"
}

@test "host namespaces: pid, ipc, net, uts, cgroup; what is left of the container is killed" {
	local ns
	start_sleeper --pid host --ipc host --net host --uts host --cgroupns host
	for ns in pid ipc net uts cgroup; do
		assert_equal "$(ns_of "$(pid_of "$NAME")" $ns)" "$(ns_of self $ns)"
	done
	run_docker 0 exec "$NAME" sh -c 'sleep 800 & sleep 801 & true'
	pgrep -f 'sleep 801'
	run_docker 0 stop -t 1 "$NAME"
	[[ -z $(pgrep -f 'sleep 80[01]') ]]
}

@test "namespaces of its own, and of another container" {
	local ns pid other
	start_sleeper --ipc shareable --cgroupns private
	pid=$(pid_of "$NAME")
	for ns in pid ipc net uts cgroup mnt; do
		[[ $(ns_of "$pid" $ns) != "$(ns_of self $ns)" ]]
	done
	run_docker 0 exec "$NAME" grep ^0: /proc/self/cgroup
	assert_stdout 0::/
	run_docker 0 run -d --name "$NAME-2" --pid "container:$NAME" --ipc "container:$NAME" \
		--net "container:$NAME" "$image" sleep 1100
	other=$(pid_of "$NAME-2")
	for ns in pid ipc net; do
		assert_equal "$(ns_of "$other" $ns)" "$(ns_of "$pid" $ns)"
	done
	[[ $(ns_of "$other" mnt) != "$(ns_of "$pid" mnt)" ]]
	run_docker 0 exec "$NAME-2" ps
	assert_output_has "sleep 1000"
	# The end of the pid namespace's first process ends both.
	run_docker 0 kill "$NAME"
	run_docker 0 wait "$NAME-2"
	assert_stdout 137
}

@test "the cgroup: docker's, a parent of the user's" {
	start_sleeper --cgroup-parent /my/parent
	[[ $(cgroup_of "$(pid_of "$NAME")") == /sys/fs/cgroup/my/parent/* ]]
	run_docker 0 rm -f "$NAME"
	[[ ! -d /sys/fs/cgroup/my ]] || rmdir /sys/fs/cgroup/my/parent /sys/fs/cgroup/my
}
