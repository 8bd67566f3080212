#!/usr/bin/env bats
# buildah and podman build: each RUN is a container of bawn's.
# where: vm-full
# limit: 900
# machine: podman conmon buildah crun runc catatonit netavark aardvark-dns apparmor iptables nftables uidmap fuse-overlayfs slirp4netns e2fsprogs strace
# images: busybox

load helpers
load podman

teardown() {
	cd /
	buildah rm -a >/dev/null
	podman rm -fa -t 0
	podman rmi -f localhost/built localhost/base 2>/dev/null || true
	assert_nothing_left || {
		sweep
		return 1
	}
}

write_containerfile() {
	mkdir -p "$TMP/context"
	echo context >"$TMP/context/file"
	cat >"$TMP/context/Containerfile" <<-END
		FROM $image AS first
		RUN echo built >/built && mkdir -p /a/b
		FROM $image
		ARG WORD=default
		ENV E=\$WORD
		COPY --from=first /built /built
		COPY file /file
		RUN --mount=type=tmpfs,target=/t touch /t/x && ! touch /proc/sys/kernel/panic
		USER user
		WORKDIR /home/user
		RUN id -un >who && echo \$E >word && pwd >where
		CMD ["cat", "/built", "/file", "who", "word", "where"]
	END
}

@test "buildah bud: stages, RUN as a user, arguments, a mount; the image runs" {
	write_containerfile
	run_command buildah bud --pull-never --network none --runtime "$(type -P "$runtime")" \
		--build-arg WORD=given -t localhost/built "$TMP/context"
	assert_status 0
	run_podman 0 run --rm localhost/built
	assert_stdout $'built\ncontext\nuser\ngiven\n/home/user'
}

@test "podman build: the same; a failing RUN ends it with its status" {
	write_containerfile
	run_podman 0 build --network none --pull=never -q -t localhost/built "$TMP/context"
	run_podman 0 run --rm localhost/built
	assert_stdout $'built\ncontext\nuser\ndefault\n/home/user'
	printf '%s\n' "FROM $image" 'RUN exit 7' >"$TMP/context/Containerfile"
	run_podman 7 build --network none --pull=never "$TMP/context"
	assert_output_has "exit status 7"
	printf '%s\n' "FROM $image" 'RUN ["/no/such/program"]' >"$TMP/context/Containerfile"
	# The runtime's own, in create.
	run_podman 1 build --network none --pull=never "$TMP/context"
	assert_output_has "no such file or directory"
	printf '%s\n' "FROM $image" 'RUN ["/etc/passwd"]' >"$TMP/context/Containerfile"
	run_podman 1 build --network none --pull=never "$TMP/context"
	assert_output_has "permission denied"
}

@test "the network of a build: its own with an address, the host's, none" {
	mkdir "$TMP/context"
	printf '%s\n' "FROM $image" 'RUN readlink /proc/self/ns/net; ls /sys/class/net; ip -o -4 addr' \
		>"$TMP/context/Containerfile"
	local host
	host=$(readlink /proc/self/ns/net)
	run_podman 0 build --no-cache --pull=never "$TMP/context"
	assert_output_lacks "$host"
	assert_output_has $'eth0\nlo'
	assert_output_has "eth0    inet 10."
	run_podman 0 build --no-cache --network host --pull=never "$TMP/context"
	assert_output_has "$host"
	run_podman 0 build --no-cache --network none --pull=never "$TMP/context"
	assert_output_lacks "$host"
	assert_output_lacks eth0
}

@test "buildah run: status, user, volume, terminal, isolation" {
	local c
	c=$(buildah from --pull-never "$image")
	mkdir "$TMP/dir"
	run_command buildah run --network none --user user --volume "$TMP/dir:/dir:ro" "$c" -- \
		sh -c 'id -un; touch /dir/x; exit 9'
	assert_status 9
	assert_stdout user
	assert_output_has "Read-only file system"
	run_pty 'expect #
		send tty; exit 3\r' buildah run --network none -t "$c" -- sh
	assert_status 3
	run_command buildah run --network none --cap-drop all "$c" -- \
		awk '/^CapBnd/ { print $2 }' /proc/self/status
	assert_stdout 0000000000000000
	run_command buildah run --network none --cap-add CAP_NET_ADMIN "$c" -- \
		awk '/^CapEff/ { print $2 }' /proc/self/status
	((0x$stdout >> 12 & 1)) || fail "$(show_last)"
}
