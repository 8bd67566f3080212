# user.bash - suites in which bawn runs as an ordinary user: `load user` after `load helpers`, and
#
#	setup_file() { make_user; }
#	teardown_file() { drop_user; }
#	setup() { test_setup; be_user; }
#
# The user exists in this mount namespace only: files are mounted over those of /etc. be_user makes
# $BAWN a script that runs bawn as the user, so that bawn, run_bawn and the rest of helpers.bash and
# tools.bash do so as well. Their test's directory then is the user's.

# shellcheck disable=SC2034 # variables are for the suites

user_id=4242
user_name=bawntest
# In /etc/subuid and /etc/subgid.
range_first=300000
range_size=65536

make_user() {
	local dir=$BATS_FILE_TMPDIR/etc file
	mkdir -p "$dir" "$BATS_FILE_TMPDIR/bin"
	chmod 755 "$BATS_FILE_TMPDIR" "$dir" "$BATS_FILE_TMPDIR/bin"
	make_rootfs_template
	make_config_template
	# The checkout may be out of the user's reach.
	install -m 755 "$BAWN" "$BATS_FILE_TMPDIR/bin/bawn"
	cp /etc/passwd /etc/group "$dir"
	echo "$user_name:x:$user_id:$user_id::/:/bin/sh" >>"$dir/passwd"
	echo "$user_name:x:$user_id:" >>"$dir/group"
	for file in subuid subgid; do
		echo "$user_name:$range_first:$range_size" >"$dir/$file"
		[[ -e /etc/$file ]] || touch "/etc/$file"
	done
	for file in passwd group subuid subgid; do
		mount --bind "$dir/$file" "/etc/$file"
	done
}

drop_user() {
	umount /etc/passwd /etc/group /etc/subuid /etc/subgid
}

# be_user [COMMAND...]: COMMAND is put before bawn, as the user.
be_user() {
	chown "$user_id:$user_id" "$TMP"
	mkdir -p "$TMP/run"
	chown "$user_id:$user_id" "$TMP/run"
	write_script "$TMP/as-user" "${user_cgroup:+echo 0 >$user_cgroup/cgroup.procs;}" \
		"exec setpriv --reuid $user_id --regid $user_id --clear-groups" \
		"env -i PATH=$PATH HOME=/ XDG_RUNTIME_DIR=$TMP/run" '"$@"'
	write_script "$TMP/user-bawn" "exec $TMP/as-user" "$@" "$BATS_FILE_TMPDIR/bin/bawn" '"$@"'
	BAWN=$TMP/user-bawn
}

write_script() {
	local file=$1
	shift
	printf '#!/bin/bash\n%s\n' "$*" >"$file"
	chmod 755 "$file"
}

# with_cgroup [CONTROLLER...]: the user gets a cgroup, as from a service manager, and starts bawn in
# the leaf "own" of it. Before be_user.
with_cgroup() {
	local file
	given_cgroup=/sys/fs/cgroup/user-$BATS_TEST_NUMBER
	user_cgroup=$given_cgroup/own
	mkdir "$given_cgroup" "$user_cgroup"
	for file in '' /cgroup.procs /cgroup.subtree_control /cgroup.threads; do
		chown "$user_id:$user_id" "$given_cgroup$file" "$user_cgroup$file"
	done
	while (($#)); do
		echo "+$1" >"$given_cgroup/cgroup.subtree_control"
		shift
	done
}

without_cgroup() {
	[[ -z ${user_cgroup:-} ]] || rmdir "$user_cgroup" "$given_cgroup"
	user_cgroup=
}

# make_user_bundle: what `bawn spec --rootless` writes, without a terminal; the rootfs is the user's.
# It runs sleep.
make_user_bundle() {
	make_bundle
	chown -R "$user_id:$user_id" "$BUNDLE"
	rm "$BUNDLE/config.json"
	"$TMP/user-bawn" spec --rootless --bundle "$BUNDLE"
	edit_config '.process.terminal = false | .root.readonly = false
		| .process.args = ["sh", "-c", "exec sleep 1000"]'
}

# The container's ids: 0 is the user, 1 and up are the ranges'.
map_ranges() {
	edit_config --argjson u "$user_id" --argjson f "$range_first" --argjson n "$range_size" '
		.linux.uidMappings = [{containerID: 0, hostID: $u, size: 1},
			{containerID: 1, hostID: $f, size: $n}]
		| .linux.gidMappings = .linux.uidMappings'
}
