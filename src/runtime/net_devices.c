/*
 * linux.netDevices: host devices go into the container's network namespace. The helper
 * bawn-net does it, since it takes netlink.
 *
 * Nothing is undone later: the specification forbids moving them out again. When the
 * namespace ends, the kernel brings physical devices back to the initial namespace and
 * destroys virtual ones; a namespace that was joined keeps them.
 */
#include <stdio.h>

#include "runtime/helper.h"
#include "runtime/launch.h"

#define HELPER "bawn-net"

int launch_net_devices(struct err *e, const struct launch *l)
{
	const struct spec_linux *lx = &l->spec.linux_;
	static char helper[] = HELPER, move[] = "move", fd_number[] = "3";
	_arena_ struct arena scratch = {0};
	_close_ int netns = FD_NONE;
	char path[64], **argv;
	size_t n = 0;
	int r;

	argv = arena_array(&scratch, 2 * lx->net_devices.n + 4, sizeof(*argv));
	if (!argv)
		return err_nomem(e);
	argv[n++] = helper;
	argv[n++] = move;
	argv[n++] = fd_number;
	for (size_t i = 0; i < lx->net_devices.n; i++) {
		argv[n++] = arena_strdup(&scratch, lx->net_devices.v[i].host_name);
		argv[n++] = arena_strdup(&scratch, lx->net_devices.v[i].name);
		if (!argv[n - 2] || !argv[n - 1])
			return err_nomem(e);
	}
	(void)str_format(path, sizeof(path), "/proc/%d/ns/net", (int)l->pid);
	netns = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	if (netns < 0)
		return err_sys(e, "linux.netDevices: open %s", path);
	r = helper_run(e, l->rt, HELPER, argv, &netns, 1);
	return r < 0 ? err_wrap(e, r, "linux.netDevices") : 0;
}
