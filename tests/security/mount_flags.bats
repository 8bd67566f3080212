#!/usr/bin/env bats
# A container in a user namespace, with CAP_SYS_ADMIN there, and the flags of the mounts it was given.
# where: native vm-full

load ../cli/helpers
load ../cli/tools
load attack

setup_file() {
	need_attack
}

setup() {
	test_setup
	make_bundle
	with_payload
	all_caps
	mkdir -p "$TMP"/source/{sub,sub/low} "$TMP/lower"
	echo content >"$TMP/source/file"
	chown -R 100000:100000 "$TMP/source"
	edit_config 'del(.linux.seccomp) | .linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = .linux.uidMappings
		| .mounts += ([
			{destination: "/tree", source: $s, options: ["rbind", "rro", "rnosuid", "rnodev", "rnoexec"]},
			{destination: "/data", source: $s, options: ["bind", "ro", "nosuid", "nodev", "noexec"]},
			{destination: "/file", source: "\($s)/file", options: ["bind", "ro", "nosuid", "nodev", "noexec"]}
		])' --arg s "$TMP/source"
	chown -R 100000:100000 "$BUNDLE/rootfs"
	# On the host: a mount below, and a read-only one as source that the config says nothing of.
	mount -t tmpfs none "$TMP/source/sub"
	mount --bind "$TMP/lower" "$TMP/lower"
	mount -o remount,bind,ro,nosuid,nodev,noexec "$TMP/lower"
	edit_config '.mounts += [{destination: "/host", source: $s, options: ["bind"]}]' --arg s "$TMP/lower"
}

teardown() {
	umount "$TMP/source/sub" "$TMP/lower"
	test_teardown
}

all_paths='/data /file /tree /tree/sub /host'
try_flags="payload flags $all_paths; echo tried"

# What an ordinary umount of a mount on top does: nobody is harmed by it.
assert_flags_kept() {
	assert_status 0
	assert_equal "$(grep -vE '^/(data|file|tree|host): unmounted$' <<<"$stdout")" tried
}

@test "read-only, nosuid, nodev, noexec of bind mounts cannot be taken away" {
	set_args sh -c "$try_flags"
	run_in_container
	assert_flags_kept
	# Also with hooks, which need the rootfs at its path.
	edit_config '.hooks.createRuntime = [{path: "/bin/true"}]'
	run_in_container
	assert_flags_kept
	run_bawn run --no-pivot --bundle "$BUNDLE" "$ID"
	assert_flags_kept
}

@test "nor in a user namespace that is joined, nor by exec" {
	set_args sleep 1000
	start_container
	run_bawn exec "$ID" sh -c "$try_flags"
	assert_flags_kept
	set_args sh -c "$try_flags"
	edit_config '.linux.namespaces |= map(if .type == "user" then .path = $p else . end)
		| del(.linux.uidMappings) | del(.linux.gidMappings)' --arg p "/proc/$(pid_of "$ID")/ns/user"
	run_bawn run --bundle "$BUNDLE" "$ID-2"
	assert_flags_kept
}

@test "without a user namespace, a container with CAP_SYS_ADMIN can" {
	edit_config '.linux.namespaces |= map(select(.type != "user"))
		| del(.linux.uidMappings) | del(.linux.gidMappings)'
	set_args payload flags /data
	run_in_container
	assert_stdout "$(printf '/data: %s\n' ro nosuid nodev noexec unmounted)"
}
