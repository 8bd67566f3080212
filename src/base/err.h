/*
 * struct err: what failed, on which object, why. A fixed buffer and no
 * allocation, so that it works when memory is out, after clone(2), and can be
 * sent over a socket as it is.
 *
 * Convention: functions that can fail take `struct err *e` first and return 0 or
 * a positive result on success, -errno on failure with *e filled in. Messages are
 * built from the inside out: the place that failed says what it did to which
 * object, callers add context in front with err_wrap().
 */
#ifndef BAWN_ERR_H
#define BAWN_ERR_H

#include <stddef.h>

/* Stable names, printed as "code" with --log-format json; see err_code_name(). */
enum err_code {
	ERR_NONE,
	ERR_SYSTEM,		/* a system call failed */
	ERR_CONFIG,		/* config.json or another document is wrong */
	ERR_USAGE,		/* the command line is wrong */
	ERR_NOT_FOUND,		/* no such container */
	ERR_EXISTS,		/* the container exists already */
	ERR_STATE,		/* the container is in the wrong state for this */
	ERR_UNSUPPORTED,	/* this host or this version cannot do it */
	ERR_COMMAND_NOT_FOUND,	/* the container's program was not found */
	ERR_COMMAND_DENIED,	/* the container's program cannot be executed */
	ERR_HOOK,		/* a hook failed or ran out of time */
	ERR_SECURITY,		/* refused: the rootfs or a peer tries something */
	ERR_CODE_MAX,
};

struct err {
	int num;		/* errno, positive; 0 while nothing failed */
	enum err_code code;
	char msg[1000];
};

/* Fills *e from errno: "MSG: lower case strerror". Returns -errno (never 0). */
int err_sys(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The same with an explicit errno value (positive or negative). */
int err_num(struct err *e, int num, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Fills *e without a strerror part. Returns -EINVAL, or the errno that suits `code`. */
int err_set(struct err *e, enum err_code code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Puts "MSG: " in front of what *e says and returns r unchanged. */
int err_wrap(struct err *e, int r, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* -ENOMEM with a message. */
int err_nomem(struct err *e);

/* Stable lower case name, e.g. "not-found". */
const char *err_code_name(enum err_code code);

/* strerror(3) with a small first letter, as engines expect it ("no such file or directory").
 * Returns buf. */
const char *err_text(int num, char *buf, size_t size);

#endif
