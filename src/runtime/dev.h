/* Device nodes and links below the container's /dev. Input: the rootfs is UNTRUSTED (D5). */
#ifndef BAWN_RUNTIME_DEV_H
#define BAWN_RUNTIME_DEV_H

#include "runtime/spec.h"

struct dev_options {
	const struct spec *spec;
	int root_fd;
	bool bind;		/* bind the host's nodes: a user namespace may not mknod */
};

/* The default devices, linux.devices and the links. /dev is created when missing and must be a
 * real directory: a link is refused (CVE-2026-41579, CVE-2026-47766). */
int dev_populate(struct err *e, const struct dev_options *o);

#endif
