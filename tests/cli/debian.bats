#!/usr/bin/env bats
# A real Debian 12 root file system: its programs, and systemd as the container's init.
# where: native vm
# limit: 600
# rootfs: apt

load helpers

@test "a Debian container: login shell, apt, no file of the host is open" {
	mkdir -p "$BUNDLE"
	(cd "$BUNDLE" && "$BAWN" spec)
	edit_config '.process.terminal = false | .root.readonly = false | .root.path = $root' \
		--arg root "$("$top/tests/lib/debian-rootfs" apt)"
	set_args bash -lc 'apt-get --version && ls -l /proc/self/fd && cat /etc/debian_version'
	run_bawn run --bundle "$BUNDLE" "$ID"
	assert_status 0
	assert_output_has "apt 2."
	assert_output_has "12."
	# 0, 1, 2 and the directory that ls reads.
	[[ $(grep -c ' -> ' <<<"$output") == 4 ]] || fail "$output"
	[[ $output == *" 3 -> /proc/"*"/fd"* ]] || fail "$output"
}
