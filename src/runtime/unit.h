/*
 * --cgroup-manager systemd: the container's cgroup is that of a transient unit, which the
 * helper bawn-systemd asks systemd for. The helper itself is the first process of a scope and
 * keeps it until the container's process has been born in it (ADR 0008). Nothing of this runs
 * for other containers.
 */
#ifndef BAWN_RUNTIME_UNIT_H
#define BAWN_RUNTIME_UNIT_H

#include "runtime/launch.h"

/* What such annotations begin with: properties of the unit. */
#define UNIT_ANNOTATION "org.systemd.property."

/* Makes the unit, takes its cgroup: state.cgroup, state.unit, cgroup_fd, and the helper stays. */
int unit_make(struct err *e, struct launch *l);
/* Once the container's process is there: it goes in if it could not be born in it, the helper
 * leaves. */
int unit_settle(struct err *e, struct launch *l);
/* Moves a process of exec, which could not be born there, into the unit of a container. */
int unit_attach(struct err *e, const struct container *c, pid_t pid);
/* Tells systemd the limits, and if it shall the device rules, that `want` has. They are in force
 * already: failure is a warning. */
void unit_update(const struct container *c, const struct cg_resources *want, bool devices);
/* Stops the unit, if it is still there and ours. False, with a warning, when systemd cannot be
 * asked: it collects the unit by itself once its cgroup is empty. */
bool unit_stop(const struct container *c, const char *unit, const char *mark);

/* unit_properties.c: adds "NAME=VALUE" texts for the helper to v, which has room. */
#define UNIT_PROPERTIES_MAX 32
int unit_limits(struct err *e, struct arena *a, const struct cg_resources *r, struct strv *v);
int unit_devices(struct err *e, struct arena *a, const struct cg_resources *r, struct strv *v);

#endif
