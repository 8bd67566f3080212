/*
 * Transient units of systemd over D-Bus (libsystemd's sd-bus). For the helper program
 * bawn-systemd: the core does not link it. Input: unit names and properties from bawn,
 * annotations from config.json, replies of systemd.
 */
#ifndef BAWN_SYSTEMD_H
#define BAWN_SYSTEMD_H

#include "base/base.h"

/* One text in GVariant's notation, as annotations have it: "uint64 5", "'text'", "['a', 'b']",
 * "@a(ss) []". Basic types, arrays and tuples; not: dictionaries, variants, maybe, byte strings. */
struct gvariant {
	enum gvariant_kind {
		GVARIANT_BOOL,
		GVARIANT_INT,
		GVARIANT_DOUBLE,
		GVARIANT_STR,
		GVARIANT_ARRAY,
		GVARIANT_TUPLE,
	} kind;
	const char *type;     /* D-Bus signature when the text says it, or NULL */
	bool truth, negative; /* of an integer: its sign */
	uint64_t integer;     /* its absolute value */
	double real;
	const char *str;
	struct gvariant *child, *next; /* of an array or tuple; in its parent */
};

#define GVARIANT_DEPTH_MAX 8
#define GVARIANT_ITEMS_MAX 8192

/* Everything of the result is in the arena. -EINVAL (ERR_CONFIG) says what is wrong where. */
int gvariant_parse(struct err *e, struct arena *a, const char *text, struct gvariant **ret);
/* The D-Bus signature of the value: integers are "i" unless the text says otherwise. NULL when it
 * cannot be told (an empty array without a type, mixed elements) or memory is out. */
const char *gvariant_signature(struct arena *a, const struct gvariant *v);
/* Length of the one complete type at the start of a signature, 0 when there is none. */
size_t gvariant_type_length(const char *signature);

/* A property of a unit as bawn hands it over: "NAME=VALUE" or, for one that comes from the
 * configuration and is judged first, "org.systemd.property.NAME=VALUE". "NAMESec" of the latter
 * becomes "NAMEUSec" in microseconds. */
struct unit_property {
	const char *label; /* for messages: the whole name */
	const char *name;  /* systemd's */
	const char *type;  /* signature of the value */
	const struct gvariant *value;
};
int unit_property_parse(struct err *e, struct arena *a, const char *text,
			struct unit_property *ret);

struct unit_request {
	const char *unit;  /* "x.scope" or "x.slice" */
	const char *slice; /* the slice it goes into */
	const char *mark;  /* by which it is known again */
	const char *description;
	const struct unit_property *properties;
	size_t n_properties;
};

struct sd_bus;

/* Connects to "unix:path=...". ERR_UNSUPPORTED when nobody listens there. Calls on it take at
 * most some seconds. */
int manager_open(struct err *e, const char *address, struct sd_bus **ret);
void manager_close(struct sd_bus **bus);
#define _manager_ __attribute__((cleanup(manager_close)))

/* Starts the transient unit; a scope with the calling process in it. *ret_cgroup is malloc'ed. */
int manager_start(struct err *e, struct sd_bus *bus, const struct unit_request *q,
		  char **ret_cgroup);
/* Puts a process into the cgroup of a scope. */
int manager_attach(struct err *e, struct sd_bus *bus, const char *unit, pid_t pid);
/* Changes properties of a running unit, until it ends. */
int manager_set(struct err *e, struct sd_bus *bus, const char *unit,
		const struct unit_property *properties, size_t n);
/* Stops the unit and waits for its end; 0 also when it is gone, or when it has not this mark: then
 * it is somebody else's. */
int manager_stop(struct err *e, struct sd_bus *bus, const char *unit, const char *mark);

#endif
