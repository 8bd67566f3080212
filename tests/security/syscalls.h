/*
 * System calls that the default profile must refuse. The arguments are such that the kernel
 * refuses the call for another reason than EPERM, also to a process with all capabilities, where it
 * gets that far: BAD is no address and no fd.
 */
#define BAD (-1L)

struct call {
	const char *name;
	long nr, arg[5];
};

#ifndef SYS_quotactl_fd
#define SYS_quotactl_fd 443
#endif

/* clang-format off */
#define CALL(name, ...) {#name, SYS_##name, {__VA_ARGS__}}
/* CLONE_SIGHAND alone is refused, so no process comes of it. */
#define CLONE(name, flag) {"clone " #name, SYS_clone, {flag | 0x800}}
#define UNSHARE(name, flag) {"unshare " #name, SYS_unshare, {flag}}
/* clang-format on */

static const struct call calls[] = {
	CALL(acct, BAD),
	CALL(add_key, BAD, BAD, BAD, 1, BAD),
	CALL(bpf, BAD, BAD, BAD),
	CALL(clock_settime, BAD, BAD),
	CALL(clone3, BAD, 1),
	CALL(create_module, BAD),
	CALL(delete_module, BAD, 0),
	CALL(fanotify_init, BAD, 0),
	CALL(finit_module, BAD, BAD, BAD),
	CALL(fsconfig, BAD, BAD, BAD, BAD, BAD),
	CALL(fsmount, BAD, 0, 0),
	CALL(fsopen, BAD, 0),
	CALL(fspick, BAD, BAD, 0),
	CALL(get_kernel_syms, BAD),
	CALL(init_module, BAD, 0, BAD),
	CALL(io_uring_enter, BAD, 0, 0, 0, 0),
	CALL(io_uring_register, BAD, BAD, 0, 0),
	CALL(io_uring_setup, 0, BAD),
	CALL(ioperm, BAD, BAD, 0),
	CALL(iopl, 9),
	CALL(kcmp, BAD, BAD, BAD, BAD, BAD),
	CALL(kexec_file_load, BAD, BAD, BAD, BAD, BAD),
	CALL(kexec_load, 0, 99, BAD, BAD),
	CALL(keyctl, BAD, BAD, BAD, BAD, BAD),
	CALL(lookup_dcookie, BAD, BAD, 0),
	CALL(migrate_pages, BAD, BAD, BAD, BAD),
	CALL(modify_ldt, 99, BAD, 0),
	CALL(mount, BAD, BAD, BAD, 0, 0),
	CALL(mount_setattr, BAD, BAD, 0, BAD, 99999),
	CALL(move_mount, BAD, BAD, BAD, BAD, 0),
	CALL(move_pages, BAD, 1, BAD, BAD, BAD),
	CALL(nfsservctl, BAD),
	CALL(open_by_handle_at, BAD, BAD, 0),
	CALL(open_tree, BAD, BAD, 0),
	CALL(perf_event_open, BAD, 0, -1, -1, 0),
	CALL(pidfd_getfd, BAD, BAD, 0),
	CALL(pivot_root, BAD, BAD),
	CALL(process_vm_readv, BAD, BAD, 1, BAD, 1),
	CALL(process_vm_writev, BAD, BAD, 1, BAD, 1),
	CALL(ptrace, 9999, BAD, 0, 0),
	CALL(query_module, BAD),
	CALL(quotactl, BAD, BAD, 0, BAD),
	CALL(quotactl_fd, BAD, BAD, 0, BAD),
	CALL(reboot, 0, 0, 0, 0),
	CALL(request_key, BAD, BAD, BAD, 0),
	CALL(setns, BAD, 0),
	CALL(settimeofday, BAD, BAD),
	CALL(swapoff, BAD),
	CALL(swapon, BAD, 0),
	CALL(_sysctl, BAD),
	CALL(sysfs, 99, 0),
	CALL(syslog, 99, 0, 0),
	CALL(umount2, BAD, 0),
	CALL(uselib, BAD),
	CALL(userfaultfd, 0xffff),
	CALL(ustat, BAD, BAD),
	CALL(vhangup, 0),
	/* by argument */
	CLONE(NEWUSER, 0x10000000),
	CLONE(NEWNS, 0x00020000),
	CLONE(NEWCGROUP, 0x02000000),
	CLONE(NEWNET, 0x40000000),
	CLONE(NEWPID, 0x20000000),
	CLONE(NEWIPC, 0x08000000),
	CLONE(NEWUTS, 0x04000000),
	UNSHARE(NEWUSER, 0x10000000),
	UNSHARE(NEWNS, 0x00020000),
	UNSHARE(NEWCGROUP, 0x02000000),
	UNSHARE(NEWNET, 0x40000000),
	UNSHARE(NEWPID, 0x20000000),
	UNSHARE(NEWTIME, 0x00000080),
	{"socket ALG", SYS_socket, {38, 5}},
	{"socket VSOCK", SYS_socket, {40, 1}},
	{"socket XDP", SYS_socket, {44, 3}},
	{"socket BLUETOOTH", SYS_socket, {31, 3}},
	{"socket CAN", SYS_socket, {29, 3, 1}},
	{"socket TIPC", SYS_socket, {30, 1}},
	{"socket RDS", SYS_socket, {21, 5}},
	{"socket KCM", SYS_socket, {41, 5}},
	{"socket NETLINK CRYPTO", SYS_socket, {16, 3, 21}},
	{"socket NETLINK XFRM", SYS_socket, {16, 3, 6}},
	{"socket NETLINK AUDIT", SYS_socket, {16, 3, 9}},
	{"personality READ_IMPLIES_EXEC", SYS_personality, {0x0400000}},
	{"ioctl TIOCSTI", SYS_ioctl, {0, 0x5412, BAD}},
	{"ioctl TIOCLINUX", SYS_ioctl, {0, 0x541c, BAD}},
	{"ioctl TIOCSETD", SYS_ioctl, {0, 0x5423, BAD}},
};
