#!/usr/bin/env bats
# What must not come along from the host: file descriptors, working directory, environment, and
# programs of the image that run outside of it. T04, T05, T06, T07, T08.
# where: native vm-full

load ../cli/helpers
load ../cli/tools
load attack

setup_file() {
	need_attack
	compile_attack evil_library "$top/build/test/evil_library.so" -shared -fPIC
}

canary_dir=/tmp/bawn-security-canary

setup() {
	rm -rf "$canary_dir"
	test_setup
}

teardown() {
	rm -rf "$canary_dir"
	test_teardown
}

assert_nothing_ran_outside() {
	assert_equal "$(ls -A "$canary_dir")" ""
}

# Programs and libraries that a careless runtime might run, all hostile.
make_hostile_rootfs() {
	local name
	mkdir -p "$canary_dir" "$BUNDLE/rootfs"/{lib,lib64,sbin,usr/sbin,etc}
	for name in newuidmap newgidmap ip iptables modprobe ldconfig getent true mount umount; do
		rm -f "$BUNDLE/rootfs/bin/$name"
		cp "$top/build/test/payload" "$BUNDLE/rootfs/bin/$name"
		cp "$top/build/test/payload" "$BUNDLE/rootfs/sbin/$name"
	done
	rm "$BUNDLE/rootfs/bin/sh"
	cp "$top/build/test/payload" "$BUNDLE/rootfs/bin/sh"
	cp "$top/build/test/payload" "$BUNDLE/rootfs/lib64/ld-linux-x86-64.so.2"
	for name in evil.so libnss_evil.so.2 libc.so.6 libseccomp.so.2 libyajl.so.2; do
		cp "$top/build/test/evil_library.so" "$BUNDLE/rootfs/lib/$name"
	done
	echo /lib/evil.so >"$BUNDLE/rootfs/etc/ld.so.preload"
	echo 'passwd: evil' >"$BUNDLE/rootfs/etc/nsswitch.conf"
	# Not the template's own: those are hard links.
	rm "$BUNDLE/rootfs/etc/passwd" "$BUNDLE/rootfs/etc/group"
	mkfifo "$BUNDLE/rootfs/etc/passwd"
	ln -s /dev/zero "$BUNDLE/rootfs/etc/group"
	edit_config '.process.env += ["LD_PRELOAD=" + $bundle + "/rootfs/lib/evil.so:/lib/evil.so:"
			+ "./lib/evil.so:rootfs/lib/evil.so", "LD_LIBRARY_PATH=" + $bundle
			+ "/rootfs/lib:rootfs/lib:lib", "BASH_ENV=/lib/evil.sh"]' --arg bundle "$BUNDLE"
}

@test "the hostile library and program do what they are made for" {
	mkdir -p "$canary_dir"
	LD_PRELOAD=$top/build/test/evil_library.so /bin/true
	[[ -e $canary_dir/owned ]]
	rm "$canary_dir/owned"
	cp "$top/build/test/payload" "$TMP/sh"
	"$TMP/sh"
	[[ -e $canary_dir/owned ]]
}

@test "T04: hostile programs, libraries, passwd and nsswitch in the rootfs" {
	make_bundle
	make_hostile_rootfs
	set_args sleep 1000
	start_container
	bawn exec "$ID" sh
	bawn exec --user 7:7 --cwd /tmp "$ID" busybox true
	bawn exec -e LD_PRELOAD=/lib/evil.so "$ID" true
	bawn kill "$ID" KILL
	wait_for 5 status_is "$ID" stopped
	bawn delete "$ID"
	assert_nothing_ran_outside
	run_in_container <<<''
	assert_nothing_ran_outside
}

@test "T05: hooks get the environment of their own, not LD_PRELOAD of the process" {
	make_bundle
	make_hostile_rootfs
	printf '#!/bin/bash\n{ pwd; cat /proc/self/environ | tr "\\0" "\\n"; ls -l /proc/self/fd
		} >>%s.$1 2>&1\ncat >/dev/null\n' "$TMP/hook" >"$TMP/hook.sh"
	chmod 755 "$TMP/hook.sh"
	cp "$TMP/hook.sh" "$BUNDLE/rootfs/hook.sh"
	edit_config '.hooks = (["prestart", "createRuntime", "createContainer", "poststart", "poststop"]
		| map({key: ., value: [{path: $hook, args: ["hook", .], env: ["OF=hook"]}]}) | from_entries)' \
		--arg hook "$TMP/hook.sh"
	set_args busybox true
	exec 7<"$TMP" 8</ 9</etc/passwd
	HOST_SECRET=1 run_in_container
	exec 7<&- 8<&- 9<&-
	assert_status 0
	assert_nothing_ran_outside
	local kind
	for kind in prestart createRuntime createContainer poststart poststop; do
		[[ -s $TMP/hook.$kind ]] || fail "hook $kind did not run"
		assert_file_has "$TMP/hook.$kind" OF=hook
		! grep -E '^(LD_|BASH_ENV|HOST_SECRET|PATH)' "$TMP/hook.$kind" || fail "$kind"
		! grep -E ' [0-9]+ -> .*(/passwd|/root/|/sys/fs/cgroup|anon)' "$TMP/hook.$kind" || fail "$kind"
		! grep -E " [789] -> |[1-9][0-9] -> " "$TMP/hook.$kind" || fail "$kind"
	done
}

open_many() {
	local i fd path
	for ((i = 0; i < 10; i++)); do
		for path in / "$BUNDLE/config.json" /sys/fs/cgroup "$TMP"; do
			exec {fd}<"$path"
			many+=("$fd")
		done
	done
}

close_many() {
	local fd
	for fd in "${many[@]}"; do
		exec {fd}<&-
	done
}

@test "T06: 40 fds of the caller: none in init, in exec, with LISTEN_FDS of somebody else" {
	local many=()
	make_bundle
	with_probe
	set_args sh -c 'probe fds; exec sleep 1000'
	open_many
	assert_equal "${#many[@]}" 40
	start_container
	wait_for 5 test -s "$OUT"
	run_bawn exec "$ID" probe fds
	close_many
	assert_equal "$(awk '{ print $2 }' "$OUT" | sort -n | xargs)" "0 1 2"
	assert_equal "$(awk '{ print $2 }' <<<"$stdout" | sort -n | xargs)" "0 1 2"
	# Nor does the kernel's view from outside show more.
	assert_equal "$(cd "/proc/$(pid_of "$ID")/fd" && echo *)" "0 1 2"
}

@test "T07: a working directory by way of a fd or of /proc (CVE-2024-21626)" {
	local many=() cwd i step=1
	make_bundle
	! in_vm || step=6
	open_many
	for ((i = 3; i <= 64; i += step)); do
		set -- "$@" "/proc/self/fd/$i"
	done
	for cwd in "$@" /proc/self/fd/8/../../.. /proc/thread-self/fd/{3,7,9} /proc/1/cwd /proc/1/root \
		/proc/self/cwd /proc/self/root /proc/1/fd/7 /dev/fd/7 /proc/self/task/1/cwd; do
		edit_config '.process.cwd = $cwd' --arg cwd "$cwd"
		run_in_container
		assert_refused "$cwd"
	done
	edit_config '.process.cwd = "/"'
	ln -s /proc/self/fd/7 "$BUNDLE/rootfs/link"
	ln -s /proc/self/cwd/../../../.. "$BUNDLE/rootfs/link2"
	start_container
	for cwd in "$@" /proc/self/fd/8/../../.. /proc/thread-self/fd/{3,7,9} /proc/1/cwd /proc/1/root \
		/proc/self/cwd /proc/self/root /link /link2 /link/../..; do
		run_bawn exec --cwd "$cwd" "$ID" ls
		[[ $status == 125 ]] || fail "exec in $cwd" "$(show_last)"
	done
	close_many
}

@test "T08: the caller's environment does not come along" {
	make_bundle
	set_args sh -c 'tr "\0" "\n" </proc/$$/environ; exec sleep 1000'
	export HOST_SECRET=s3cret LD_LIBRARY_PATH=/s3cret NOTIFY_SOCKET=/s3cret XDG_RUNTIME_DIR=/s3cret
	start_container
	wait_for 5 test -s "$OUT"
	run_bawn exec "$ID" sh -c 'tr "\0" "\n" </proc/$$/environ; cat /proc/1/environ /proc/1/cmdline'
	assert_output_has PATH=
	assert_output_lacks s3cret
	! grep s3cret "$OUT" || fail "init has it"
	assert_equal "$(sort "$OUT")" "HOME=/root
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
TERM=xterm"
	! grep -r s3cret "$ROOT" || fail "it is in the state"
}
