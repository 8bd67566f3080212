#!/usr/bin/env bats
# Masked paths, sysctls and labels against a /dev or /proc that the image has shaped: T16, T17
# (CVE-2025-31133, CVE-2025-52881, CVE-2019-16884).
# where: native vm-full

# shellcheck disable=SC2030,SC2031 # each test has its own variables

load ../cli/helpers
load ../cli/tools
load attack

setup_file() {
	need_attack
}

setup() {
	test_setup
	make_bundle
	make_canary
	core_pattern=$(cat /proc/sys/kernel/core_pattern)
}

teardown() {
	[[ $(cat /proc/sys/kernel/core_pattern) == "$core_pattern" ]] || {
		echo "$core_pattern" >/proc/sys/kernel/core_pattern
		echo "the host's core_pattern was changed"
		return 1
	}
	test_teardown
}

# The volume that becomes /dev: what the runtime takes for the null device is the attacker's.
# Reads only: a mask that shows core_pattern could be written as well. In the VM it is written.
with_dev_volume() {
	mkdir -p "$TMP/volume/pts" "$TMP/volume/shm" "$TMP/volume/mqueue"
	edit_config '.mounts |= map(if .destination == "/dev"
		then {destination: "/dev", source: $volume, options: ["bind"]} else . end)
		| .linux.maskedPaths += ["/secret"] | .linux.readonlyPaths = []' \
		--arg volume "$TMP/volume"
	rm -f "$BUNDLE/rootfs/secret"
	echo s3cret >"$BUNDLE/rootfs/secret"
	local write=
	! in_vm || write='echo "|/owned" >$i;'
	set_args sh -c "for i in /secret /proc/timer_list /proc/keys /proc/interrupts; do
		[ ! -e \$i ] || { cat \$i; ${write//\$i/\$i} stat -c '%F %t,%T' \$i; }; done 2>&1"
}

@test "T16: /dev/null of the container is a link to core_pattern" {
	local target
	with_dev_volume
	for target in /proc/sys/kernel/core_pattern /proc/self/root/secret "$HOST/file" /secret; do
		ln -sfn "$target" "$TMP/volume/null"
		run_in_container
		assert_masked "$target"
	done
}

# All that is seen of the masked files is the null device.
assert_masked() {
	assert_status 0
	[[ $output != *"$core_pattern"* && $output != *s3cret* && $output != *CANARY* ]] ||
		fail "$1" "$(show_last)"
	assert_equal "$(sort -u <<<"$stdout")" "character special file 1,3"
	assert_canary "$1"
}

@test "T16: /dev/null of the container is a regular file, a directory or another device" {
	local what
	with_dev_volume
	for what in file dir zero mem fifo none; do
		rm -rf "$TMP/volume/null"
		case $what in
		file) echo s3cret >"$TMP/volume/null" ;;
		dir) mkdir "$TMP/volume/null" ;;
		zero) mknod "$TMP/volume/null" c 1 5 ;;
		mem) mknod "$TMP/volume/null" c 1 1 ;;
		fifo) mkfifo "$TMP/volume/null" ;;
		esac
		run_in_container
		assert_masked "$what"
	done
}

@test "T16: a volume that is exchanged with links while masks are made" {
	local i
	with_dev_volume
	mknod "$TMP/volume/null" c 1 3
	ln -s /proc/sys/kernel/core_pattern "$TMP/volume/other"
	swap "$TMP/volume/null" "$TMP/volume/other"
	for ((i = 0; i < $(rounds 25 3); i++)); do
		run_in_container
		assert_masked race
	done
	stop_swap
}

@test "T16: a masked path that is exchanged with a link is masked, or the start is refused" {
	local i
	mkdir "$TMP/volume"
	echo s3cret >"$TMP/volume/a"
	ln -s /proc/sys/kernel/core_pattern "$TMP/volume/b"
	edit_config '.linux.maskedPaths += ["/mnt/a"] | .linux.readonlyPaths += ["/mnt/a"]
		| .mounts += [{destination: "/mnt", source: $volume, options: ["bind"]}]' \
		--arg volume "$TMP/volume"
	set_args true
	swap "$TMP/volume/a" "$TMP/volume/b"
	for ((i = 0; i < $(rounds 25 3); i++)); do
		run_in_container
		[[ $status == 0 || $status == 125 ]] || fail "$(show_last)"
	done
	stop_swap
	assert_equal "$(cat "$TMP"/volume/* | sort -u)" "$(printf '%s\n' "$core_pattern" s3cret | sort -u)"
}

fake_proc() { # DIR
	mkdir -p "$1"/{sys/net/ipv4,sys/kernel,self/attr/apparmor,thread-self/attr/apparmor,1/attr}
	echo fake >"$1/sys/net/ipv4/ip_unprivileged_port_start"
	echo fake >"$1/sys/kernel/shmmni"
	echo fake >"$1/self/attr/apparmor/exec"
	echo fake >"$1/self/attr/exec"
	echo fake >"$1/thread-self/attr/apparmor/exec"
	echo fake >"$1/thread-self/attr/exec"
	fake=$(find "$1" -type f -print -exec cat {} +)
}

assert_fake_untouched() {
	assert_equal "$(find "$1" -type f -print -exec cat {} +)" "$fake"
}

# The sysctls of the running container, as the host's procfs shows them.
real_sysctl() {
	nsenter -n -i -t "$(pid_of "$ID")" cat /proc/sys/net/ipv4/ip_unprivileged_port_start \
		/proc/sys/kernel/shmmni | xargs
}

with_sysctls() {
	edit_config '.linux.sysctl = {"net.ipv4.ip_unprivileged_port_start": "77",
		"kernel.shmmni": "1234"}'
}

@test "T17: a proc tree in the rootfs, below the proc mount: sysctls go to the real one" {
	fake_proc "$BUNDLE/rootfs/proc"
	with_sysctls
	start_container
	assert_equal "$(real_sysctl)" "77 1234"
	assert_fake_untouched "$BUNDLE/rootfs/proc"
}

@test "T17: a proc tree in the rootfs and no proc mount at all" {
	fake_proc "$BUNDLE/rootfs/proc"
	no_mount /proc
	edit_config '.linux.maskedPaths = [] | .linux.readonlyPaths = []'
	with_sysctls
	start_container
	assert_equal "$(real_sysctl)" "77 1234"
	assert_fake_untouched "$BUNDLE/rootfs/proc"
	run_bawn exec "$ID" cat /proc/sys/kernel/shmmni
	assert_stdout fake
}

@test "T17: volumes and a tmpfs mounted over parts of /proc: the real one, or refused" {
	local over
	with_sysctls
	cp "$BUNDLE/config.json" "$TMP/config.json"
	for over in /proc/sys /proc/sys/net /proc/sys/net/ipv4 /proc/sys/kernel /proc/self/attr; do
		rm -rf "$TMP/volume"
		fake_proc "$TMP/volume"
		cp "$TMP/config.json" "$BUNDLE/config.json"
		edit_config '.mounts += [{destination: $over, source: $volume, options: ["bind"]}]' \
			--arg over "$over" --arg volume "$TMP/volume/${over#/proc/}"
		run_bawn create --bundle "$BUNDLE" "$ID" </dev/null
		if [[ $status == 0 ]]; then
			assert_equal "$(real_sysctl)" "77 1234"
		else
			assert_refused "$over"
		fi
		assert_fake_untouched "$TMP/volume"
		[[ ! -d $ROOT/$ID ]] || bawn delete --force "$ID"
	done
}

@test "T17: labels are written to the real /proc, so that one that is not loaded is an error" {
	fake_proc "$BUNDLE/rootfs/proc"
	no_mount /proc
	edit_config '.process.apparmorProfile = "no-such-profile" | .linux.maskedPaths = []
		| .linux.readonlyPaths = []'
	run_in_container
	assert_refused
	assert_output_has 'process.apparmorProfile: apply "no-such-profile"'
	assert_output_lacks "no such file" # docker and podman take that for a missing program
	edit_config 'del(.process.apparmorProfile) | .process.selinuxLabel = "system_u:object_r:x_t:s0"'
	run_in_container
	assert_refused
	assert_output_has process.selinuxLabel
	edit_config 'del(.process.selinuxLabel)'
	start_container
	run_bawn exec --apparmor no-such-profile "$ID" true
	assert_status 125
	run_bawn exec --process-label x:y:z "$ID" true
	assert_status 125
	assert_fake_untouched "$BUNDLE/rootfs/proc"
}

@test "T17: an AppArmor profile of the kernel arrives" {
	[[ $(cat /sys/module/apparmor/parameters/enabled 2>/dev/null) == Y ]] || skip "no AppArmor here"
	fake_proc "$BUNDLE/rootfs/proc"
	edit_config '.process.apparmorProfile = "unconfined"'
	set_args cat /proc/self/attr/apparmor/current
	run_in_container
	assert_status 0
	assert_stdout unconfined
	assert_fake_untouched "$BUNDLE/rootfs/proc"
}
