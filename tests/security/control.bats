#!/usr/bin/env bats
# The attacks of this directory on runtimes that are known to have the bug: Debian's runc 1.1.5 and
# crun 1.8.1. Here an attack must succeed. That shows that the suites beside this one can fail.
# The effects stay in the throw-away machine: never run this anywhere else.
# where: vm

load ../cli/helpers
load ../cli/tools
load attack

setup_file() {
	need_vm
	need_attack
}

setup() {
	need_vm
	test_setup
	make_bundle
	make_canary
	core_pattern=$(cat /proc/sys/kernel/core_pattern)
	# What they understand.
	edit_config '.ociVersion = "1.0.2" | del(.linux.seccomp)'
}

teardown() {
	in_vm || return 0
	echo "$core_pattern" >/proc/sys/kernel/core_pattern
	rm -rf "$TMP/peer"
	test_teardown
}

# peer NAME ARG...: as run_bawn, with a state root of its own.
peer() {
	last_command=$*
	status=0
	timeout -k 5 120 "$1" --root "$TMP/peer" "${@:2}" </dev/null >"$TMP/stdout" 2>"$TMP/stderr" \
		3>&- 4>&- || status=$?
	stdout=$(tr -d '\0' <"$TMP/stdout")
	stderr=$(tr -d '\0' <"$TMP/stderr")
	output=$stdout$'\n'$stderr
}

peer_with_bug() { # NAME VERSION
	need_command "$1"
	[[ $("$1" --version) == *"$1 version $2"* ]] || skip "not $1 $2, which has the bug"
}

@test "EXPLORE" {
	set +e
	exec >&2
	local rt t
	for rt in runc crun; do
		cp "$BUNDLE/config.json" "$TMP/base.json"
		echo "== $rt plain"
		set_args echo hello
		peer $rt run --bundle "$BUNDLE" "$ID"; show_last
		echo "== $rt T13"
		no_mount /dev /dev/pts /dev/shm /dev/mqueue
		for t in "$HOST/dir" "../../../../../../../..$HOST/dir"; do
			rm -rf "$BUNDLE/rootfs/dev"; ln -s "$t" "$BUNDLE/rootfs/dev"
			peer $rt run --bundle "$BUNDLE" "$ID"; show_last
			ls -l "$HOST/dir"; rm -rf "$HOST/dir"/{null,zero,full,random,urandom,tty,ptmx,fd,std*,core,console}
		done
		rm -rf "$BUNDLE/rootfs/dev"; mkdir "$BUNDLE/rootfs/dev"
		echo "== $rt T16"
		cp "$TMP/base.json" "$BUNDLE/config.json"
		rm -rf "$TMP/volume"; mkdir -p "$TMP/volume"/{pts,shm,mqueue}
		edit_config '.mounts |= map(if .destination == "/dev" then {destination: "/dev", source: $volume, options: ["bind"]} else . end) | .linux.readonlyPaths = []' --arg volume "$TMP/volume"
		set_args sh -c 'for i in /proc/timer_list /proc/keys /proc/interrupts; do cat $i; echo "|/owned $i" >$i; stat -c "%F %t,%T" $i; done 2>&1 | head -30'
		ln -sfn /proc/sys/kernel/core_pattern "$TMP/volume/null"
		peer $rt run --bundle "$BUNDLE" "$ID"; show_last
		cat /proc/sys/kernel/core_pattern
		echo "$core_pattern" >/proc/sys/kernel/core_pattern
		echo "== $rt T16 file"
		rm "$TMP/volume/null"; echo s3cret >"$TMP/volume/null"
		peer $rt run --bundle "$BUNDLE" "$ID"; show_last
		cp "$TMP/base.json" "$BUNDLE/config.json"
		echo "== $rt T07"
		set_args ls -a .
		exec 7</ 8<"$HOST"
		for t in 5 6 7 8 9; do
			edit_config '.process.cwd = $cwd' --arg cwd "/proc/self/fd/$t"
			peer $rt run --bundle "$BUNDLE" "$ID"; show_last
		done
		exec 7<&- 8<&-
		cp "$TMP/base.json" "$BUNDLE/config.json"
		echo "== $rt T21"
		set_args sleep 1000
		edit_config '.process.user={uid:5,gid:6}'
		timeout 60 $rt --root $TMP/peer run -d --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&- 4>&-
		for t in 1 1000x 4294967296 -1 "" ; do peer $rt exec --user "$t" "$ID" id; show_last; done
		peer $rt delete -f "$ID"
		cp "$TMP/base.json" "$BUNDLE/config.json"
		echo "== $rt T10 devices"
		set_args true
		ln -s "$HOST/dir" "$BUNDLE/rootfs/l1"
		edit_config '.linux.devices = [{path: "/l1/node", type: "c", major: 1, minor: 3, fileMode: 438}]'
		peer $rt run --bundle "$BUNDLE" "$ID"; show_last; ls -l "$HOST/dir"; rm -f $HOST/dir/node
		cp "$TMP/base.json" "$BUNDLE/config.json"
		echo "== $rt T10 console"
		no_mount /dev /dev/pts /dev/shm /dev/mqueue
		edit_config '.process.terminal = true | .mounts += [{destination: "/dev/pts", type: "devpts", source: "devpts", options: ["newinstance", "ptmxmode=0666", "mode=0620"]}]'
		rm -rf "$BUNDLE/rootfs/dev"; mkdir "$BUNDLE/rootfs/dev"; ln -s "$HOST/newfile" "$BUNDLE/rootfs/dev/console"
		timeout 60 "$tool_dir/ptyrun" $rt --root $TMP/peer run --bundle "$BUNDLE" "$ID" </dev/null 3>&- 4>&-
		ls -l $HOST; rm -f $HOST/newfile
		rm -rf "$BUNDLE/rootfs/dev" "$BUNDLE/rootfs/l1"; mkdir "$BUNDLE/rootfs/dev"
		cp "$TMP/base.json" "$BUNDLE/config.json"
		echo "== $rt T11"
		mkdir -p "$TMP/volume/real"; ln -s "$HOST/dir" "$TMP/volume/link"
		edit_config '.mounts += [{destination: "/volume", source: $volume, options: ["bind"]}] + ([range(8)] | map({destination: "/volume/real/d\(.)/e/f", type:"tmpfs", source: "tmpfs"}))' --arg volume "$TMP/volume"
		swap "$TMP/volume/real" "$TMP/volume/link"
		for t in 1 2 3 4 5 6 7 8; do peer $rt run --bundle "$BUNDLE" "$ID"; echo "$status ${stderr:0:200}"; ls $HOST/dir | xargs; done
		stop_swap
		ls -R "$HOST"
		rm -rf $HOST/dir/d*
		cp "$TMP/base.json" "$BUNDLE/config.json"
		rm -rf "$TMP/volume"
	done
	false
}
