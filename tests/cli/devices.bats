#!/usr/bin/env bats
# linux.devices and linux.resources.devices.
# where: native vm-full

load helpers
load tools

setup_file() {
	need_tools
}

with_mknod() {
	edit_config '.process.capabilities |= map_values(. + ["CAP_MKNOD", "CAP_CHOWN"]) | del(.linux.seccomp)'
}

@test "the default devices and links" {
	make_bundle
	set_args sh -c 'cd /dev; stat -c "%n %F %a %t:%T %u:%g" null zero full random urandom tty
		readlink fd; readlink stdin; readlink stdout; readlink stderr; readlink ptmx
		head -c 5 zero | wc -c; head -c 5 urandom | wc -c; echo x >null; echo x 2>&1 >full; ls'
	run_in_container
	local line
	for line in "null character special file 666 1:3 0:0" "zero character special file 666 1:5 0:0" \
		"full character special file 666 1:7 0:0" "random character special file 666 1:8 0:0" \
		"urandom character special file 666 1:9 0:0" "tty character special file 666 5:0 0:0" \
		/proc/self/fd /proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2 pts/ptmx 5; do
		assert_line "$line"
	done
	assert_output_has "No space left on device"
}

@test "linux.devices: char, block, fifo; mode and owner; places on the way; not only in /dev" {
	make_bundle
	edit_config '.linux.devices = [
		{path: "/dev/my/char", type: "c", major: 1, minor: 3, fileMode: 384, uid: 5, gid: 6},
		{path: "/dev/block", type: "b", major: 7, minor: 200, fileMode: 33200},
		{path: "/dev/fifo", type: "p", fileMode: 420},
		{path: "/dev/unbuffered", type: "u", major: 1, minor: 5},
		{path: "/other/null", type: "c", major: 1, minor: 3},
		{path: "/dev/null", type: "c", major: 1, minor: 3, fileMode: 438, uid: 9}]'
	set_args sh -c 'stat -c "%n %F %a %t:%T %u:%g" /dev/my/char /dev/block /dev/fifo /dev/unbuffered /other/null /dev/null; stat -c %a /dev/my'
	run_in_container
	assert_stdout "/dev/my/char character special file 600 1:3 5:6
/dev/block block special file 660 7:c8 0:0
/dev/fifo fifo 644 0:0 0:0
/dev/unbuffered character special file 666 1:5 0:0
/other/null character special file 666 1:3 0:0
/dev/null character special file 666 1:3 9:0
755"
	# A second time: the node in the rootfs is there already.
	run_in_container
	assert_status 0
}

@test "device rules: everything is denied by default, but for the default devices" {
	make_bundle
	with_mknod
	edit_config '.linux.devices = [{path: "/dev/kmsg", type: "c", major: 1, minor: 11},
		{path: "/dev/loop", type: "b", major: 7, minor: 0}]'
	set_args sh -c 'head -c 1 /dev/kmsg 2>&1; head -c 1 /dev/loop 2>&1; echo x 2>&1 >/dev/kmsg
		mknod /made-null c 1 3 && echo mknod-null; head -c 1 /dev/zero | wc -c; cat /dev/null; echo x >/dev/tty 2>&1 | head -n 1'
	run_in_container
	assert_equal "$(grep -c 'kmsg.*Operation not permitted' <<<"$output")" 2
	assert_equal "$(grep -c 'loop.*Operation not permitted' <<<"$output")" 1
	assert_line mknod-null
	assert_line 1
}

@test "device rules: allowed ones; the last that matches counts; access is r, w, m each" {
	make_bundle
	with_mknod
	edit_config '.linux.devices = [{path: "/dev/kmsg", type: "c", major: 1, minor: 11}]
		| .linux.resources.devices = [{allow: false, access: "rwm"},
			{allow: true, type: "c", major: 1, minor: 11, access: "w"},
			{allow: true, type: "b", access: "m"},
			{allow: true, type: "c", major: 10, access: "rwm"},
			{allow: false, type: "c", major: 10, minor: 229, access: "rwm"}]'
	set_args sh -c 'head -c 1 /dev/kmsg 2>&1; : >/dev/kmsg && echo can-write
		mknod /b b 7 0 && echo can-make-block; head -c 1 /b 2>&1
		mknod /c c 10 200 && echo can-make-misc; mknod /d c 10 229; head -c 1 /d 2>&1'
	run_in_container
	assert_equal "$(grep -c 'kmsg.*Operation not permitted' <<<"$stdout")" 1
	assert_line can-write
	assert_line can-make-block
	assert_output_has "/b: Operation not permitted"
	assert_line can-make-misc
	# Making nodes is always allowed, as with other runtimes; opening them is what counts.
	assert_output_has "/d: Operation not permitted"
	# exec is in the same cgroup.
	set_args sleep 1000
	start_container
	run_bawn exec "$ID" sh -c 'true >/dev/kmsg && head -c 1 /dev/kmsg'
	assert_output_has "Operation not permitted"
}

@test "device rules: a default device can be denied only by nobody; all can be allowed" {
	make_bundle
	with_mknod
	edit_config '.linux.resources.devices = [{allow: true, type: "a", access: "rwm"}]
		| .linux.devices = [{path: "/dev/kmsg", type: "c", major: 1, minor: 11}]'
	set_args sh -c ': >/dev/kmsg && echo kmsg; mknod /c c 77 77 && echo made'
	run_in_container
	assert_line kmsg
	assert_line made
	edit_config 'del(.linux.resources)'
	run_in_container
	assert_output_has "Operation not permitted"
}

@test "a user namespace: devices are bound from the host" {
	make_bundle
	rm -rf "$BUNDLE/rootfs"
	cp -a "$BATS_FILE_TMPDIR/rootfs" "$BUNDLE/rootfs"
	chown -R 100000:100000 "$BUNDLE/rootfs"
	edit_config '.linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 1000}]
		| .linux.gidMappings = .linux.uidMappings
		| .linux.devices = [{path: "/dev/full", type: "c", major: 1, minor: 7}, {path: "/dev/pipe", type: "p"}]'
	set_args sh -c 'stat -c "%n %t:%T" /dev/null /dev/full /dev/pipe; echo x 2>&1 >/dev/full; grep -c /dev/full /proc/self/mountinfo'
	run_in_container
	assert_status 0
	assert_line "/dev/null 1:3"
	assert_line "/dev/full 1:7"
	assert_line "/dev/pipe 0:0"
	assert_output_has "No space left on device"
	edit_config '.linux.devices = [{path: "/dev/full", type: "c", major: 1, minor: 3}]'
	run_in_container
	assert_status 125
	assert_output_has "/dev/full"
	assert_output_has "another device"
}

@test "something else in a device's place is refused" {
	make_bundle
	edit_config '.mounts |= map(select(.destination | startswith("/dev") | not))'
	touch "$BUNDLE/rootfs/dev/null"
	run_in_container
	assert_status 125
	assert_output_has "/dev/null"
	rm "$BUNDLE/rootfs/dev/null"
	ln -s /etc/passwd "$BUNDLE/rootfs/dev/null"
	run_in_container
	assert_status 125
	rm "$BUNDLE/rootfs/dev/null"
	# What one container made is fine for the next.
	set_args true
	run_in_container
	assert_status 0
	run_in_container
	assert_status 0
	# A ptmx in the image would be the host's.
	rm -f "$BUNDLE/rootfs/dev/ptmx"
	mknod "$BUNDLE/rootfs/dev/ptmx" c 5 2
	run_in_container
	assert_status 0
	assert_equal "$(readlink "$BUNDLE/rootfs/dev/ptmx")" pts/ptmx
}

@test "the host's /dev bound in: it is left as it is" {
	make_bundle
	mkdir "$TMP/dev"
	mknod "$TMP/dev/null" c 1 3
	edit_config '.mounts |= (map(select(.destination | startswith("/dev") | not)) + [{destination: "/dev", source: "\($tmp)/dev", options: ["bind"]}])' \
		--arg tmp "$TMP"
	set_args ls /dev
	run_in_container
	assert_stdout null
	assert_equal "$(ls "$TMP/dev")" null
}

@test "devices and rules that are wrong" {
	make_bundle
	local bad
	for bad in '{path: "relative", type: "c", major: 1, minor: 3}' '{path: "/dev/x", type: "c", major: 1}' \
		'{path: "/dev/x", type: "z", major: 1, minor: 1}' '{path: "/dev/x", type: "c", major: -1, minor: 1}' \
		'{path: "/dev/x", type: "c", major: 5000, minor: 1}' '{type: "c", major: 1, minor: 1}' \
		'{path: "/dev/x", type: "c", major: 1, minor: 1, fileMode: 1048576}'; do
		edit_config ".linux.devices = [$bad]"
		run_in_container
		assert_status 125
		assert_output_has "linux.devices[0]"
	done
	edit_config 'del(.linux.devices)'
	for bad in '{access: "rwm"}' '{allow: true, access: "x"}' '{allow: true, access: ""}' '{allow: true, type: "p"}' \
		'{allow: true, type: "c", major: -2}'; do
		edit_config ".linux.resources.devices = [$bad]"
		run_in_container
		assert_status 125
		assert_output_has "linux.resources.devices[0]"
	done
	[[ ! -e $ROOT/$ID ]]
}

@test "what config.json mounts in a device's place stays; a listed device must be that one" {
	make_bundle
	edit_config '.mounts += [{destination: "/dev//random", type: "bind", source: "/dev/urandom",
		options: ["bind"]}]'
	set_args stat -c %t:%T:%a /dev/random /dev/urandom
	run_bawn run --bundle "$BUNDLE" "$ID"
	assert_status 0
	assert_stdout $'1:9:666\n1:9:666'
	edit_config '.linux.devices = [{path: "/dev/random", type: "c", major: 1, minor: 8}]'
	run_bawn run --bundle "$BUNDLE" "$ID"
	assert_status 125
	assert_output_has "device /dev/random: the rootfs has something else in its place"
	# Mode and owner are those of the mount.
	edit_config '.linux.devices[0] |= . + {minor: 9, fileMode: 384, uid: 7}'
	run_bawn run --bundle "$BUNDLE" "$ID"
	assert_status 0
	assert_stdout $'1:9:666\n1:9:666'
}
