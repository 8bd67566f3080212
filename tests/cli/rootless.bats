#!/usr/bin/env bats
# bawn without root: as an ordinary user with one id or with ranges of ids, without a cgroup
# (rootless_cgroup.bats: with one), and as the root of a user namespace, as rootless podman calls it.
# where: native vm-full
# limit: 600

# shellcheck disable=SC2034 # variables are for tools.bash
# shellcheck disable=SC2154 # from helpers.bash

load helpers
load tools
load user

no_cgroup_note="the container gets no cgroup, so it cannot be paused or limited"

setup_file() {
	need_tools
	make_user
}

teardown_file() {
	drop_user
}

setup() {
	test_setup
	built=${BAWN%/*}
	be_user
}

teardown() {
	stop_namespaces
	local id
	for id in "$ROOT"/*/; do
		[[ ! -d $id ]] || bawn delete --force "$(basename "$id")" || true
	done
	umount -qR "$TMP/source" || true
	test_teardown
}

# ---- one id ------------------------------------------------------------------------------------

@test "spec --rootless is a bundle that runs as it is, with a shell on a terminal" {
	make_user_bundle
	rm "$BUNDLE/config.json"
	bawn spec --rootless --bundle "$BUNDLE"
	command=(run --bundle "$BUNDLE" "$ID")
	with_terminal 'expect # ' 'send id -u; tty; touch /x; hostname\r' 'expect bawn' 'send exit 3\r'
	assert_status 3
	assert_output_has "/dev/pts/0"
	assert_output_has "Read-only file system"
	[[ ! -e $ROOT/$ID ]]
}

@test "one id: root inside is the user outside, groups are frozen, no capability too many" {
	make_user_bundle
	set_args sh -c 'id -u; cat /proc/self/setgroups; tr -s " " </proc/self/uid_map
		grep -E "^(CapPrm|CapBnd|NoNewPrivs)" /proc/self/status; touch /made'
	run_in_container
	assert_status 0
	assert_stdout "0
deny
 0 $user_id 1
CapPrm:	0000000020000420
CapBnd:	0000000020000420
NoNewPrivs:	1"
	assert_equal "$(stat -c %u:%g "$BUNDLE/rootfs/made")" "$user_id:$user_id"
}

@test "without a cgroup: one warning, none in JSON logs, an error with --rootless=false" {
	make_user_bundle
	set_args true
	run_in_container
	assert_status 0
	assert_equal "${#lines[@]}" 1
	assert_output_has "bawn run $ID: warning: $no_cgroup_note: own cgroup"
	assert_output_has "not writable"
	run_bawn --log-format json --log "$TMP/run/log" run --bundle "$BUNDLE" "$ID"
	assert_status 0
	assert_stderr ""
	[[ ! -s $TMP/run/log ]]
	run_bawn --rootless true run --bundle "$BUNDLE" "$ID"
	assert_status 0
	run_bawn --cgroup-manager disabled run --bundle "$BUNDLE" "$ID"
	assert_status 0
	assert_stderr ""
	run_bawn --rootless false run --bundle "$BUNDLE" "$ID"
	assert_status 125
	assert_output_has "permission denied"
	assert_output_has "Delegate=yes"
	edit_config '.linux.resources.pids.limit = -1 | .linux.resources.memory.limit = 0'
	run_in_container
	assert_status 0
	edit_config '.linux.resources.pids.limit = 10'
	run_in_container
	assert_status 125
	assert_output_has "not writable"
	assert_output_has "linux.resources.pids.limit: needs a cgroup"
	run_bawn --cgroup-manager disabled run --bundle "$BUNDLE" "$ID"
	assert_status 0
	assert_output_has "warning: linux.resources.pids.limit: needs a cgroup"
	edit_config 'del(.linux.resources) | .linux.cgroupsPath = "/mine"'
	run_in_container
	assert_status 125
	assert_output_has "/mine"
	[[ ! -e $ROOT/$ID ]]
}

@test "the whole life without a cgroup: create, start, state, list, ps, exec, kill, delete" {
	make_user_bundle
	edit_config 'del(.linux.seccomp) | .process.capabilities |= map_values(. + ["CAP_SYS_ADMIN"])'
	set_args sh -c 'trap "exit 9" TERM; sleep 1000 & unshare -p -f sleep 1000 & while :; do wait; done'
	bawn create --bundle "$BUNDLE" --pid-file "$TMP/run/pid" "$ID"
	status_is "$ID" created
	run_bawn ps --format json "$ID"
	assert_stdout "[$(cat "$TMP/run/pid")]"
	assert_equal "$(state_of "$ID" | jq -r .owner)" "$user_id"
	run_bawn exec "$ID" true
	assert_status 125
	assert_output_has "before its start only root may"
	bawn start "$ID"
	run_bawn exec "$ID" sh -c 'id -u; exit 4'
	assert_status 4
	assert_stdout 0
	wait_for 5 pids_are "$ID" 4
	run_bawn list -q
	assert_stdout "$ID"
	run_bawn pause "$ID"
	assert_status 1
	assert_output_has "was created without a cgroup"
	bawn kill --all "$ID" 0
	bawn kill --all "$ID" TERM
	wait_for 5 status_is "$ID" stopped
	run_bawn ps --format json "$ID"
	assert_stdout "[]"
	run_bawn kill --all "$ID" TERM
	assert_status 1
	assert_output_has "process already finished"
	bawn delete "$ID"
	[[ ! -e $ROOT/$ID ]]
}

pids_are() {
	(($("$BAWN" --root "$ROOT" ps --format json "$1" | jq length) >= $2))
}

@test "exec: terminal, detached, cwd, environment, a missing program, no fd but three" {
	make_user_bundle
	with_probe
	bawn run -d --bundle "$BUNDLE" "$ID" 7</etc/passwd
	command=(exec -t "$ID" sh -c 'tty; id -u')
	with_terminal
	assert_status 0
	assert_output_has "/dev/pts/0"
	bawn exec -d --pid-file "$TMP/run/pid" "$ID" sleep 999
	grep -qz 999 "/proc/$(cat "$TMP/run/pid")/cmdline"
	run_bawn exec --cwd /tmp -e A=b "$ID" sh -c 'pwd; echo $A'
	assert_stdout "/tmp
b"
	run_bawn exec "$ID" nosuchprogram
	assert_status 127
	run_bawn exec "$ID" probe fds 7</etc/passwd
	assert_status 0
	assert_equal "$(grep -cE '^(fd )?[3-9]' <<<"$stdout" || true)" 0
	run_bawn exec "$ID" sh -c 'ls /proc/1/fd /proc/self/ns >/dev/null && cat /proc/1/oom_score_adj'
	assert_status 0
}

@test "bawn runs from a sealed image of itself" {
	make_user_bundle
	bawn create --bundle "$BUNDLE" "$ID"
	assert_equal "$(readlink "/proc/$(pid_of "$ID")/exe")" "/memfd:bawn (deleted)"
	# Nobody but root may look at it before it runs its program.
	run "$TMP/as-user" ls "/proc/$(pid_of "$ID")/fd"
	assert_equal "$status" 2
}

@test "a helper program beside bawn is found from the sealed image" {
	[[ ! -e /usr/local/libexec/bawn/bawn-systemd ]] || skip "bawn-systemd is installed here"
	local beside=$BATS_FILE_TMPDIR/bin/bawn-systemd
	make_user_bundle
	run_bawn --systemd-cgroup run --bundle "$BUNDLE" "$ID"
	assert_status 125
	assert_output_has "bawn-systemd: the helper program is neither beside bawn nor in"
	install -m 755 "$built/bawn-systemd" "$beside"
	run_bawn --systemd-cgroup run --bundle "$BUNDLE" "$ID"
	rm "$beside"
	assert_status 125
	assert_output_has "bawn-systemd: no D-Bus at unix:path=$TMP/run/bus"
}

@test "a score, a limit, a priority: what may be changed is, what may not says why" {
	make_user_bundle
	edit_config '.process.oomScoreAdj = 500
		| .process.scheduler = {policy: "SCHED_BATCH", nice: 5}
		| .process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 6}
		| .process.rlimits = [{type: "RLIMIT_NOFILE", soft: 100, hard: 200}]'
	set_args sh -c 'cat /proc/self/oom_score_adj; cut -d" " -f19 /proc/self/stat; ulimit -n; ulimit -Hn'
	run_in_container
	assert_status 0
	assert_stdout "500
5
100
200"
	edit_config 'del(.process.scheduler) | .process.oomScoreAdj = -500'
	run_in_container
	assert_status 0
	assert_output_has "warning: process.oomScoreAdj: cannot be lowered to -500"
	bawn run -d --bundle "$BUNDLE" other
	edit_config '.process.rlimits[0] = {type: "RLIMIT_CORE", soft: 0, hard: 1000}'
	run_bawn exec other true
	bawn delete --force other
	write_script "$TMP/limited" "ulimit -c 0; exec $BAWN \"\$@\""
	BAWN=$TMP/limited
	run_in_container
	assert_status 125
	assert_output_has "process.rlimits[0]: raise RLIMIT_CORE to 1000, above the hard limit 0"
}

@test "namespaces: an own network, time offsets, and those of another container of the user" {
	make_user_bundle
	edit_config '.linux.namespaces += [{type: "network"}, {type: "time"}]
		| .linux.timeOffsets = {boottime: {secs: 1000000}}'
	set_args sh -c 'ip -o link | wc -l; ls /sys/class/net; cut -c1-7 /proc/uptime | tr -d . | wc -c
		exec sleep 1000'
	bawn run -d --bundle "$BUNDLE" "$ID"
	run_bawn exec "$ID" sh -c 'cut -d. -f1 /proc/uptime; ip -o link | wc -l'
	assert_status 0
	((lines[0] > 1000000))
	assert_equal "${lines[1]}" 1
	local pid
	pid=$(pid_of "$ID")
	# As in a pod: everything but mounts is the other's.
	edit_config --arg p "/proc/$pid/ns" 'del(.linux.timeOffsets, .linux.uidMappings, .linux.gidMappings)
		| .linux.namespaces = [{type: "mount"}, {type: "cgroup"}] + ([["user", "user"], ["pid", "pid"],
			["network", "net"], ["ipc", "ipc"], ["uts", "uts"], ["time", "time"]]
			| map({type: .[0], path: ($p + "/" + .[1])}))'
	edit_config 'del(.hostname)'
	set_args sh -c 'cut -d. -f1 /proc/uptime; ps | grep -c "sleep 1000"; id -u'
	run_bawn run --bundle "$BUNDLE" second
	assert_status 0
	((lines[0] > 1000000))
	assert_equal "${lines[2]}" 0
}

@test "hooks run as the user, and see the state" {
	make_user_bundle
	write_script "$TMP/hook" "{ id -u; jq -r .status; } >>$TMP/run/hook-\$1"
	edit_config --arg hook "$TMP/hook" --arg path "$PATH" '.hooks = (["createRuntime",
		"createContainer", "poststart", "poststop"] | map({(.):
		[{path: $hook, args: ["hook", .], env: ["PATH=" + $path]}]}) | add)'
	set_args true
	run_in_container
	assert_status 0
	assert_equal "$(cat "$TMP/run/hook-createRuntime" "$TMP/run/hook-createContainer" \
		"$TMP/run/hook-poststart" "$TMP/run/hook-poststop" | tr '\n' ' ')" \
		"$user_id creating 0 creating $user_id running $user_id stopped "
}

@test "devices are those of the host; one that it has not is an error" {
	make_user_bundle
	set_args sh -c 'for d in null zero full random urandom tty; do stat -c "%n %t:%T" /dev/$d; done
		echo x >/dev/null; head -c 3 /dev/zero | od -An -tx1; mknod /dev/mine c 1 3 || echo refused'
	run_in_container
	assert_status 0
	assert_stdout "/dev/null 1:3
/dev/zero 1:5
/dev/full 1:7
/dev/random 1:8
/dev/urandom 1:9
/dev/tty 5:0
 00 00 00
refused"
	edit_config '.linux.devices = [{path: "/dev/nosuch", type: "c", major: 1, minor: 3}]'
	run_in_container
	assert_status 125
	assert_output_has "device /dev/nosuch"
	assert_output_has "no such file or directory"
	# Another device than the one that is asked for.
	edit_config '.linux.devices = [{path: "/dev/zero", type: "c", major: 1, minor: 3}]'
	run_in_container
	assert_status 125
	assert_output_has "the host's node is another device"
}

@test "mounts: flags of the host's mounts stay, taking them away is an error" {
	make_user_bundle
	mkdir "$TMP/source" "$TMP/source/below"
	mount -t tmpfs -o nosuid,nodev,noexec,noatime,mode=755 tmpfs "$TMP/source"
	mkdir "$TMP/source/below"
	edit_config --arg s "$TMP/source" '.mounts += [{destination: "/data", source: $s,
		options: ["bind", "ro"]}]'
	set_args sh -c 'grep " /data" /proc/mounts | cut -d" " -f2,4'
	run_in_container
	assert_status 0
	[[ $stdout == "/data ro,nosuid,nodev,noexec,noatime"* ]]
	edit_config '.mounts[-1].options = ["bind", "exec"]'
	run_in_container
	assert_status 125
	assert_output_has "a user namespace may not take away what the source has"
	edit_config '.mounts[-1].options = ["bind", "rw"]'
	run_in_container
	assert_status 0
	# What covers a part of it may not be left out.
	mount -t tmpfs -o mode=755 tmpfs "$TMP/source/below"
	run_in_container
	assert_status 125
	assert_output_has "(use rbind)"
	edit_config '.mounts[-1].options = ["rbind", "rro"]'
	run_in_container
	umount "$TMP/source/below"
	umount "$TMP/source"
	assert_status 0
	assert_equal "$(grep -c " ro," <<<"${stdout//data ro/data  ro}")" 2
}

@test "the host's /sys is read-only all the way down, the own cgroup tree is no way out" {
	make_user_bundle
	set_args sh -c 'grep " /sys" /proc/mounts | grep -v " ro[, ]" || echo all-read-only'
	run_in_container
	assert_status 0
	assert_stdout all-read-only
}

# ---- what is refused ---------------------------------------------------------------------------

@test "errors name what is missing: a user namespace, id 0, the own id, groups" {
	make_user_bundle
	cp "$BUNDLE/config.json" "$TMP/good.json"
	edit_config 'del(.linux.uidMappings, .linux.gidMappings)
		| .linux.namespaces |= map(select(.type != "user"))'
	run_in_container
	assert_status 125
	assert_output_has "needs a user namespace: see bawn spec --rootless"
	cp "$TMP/good.json" "$BUNDLE/config.json"
	edit_config '.linux.uidMappings[0].containerID = 5 | .process.user.uid = 5'
	run_in_container
	assert_status 125
	assert_output_has "linux.uidMappings: containerID 0 is missing"
	cp "$TMP/good.json" "$BUNDLE/config.json"
	edit_config '.process.user.uid = 1000'
	run_in_container
	assert_status 125
	assert_output_has "1000 is not in linux.uidMappings"
	cp "$TMP/good.json" "$BUNDLE/config.json"
	edit_config '.process.user.additionalGids = [0]'
	run_in_container
	assert_status 125
	assert_output_has "process.user.additionalGids"
	assert_output_has "setgroups is denied"
}

@test "ids of others: newuidmap says no, or is not there, or is not to be trusted" {
	make_user_bundle
	edit_config '.linux.uidMappings = [{containerID: 0, hostID: 0, size: 1}]'
	run_in_container
	assert_status 125
	assert_output_has "linux.uidMappings: newuidmap:"
	assert_output_has "/etc/subuid"
	map_ranges
	edit_config '.linux.gidMappings[1].size += 1'
	run_in_container
	assert_status 125
	assert_output_has "linux.gidMappings: newgidmap:"
	assert_output_has "/etc/subgid"
	mkdir "$TMP/run/bin"
	write_script "$TMP/run/bin/newuidmap" "touch $TMP/run/executed"
	chown -R "$user_id" "$TMP/run/bin"
	write_script "$TMP/poor" "PATH=$TMP/run/bin exec $BATS_FILE_TMPDIR/bin/bawn \"\$@\""
	write_script "$TMP/user-bawn" "exec $TMP/as-user $TMP/poor" '"$@"'
	run_in_container
	assert_status 125
	assert_output_has "only with newuidmap, which is not in PATH; install it (Debian: uidmap)"
	[[ ! -e $TMP/run/executed && ! -e $ROOT/$ID ]]
}

@test "the state root: XDG_RUNTIME_DIR, --root, or an error that says so" {
	make_user_bundle
	set_args true
	"$BAWN" create --bundle "$BUNDLE" "$ID" </dev/null >>"$OUT" 3>&- 4>&-
	[[ -e $TMP/run/bawn/$ID/state.json ]]
	assert_equal "$(stat -c %u:%a "$TMP/run/bawn")" "$user_id:700"
	"$BAWN" delete --force "$ID"
	rmdir "$TMP/run/bawn"
	write_script "$TMP/user-bawn" "exec $TMP/as-user env XDG_RUNTIME_DIR= $BATS_FILE_TMPDIR/bin/bawn" \
		'"$@"'
	status=0
	"$BAWN" run --bundle "$BUNDLE" "$ID" </dev/null >"$TMP/out" 2>&1 || status=$?
	assert_equal "$status" 125
	assert_file_has "$TMP/out" "set XDG_RUNTIME_DIR or give --root DIR"
	run_in_container
	assert_status 0
}

# ---- ranges ------------------------------------------------------------------------------------

@test "ranges: other users inside are ids of /etc/subuid outside, with groups of their own" {
	make_user_bundle
	map_ranges
	edit_config '.process.user = {uid: 1000, gid: 1000, additionalGids: [5, 100]}
		| .mounts |= map(if .type == "devpts" then .options += ["gid=5"] else . end)'
	mkdir "$BUNDLE/rootfs/home/u"
	chown $((range_first + 999)) "$BUNDLE/rootfs/home/u"
	set_args sh -c 'id; touch /home/u/made; touch /made || echo refused; exec sleep 1000'
	: >"$OUT"
	bawn run -d --bundle "$BUNDLE" "$ID"
	wait_for 5 grep -q refused "$OUT"
	assert_file_has "$OUT" "uid=1000 gid=1000 groups=5,100"
	assert_equal "$(stat -c %u:%g "$BUNDLE/rootfs/home/u/made")" \
		$((range_first + 999)):$((range_first + 999))
	assert_equal "$(stat -c %u "/proc/$(pid_of "$ID")")" $((range_first + 999))
	run_bawn exec "$ID" id -u
	assert_stdout 1000
	run_bawn exec --user 0 --cap CAP_CHOWN "$ID" sh -c 'chown 7:8 /home && stat -c %u:%g /home'
	assert_stdout 7:8
	# They are not the user's, yet they are: who owns the namespace may.
	bawn kill "$ID" KILL
	wait_for 5 status_is "$ID" stopped
	bawn delete "$ID"
	bawn run -d --bundle "$BUNDLE" "$ID"
	bawn delete --force "$ID"
}

@test "ranges only: the user has no id inside" {
	make_user_bundle
	edit_config --argjson f "$range_first" '
		.linux.uidMappings = [{containerID: 0, hostID: $f, size: 1000}]
		| .linux.gidMappings = .linux.uidMappings | .linux.namespaces += [{type: "time"}]
		| .linux.timeOffsets = {monotonic: {secs: 1000}}'
	chown -R "$range_first:$range_first" "$BUNDLE/rootfs"
	set_args sh -c 'touch /made; cat /proc/self/timens_offsets | head -1 | tr -s " "; exec sleep 1000'
	bawn run -d --bundle "$BUNDLE" "$ID"
	run_bawn exec "$ID" stat -c %u /made
	assert_stdout 0
	assert_equal "$(stat -c %u "$BUNDLE/rootfs/made")" "$range_first"
	bawn kill "$ID" KILL
	wait_for 5 status_is "$ID" stopped
	bawn delete "$ID"
}

# ---- root of a user namespace, as under rootless podman ----------------------------------------

# Namespaces that stay, as podman's pause process keeps them; then bawn runs there as their root.
be_root_of() {
	"$TMP/as-user" unshare "$@" sh -c 'echo $$ >'"$TMP"'/run/pause; exec sleep 1000' \
		</dev/null >>"$OUT" 2>&1 3>&- 4>&- &
	pause=$!
	wait_for 5 test -s "$TMP/run/pause"
	local pid
	pid=$(cat "$TMP/run/pause")
	write_script "$TMP/in-namespace" "exec env -i PATH=$PATH XDG_RUNTIME_DIR=$TMP/run nsenter -t $pid" \
		'-U -m -S 0 -G 0 -- "$@"'
	write_script "$TMP/user-bawn" "exec $TMP/in-namespace $BATS_FILE_TMPDIR/bin/bawn" '"$@"'
}

stop_namespaces() {
	[[ -n ${pause:-} ]] || return 0
	local id
	for id in "$ROOT"/*/; do
		[[ ! -d $id ]] || bawn delete --force "$(basename "$id")" || true
	done
	kill "$pause"
	wait "$pause" || true
	pause=
}

# As podman writes it: no user namespace in it.
make_nested_bundle() {
	make_bundle
	chown -R "$user_id:$user_id" "$BUNDLE"
}

@test "root of a user namespace: a container without another one" {
	be_root_of -r -m --map-auto
	make_nested_bundle
	edit_config '.process.oomScoreAdj = -100 | .process.user = {uid: 7, gid: 8, additionalGids: [9]}'
	bawn create --bundle "$BUNDLE" "$ID" 2>"$TMP/note"
	assert_file_has "$TMP/note" "warning: $no_cgroup_note"
	assert_file_has "$TMP/note" "process.oomScoreAdj: cannot be lowered to -100"
	bawn start "$ID"
	run_bawn exec "$ID" sh -c 'id; stat -c %t:%T /dev/null; ls -d /sys/class/net/*'
	assert_status 0
	assert_stdout "uid=7 gid=8 groups=9
1:3
/sys/class/net/lo"
	run_bawn ps --format json "$ID"
	assert_stdout "[$(pid_of "$ID")]"
	bawn kill "$ID" KILL
	wait_for 5 status_is "$ID" stopped
	bawn delete "$ID"
	# With the host's network no sysfs of its own can be had.
	edit_config '.linux.namespaces |= map(select(.type != "network"))'
	set_args sh -c 'grep " /sys" /proc/mounts | grep -v " ro[, ]" || echo all-read-only'
	run_in_container
	assert_status 0
	assert_stdout all-read-only
	# Its default state root is the user's, not /run/bawn.
	"$BAWN" create --bundle "$BUNDLE" "$ID" </dev/null >>"$OUT" 2>&1 3>&- 4>&-
	[[ -d $TMP/run/bawn/$ID ]]
	"$BAWN" delete --force "$ID"
	rmdir "$TMP/run/bawn"
}

@test "root of a user namespace: the host's nodes as mounts, as podman --privileged has them" {
	be_root_of -r -m --map-auto
	make_nested_bundle
	edit_config '.mounts += (["null", "zero", "full", "random", "urandom"] | map({type: "bind",
		source: ("/dev/" + .), destination: ("/dev/" + .), options: ["rbind", "slave", "nosuid", "noexec"]}))'
	set_args sh -c 'stat -c %t:%T /dev/null /dev/zero /dev/tty; echo >/dev/null; grep -c " /dev/null " /proc/mounts'
	run_in_container
	assert_status 0
	assert_stdout $'1:3\n1:5\n5:0\n1'
}

@test "root of a user namespace: a container with another one inside, a pod of two" {
	be_root_of -r -m --map-auto
	make_nested_bundle
	edit_config '.linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 1, size: 1000},
			{containerID: 1000, hostID: 0, size: 1}]
		| .linux.gidMappings = .linux.uidMappings | .process.user = {uid: 1000, gid: 1000}'
	set_args sh -c 'touch /tmp/made; exec sleep 1000'
	bawn run -d --bundle "$BUNDLE" "$ID"
	run_bawn exec "$ID" sh -c 'id -u; stat -c %u /tmp/made'
	assert_status 0
	assert_stdout "1000
1000"
	assert_equal "$(stat -c %u "$BUNDLE/rootfs/tmp/made")" "$user_id"
	local pid
	pid=$(pid_of "$ID")
	edit_config --arg p "/proc/$pid/ns" 'del(.linux.uidMappings, .linux.gidMappings, .hostname)
		| .linux.namespaces = [{type: "mount"}, {type: "cgroup"}] + ([["user", "user"], ["pid", "pid"],
			["network", "net"], ["ipc", "ipc"], ["uts", "uts"]]
			| map({type: .[0], path: ($p + "/" + .[1])}))'
	set_args sh -c 'id -u; ps | grep -c "[s]leep 1000"'
	run_bawn run --bundle "$BUNDLE" second
	assert_status 0
	assert_stdout "1000
1"
}

@test "root of a user namespace with one id and the host's mounts" {
	be_root_of -r
	make_user_bundle
	edit_config 'del(.linux.uidMappings, .linux.gidMappings)
		| .linux.namespaces |= map(select(.type != "user"))'
	set_args id -u
	run_in_container
	assert_status 0
	assert_stdout 0
}
