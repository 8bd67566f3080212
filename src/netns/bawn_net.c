/*
 * bawn-net: what bawn does with network devices, in a program of its own, since libmnl is
 * nothing that the start of a container without netDevices should pay for.
 *
 *	bawn-net move FD HOST-NAME NAME [HOST-NAME NAME]...
 *
 * moves devices of this network namespace into the one that the inherited FD refers to. Started
 * by bawn with an empty environment. Exit status: 0; 1 with one line on standard error; 2 usage.
 */
#include <stdio.h>

#include "netns.h"

static int usage(void)
{
	dprintf(STDERR_FILENO, "usage: bawn-net move FD HOST-NAME NAME [HOST-NAME NAME]...\n");
	return 2;
}

static int move_devices(struct err *e, int netns_fd, char *const *names, size_t n)
{
	struct arena a = {0};
	struct netns_move *moves = arena_array(&a, n, sizeof(*moves));
	int r;

	if (!moves)
		return err_nomem(e);
	for (size_t i = 0; i < n; i++)
		moves[i] = (struct netns_move){.host_name = names[2 * i], .name = names[2 * i + 1]};
	r = netns_move_devices(e, netns_fd, moves, n);
	arena_done(&a);
	return r;
}

int main(int argc, char **argv)
{
	struct err e;
	uint32_t fd;

	if (argc < 5 || argc % 2 == 0 || !str_eq(argv[1], "move") || str_to_u32(argv[2], &fd) < 0 ||
	    fd > INT32_MAX)
		return usage();
	if (move_devices(&e, (int)fd, argv + 3, (size_t)(argc - 3) / 2) == 0)
		return 0;
	dprintf(STDERR_FILENO, "%s\n", e.msg);
	return 1;
}
