#!/usr/bin/env bats
# T32: the default seccomp profile, seen by a process with all capabilities, so that EPERM is the
# filter's and not the kernel's; and the ways around a filter.
# where: native vm-full

load ../cli/helpers
load ../cli/tools
load attack

setup_file() {
	need_attack
}

setup() {
	test_setup
	make_bundle
	with_payload
	all_caps
}

# "NAME ERRNO" for each call of the payload's table.
want_errno() {
	awk '
		/^clone3 / { print "clone3 ENOSYS"; next }
		/^ioctl TIOCSTI / { print "ioctl TIOCSTI EIO"; next }
		/^ioctl TIOCLINUX / { print "ioctl TIOCLINUX ENOTTY"; next }
		/^ioctl TIOCSETD / { print "ioctl TIOCSETD EINVAL"; next }
		/^socket NETLINK AUDIT / { print "socket NETLINK AUDIT EINVAL"; next }
		{ sub(/ [^ ]*$/, " EPERM"); print }' <<<"$1"
}

@test "T32: 80 system calls that the default profile refuses, with their errno" {
	set_args payload syscalls
	run_in_container
	assert_status 0
	((${#lines[@]} >= 80)) || fail "only ${#lines[@]} calls"
	assert_equal "$stdout" "$(want_errno "$stdout")"
}

# Proof that the table tells something: without the filter the answers are others. The arguments
# are wrong ones, so nothing happens; still this is for the throw-away machine.
@test "T32: without a profile the same calls are refused for other reasons" {
	need_vm
	edit_config 'del(.linux.seccomp)'
	set_args payload syscalls
	run_in_container
	assert_status 0
	(($(grep -c ' EPERM$' <<<"$stdout") <= 8)) || fail "$(show_last)"
}

@test "T32: AF_ALG cannot be had: not by int 0x80, x32 or high bits of the argument" {
	set_args payload compat
	run_in_container
	assert_status 0
	assert_line "alg EPERM"
	assert_line "alg-high EPERM"
	assert_line "tiocsti-high EIO"
	local name
	for name in int80 x32 x32-getpid; do
		grep -qE "^$name (EPERM|ENOSYS|SIGSYS|SIGSEGV|SIGKILL)\$" <<<"$stdout" ||
			fail "$name" "$(show_last)"
	done
}

@test "T32: exec gets the same filter" {
	set_args sleep 1000
	start_container
	run_bawn exec "$ID" payload syscalls
	assert_status 0
	assert_equal "$stdout" "$(want_errno "$stdout")"
	run_bawn exec "$ID" sh -c 'grep -E "^Seccomp(_filters)?:" /proc/self/status'
	assert_equal "$(xargs <<<"$stdout")" "Seccomp: 2 Seccomp_filters: 1"
}
