/* CRIU for bawn: where it is, whether it can work here, and one request to it. */
#ifndef BAWN_CHECKPOINT_CRIU_H
#define BAWN_CHECKPOINT_CRIU_H

#include "base/base.h"
#include "runtime/runtime.h"

/* The oldest one whose dumps bawn knows (Debian 12's). */
#define CRIU_VERSION_MIN CRIU_VERSION_OF(3, 17)
#define CRIU_VERSION_OF(major, minor) ((major)*1000u + (minor))

struct criu {
	char path[PATH_MAX];
	char version_text[32];		/* "3.17.1" */
	uint32_t version;		/* CRIU_VERSION_OF(3, 17) */
};

/* `given` is what --criu says: a path, or a name to look for in $PATH; NULL is "criu". */
int criu_find(struct err *e, const char *given, struct criu *ret);
/* Asks it for its version. */
int criu_ask_version(struct err *e, const struct runtime *rt, struct criu *criu);
/* Whether a CRIU of this version can work on the kernel `release` ("6.1.0-28-amd64"). *remedy says
 * what to do when it cannot. */
int criu_check_kernel(struct err *e, const struct criu *criu, const char *release,
		      const char **remedy);
/* "3.17.1" as a number; -EINVAL. */
int criu_parse_version(const char *text, uint32_t *ret);

#define CRIU_WORDS_MAX 512
struct criu_call {
	const struct runtime *rt;
	const struct criu *criu;
	const char *type;		/* "VERSION", "DUMP": rpc.proto */
	const char *const *words;	/* for bawn-criu, behind PROGRAM; ends with NULL */
	const int *fds;			/* its fds 3, 4, ... */
	size_t n_fds;
	int limit_ms;			/* for each of its messages; < 0: none */
	/* CRIU waits at a point of its work (`script`). A negative result makes it take back what
	 * it did. The fd may be taken. NULL: go on. */
	int (*notify)(struct err *e, void *arg, const char *script, pid_t pid, int *fd);
	void *arg;
};
/* One request; `answer` is the text behind its "ok". When it fails there is no CRIU any more. */
int criu_call(struct err *e, const struct criu_call *call, char *answer, size_t size);

#endif
