#!/usr/bin/env bats
# bawn called in a chroot, with its root a mount or a directory like any other, below a host's root
# that passes mounts on or not. And --no-pivot, where the container's root is a chroot.
# where: native vm-full

load helpers
load tools

setup_file() {
	need_tools
}

# in_chroot PROPAGATION MOUNT|DIR SCRIPT: in a mount namespace of its own; the script knows $b (bawn
# with its options). Fails when SCRIPT changes mounts there.
in_chroot() {
	local lib
	mkdir -p "$TMP/chroot/$TMP" "$TMP"/chroot/{bin,proc,sys,dev,only-in-the-chroot}
	cp "$BAWN" "$TMP/chroot/bin/bawn"
	# With sanitizers it is not a static program.
	ldd "$BAWN" 2>/dev/null | grep -o '/[^ ]*' | while read -r lib; do
		mkdir -p "$TMP/chroot/${lib%/*}"
		cp "$lib" "$TMP/chroot/$lib"
	done
	cp "$(type -P busybox)" "$TMP/chroot/bin/busybox"
	ln -sf busybox "$TMP/chroot/bin/sh"
	status=0
	# shellcheck disable=SC2016 # for the shell inside
	timeout -k 5 "$((BAWN_TEST_LIMIT * 3))" unshare --mount --propagation "$1" bash -euc '
		[[ $1 != mount ]] || mount --bind "$3/chroot" "$3/chroot"
		for dir in proc sys dev; do
			mount --rbind "/$dir" "$3/chroot/$dir"
		done
		mount --bind "$3" "$3/chroot/$3"
		mountpoint -q "$3/chroot" || [[ $1 == dir ]]
		cat /proc/self/mountinfo >"$3/before"
		chroot "$3/chroot" /bin/sh -euc "cd \"\$TMP\"
			b=\"/bin/bawn --root \$TMP/root\"
			$2" || exit
		diff "$3/before" /proc/self/mountinfo
	' - "$2" "$3" "$TMP" </dev/null >"$TMP/stdout" 2>"$TMP/stderr" 3>&- 4>&- || status=$?
	stdout=$(<"$TMP/stdout")
	stderr=$(<"$TMP/stderr")
	output=$stdout$stderr
	mapfile -t lines <<<"$stdout"
}

export TMP

# The names in the container's root and the number of mounts: of its first process, of exec's, and
# of one that joins the mount namespace.
# shellcheck disable=SC2016 # for the shells inside
show_root='ls / | xargs; wc -l </proc/self/mountinfo'
where_am_i='
	$b run --bundle bundle '"c$$"'
	$b run --detach --bundle sleeper '"c$$"' >log 2>&1
	$b exec '"c$$ sh -c '$show_root'"'
	$b exec '"c$$"' nsenter --mount=/proc/self/ns/mnt sh -c '"'$show_root'"'
	$b delete --force '"c$$"

with_bundles() {
	make_bundle "$TMP/sleeper"
	edit_config '.process.noNewPrivileges = false | del(.linux.seccomp) | .process.capabilities
		|= ({bounding: $all, effective: $all, permitted: $all})' \
		--argjson all '["CAP_SYS_ADMIN", "CAP_SYS_CHROOT"]'
	ln -s busybox "$BUNDLE/rootfs/bin/nsenter"
	cp -al "$TMP/sleeper" "$TMP/bundle"
	BUNDLE=$TMP/bundle
	set_args sh -c "$show_root"
	tree=$(find "$BUNDLE/rootfs" -maxdepth 1 -mindepth 1 -printf '%f\n' | sort | xargs)
}

# All three are where the rootfs is the root.
assert_own_root() {
	local mounts=${lines[1]}
	assert_status 0
	((mounts > 5 && mounts < 30)) || fail "$(show_last)"
	assert_stdout "$(printf '%s\n' "$tree" "$mounts" "$tree" "$mounts" "$tree" "$mounts")"
}

@test "a chroot: the container, exec and who joins the mount namespace see the container's root" {
	local propagation kind
	with_bundles
	for propagation in private shared; do
		for kind in mount dir; do
			in_chroot "$propagation" "$kind" "$where_am_i"
			assert_own_root
		done
	done
}

@test "a chroot: hooks find the rootfs by its path there, the container has its root" {
	local propagation kind
	with_bundles
	for BUNDLE in "$TMP/sleeper" "$TMP/bundle"; do
		# The first in the namespace of bawn, the second in the container's.
		edit_config '.hooks = {
			prestart: "echo p >>\($tmp)/hooks; test -d /only-in-the-chroot",
			createContainer: "echo c >>\($tmp)/hooks; test -e \($bundle)/rootfs/proc/self"
			} | .hooks |= map_values([{path: "/bin/sh", args: ["sh", "-c", .]}])' \
			--arg tmp "$TMP" --arg bundle "$BUNDLE"
	done
	for propagation in private shared; do
		for kind in mount dir; do
			rm -f hooks
			in_chroot "$propagation" "$kind" "$where_am_i"
			assert_own_root
			assert_equal "$(xargs <hooks)" "p c p c"
		done
	done
}

@test "a chroot: no user namespace begins there, and that is said" {
	with_bundles
	edit_config '.linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = .linux.uidMappings'
	in_chroot private mount "\$b run --bundle bundle c$$"
	assert_status 125
	assert_output_has "(not possible in a chroot; "
}

@test "--no-pivot: exec sees the container's root, with hooks as well" {
	make_bundle
	bawn run --detach --no-pivot --bundle "$BUNDLE" "$ID"
	run_bawn exec "$ID" ls /
	assert_status 0
	local without=$stdout
	assert_line proc
	[[ $stdout != *boot* ]] || fail "$(show_last)"
	bawn delete --force "$ID"
	edit_config '.hooks.prestart = [{path: "/bin/true"}]'
	bawn run --detach --no-pivot --bundle "$BUNDLE" "$ID"
	run_bawn exec "$ID" ls /
	assert_status 0
	assert_stdout "$without"
}
