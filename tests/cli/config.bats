#!/usr/bin/env bats
# config.json and bundles that are wrong: the right message, the right status, nothing left behind.
# What is only strange is accepted.
# where: native vm-full

load helpers
load tools

# refused TEXT [STATUS]: create says so and leaves nothing
refused() {
	run_bawn create --bundle "$BUNDLE" "$ID"
	assert_status "${2:-1}"
	assert_output_has "$1"
	assert_equal "$(wc -l <"$TMP/stderr")" 1
	[[ ! -e $ROOT/$ID ]] || fail "the state directory is left"
	[[ ! -e /sys/fs/cgroup/bawn-$ID ]] || fail "the cgroup is left"
}

@test "bundles: missing, without config, without a rootfs, a file" {
	make_bundle
	run_bawn create --bundle /no/such/bundle "$ID"
	assert_status 1
	assert_stderr "bawn create $ID: open the bundle /no/such/bundle: no such file or directory"
	mv "$BUNDLE/rootfs" rootfs
	refused "no such file or directory"
	assert_output_has root.path
	touch "$BUNDLE/rootfs"
	refused "not a directory"
	rm "$BUNDLE/rootfs"
	rm "$BUNDLE/config.json"
	refused "config.json: no such file or directory"
	mkdir "$BUNDLE/config.json"
	refused config.json
	run_bawn create --bundle /etc/passwd "$ID"
	assert_status 1
	assert_output_has "open the bundle /etc/passwd: not a directory"
}

@test "texts that are no JSON, or not of the right form" {
	make_bundle
	local text
	for text in '{"ociVersion": "1.0.0\u0000"}' '' ' ' '{' '[]' '"x"' 'null' '{}' '{"ociVersion": "1.0.0"' '{"ociVersion": "1.0.0",}' \
		$'{"ociVersion": "1.0.0\n"}' '{"a": 1} {"b": 2}'; do
		printf '%s' "$text" >"$BUNDLE/config.json"
		refused config.json
	done
	head -c 3000 /dev/zero | tr '\0' '[' >"$BUNDLE/config.json"
	refused config.json
	printf '{"ociVersion": "1.0.0", "ociVersion": "1.0.0"}' >"$BUNDLE/config.json"
	refused config.json
	printf '{"ociVersion": "\xff"}' >"$BUNDLE/config.json"
	refused config.json
	head -c 70000000 /dev/zero | tr '\0' ' ' >"$BUNDLE/config.json"
	refused config.json
}

@test "ociVersion: every 1.x, nothing else" {
	make_bundle
	set_args true
	local v
	for v in 1.0.0 1.0.2-dev 1.1.0-rc.1 1.2.0 1.3.0 1.99.0 1.0.0+build; do
		edit_config ".ociVersion = \"$v\""
		run_in_container
		assert_status 0
	done
	for v in 0.9.0 2.0.0 1 x ''; do
		edit_config ".ociVersion = \"$v\""
		refused "ociVersion"
	done
}

@test "wrong types: the message has the JSON path" {
	make_bundle
	cp "$BUNDLE/config.json" good.json
	local filter path
	while IFS='|' read -r filter path; do
		jq "$filter" good.json >"$BUNDLE/config.json"
		refused "config.json: $path: "
	done <<-'END'
		.process = 5|process
		.process.args = "sh"|process.args
		.process.args = [1]|process.args[0]
		.process.args = []|process.args
		del(.process.args)|process.args
		del(.process)|process
		.process.args[0] = ""|process.args[0]
		del(.process.cwd)|process.cwd
		.process.terminal = "yes"|process.terminal
		.process.user.uid = "root"|process.user.uid
		.process.user.uid = -1|process.user.uid
		.process.user.uid = 1.5|process.user.uid
		.process.user.uid = 4294967295|process.user.uid
		.process.user.umask = 512|process.user.umask
		.process.user.additionalGids = [1, "x"]|process.user.additionalGids[1]
		.process.env = {a: 1}|process.env
		.process.capabilities.bounding = "ALL"|process.capabilities.bounding
		.process.oomScoreAdj = "x"|process.oomScoreAdj
		.root = "rootfs"|root
		.root.path = 5|root.path
		.root.path = ""|root.path
		del(.root)|root
		.hostname = ["x"]|hostname
		.hostname = ("x" * 65)|hostname
		.mounts = {}|mounts
		.mounts[2].options = "ro"|mounts[2].options
		.mounts[2].destination = null|mounts[2].destination
		.annotations = {a: 5}|annotations.a
		.hooks.prestart = [{args: ["x"]}]|hooks.prestart[0].path
		.linux = []|linux
		.linux.namespaces = [{}]|linux.namespaces[0].type
		.linux.uidMappings = [{containerID: 0}]|linux.uidMappings[0].hostID
		.linux.cgroupsPath = 5|linux.cgroupsPath
		.linux.maskedPaths = [5]|linux.maskedPaths[0]
		.linux.resources.devices = [{type: "c"}]|linux.resources.devices[0].allow
		.linux.seccomp.syscalls[3].names = "x"|linux.seccomp.syscalls[3].names
	END
}

@test "null is the same as not given" {
	make_bundle
	set_args true
	edit_config '.hostname = null | .process.rlimits = null | .process.oomScoreAdj = null | .linux.sysctl = null
		| .linux.resources.memory = null | .hooks = null | .annotations = null | .process.user = null
		| .linux.seccomp = null | .linux.cgroupsPath = null | .process.capabilities = null'
	run_in_container
	assert_status 0
	assert_equal "$output" ""
}

@test "oomScoreAdj out of range, unknown rootfs type: nothing is left" {
	make_bundle
	edit_config '.process.oomScoreAdj = 1001'
	refused "process.oomScoreAdj"
}

@test "the container's program dies during set-up when its limits are too low: an error, no hang" {
	make_bundle
	edit_config '.process.rlimits = [{type: "RLIMIT_AS", soft: 4096, hard: 4096}]'
	run_in_container
	[[ $status == 125 || $status == 126 || $status == 137 || $status == 139 ]] || fail "$(show_last)"
	edit_config '.process.rlimits = [{type: "RLIMIT_CPU", soft: 1, hard: 1}]'
	set_args sh -c 'while :; do :; done'
	run_in_container
	[[ $status == 137 || $status == 152 ]] || fail "$(show_last)"
	[[ ! -e $ROOT/$ID ]]
}

@test "cgroupsPath: default, relative, absolute, deep; never outside" {
	make_bundle
	start_container
	[[ $(cgroup_of "$ID") == */bawn-$ID ]] || fail "$(cgroup_of "$ID")"
	bawn delete --force "$ID"
	local path
	for path in some/where /abs/olute one /x/y/z/../u; do
		edit_config ".linux.cgroupsPath = \"$path\""
		if [[ $path == *..* ]]; then
			refused linux.cgroupsPath
			continue
		fi
		start_container
		[[ $(cgroup_of "$ID") == *"/${path#/}" ]] || fail "$(cgroup_of "$ID")"
		assert_equal "$("$BAWN" --root "$ROOT" ps -f json "$ID")" "[$(pid_of "$ID")]"
		bawn delete --force "$ID"
	done
	# A cgroup that is there already and in use is not taken away from its owner.
	mkdir -p /sys/fs/cgroup/mine
	sleep 1000 3>&- 4>&- &
	echo $! >/sys/fs/cgroup/mine/cgroup.procs
	edit_config '.linux.cgroupsPath = "/mine"'
	run_bawn create --bundle "$BUNDLE" "$ID"
	if ((status == 0)); then
		bawn delete --force "$ID"
	fi
	kill -0 $!
	kill $!
	wait $! || true
	rmdir /sys/fs/cgroup/mine
}

@test "--cgroup-manager disabled: no cgroup of its own; kill, exec and delete still work" {
	make_bundle
	local own
	own=$(sed -n 's/^0:://p' /proc/self/cgroup)
	bawn --cgroup-manager disabled create --bundle "$BUNDLE" "$ID"
	bawn start "$ID"
	assert_equal "$(cgroup_of "$ID")" "/sys/fs/cgroup$own"
	run_bawn exec "$ID" echo in
	assert_stdout in
	run_bawn pause "$ID"
	assert_status 1
	assert_output_has "created without a cgroup"
	run_bawn delete "$ID"
	assert_status 1
	bawn kill "$ID" KILL
	wait_for 5 status_is "$ID" stopped
	bawn delete "$ID"
	bawn --cgroup-manager=disabled run -d --bundle "$BUNDLE" "$ID"
	bawn delete --force "$ID"
}

@test "a resource that cannot be limited here is an error, one that asks for nothing is not" {
	! in_vm || skip "the VM has all controllers"
	make_bundle
	cp "$BUNDLE/config.json" good.json
	local filter
	for filter in '.memory.limit = 100000000' '.memory.swap = 200000000' '.cpu.quota = 5000' '.cpu.shares = 512' \
		'.cpu.cpus = "0"' '.pids.limit = 10' '.blockIO.weight = 10' '.unified = {"memory.high": "5000000"}'; do
		jq ".linux.resources$filter" good.json >"$BUNDLE/config.json"
		run_bawn create --bundle "$BUNDLE" "$ID"
		assert_status 1
		[[ $stderr =~ memory|cpu|cpuset|pids|blockIO|io|unified ]] || fail "$(show_last)"
		[[ ! -e $ROOT/$ID && ! -e /sys/fs/cgroup/bawn/$ID ]]
	done
	set_args true
	for filter in '.memory = {limit: 0, swap: -1, kernel: 0}' '.cpu = {shares: 0, quota: -1, period: 100000}' \
		'.pids.limit = 0' '.pids.limit = -1' '.unified = {}' '.hugepageLimits = []' '.blockIO = {}'; do
		jq ".linux.resources$filter | .process.args = [\"true\"]" good.json >"$BUNDLE/config.json"
		run_in_container
		assert_status 0
		assert_equal "$output" ""
	done
}

@test "labels of a security module that this host does not have" {
	make_bundle
	[[ -e /sys/kernel/security/apparmor ]] || {
		edit_config '.process.apparmorProfile = "no-such-profile"'
		refused process.apparmorProfile
		edit_config 'del(.process.apparmorProfile)'
	}
	[[ -e /sys/fs/selinux/enforce ]] || {
		edit_config '.process.selinuxLabel = "system_u:system_r:container_t:s0"'
		refused process.selinuxLabel
	}
}

@test "intelRdt is an error" {
	make_bundle
	edit_config '.linux.intelRdt = {closID: "x"}'
	refused "linux.intelRdt"
}

@test "a config in the bundle that changes after create is not looked at" {
	make_bundle
	bawn create --bundle "$BUNDLE" "$ID"
	echo broken >"$BUNDLE/config.json"
	bawn start "$ID"
	run_bawn exec "$ID" echo fine
	assert_stdout fine
	bawn kill "$ID" KILL
	wait_for 5 status_is "$ID" stopped
	bawn delete "$ID"
}

@test "a bundle that is gone does not keep anybody from stopping and deleting" {
	make_bundle
	start_container
	mv "$BUNDLE" "$TMP/elsewhere"
	status_is "$ID" running
	run_bawn exec "$ID" echo fine
	assert_stdout fine
	bawn kill "$ID" KILL
	wait_for 5 status_is "$ID" stopped
	bawn delete "$ID"
}
