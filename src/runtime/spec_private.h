/* What the parts of the config reader share: spec_*.c and mount_options.c only. */
#ifndef BAWN_RUNTIME_SPEC_PRIVATE_H
#define BAWN_RUNTIME_SPEC_PRIVATE_H

#include "runtime/spec.h"

#define F(name, kind, type, member, ...) JSON_FIELD(name, kind, struct type, member, ##__VA_ARGS__)
/* `call` gets the whole struct. */
#define F_CALL(name_, call_)                                         \
	{                                                            \
		.name = (name_), .kind = FIELD_CALL, .call = (call_) \
	}
#define F_IGNORE(name_)                               \
	{                                             \
		.name = (name_), .kind = FIELD_IGNORE \
	}

/* Tables for json_decode(); the functions below them are their `call`. */
extern const struct json_field spec_process_fields[];	/* struct spec_process */
extern const struct json_field spec_linux_fields[];	/* struct spec_linux */
extern const struct json_field spec_mount_fields[];	/* struct spec_mount */
extern const struct json_field spec_seccomp_fields[];	/* struct spec_seccomp */
extern const struct json_field spec_id_map_fields[];	/* struct spec_id_map */

int spec_process_done(struct err *e, struct arena *a, const struct json *node, void *process);
int spec_mount_done(struct err *e, struct arena *a, const struct json *node, void *mount);
int spec_seccomp_done(struct err *e, struct arena *a, const struct json *node, void *seccomp);

/* linux.sysctl: object to LIST_OF(struct spec_sysctl). */
int spec_sysctl_decode(struct err *e, struct arena *a, const struct json *node, void *list);
/* Each needs a namespace of the container's own; node: the `linux` object. */
int spec_sysctl_check(struct err *e, const struct json *node, const struct spec_linux *l);
/* linux.resources to struct cg_resources. */
int spec_resources_decode(struct err *e, struct arena *a, const struct json *node, void *resources);

/* ERR_CONFIG for property `member` of object `node`, missing or not. */
#define spec_bad(e, node, member, ...) \
	json_bad_member((e), ERR_CONFIG, (node), (member), __VA_ARGS__)

/* A CPU or node list, "0-3,7"; *list becomes the same without blanks; NULL and "" pass. */
int spec_check_list(struct err *e, struct arena *a, const struct json *node, const char *member,
		    const char **list);

#endif
