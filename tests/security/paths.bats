#!/usr/bin/env bats
# Names in a hostile rootfs, end to end: T10, T12, T13, T15. Nothing may be made, changed or shown
# outside of it. tests/unit/path_root_test.c and runtime_rootfs_attack_test.c have the parts.
# where: native vm-full
# limit: 300

# shellcheck disable=SC2034 # variables are for helpers.bash

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
	no_mount /dev/mqueue /dev/shm
	set_args sh -c 'ls -a . /l1 /l2 /l3 /l5 /l6 /l7 /l8 /l10 /lé; cat /l*/canary; exit 0'
}

# All twelve here; where a container costs half a second, those that differ most.
if in_vm; then
	shapes=(l2 l5 l7 l10)
else
	shapes=(l1 l2 l3 l4 l5 l6 l7 l8 l9/ l10 l11 lé)
fi

# In the directory $1: a link of each shape to $HOST/$2.
make_links() {
	local dir=$1 aim=$HOST/$2 up=../../../../../../../../../../../.. long i
	long=$(printf './%.0s' {1..2045})
	ln -s "$aim" "$dir/l1"				# absolute
	ln -s "$up$aim" "$dir/l2"			# relative
	ln -s "/..$aim/../${aim##*/}" "$dir/l3"	# with ..
	ln -s l4 "$dir/l4"				# loop
	ln -s "${aim%/*}/new" "$dir/l5"		# dangling
	ln -s "/proc/self/cwd/$up$aim" "$dir/l6"	# magic
	ln -s /volume/link "$dir/l7"			# through a mount
	ln -s "/${long:0:4090-${#aim}}$aim" "$dir/l8" # nearly PATH_MAX; in a path it is longer
	ln -s "$aim/" "$dir/l9"			# slash at the end
	ln -s "/proc/1/root$aim" "$dir/l10"
	ln -s "$aim" "$dir/chain0"			# 41 links
	for ((i = 1; i < 41; i++)); do
		ln -s "chain$((i - 1))" "$dir/chain$i"
	done
	ln -s chain40 "$dir/l11"
	ln -s "$aim" "$dir/lé"
	[[ -e $TMP/volume/link || -L $TMP/volume/link ]] || {
		mkdir -p "$TMP/volume/dir" "$BUNDLE/rootfs/volume"
		echo volume >"$TMP/volume/file"
		ln -s "$aim" "$TMP/volume/link"
	}
}

# matrix FILTER [NAME]: runs the bundle once for each shape; in the filter @ stands for its name.
# The filter becomes part of the config; then nothing but text is replaced.
matrix() {
	local filter=$1 name=${2:-dir} shape config ran=0
	make_links "$BUNDLE/rootfs" "$name"
	edit_config '.mounts += [{destination: "/volume", source: $volume, options: ["bind"]}]' \
		--arg volume "$TMP/volume"
	edit_config "$filter" --arg volume "$TMP/volume"
	config=$(<"$BUNDLE/config.json")
	for shape in "${shapes[@]}"; do
		printf '%s\n' "${config//@/$shape}" >"$BUNDLE/config.json"
		run_in_container
		[[ $status == 0 ]] && ran=$((ran + 1))
		[[ $status == 0 || $status == 125 ]] || fail "link $shape" "$(show_last)"
		[[ $output != *CANARY* && $output != *sub* ]] || fail "link $shape" "$(show_last)"
		assert_canary "link $shape"
		# What an earlier one has made in the rootfs in place of the host's path.
		rm -rf "$BUNDLE/rootfs/tmp" "$BUNDLE/rootfs/x"
		mkdir "$BUNDLE/rootfs/tmp"
	done
	echo "ran: $ran"
	ran_count=$ran
}

@test "T10: bind mounts on links" {
	matrix '.mounts += [{destination: "/@", source: $volume, options: ["bind"]}]'
	((ran_count * 2 >= ${#shapes[@]})) # links that end inside the rootfs are no reason to refuse
}

@test "T10: tmpfs on links" {
	matrix '.mounts += [{destination: "/@", type: "tmpfs", source: "tmpfs"}]'
	((ran_count * 2 >= ${#shapes[@]}))
}

@test "T10: proc on links" {
	matrix '.mounts += [{destination: "/@", type: "proc", source: "proc"}]'
	assert_equal "$ran_count" 0
}

@test "T10: sysfs on links" {
	matrix '.mounts += [{destination: "/@", type: "sysfs", source: "sysfs"}]'
	assert_equal "$ran_count" 0
}

@test "T10: devices below links" {
	matrix '.linux.devices = [{path: "/@/node", type: "c", major: 1, minor: 3, fileMode: 438}]'
}

@test "T10: masked paths that are links" {
	matrix '.linux.maskedPaths += ["/@", "/@/canary"]'
}

@test "T10: read-only paths that are links" {
	matrix '.linux.readonlyPaths += ["/@", "/@/sub"]'
}

@test "T10, T15: the working directory" {
	matrix '.process.cwd = "/@/work/dir"'
	((ran_count * 2 >= ${#shapes[@]}))
}

@test "T10: files of an engine (hosts, resolv.conf) on links" {
	matrix '.mounts += [{destination: "/@", source: ($volume + "/file"), options: ["bind"]}]' file
}

# /dev/console is what the link is called here.
@test "T10: /dev/console and /dev/pts are links" {
	local shape where
	no_mount /dev /dev/pts
	edit_config '.process.terminal = true
		| .mounts += [{destination: "/dev/pts", type: "devpts", source: "devpts",
			options: ["newinstance", "ptmxmode=0666", "mode=0620"]},
			{destination: "/volume", source: $volume, options: ["bind"]}]' \
		--arg volume "$TMP/volume"
	make_links "$BUNDLE/rootfs" file
	for where in console pts; do
		for shape in "${shapes[@]}"; do
			rm -rf "$BUNDLE/rootfs/dev"
			mkdir "$BUNDLE/rootfs/dev"
			ln -s "/${shape%/}" "$BUNDLE/rootfs/dev/$where"
			command=(run --bundle "$BUNDLE" "$ID")
			with_terminal
			[[ $output != *CANARY* ]] || fail "$where: $shape" "$(show_last)"
			((status == 0 || status == 125)) || fail "$where: $shape" "$(show_last)"
			assert_canary "$where: $shape"
		done
	done
}

# run_as_wrong DIRECTORY DESTINATION: the rootfs has something wrong there.
refused_for() {
	local dir=$BUNDLE/rootfs/$1 what
	for what in "link $HOST/dir" "link ../../../../../../../..$HOST/dir" "link elsewhere" \
		"link /proc/self/root" file fifo; do
		rm -rf "$dir"
		case $what in
		link*) ln -s "${what#link }" "$dir" ;;
		file) echo text >"$dir" ;;
		fifo) mkfifo "$dir" ;;
		esac
		run_in_container
		assert_refused "$what on $1"
		assert_canary "$what on $1"
	done
}

@test "T12: /proc of the image is a link, a file or a fifo (CVE-2019-19921, CVE-2023-27561)" {
	mkdir "$BUNDLE/rootfs/elsewhere"
	refused_for proc
}

@test "T12: so is /sys" {
	mkdir "$BUNDLE/rootfs/elsewhere"
	edit_config '.mounts |= map(select(.destination != "/sys/fs/cgroup"))'
	refused_for sys
}

@test "T13: so is /dev, with nothing mounted on it (CVE-2026-41579, CVE-2026-47766)" {
	mkdir "$BUNDLE/rootfs/elsewhere"
	no_mount /dev /dev/pts
	refused_for dev
	assert_equal "$(ls -A "$BUNDLE/rootfs/elsewhere")" ""
}

@test "T13: a link /dev below which a file system is mounted" {
	local target
	for target in "$HOST/dir" "../../../../../../../..$HOST/dir"; do
		rm -rf "$BUNDLE/rootfs/dev"
		ln -s "$target" "$BUNDLE/rootfs/dev"
		run_in_container
		((status == 0 || status == 125)) || fail "$(show_last)"
		assert_canary "$target"
	done
}

@test "T13: nodes of the image that are links or other devices are not taken for the real ones" {
	no_mount /dev /dev/pts
	local name
	for name in null zero full random urandom tty; do
		rm -rf "$BUNDLE/rootfs/dev"
		mkdir "$BUNDLE/rootfs/dev"
		ln -s "$HOST/dir/canary" "$BUNDLE/rootfs/dev/$name"
		run_in_container
		assert_refused "$name is a link"
		rm "$BUNDLE/rootfs/dev/$name"
		mknod "$BUNDLE/rootfs/dev/$name" c 1 1
		run_in_container
		assert_refused "$name is /dev/mem"
		assert_canary "$name"
	done
}

@test "T15: WORKDIR is made inside the rootfs, whatever links lead to it (CVE-2026-55686)" {
	local target
	edit_config '.process.cwd = "/work/new/dir" | .process.user = {uid: 7, gid: 7}'
	set_args pwd
	for target in "$HOST/dir" "../../../../../../../..$HOST/dir" "$HOST/new"; do
		rm -rf "$BUNDLE/rootfs/work" "$BUNDLE/rootfs/tmp"
		mkdir "$BUNDLE/rootfs/tmp"
		ln -s "$target" "$BUNDLE/rootfs/work"
		run_in_container
		assert_status 0
		assert_equal "$stdout" "${HOST}/${target##*/}/new/dir"
		[[ -d $BUNDLE/rootfs$stdout ]]
		assert_canary "$target"
	done
}
