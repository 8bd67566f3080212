#!/usr/bin/env bats
# idmapped mounts: bind mounts of a file system that can do it. Natively the one of the tests; in
# the VM an ext4 image on a loop device.
# where: native vm

load helpers
load tools

setup_file() {
	need_tools
}

setup() {
	test_setup
	data=$TMP/data
	mkdir "$data"
	if in_vm; then
		need_command mkfs.ext4
		modprobe loop 2>/dev/null || true
		modprobe ext4 2>/dev/null || true
		truncate -s 20M "$TMP/image"
		mkfs.ext4 -q "$TMP/image"
		mount -o loop "$TMP/image" "$data"
		take_snapshot before
	elif [[ $(stat -f -c %T "$data") != ext2/ext3 ]]; then
		skip "no ext4 here"
	fi
	mkdir "$data/sub"
	touch "$data/root" "$data/u5" "$data/u1005" "$data/sub/u5"
	chown 5:6 "$data/u5" "$data/sub/u5"
	chown 1005:1006 "$data/u1005"
}

teardown() {
	local status=0
	test_teardown || status=1
	! mountpoint -q "$data" || umount "$data"
	return $status
}

add_mount() {
	edit_config ".mounts += [$1]" --arg d "$data"
}

show='stat -c "%n %u:%g" /m/*'

@test "mappings of the mount: files are shown and made as the mapping says" {
	make_bundle
	# 0..9 on disk is shown as 1000..1009
	add_mount '{destination: "/m", type: "bind", source: $d, options: ["bind"],
		uidMappings: [{containerID: 0, hostID: 1000, size: 10}],
		gidMappings: [{containerID: 0, hostID: 1000, size: 10}]}'
	edit_config '.process.user = {uid: 1003, gid: 1004}'
	chmod 777 "$data"
	set_args sh -c "$show; touch /m/made"
	run_in_container
	assert_status 0
	assert_line "/m/root 1000:1000"
	assert_line "/m/u5 1005:1006"
	assert_line "/m/u1005 65534:65534"
	assert_equal "$(stat -c %u:%g "$data/made")" 3:4
}

@test "idmap with the container's user namespace: root's files stay root's on disk" {
	make_bundle
	rm -rf "$BUNDLE/rootfs"
	cp -a "$BATS_FILE_TMPDIR/rootfs" "$BUNDLE/rootfs"
	chown -R 100000:100000 "$BUNDLE/rootfs"
	edit_config '.linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 1000}]
		| .linux.gidMappings = .linux.uidMappings'
	add_mount '{destination: "/m", type: "bind", source: $d, options: ["bind", "idmap"]}'
	set_args sh -c "$show; touch /m/made; chown 7:8 /m/made 2>&1"
	edit_config '.process.capabilities |= map_values(. + ["CAP_CHOWN"])'
	run_in_container
	assert_status 0
	assert_line "/m/root 0:0"
	assert_line "/m/u5 5:6"
	assert_line "/m/u1005 65534:65534"
	assert_equal "$(stat -c %u:%g "$data/made")" 7:8
	# A pod: the user namespace is joined, the mapping is its.
	set_args sleep 1000
	edit_config 'del(.mounts[-1])'
	start_container
	edit_config '.linux.namespaces |= map(if .type == "user" then .path = $p else . end)' \
		--arg p "/proc/$(pid_of "$ID")/ns/user"
	add_mount '{destination: "/m", type: "bind", source: $d, options: ["bind", "idmap"]}'
	set_args sh -c "$show"
	run_bawn run --bundle "$BUNDLE" "$ID-2"
	assert_status 0
	assert_line "/m/u5 5:6"
}

@test "idmap of the mount alone, ridmap of the mounts below it" {
	make_bundle
	mkdir "$data/below"
	mount --bind "$data/sub" "$data/below"
	add_mount '{destination: "/m", type: "bind", source: $d, options: ["rbind"],
		uidMappings: [{containerID: 0, hostID: 1000, size: 10}], gidMappings: [{containerID: 0, hostID: 1000, size: 10}]}'
	set_args sh -c 'stat -c "%n %u" /m/u5 /m/below/u5'
	run_in_container
	assert_stdout $'/m/u5 1005\n/m/below/u5 5'
	edit_config '.mounts[-1].options = ["rbind", "ridmap"]'
	run_in_container
	assert_stdout $'/m/u5 1005\n/m/below/u5 1005'
	edit_config 'del(.mounts[-1].uidMappings) | del(.mounts[-1].gidMappings)
		| .mounts[-1].options = ["bind", "idmap=uids=0-1000-10;gids=0-1000-10"]'
	run_in_container
	umount "$data/below"
	assert_output_has "/m/u5 1005"
}

@test "idmapped and read-only; a single file" {
	make_bundle
	add_mount '{destination: "/m", type: "bind", source: ($d + "/u5"), options: ["bind", "ro"],
		uidMappings: [{containerID: 0, hostID: 1000, size: 10}], gidMappings: [{containerID: 0, hostID: 1000, size: 10}]}'
	set_args sh -c 'stat -c %u:%g /m; echo x 2>&1 >/m'
	run_in_container
	assert_line 1005:1006
	assert_output_has "Read-only file system"
}

@test "what cannot be idmapped is an error that names it; nothing is chowned" {
	make_bundle
	add_mount '{destination: "/m", type: "bind", source: "/proc", options: ["bind"],
		uidMappings: [{containerID: 0, hostID: 1000, size: 10}], gidMappings: [{containerID: 0, hostID: 1000, size: 10}]}'
	run_in_container
	assert_status 125
	assert_output_has "proc"
	edit_config '.mounts[-1] = {destination: "/m", type: "tmpfs", source: "x",
		uidMappings: [{containerID: 0, hostID: 1000, size: 10}], gidMappings: [{containerID: 0, hostID: 1000, size: 10}]}'
	run_in_container
	assert_status 125
	assert_output_has "bind mounts only"
	edit_config '.mounts[-1] = {destination: "/m", type: "bind", source: $d, options: ["bind", "idmap"]}' --arg d "$data"
	run_in_container
	assert_status 125
	assert_output_has "idmap needs mappings or a user namespace"
	edit_config '.mounts[-1] = {destination: "/m", type: "bind", source: $d, options: ["bind"], uidMappings: [{containerID: 0, hostID: 1000, size: 10}]}' --arg d "$data"
	run_in_container
	assert_status 125
	assert_output_has "mounts[7].gidMappings"
	assert_equal "$(stat -c %u:%g "$data/u5")" 5:6
	[[ ! -e $ROOT/$ID ]]
}
