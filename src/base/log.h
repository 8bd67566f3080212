/*
 * Diagnostics for people and engines. The only mutable global state of the house.
 * Library code logs debug and warnings only; the final error line is the CLI's.
 */
#ifndef BAWN_LOG_H
#define BAWN_LOG_H

#include <stdbool.h>

#include "err.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_DEBUG };

struct log_options {
	int fd;			/* where lines go; the caller's, kept until the process ends */
	bool json;		/* one JSON object per line: level, msg, time, code, id */
	bool plain;		/* text without time and level, for a terminal */
	bool debug;
	const char *verb;	/* may be NULL */
	const char *id;		/* may be NULL */
};

/* Until called, warnings go to stderr as plain text. The strings are kept by reference. */
void log_setup(const struct log_options *options);
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* With JSON logs warnings are written only with debug on: podman parses the file as one object. */
void log_warning(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Warnings off, for what has warned before, or on again. With debug on they are written anyway. */
void log_mute_warnings(bool mute);
/* The final line: "bawn VERB ID: MSG". */
void log_error(const struct err *e);
bool log_debug_on(void);

#endif
