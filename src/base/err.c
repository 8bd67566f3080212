/* struct err: see err.h. No allocation, no locale: usable after clone(2) and without memory. */
#include "base.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>

static const char *const code_names[ERR_CODE_MAX] = {
	[ERR_NONE] = "none",
	[ERR_SYSTEM] = "system",
	[ERR_CONFIG] = "config",
	[ERR_USAGE] = "usage",
	[ERR_NOT_FOUND] = "not-found",
	[ERR_EXISTS] = "exists",
	[ERR_STATE] = "state",
	[ERR_UNSUPPORTED] = "unsupported",
	[ERR_COMMAND_NOT_FOUND] = "command-not-found",
	[ERR_COMMAND_DENIED] = "command-denied",
	[ERR_HOOK] = "hook",
	[ERR_SECURITY] = "security",
};

/* The errno that a caller sees for failures that have none of their own. */
static int code_errno(enum err_code code)
{
	switch (code) {
	case ERR_NOT_FOUND:
	case ERR_COMMAND_NOT_FOUND:
		return ENOENT;
	case ERR_EXISTS:
		return EEXIST;
	case ERR_UNSUPPORTED:
		return EOPNOTSUPP;
	case ERR_COMMAND_DENIED:
	case ERR_SECURITY:
		return EACCES;
	default:
		return EINVAL;
	}
}

const char *err_code_name(enum err_code code)
{
	return code < ERR_CODE_MAX ? code_names[code] : "unknown";
}

const char *err_text(int num, char *buf, size_t size)
{
	snprintf(buf, size, "%s", strerror(num < 0 ? -num : num));
	/* "No such file" but "I/O error": only a word that goes on in lower case is lowered. */
	if (isupper((unsigned char)buf[0]) && islower((unsigned char)buf[1]))
		buf[0] = (char)tolower((unsigned char)buf[0]);
	return buf;
}

/* Appends ": text". What has no room is cut off: the start of a message says most. */
static void append(struct err *e, const char *text)
{
	const char *const parts[] = {": ", text};
	size_t at = strlen(e->msg);

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		size_t room = sizeof(e->msg) - 1 - at;
		size_t n = strnlen(parts[i], room);

		memcpy(e->msg + at, parts[i], n);
		at += n;
	}
	e->msg[at] = '\0';
}

static void fill(struct err *e, int num, enum err_code code, const char *fmt, va_list ap)
{
	char why[128];

	e->num = num;
	e->code = code;
	vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
	if (code == ERR_SYSTEM)
		append(e, err_text(num, why, sizeof(why)));
}

int err_sys(struct err *e, const char *fmt, ...)
{
	int num = errno ? errno : EIO;
	va_list ap;

	va_start(ap, fmt);
	fill(e, num, ERR_SYSTEM, fmt, ap);
	va_end(ap);
	return -num;
}

int err_num(struct err *e, int num, const char *fmt, ...)
{
	va_list ap;

	num = num < 0 ? -num : num;
	num = num ? num : EIO;
	va_start(ap, fmt);
	fill(e, num, ERR_SYSTEM, fmt, ap);
	va_end(ap);
	return -num;
}

int err_set(struct err *e, enum err_code code, const char *fmt, ...)
{
	int num = code_errno(code);
	va_list ap;

	va_start(ap, fmt);
	fill(e, num, code, fmt, ap);
	va_end(ap);
	return -num;
}

int err_wrap(struct err *e, int r, const char *fmt, ...)
{
	char inner[sizeof(e->msg)];
	va_list ap;

	memcpy(inner, e->msg, sizeof(inner));
	va_start(ap, fmt);
	vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
	va_end(ap);
	append(e, inner);
	return r;
}

int err_nomem(struct err *e)
{
	return err_num(e, ENOMEM, "allocate memory");
}
