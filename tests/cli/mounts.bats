#!/usr/bin/env bats
# mounts, maskedPaths, readonlyPaths, rootfsPropagation: what config.json asks for is what the
# container sees, and the host sees nothing of it.
# where: native vm-full

load helpers
load tools

setup_file() {
	need_tools
}

# add_mount DESTINATION TYPE SOURCE OPTION...
add_mount() {
	edit_config '.mounts += [{destination: $d, type: $t, source: $s, options: $ARGS.positional}]' \
		--arg d "$1" --arg t "$2" --arg s "$3" --args "${@:4}"
}

edit_config() {
	local filter=$1
	shift
	# jq takes options before the file, positional arguments last.
	jq "$filter" "$BUNDLE/config.json" "$@" >"$BUNDLE/config.json.new"
	mv "$BUNDLE/config.json.new" "$BUNDLE/config.json"
}

show_mounts='while read -r _ _ _ root point options rest; do echo "$point $options ${rest##*- }"
	done </proc/self/mountinfo'

# options_of POINT: mount options and propagation of the last mount there
options_of() {
	awk -v "p=$1" '$1 == p { o = $2 } END { print o }' <<<"$stdout"
}

@test "the default mounts: proc, sysfs, devpts, mqueue, shm, cgroup" {
	make_bundle
	set_args sh -c "$show_mounts; ls -ld /dev/shm /dev/mqueue /dev/pts; cat /proc/1/comm; ls /sys/fs/cgroup | grep -c cgroup.procs
		df /dev/shm | tail -n 1; ls -l /dev/ptmx; touch /sys/x /proc/sys/x 2>&1; echo x 2>&1 >/sys/fs/cgroup/cgroup.procs"
	run_in_container
	local point
	for point in /proc /dev /dev/pts /dev/shm /dev/mqueue /sys /sys/fs/cgroup; do
		[[ -n $(options_of $point) ]] || fail "no $point" "$(show_last)"
	done
	assert_equal "$(options_of /sys)" ro,nosuid,nodev,noexec,relatime
	assert_equal "$(options_of /proc)" rw,nosuid,nodev,noexec,relatime
	assert_equal "$(options_of /dev)" rw,nosuid
	assert_line sh
	[[ $stdout == *"drwxrwxrwt"*"/dev/shm"* ]]
	[[ $stdout == *" 65536 "*"/dev/shm"* ]]
	assert_output_has "/dev/ptmx -> pts/ptmx"
	assert_equal "$(grep -c 'Read-only file system' <<<"$stdout")" 2
}

@test "tmpfs: size, mode, owner, inherited mode, ro, places on the way are made" {
	make_bundle
	mkdir "$BUNDLE/rootfs/was-1755"
	chmod 1755 "$BUNDLE/rootfs/was-1755"
	add_mount /t1 tmpfs tmpfs size=1m mode=1750 uid=5 gid=6 nosuid noexec nodev
	add_mount /deep/er/t2 tmpfs tmpfs ro
	add_mount /was-1755 tmpfs tmpfs
	add_mount /t3 tmpfs tmpfs nr_inodes=7
	set_args sh -c "stat -c '%n %a %u:%g' /t1 /was-1755; $show_mounts; dd if=/dev/zero of=/t1/f bs=1k count=2000 2>&1 | tail -n 1
		touch /deep/er/t2/x 2>&1; cp /bin/busybox /t1/ 2>/dev/null; rm -f /t1/f; printf '#!/bin/sh\n' >/t1/s; chmod 755 /t1/s; /t1/s 2>&1; for i in 1 2 3 4 5 6 7; do touch /t3/\$i; done 2>&1 | tail -n 1"
	run_in_container
	assert_line "/t1 1750 5:6"
	assert_line "/was-1755 1755 0:0"
	assert_equal "$(options_of /t1)" rw,nosuid,nodev,noexec,relatime
	assert_equal "$(options_of /deep/er/t2)" ro,relatime
	assert_output_has "/deep/er/t2/x: Read-only file system"
	assert_output_has "/t1/s: Permission denied"
	assert_output_has "/t3/7: No space left on device"
	run_bawn list -q
	assert_equal "$(stat -c %a "$BUNDLE/rootfs/deep/er")" 755
}

@test "tmpcopyup" {
	make_bundle
	local dir=$BUNDLE/rootfs/data
	mkdir -p "$dir/sub"
	echo content >"$dir/file"
	ln -s file "$dir/link"
	mkfifo "$dir/fifo"
	chown 7:8 "$dir" "$dir/file"
	chmod 4755 "$dir/file"
	chmod 2775 "$dir"
	add_mount /data tmpfs tmpfs tmpcopyup
	add_mount /small tmpfs tmpfs size=16k tmpcopyup
	set_args sh -c 'cd /data; stat -c "%n %F %a %u:%g" . file link fifo sub; cat link; touch sub/new'
	run_in_container
	assert_status 0
	assert_stdout ". directory 2775 7:8
file regular file 4755 7:8
link symbolic link 777 0:0
fifo fifo 644 0:0
sub directory 755 0:0
content"
	[[ -e $dir/sub && ! -e $dir/sub/new ]]
	mkdir "$BUNDLE/rootfs/small/" 2>/dev/null || true
	head -c 100000 /dev/zero >"$BUNDLE/rootfs/small/big"
	run_in_container
	assert_status 125
	assert_output_has "tmpcopyup"
	assert_output_has "no space left on device"
}

@test "bind: directories, files, rw and ro, relative sources, flags" {
	make_bundle
	mkdir -p "$TMP/src/below" "$BUNDLE/in-bundle"
	echo dir >"$TMP/src/f"
	echo file >"$TMP/one"
	add_mount /b/rw bind "$TMP/src" bind
	add_mount /b/ro bind "$TMP/src" bind ro
	add_mount /b/file bind "$TMP/one" bind ro
	add_mount /etc/passwd bind "$TMP/one" bind
	add_mount /b/rel bind in-bundle bind
	add_mount /b/flags none "$TMP/src" rbind nosuid nodev noexec noatime nodiratime
	add_mount /b/type bind "$TMP/src"
	set_args sh -c "$show_mounts; cat /b/rw/f /b/file /etc/passwd; echo new >/b/rw/new; touch /b/ro/x 2>&1; echo x 2>&1 >/b/file; echo r >/b/rel/made; ls /b/type"
	run_in_container
	assert_equal "$(options_of /b/ro)" ro,relatime
	assert_equal "$(options_of /b/file)" ro,relatime
	assert_equal "$(options_of /b/flags)" rw,nosuid,nodev,noexec,noatime,nodiratime
	assert_equal "$(grep -cx -e dir -e file <<<"$stdout")" 3
	assert_output_has "/b/ro/x: Read-only file system"
	assert_output_has "/b/file: Read-only file system"
	assert_equal "$(cat "$TMP/src/new")" new
	assert_equal "$(cat "$BUNDLE/in-bundle/made")" r
	[[ ! -e $TMP/src/x ]]
	# The rootfs keeps the mount points, empty.
	assert_equal "$(find "$BUNDLE/rootfs/b" -type f -size +0 | wc -l)" 0
}

# A tree with a mount in it: $TMP/tree and $TMP/tree/sub.
make_tree() {
	mkdir "$TMP/tree"
	mount -t tmpfs top "$TMP/tree"
	mkdir "$TMP/tree/sub"
	mount -t tmpfs sub "$TMP/tree/sub"
	echo in-sub >"$TMP/tree/sub/f"
}

teardown() {
	cd /
	local id
	# The containers first: they may hold mounts of the tree.
	for id in "$ROOT"/*/; do
		[[ ! -d $id ]] || bawn delete --force "$(basename "$id")" || true
	done
	while umount "$TMP/tree/late" 2>/dev/null || umount "$TMP/tree/sub" 2>/dev/null ||
		umount "$TMP/tree" 2>/dev/null; do :; done
	test_teardown
}

@test "rbind, bind, ro, rro and other recursive options over nested mounts" {
	make_bundle
	make_tree
	add_mount /bind bind "$TMP/tree" bind
	add_mount /rbind bind "$TMP/tree" rbind
	add_mount /ro bind "$TMP/tree" rbind ro
	add_mount /rro bind "$TMP/tree" rbind rro
	add_mount /rmany bind "$TMP/tree" rbind rnosuid rnodev rnoexec rnoatime
	add_mount /rro-rw bind "$TMP/tree" rbind rro rw
	set_args sh -c "$show_mounts; ls /bind/sub; cat /rbind/sub/f; touch /ro/sub/made 2>&1; touch /ro/x 2>&1; touch /rro/sub/x 2>&1; touch /rro/x 2>&1"
	run_in_container
	assert_equal "$(grep -c '^in-sub$' <<<"$stdout")" 1
	assert_equal "$(options_of /ro),$(options_of /ro/sub)" ro,relatime,rw,relatime
	assert_equal "$(options_of /rro),$(options_of /rro/sub)" ro,relatime,ro,relatime
	assert_equal "$(options_of /rmany)" rw,nosuid,nodev,noexec,noatime
	assert_equal "$(options_of /rmany/sub)" rw,nosuid,nodev,noexec,noatime
	assert_equal "$(options_of /rro-rw/sub)" ro,relatime
	assert_output_has "/ro/x: Read-only file system"
	assert_output_has "/rro/sub/x: Read-only file system"
	assert_output_has "/rro/x: Read-only file system"
	[[ -e $TMP/tree/sub/made ]]
}

@test "propagation of binds: private, slave, shared" {
	make_bundle
	make_tree
	mount --make-shared "$TMP/tree"
	mkdir "$TMP/tree/late" "$TMP/tree/inner"
	add_mount /private bind "$TMP/tree" rbind rprivate
	add_mount /slave bind "$TMP/tree" rbind rslave
	add_mount /shared bind "$TMP/tree" rbind rshared
	edit_config '.linux.rootfsPropagation = "shared"
		| .process.capabilities |= map_values(. + ["CAP_SYS_ADMIN"]) | del(.linux.seccomp)'
	start_container
	mount -t tmpfs late "$TMP/tree/late"
	touch "$TMP/tree/late/came"
	run_bawn exec "$ID" ls /private/late /slave/late /shared/late
	assert_stdout $'/private/late:\n\n/shared/late:\ncame\n\n/slave/late:\ncame' 2>/dev/null ||
		assert_stdout $'/private/late:\n\n/slave/late:\ncame\n\n/shared/late:\ncame'
	# Out of the container: from shared only.
	run_bawn exec "$ID" mount -t tmpfs inner /slave/inner
	assert_status 0
	run mountpoint -q "$TMP/tree/inner"
	((status != 0))
	run_bawn exec "$ID" mount -t tmpfs inner /shared/inner
	assert_status 0
	mountpoint -q "$TMP/tree/inner"
	umount "$TMP/tree/inner"
}

@test "rootfsPropagation: private, slave, shared" {
	make_bundle
	set_args sh -c 'grep " / / \| /.*bundle/rootfs / " /proc/self/mountinfo | tail -n 1'
	local kind
	for kind in private slave shared unbindable rprivate rslave rshared; do
		edit_config ".linux.rootfsPropagation = \"$kind\""
		run_in_container
		assert_status 0
		case $kind in
		*shared) [[ $stdout == *" shared:"* ]] ;;
		unbindable) [[ $stdout == *" unbindable "* ]] ;;
		*private) [[ $stdout != *" shared:"* && $stdout != *" master:"* ]] ;;
		*) [[ $stdout != *" shared:"* ]] ;;
		esac || fail "$kind" "$(show_last)"
	done
	edit_config '.linux.rootfsPropagation = "sideways"'
	run_in_container
	assert_status 125
	assert_output_has linux.rootfsPropagation
}

@test "nosymfollow, and destinations that are or hold links stay inside" {
	make_bundle
	mkdir "$TMP/src"
	echo x >"$TMP/src/f"
	ln -s f "$TMP/src/link"
	mkdir "$BUNDLE/rootfs/real"
	ln -s /real "$BUNDLE/rootfs/abs"
	ln -s ../../../../../../real "$BUNDLE/rootfs/up"
	ln -s nowhere/yet "$BUNDLE/rootfs/dangling"
	ln -s "$TMP" "$BUNDLE/rootfs/host"
	add_mount /no bind "$TMP/src" bind nosymfollow
	add_mount /abs/a bind "$TMP/src" bind
	add_mount /up/b bind "$TMP/src" bind
	add_mount /dangling bind "$TMP/src" bind
	add_mount /host/inside tmpfs tmpfs
	add_mount /../../dots tmpfs tmpfs
	set_args sh -c "$show_mounts; cat /no/f; cat /no/link 2>&1"
	run_in_container
	assert_line x
	assert_output_has "Too many levels of symbolic links"
	local point
	for point in /real/a /real/b /nowhere/yet "$TMP/inside" /dots; do
		[[ -n $(options_of "$point") ]] || fail "no mount on $point" "$(show_last)"
	done
	[[ ! -e $TMP/inside ]]
	[[ -d $BUNDLE/rootfs$TMP/inside ]]
}

@test "options that this version cannot do are errors, and not in features" {
	make_bundle
	run_bawn features
	local option features=$stdout
	for option in copy-symlink src-nofollow dest-nofollow remount; do
		assert_equal "$(jq ".mountOptions | index(\"$option\")" <<<"$features")" null
		edit_config '.mounts[7] = {destination: "/m", type: "bind", source: "/etc", options: ["bind", $o]}' \
			--arg o $option
		run_in_container
		assert_status 125
		assert_output_has "mounts[7].options: \"$option\" is not supported"
	done
	[[ ! -e $ROOT/$ID ]]
}

@test "/proc and /sys through a link are refused" {
	make_bundle
	rmdir "$BUNDLE/rootfs/proc"
	ln -s tmp "$BUNDLE/rootfs/proc"
	run_in_container
	assert_status 125
	assert_output_has "/proc"
	[[ ! -e $ROOT/$ID ]]
}

@test "maskedPaths and readonlyPaths" {
	make_bundle
	mkdir -p "$BUNDLE/rootfs/secret" "$BUNDLE/rootfs/fixed/sub"
	echo hidden | tee "$BUNDLE/rootfs/secret/f" "$BUNDLE/rootfs/secret-file" >"$BUNDLE/rootfs/fixed-file"
	edit_config '.linux.maskedPaths += ["/secret", "/secret-file", "/not/there"]
		| .linux.readonlyPaths += ["/fixed", "/fixed-file", "/not/there/either"]'
	set_args sh -c 'ls -A /secret | wc -l; wc -c </secret-file; cat /proc/kcore | wc -c; ls /sys/firmware | wc -l
		touch /fixed/sub/x 2>&1; echo x 2>&1 >/fixed-file; cat /fixed-file; echo 1 2>&1 >/proc/sys/kernel/panic; touch /secret/x 2>&1'
	run_in_container
	assert_equal "$(grep -cx 0 <<<"$stdout")" 4
	assert_line hidden
	assert_equal "$(grep -c 'Read-only file system' <<<"$output")" 4
	assert_equal "$(cat "$BUNDLE/rootfs/fixed-file")" hidden
	edit_config '.linux.maskedPaths = ["relative"]'
	run_in_container
	assert_status 125
	assert_output_has "linux.maskedPaths[0]"
}

@test "cgroup mount: the own cgroup only, with and without a cgroup namespace" {
	make_bundle
	set_args sh -c 'cat /sys/fs/cgroup/cgroup.procs | wc -l; grep ^0: /proc/self/cgroup; ls -d /sys/fs/cgroup/init 2>&1; touch /sys/fs/cgroup/x 2>&1'
	run_in_container
	assert_line 0::/
	assert_output_has "/sys/fs/cgroup/init: No such file"
	assert_output_has "Read-only file system"
	edit_config '.linux.namespaces |= map(select(.type != "cgroup"))
		| .mounts |= map(if .type == "cgroup" then .options -= ["ro"] else . end)'
	run_in_container
	assert_output_has "$ID"
	assert_output_has "/sys/fs/cgroup/init: No such file"
	assert_output_has "Read-only file system"
}

@test "a mount on top of a mount; order is that of the config; remount" {
	make_bundle
	add_mount /m tmpfs tmpfs
	add_mount /m/in tmpfs tmpfs mode=700
	add_mount /m2 tmpfs tmpfs
	add_mount /m2 tmpfs tmpfs ro
	set_args sh -c "$show_mounts; stat -c %a /m/in"
	run_in_container
	assert_status 0
	assert_line 700
	assert_equal "$(options_of /m2)" ro,relatime
}

@test "a read-only rootfs, still with mounts that need places" {
	make_bundle
	edit_config '.root.readonly = true'
	add_mount /made/on/the/way tmpfs tmpfs
	set_args sh -c 'touch /made/on/the/way/x && echo ok; touch /made/x 2>&1'
	run_in_container
	assert_line ok
	assert_output_has "Read-only file system"
}

@test "overlay as a mount type" {
	make_bundle
	mkdir "$TMP/low" "$TMP/up" "$TMP/work"
	echo low >"$TMP/low/f"
	add_mount /o overlay overlay "lowerdir=$TMP/low" "upperdir=$TMP/up" "workdir=$TMP/work"
	set_args sh -c 'cat /o/f; echo up >/o/f'
	run_in_container
	if [[ $stderr == *"overlay on /o"* ]] && in_vm; then
		skip "no overlay on the VM's overlay"
	fi
	assert_stdout low
	assert_equal "$(cat "$TMP/up/f" "$TMP/low/f" | xargs)" "up low"
}

@test "wrong mounts: the message names the mount, nothing is left" {
	make_bundle
	add_mount /x bind /no/such/source bind
	run_in_container
	assert_status 125
	assert_stderr_like '*mounts\[7\].source /no/such/source: no such file or directory'
	edit_config '.mounts[7] = {destination: "/x", type: "nosuchfs", source: "x"}'
	run_in_container
	assert_status 125
	assert_output_has "mounts[7]"
	assert_output_has nosuchfs
	edit_config '.mounts[7] = {destination: "/x", type: "tmpfs", source: "x", options: ["nosuchoption"]}'
	run_in_container
	assert_status 125
	assert_output_has "mounts[7]"
	assert_output_has nosuchoption
	edit_config '.mounts[7] = {destination: "/", type: "tmpfs", source: "x"}'
	run_in_container
	assert_status 125
	assert_output_has "this is the rootfs itself"
	edit_config '.mounts[7] = {destination: "/x", type: "bind", options: ["bind"]}'
	run_in_container
	assert_status 125
	assert_output_has "source"
	edit_config '.mounts[7] = {destination: "/x", source: "/etc", options: ["bind", "size=5"]}'
	run_in_container
	assert_status 125
	assert_output_has "size=5"
	edit_config '.mounts[7] = {type: "tmpfs"}'
	run_in_container
	assert_status 125
	assert_output_has "mounts[7].destination"
	edit_config '.mounts[7] = {destination: "/bin/busybox/x", type: "tmpfs", source: "x"}'
	run_in_container
	assert_status 125
	assert_output_has "/bin/busybox/x"
	edit_config '.mounts[7] = {destination: "/bin/busybox", source: "/etc", options: ["bind"]}'
	run_in_container
	assert_status 125
	edit_config '.mounts = []
		| .mounts += [{destination: "/x", type: "tmpfs", source: "x"}] | .linux.namespaces |= map(select(.type != "mount"))'
	run_in_container
	assert_status 125
	assert_output_has "mount namespace"
	[[ ! -e $ROOT/$ID ]]
}

@test "the host's mount table does not change, even with a shared host root" {
	make_bundle
	make_tree
	mount --make-rshared "$TMP/tree"
	cp -a "$BUNDLE" "$TMP/tree/bundle"
	BUNDLE=$TMP/tree/bundle
	add_mount /t tmpfs tmpfs
	add_mount /b bind "$TMP/tree/sub" rbind rshared
	cut -d' ' -f3- /proc/self/mountinfo >before
	start_container
	cut -d' ' -f3- /proc/self/mountinfo | diff before -
	bawn delete --force "$ID"
	cut -d' ' -f3- /proc/self/mountinfo | diff before -
}
