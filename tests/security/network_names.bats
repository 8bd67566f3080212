#!/usr/bin/env bats
# The files of names that bawn mounts into containers: a rootfs cannot lead them elsewhere, and a
# container cannot write into what others see.
# where: native vm-full

load ../cli/helpers
load ../cli/networks

setup() {
	network_setup
	bawn network create web
}

teardown() {
	network_teardown
}

inside() { # ID COMMAND...
	"$BAWN" --root "$ROOT" exec "$@" </dev/null 3>&- 4>&-
}

@test "links in the rootfs lead nowhere outside of it" {
	local name outside=$TMP/outside
	mkdir "$outside"
	for name in hosts resolv.conf hostname; do
		echo "host's $name" >"$outside/$name"
	done
	rm -rf "$BUNDLE"/rootfs/etc/{hosts,resolv.conf,hostname}
	ln -s "$outside/hosts" "$BUNDLE/rootfs/etc/hosts"
	ln -s "../../../../../../../../..$outside/resolv.conf" "$BUNDLE/rootfs/etc/resolv.conf"
	ln -s /proc/1/root/etc/hostname "$BUNDLE/rootfs/etc/hostname"
	run_bawn run -d --bundle "$BUNDLE" --network web "$ID"
	assert_status 0
	for name in hosts resolv.conf; do
		assert_equal "$(cat "$outside/$name")" "host's $name"
	done
	inside "$ID" grep -q localhost /etc/hosts
	[[ -f $BUNDLE/rootfs$outside/hosts ]]
	assert_equal "$(grep -c "$outside" /proc/self/mountinfo || true)" 0
}

@test "/etc itself is a link to the outside" {
	mkdir "$TMP/outside"
	echo kept >"$TMP/outside/hosts"
	mv "$BUNDLE/rootfs/etc" "$BUNDLE/rootfs/etc2"
	ln -s "$TMP/outside" "$BUNDLE/rootfs/etc"
	start_on "$ID" web
	assert_equal "$(cat "$TMP/outside/hosts")" kept
	assert_equal "$(find "$TMP/outside" -mindepth 1 | wc -l)" 1
	rm "$BUNDLE/rootfs/etc"
	mv "$BUNDLE/rootfs/etc2" "$BUNDLE/rootfs/etc"
}

@test "a container cannot change what the others see" {
	start_on tenant web
	start_on victim web
	local before file
	before=$(inside victim cat /etc/hosts)
	for file in /etc/hosts /etc/resolv.conf; do
		# shellcheck disable=SC2016 # for that shell
		inside tenant sh -c 'echo "10.88.0.2 victim" >>"$1"' sh "$file" && fail "$file: written"
		inside tenant sh -c 'rm -f "$1"' sh "$file" && fail "$file: removed"
	done
	assert_equal "$(inside victim cat /etc/hosts)" "$before"
	run_bawn run --bundle "$BUNDLE" --network web VICTIM
	assert_status 125
	assert_equal "$(inside victim cat /etc/hosts)" "$before"
}

@test "in a user namespace with CAP_SYS_ADMIN: readable, and read-only for good" {
	edit_config '.linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = .linux.uidMappings
		| .process.capabilities.bounding += ["CAP_SYS_ADMIN"]
		| .process.capabilities.permitted += ["CAP_SYS_ADMIN"]
		| .process.capabilities.effective += ["CAP_SYS_ADMIN"]'
	chmod 755 "$TMP" "$BUNDLE"
	touch "$BUNDLE/rootfs/etc/hosts"
	start_on "$ID" web
	inside "$ID" grep -q localhost /etc/hosts
	inside "$ID" mount -o remount,bind,rw /etc/hosts 2>/dev/null && fail "made writable"
	inside "$ID" sh -c 'echo x >>/etc/hosts' 2>/dev/null && fail "written"
	assert_equal "$(grep -cx x "$NETS/.hosts/web" || true)" 0
}
