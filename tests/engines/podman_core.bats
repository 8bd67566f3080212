#!/usr/bin/env bats
# podman: the least that must work; the other podman suites are the rest.
# where: vm-full
# limit: 900
# machine: podman conmon buildah crun runc catatonit netavark aardvark-dns apparmor iptables nftables uidmap fuse-overlayfs slirp4netns e2fsprogs strace
# images: busybox

load helpers
load podman

@test "bawn is the runtime: info, inspect and bawn's own state agree" {
	run_podman 0 info --format '{{.Host.OCIRuntime.Name}} {{.Host.OCIRuntime.Version}}'
	assert_output_has "$runtime"
	start_sleeper
	assert_equal "$(inspect "$NAME" '{{.OCIRuntime}}')" "$runtime"
	if [[ $runtime == bawn ]]; then
		assert_output_lacks error
		run_command bawn state "$(inspect "$NAME" '{{.Id}}')"
		assert_status 0
		assert_equal "$(jq -r .status <<<"$stdout")" running
		assert_equal "$(jq -r .pid <<<"$stdout")" "$(pid_of "$NAME")"
	fi
}

@test "run in the foreground: output apart, input, environment, user, directory, status" {
	run_podman 7 run --rm "$image" sh -c 'echo out; echo err >&2; exit 7'
	assert_stdout out
	assert_stderr err
	echo "typed in" >"$TMP/in"
	run_command bash -c "podman run --rm -i $image cat <'$TMP/in'"
	assert_stdout "typed in"
	run_podman 0 run --rm -e A=b --user user --workdir /home/user --hostname h "$image" \
		sh -c 'echo $A $(id -un) $(id -G) $PWD $(hostname) $HOME'
	assert_stdout "b user 1000 1001 /home/user h /home/user"
}

@test "run detached: logs, wait, ps, start again" {
	run_podman 0 run -d --name "$NAME" "$image" sh -c 'echo one; echo two >&2; exit 3'
	run_podman 0 wait "$NAME"
	assert_stdout 3
	run_podman 0 logs "$NAME"
	assert_stdout one
	assert_stderr two
	run_podman 0 ps -a --format '{{.Names}} {{.ExitCode}}'
	assert_stdout "$NAME 3"
	assert_equal "$(inspect "$NAME" '{{.State.Status}} {{.State.ExitCode}}')" "exited 3"
	run_podman 3 start -a "$NAME"
	assert_stdout one
}
