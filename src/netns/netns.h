/*
 * Network namespaces and links over rtnetlink (libmnl). For helper executables: the
 * core does not link it. Input: names from config.json, replies of the kernel.
 */
#ifndef BAWN_NETNS_H
#define BAWN_NETNS_H

#include "base/base.h"

#define NETNS_MAX_DEVICES 1024u

struct netns_move {
	const char *host_name;	/* in the caller's network namespace */
	const char *name;	/* in the other one; "eth%d": the kernel picks a free number */
};

/* Moves network devices of the caller's network namespace into the one that netns_fd refers to,
 * gives them their names there and their permanent addresses of global scope back, and sets them
 * up (runtime-spec, linux.netDevices). All are looked at before the first one is moved. When one
 * fails, those that are moved already are put back with their names, these addresses and their
 * state; routes through them are lost, as with every move. Errors name the device. The calling
 * thread enters the other namespace for a moment: needs CAP_SYS_ADMIN and CAP_NET_ADMIN in both. */
int netns_move_devices(struct err *e, int netns_fd, const struct netns_move *moves, size_t n);

#endif
