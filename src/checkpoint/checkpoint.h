/*
 * Checkpoints: what bawn does around CRIU, and whether this host can. A layer above runtime; what
 * speaks CRIU's protocol is the helper program bawn-criu.
 */
#ifndef BAWN_CHECKPOINT_CHECKPOINT_H
#define BAWN_CHECKPOINT_CHECKPOINT_H

#include "base/base.h"
#include "runtime/runtime.h"

/* fail: it cannot work. warn: it works, but not all of what bawn can do. */
enum doctor_status { DOCTOR_OK, DOCTOR_WARN, DOCTOR_FAIL };
const char *doctor_status_name(enum doctor_status status);

#define DOCTOR_MAX 16
struct doctor_report {
	struct doctor_check {
		const char *name;
		enum doctor_status status;
		const char *message;	/* what is so */
		const char *remedy;	/* what to do about it; NULL when it is ok */
	} checks[DOCTOR_MAX];
	size_t n;
	enum doctor_status worst;
};

/* Looks at the host: it changes nothing, and what it finds is no error. `criu` as for criu_find().
 * Strings live in the arena. */
int doctor_host(struct err *e, const struct runtime *rt, const char *criu, struct arena *a,
		struct doctor_report *ret);

#endif
