/* linux.sysctl: written through a procfs fd; names were judged by spec_check. */
#ifndef BAWN_RUNTIME_SYSCTL_H
#define BAWN_RUNTIME_SYSCTL_H

#include "runtime/spec.h"

/* In the child, in its namespaces, with the fd of rootfs_procfs(). */
int sysctl_apply(struct err *e, int proc, const struct spec *spec);

#endif
