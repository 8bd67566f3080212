/*
 * Log lines. Text: `bawn create web: MSG` for a terminal, or with time and level
 * for a file; JSON: one object per line, as containerd and podman parse it.
 */
#include "base.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

static struct log_options log_opt = {.fd = STDERR_FILENO, .plain = true};
static bool warnings_muted;

void log_setup(const struct log_options *options)
{
	log_opt = *options;
}

bool log_debug_on(void)
{
	return log_opt.debug;
}

static const char *const level_names[] = {
	[LOG_LEVEL_ERROR] = "error",
	[LOG_LEVEL_WARNING] = "warning",
	[LOG_LEVEL_DEBUG] = "debug",
};

static void timestamp(char *out, size_t size)
{
	time_t now = time(NULL);
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(out, size, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

static void write_json(struct buf *b, enum log_level level, const char *msg, const char *code)
{
	struct json_writer w;
	char when[32];

	timestamp(when, sizeof(when));
	json_write_begin(&w, false);
	json_write_object(&w, NULL);
	json_write_str(&w, "level", level_names[level]);
	json_write_str(&w, "msg", msg);
	json_write_str(&w, "time", when);
	if (code)
		json_write_str(&w, "code", code);
	if (log_opt.verb)
		json_write_str(&w, "verb", log_opt.verb);
	if (log_opt.id)
		json_write_str(&w, "id", log_opt.id);
	json_write_close(&w);
	json_write_end(&w, b);
}

static void write_text(struct buf *b, enum log_level level, const char *msg)
{
	char when[32];

	if (!log_opt.plain || level == LOG_LEVEL_DEBUG) {
		timestamp(when, sizeof(when));
		buf_printf(b, "time=\"%s\" level=%s ", when, level_names[level]);
	}
	buf_printf(b, "bawn%s%s%s%s: ", log_opt.verb ? " " : "", log_opt.verb ? log_opt.verb : "",
		   log_opt.id ? " " : "", log_opt.id ? log_opt.id : "");
	if (level != LOG_LEVEL_ERROR)
		buf_printf(b, "%s: ", level_names[level]);
	/* Names come from outside: a newline in one must not forge a second line. */
	for (const char *p = msg; *p; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			buf_printf(b, "\\x%02x", (unsigned char)*p);
		else
			buf_add(b, p, 1);
	}
}

/* Nobody may read it any more: that is no reason for the kernel to kill us half way. */
static void write_quietly(const struct buf *b)
{
	struct timespec now = {0};
	sigset_t pipe, before;

	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	sigprocmask(SIG_BLOCK, &pipe, &before);
	if (fd_write_all(log_opt.fd, b->data, b->len) == -EPIPE && !sigismember(&before, SIGPIPE))
		(void)sigtimedwait(&pipe, NULL, &now);
	sigprocmask(SIG_SETMASK, &before, NULL);
}

static void write_line(enum log_level level, const char *msg, const char *code)
{
	_buf_ struct buf b = {0};

	if (log_opt.json)
		write_json(&b, level, msg, code);
	else
		write_text(&b, level, msg);
	buf_str(&b, "\n");
	if (!b.failed)
		write_quietly(&b);
}

static void vlog(enum log_level level, const char *fmt, va_list ap)
{
	char msg[1200];

	vsnprintf(msg, sizeof(msg), fmt, ap);
	write_line(level, msg, NULL);
}

void log_debug(const char *fmt, ...)
{
	va_list ap;

	if (!log_opt.debug)
		return;
	va_start(ap, fmt);
	vlog(LOG_LEVEL_DEBUG, fmt, ap);
	va_end(ap);
}

void log_mute_warnings(bool mute)
{
	warnings_muted = mute;
}

void log_warning(const char *fmt, ...)
{
	va_list ap;

	if ((log_opt.json || warnings_muted) && !log_opt.debug)
		return;
	va_start(ap, fmt);
	vlog(LOG_LEVEL_WARNING, fmt, ap);
	va_end(ap);
}

void log_error(const struct err *e)
{
	write_line(LOG_LEVEL_ERROR, e->msg, err_code_name(e->code));
}
