#!/usr/bin/env bats
# Tests of the test VM itself. Run from anywhere: bats tests/vm/selftest.bats
# limit: 900
# shellcheck disable=SC2016 # what is in single quotes is for the VM's shell

load selftest

@test "exit status of the script" {
	run "$vm" sh -c 'exit 0'
	[ "$status" -eq 0 ]
	run "$vm" sh -c 'exit 43'
	[ "$status" -eq 43 ]
	run "$vm" sh -c 'kill -TERM $$'
	[ "$status" -eq 143 ]
}

@test "exit status when the script cannot be run" {
	run -127 "$vm" no-such-program
	run "$vm" ./tests/vm/packages
	[ "$status" -eq 126 ]
	run "$vm" /tmp/script
	[ "$status" -eq 125 ]
	[[ $output == *"cannot be seen"* ]]
}

@test "wrong use gives 125" {
	run "$vm"
	[ "$status" -eq 125 ]
	run "$vm" -m nothing true
	[ "$status" -eq 125 ]
	BAWN_RESULTS=/no/such/directory run "$vm" true
	[ "$status" -eq 125 ]
}

@test "arguments come unchanged" {
	# shellcheck disable=SC1003 # no quote is meant
	local args=('a  b' "it's" '"$HOME" `id` \' '' $'two\nlines' '*' $'\xff\x01' -n)
	"$vm" -- printf '%s\0' "${args[@]}" >"$BATS_TEST_TMPDIR/got"
	printf '%s\0' "${args[@]}" | cmp - "$BATS_TEST_TMPDIR/got"
}

@test "environment: the names that pass, and -e" {
	export BAWN_A=$'1\n2' BATS_A=3 OTHER_A=4 NAMED_A=5
	run --separate-stderr "$vm" -e NAMED_A -e 'GIVEN_A=6 7' sh -c \
		'echo "$BAWN_A|$BATS_A|$OTHER_A|$NAMED_A|$GIVEN_A|$HOME"'
	[ "$output" = $'1\n2|3||5|6 7|/root' ]
}

@test "working directory and files are the host's" {
	cd "$here"
	run --separate-stderr "$vm" sh -c 'pwd; cksum run'
	[ "$output" = "$PWD"$'\n'"$(cksum run)" ]
}

@test "-r: another root file system, and the checkout" {
	local root=$repo/build/vm/selftest-root.$$ top=${repo#/}
	mkdir -p "$root/bin" "$root"/{dev,proc,sys,run,tmp}
	cp "$(type -P busybox)" "$root/bin/"
	ln -s busybox "$root/bin/sh"
	run --separate-stderr "$vm" -r "$root" sh -c \
		'cd /; busybox ls -1; echo x >y; busybox md5sum <"$0"' \
		"$here/run"
	rm -r "$root"
	echo "$output" "$stderr"
	[ "$status" -eq 0 ]
	# /lib holds the modules.
	diff <(printf '%s\n' "${lines[@]::${#lines[@]}-1}") \
		<(printf '%s\n' bin dev lib proc run sys tmp "${top%%/*}" | sort -u)
	[ "${lines[-1]}" = "$(md5sum <"$here/run")" ]
	run "$vm" -r "$repo/no-such-directory" true
	[ "$status" -eq 125 ]
}

@test "--systemd: pid 1 is the root file system's systemd, the script is its service" {
	local root
	root=$("$here/../lib/debian-rootfs" -m -s)
	run --separate-stderr "$vm" --systemd -r "$root" -e GIVEN='6 7' bash -euc '
		[[ $(cat /proc/1/comm) == systemd && $(hostname) == bawn-vm && $(id -u) == 0 ]]
		[[ $(cat /proc/self/cgroup) == 0::/system.slice/bawn-vm.service ]]
		[[ $(systemctl is-system-running) == running ]]
		for c in cpu memory pids; do
			grep -qw "$c" /sys/fs/cgroup/cgroup.controllers
		done
		systemd-run -q --wait true
		loginctl enable-linger nobody
		systemctl start user@65534.service # enable-linger does not wait for it
		systemctl is-active user@65534.service
		setsid sleep 1000 &
		echo "$GIVEN|$PWD|$*"
		exit 43' bash "a  b" c
	echo "$output" "$stderr"
	[ "$status" -eq 43 ]
	[ "${lines[0]}" = active ]
	[ "${lines[1]}" = "6 7|$PWD|a  b c" ]
}

@test "--systemd: a VM whose systemd or service ends says so with 125" {
	local root
	root=$("$here/../lib/debian-rootfs" -m -s)
	run "$vm" -s -r "$root" sh -c 'systemctl stop bawn-vm.service; sleep 1000'
	[ "$status" -eq 125 ]
	[[ $output == *"the VM died"* ]]
	run "$vm" -s -r "$root" sh -c 'kill -SEGV 1; sleep 1000'
	[ "$status" -eq 125 ]
	[[ $output == *"the VM died"* ]]
}

@test "--systemd without systemd in the root file system gives 125" {
	mkdir "$BATS_TEST_TMPDIR/root"
	run "$vm" --systemd -r "$BATS_TEST_TMPDIR/root" true
	[ "$status" -eq 125 ]
	[[ $output == *"no /lib/systemd/systemd"* ]]
}

@test "stdout and stderr are apart, binary, complete" {
	local big=$repo/build/vm/selftest.$$
	head -c 5000000 /dev/urandom >"$big"
	"$vm" sh -c 'cat "$1"; printf "e\n" >/dev/stderr' sh "$big" \
		>"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err"
	cmp "$big" "$BATS_TEST_TMPDIR/out"
	rm "$big"
	printf 'e\n' | cmp - "$BATS_TEST_TMPDIR/err"
}

@test "output is complete when its reader is slow" {
	"$vm" seq 200000 | (sleep 4; cat) >"$BATS_TEST_TMPDIR/out"
	seq 200000 | cmp - "$BATS_TEST_TMPDIR/out"
}

@test "output streams" {
	# The line is here while the script still runs.
	exec 7< <("$vm" -t 90 sh -c 'echo first; exec sleep 1000' 2>/dev/null)
	local pid=$!
	read -r -t 60 line <&7
	[ "$line" = first ]
	kill "$pid"
	wait "$pid" || true
}

@test "stdin is /dev/null" {
	run --separate-stderr "$vm" cat <<<input
	[ "$status" -eq 0 ]
	[ "$output" = "" ]
}

@test "background processes do not keep the VM" {
	run "$vm" -t 90 sh -c 'sleep 1000 & setsid sleep 1000 & exit 5'
	[ "$status" -eq 5 ]
}

@test "time limit" {
	local start=$SECONDS
	run "$vm" -t 20 sh -c 'echo begin; exec sleep 1000'
	[ "$status" -eq 124 ]
	[[ $output == begin* ]]
	((SECONDS - start <= 22))
	run "$vm" -t 1 true # shorter than a boot
	[ "$status" -eq 124 ]
}

@test "time limit holds when nobody reads the output" {
	local status=0
	exec 7< <("$vm" -t 5 yes 2>/dev/null)
	wait $! || status=$?
	[ "$status" -eq 124 ]
}

# Starts a VM in a session of its own, sends it signal $1; prints its status.
signal_vm() {
	python3 - "$vm" "$1" <<-'EOF'
		import os, signal, subprocess, sys, time
		vm = subprocess.Popen([sys.argv[1], "sh", "-c", "echo up; exec sleep 1000"],
		                      stdout=subprocess.PIPE, start_new_session=True)
		assert vm.stdout.readline() == b"up\n"
		if sys.argv[2] == "SIGINT":  # as a terminal does it
		    os.killpg(vm.pid, signal.SIGINT)
		else:
		    os.kill(vm.pid, getattr(signal, sys.argv[2]))
		print(vm.wait(10))
		# EOF: all that could have the pipe (qemu, virtiofsd, vmio) has ended.
		assert vm.stdout.read() == b""
		for stat in (f"/proc/{p}/stat" for p in os.listdir("/proc") if p.isdigit()):
		    try:
		        fields = open(stat).read().rpartition(")")[2].split()
		    except OSError:
		        continue
		    assert fields[0] == "Z" or int(fields[3]) != vm.pid, stat
	EOF
}

@test "signals end the VM and all that belongs to it" {
	[ "$(signal_vm SIGINT)" = -2 ]
	[ "$(signal_vm SIGTERM)" = -15 ]
	[ "$(signal_vm SIGHUP)" = -1 ]
}

@test "a killed run leaves no processes; the next one removes its directory" {
	[ "$(signal_vm SIGKILL)" = -9 ]
	local dir
	for dir in $(new_leftovers); do
		if flock -n "$dir" true; then
			touch -d '2 minutes ago' "$dir"
		fi
	done
	"$vm" true
}

@test "a VM that dies says so with 125" {
	run "$vm" sh -c 'echo c >/proc/sysrq-trigger'
	[ "$status" -eq 125 ]
	[[ $output == *"sysrq triggered crash"* ]]
}

@test "the host's files cannot be changed" {
	local probe=$here/probe.$$
	cp "$here/packages" "$probe"
	run "$vm" sh -c 'echo x >"$1"; echo y >"$1.new"; rm -r tests/vm; mkdir /root/dir; ls -d tests/vm' \
		sh "$probe"
	cmp "$here/packages" "$probe"
	rm "$probe"
	[ "$status" -ne 0 ] # tests/vm was gone in there
	[ ! -e "$probe.new" ]
	[ -e "$here/run" ]
}

@test "virtiofs itself is read-only for the guest" {
	run "$vm" sh -c 'mount -t virtiofs host /mnt && touch "/mnt/$PWD/build/vm/probe"'
	[ "$status" -ne 0 ]
	[[ $output == *"Read-only file system"* ]]
	[ ! -e "$repo/build/vm/probe" ]
}

@test "BAWN_RESULTS brings files back" {
	export BAWN_RESULTS="$BATS_TEST_TMPDIR/re sults"
	mkdir "$BAWN_RESULTS"
	echo in >"$BAWN_RESULTS/in"
	"$vm" sh -c 'cat "$BAWN_RESULTS/in" - >"$BAWN_RESULTS/out" <<-EOF
		more
	EOF'
	[ "$(cat "$BAWN_RESULTS/out")" = $'in\nmore' ]
}

@test "the system in the VM" {
	run --separate-stderr "$vm" bash -euc '
		[[ $(uname -r) == 6.1.*-cloud-amd64 && $(hostname) == bawn-vm && $(id -u) == 0 ]]
		for c in cpuset cpu io memory pids; do
			grep -qw "$c" /sys/fs/cgroup/cgroup.subtree_control
		done
		[[ $(stat -f -c %T /sys/fs/cgroup) == cgroup2fs ]]
		for m in /dev/pts:devpts /dev/shm:tmpfs /dev/mqueue:mqueue /run:tmpfs /tmp:tmpfs \
			/proc:proc /sys:sysfs /:overlay; do
			[[ $(findmnt -no FSTYPE "${m%:*}") == "${m#*:}" ]]
		done
		[[ -e /dev/fd/0 ]]
		echo ok >/dev/stdout
		exec 3<>/dev/ptmx
		timeout 5 head -c 100 /dev/random >/dev/null
		grep -q "^tsc$" /sys/devices/system/clocksource/clocksource0/current_clocksource
		ping -c 1 127.0.0.1 >/dev/null 2>&1 || (exec 4<>/dev/udp/127.0.0.1/9)
	'
	[ "$status" -eq 0 ]
	[ "$output" = ok ]
}

@test "modules: kvm-amd gives /dev/kvm; loop, dummy, veth, bridge, overlay, nf_tables" {
	run --separate-stderr "$vm" bash -euc '
		modprobe kvm-amd
		modprobe -a loop dummy veth bridge macvlan ipvlan overlay nf_tables ext4
		python3 - <<EOF
import fcntl
print(fcntl.ioctl(open("/dev/kvm"), 0xAE00))
EOF
		truncate -s 50M /tmp/disk
		mkfs.ext4 -q /tmp/disk
		mount -o loop /tmp/disk /mnt
	'
	[ "$status" -eq 0 ]
	[ "$output" = 12 ] # KVM_GET_API_VERSION
}

@test "the clock does not run away" {
	local before after inside
	before=$(date +%s)
	inside=$("$vm" sh -c 'sleep 3; date +%s')
	after=$(date +%s)
	((inside >= before + 2 && inside <= after + 2))
}

@test "-c and -m" {
	run --separate-stderr "$vm" -c 1 -m 700 sh -c 'nproc; grep MemTotal /proc/meminfo'
	[ "${lines[0]}" = 1 ]
	[[ ${lines[1]} =~ \ 6[0-9]{5}\ kB ]]
	run --separate-stderr "$vm" -c 3 nproc
	[ "$output" = 3 ]
}

@test "three VMs at the same time" {
	local i pids=()
	for i in 1 2 3; do
		"$vm" sh -c "echo $i; exit $i" >"$BATS_TEST_TMPDIR/$i" &
		pids+=($!)
	done
	for i in 1 2 3; do
		local status=0
		wait "${pids[i - 1]}" || status=$?
		[ "$status" -eq "$i" ]
		[ "$(cat "$BATS_TEST_TMPDIR/$i")" = "$i" ]
	done
}

@test "bats runs in the VM" {
	mkdir -p "$repo/build/vm"
	local test=$repo/build/vm/nested.$$.bats
	printf '@test "inner" {\n\t[ -d "$BATS_TEST_TMPDIR" ]\n}\n' >"$test"
	run --separate-stderr "$vm" bats --formatter tap "$test"
	rm "$test"
	[ "$status" -eq 0 ]
	[ "${lines[1]}" = "ok 1 inner" ]
}
