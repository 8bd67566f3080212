#!/usr/bin/env bats
# systemd as PID 1 of a container with a user namespace and a cgroup of its own.
# where: vm
# limit: 600
# rootfs: -u 100000 systemd systemd-sysv dbus

load helpers

packages=(systemd systemd-sysv dbus)

# What systemd needs of the kernel inside its own namespaces; nothing of it reaches the host.
capabilities='["CAP_AUDIT_WRITE", "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH",
	"CAP_FOWNER", "CAP_FSETID", "CAP_IPC_OWNER", "CAP_KILL", "CAP_MKNOD", "CAP_NET_ADMIN",
	"CAP_NET_BIND_SERVICE", "CAP_NET_RAW", "CAP_SETFCAP", "CAP_SETGID", "CAP_SETPCAP",
	"CAP_SETUID", "CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_CHROOT", "CAP_SYS_NICE",
	"CAP_SYS_PTRACE", "CAP_SYS_RESOURCE", "CAP_SYS_TTY_CONFIG"]'

# The rootfs is shared and never written to: an overlay takes the changes.
make_overlay() {
	mkdir -p "$TMP/layer" "$BUNDLE/rootfs"
	mount -t tmpfs tmpfs "$TMP/layer"
	mkdir "$TMP/layer/upper" "$TMP/layer/work"
	chown 100000:100000 "$TMP/layer/upper"
	mount -t overlay overlay "$BUNDLE/rootfs" -o \
		"lowerdir=$("$top/tests/lib/debian-rootfs" -u 100000 "${packages[@]}"),upperdir=$TMP/layer/upper,workdir=$TMP/layer/work"
}

# jq program $1 on the config: FUNCTIONS of what a system container needs.
make_system_config() {
	(cd "$BUNDLE" && "$BAWN" spec)
	edit_config '.process.terminal = false | .root.readonly = false
		| .process.args = ["/sbin/init"] | .process.env += ["container=bawn"]
		| .process.noNewPrivileges = false | .process.rlimits = []
		| .process.capabilities = {bounding: $caps, effective: $caps, permitted: $caps}
		| .linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = .linux.uidMappings
		| del(.linux.seccomp)
		| (.mounts[] | select(.destination == "/sys/fs/cgroup") | .options) |=
			map(if . == "ro" then "rw" else . end)
		| .mounts += [
			{destination: "/run", type: "tmpfs", source: "tmpfs",
			 options: ["nosuid", "nodev", "mode=755"]},
			{destination: "/tmp", type: "tmpfs", source: "tmpfs",
			 options: ["nosuid", "nodev"]}]' --argjson caps "$capabilities"
}

setup() {
	test_setup
	make_overlay
	make_system_config
}

teardown() {
	bawn delete --force "$ID"
	umount "$BUNDLE/rootfs" "$TMP/layer"
	test_teardown
}

manager_listens() {
	bawn exec "$ID" test -S /run/systemd/private
}

@test "systemd boots, answers systemctl and shuts down in order" {
	bawn run -d --bundle "$BUNDLE" "$ID"
	wait_for 30 manager_listens

	run_bawn exec "$ID" systemctl is-system-running --wait
	if [[ $stdout != running ]]; then
		[[ $stdout == degraded ]] || fail "$(show_last)"
		# The kernel takes audit records from the initial user namespace only.
		run_bawn exec "$ID" systemctl --failed --plain --no-legend --no-pager
		[[ $(awk '{ print $1 }' <<<"$stdout") == systemd-update-utmp.service ]] ||
			fail "other failed units:" "$(show_last)"
	fi

	# Its own part of the cgroup tree is all it sees, and it uses it.
	run_bawn exec "$ID" cat /proc/1/cgroup
	assert_stdout 0::/init.scope
	run_bawn exec "$ID" systemctl is-active dbus.service
	assert_stdout active
	# exec goes to the cgroup that takes processes, since the container's own distributes.
	run_bawn exec "$ID" cat /proc/self/cgroup
	assert_stdout 0::/init.scope

	bawn kill "$ID" SIGRTMIN+3
	wait_for 60 status_is "$ID" stopped
}
