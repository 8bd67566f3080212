#!/usr/bin/env bats
# T20: cgroups as a way out: release_agent (CVE-2022-0492), a writable cgroup of the host
# (CVE-2023-25809), new namespaces under the default profile (all of them: seccomp.bats).
# where: native vm-full

load ../cli/helpers
load ../cli/tools
load attack

setup_file() {
	need_attack
}

# Nothing of a cgroup file system is written by what runs in the container.
try_cgroups='
	ls /sys/fs/cgroup >/dev/null || echo "no cgroups"
	for f in $(find / -xdev -name proc -prune -o -name release_agent -print; find /sys/fs/cgroup -name release_agent); do
		echo "release_agent: $f"
	done
	mkdir /sys/fs/cgroup/new 2>/dev/null && echo "made a cgroup"
	for f in cgroup.procs cgroup.subtree_control cgroup.kill cgroup.freeze; do
		(echo 0 >/sys/fs/cgroup/$f) 2>/dev/null && echo "wrote $f"
	done
	mkdir -p /tmp/cg
	for t in cgroup cgroup2; do
		mount -t $t none /tmp/cg 2>/dev/null && echo "mounted $t"
		mount -t $t -o rw,memory none /tmp/cg 2>/dev/null && echo "mounted $t with memory"
	done
	mount -o remount,rw /sys/fs/cgroup 2>/dev/null && echo "remounted"
	unshare -U true 2>/dev/null && echo "new user namespace"
	unshare -m true 2>/dev/null && echo "new mount namespace"
	unshare -r -m true 2>/dev/null && echo "new user and mount namespaces"
	echo tried'

@test "T20: the default config: no cgroup can be written, mounted or left" {
	make_bundle
	set_args sh -c "$try_cgroups"
	run_in_container
	assert_status 0
	assert_stdout tried
	set_args sleep 1000
	start_container
	run_bawn exec "$ID" sh -c "$try_cgroups"
	assert_stdout tried
}

@test "T20: the same without a cgroup namespace" {
	make_bundle
	edit_config '.linux.namespaces |= map(select(.type != "cgroup"))'
	set_args sh -c "$try_cgroups"
	run_in_container
	assert_status 0
	assert_stdout tried
}

@test "T20: a user who is not root, and the default profile with all other capabilities dropped" {
	make_bundle
	edit_config '.process.user = {uid: 1000, gid: 1000} | .process.capabilities = {}'
	chmod 1777 "$BUNDLE/rootfs/tmp"
	set_args sh -c "$try_cgroups"
	run_in_container
	assert_status 0
	assert_stdout tried
}

@test "T20: its attempts at namespaces work where they are allowed" {
	make_bundle
	all_caps
	edit_config 'del(.linux.seccomp)'
	set_args sh -c 'unshare -U true && unshare -m true && echo both'
	run_in_container
	assert_stdout both
}
