/* Finding CRIU and talking to it by way of the helper program bawn-criu: see criu.h. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "criu.h"

#include "runtime/helper.h"

#define HELPER "bawn-criu"
#define READY_LIMIT_MS 10000
#define VERSION_LIMIT_MS 5000
#define INSTALL "install Debian's package criu, or say where it is with --criu"

/* ---- where it is ----------------------------------------------------------------------------- */

static int try_path(struct err *e, const char *path, struct criu *ret)
{
	if (faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0)
		return err_sys(e, "CRIU: %s", path);
	return str_format(ret->path, sizeof(ret->path), "%s", path) < 0
		       ? err_num(e, ENAMETOOLONG, "CRIU: %s", path)
		       : 0;
}

int criu_find(struct err *e, const char *given, struct criu *ret)
{
	/* It lies in a directory that is not in the PATH of ordinary users and some engines. */
	static const char fallback[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin";
	const char *name = given ? given : "criu", *env = getenv("PATH");
	const char *const lists[] = {env ? env : "", fallback};
	char path[PATH_MAX];

	*ret = (struct criu){0};
	if (strchr(name, '/'))
		return try_path(e, name, ret);
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		for (const char *p = lists[i]; *p; p += strspn(p, ":")) {
			int len = (int)strcspn(p, ":");

			if (*p == '/' &&
			    str_format(path, sizeof(path), "%.*s/%s", len, p, name) == 0 &&
			    try_path(e, path, ret) == 0)
				return 0;
			p += len;
		}
	}
	return err_set(e, ERR_UNSUPPORTED,
		       "checkpoint and restore need CRIU, and there is no "
		       "program \"%s\" in PATH: " INSTALL,
		       name);
}

/* ---- one request ----------------------------------------------------------------------------- */

/* "notify SCRIPT [PID]" */
static int on_notify(struct err *e, const struct criu_call *call, const struct helper *h,
		     char *text, int *fd)
{
	char *pid = strchr(text, ' ');
	uint32_t number = 0;
	struct err ignored;
	int r = 0;

	if (pid) {
		*pid++ = '\0';
		if (str_to_u32(pid, &number) < 0 || number > INT32_MAX)
			return err_set(e, ERR_STATE, "CRIU tells of a process \"%.20s\"", pid);
	}
	log_debug("CRIU: %s", text);
	if (call->notify)
		r = call->notify(e, call->arg, text, (pid_t)number, fd);
	if (r < 0) {
		(void)helper_say(&ignored, h, "no");
		return r;
	}
	return helper_say(e, h, "ok");
}

static int converse(struct err *e, const struct criu_call *call, const struct helper *h,
		    char *answer, size_t size)
{
	char text[1024];
	bool refused = false;
	struct err later;
	int r = 0;

	/* After a refusal CRIU is heard out: it takes back what it did. */
	for (;;) {
		_close_ int fd = FD_NONE;
		struct err *to = refused ? &later : e;
		const char *rest;
		int heard = helper_hear(to, h, call->limit_ms, text, sizeof(text), &fd);

		if (heard < 0)
			return refused ? r : heard;
		if (str_has_prefix(text, "notify ")) {
			heard = on_notify(to, call, h, text + strlen("notify "), &fd);
			if (heard < 0 && !refused) {
				refused = true;
				r = heard;
			}
			continue;
		}
		if (refused)
			return r;
		rest = str_after(text, "ok");
		if (rest && (!*rest || *rest == ' '))
			return str_format(answer, size, "%s", *rest ? rest + 1 : rest);
		return err_set(e, ERR_STATE, "%s", text);
	}
}

static int make_argv(struct err *e, const struct criu_call *call, const char **argv)
{
	size_t n = 0;

	argv[n++] = HELPER;
	argv[n++] = call->type;
	argv[n++] = call->criu->path;
	for (const char *const *word = call->words; word && *word; word++) {
		if (n + 1 >= CRIU_WORDS_MAX)
			return err_num(e, E2BIG, "options for CRIU");
		argv[n++] = *word;
	}
	argv[n] = NULL;
	return 0;
}

int criu_call(struct err *e, const struct criu_call *call, char *answer, size_t size)
{
	struct helper h = {.pidfd = FD_NONE, .sock = FD_NONE};
	const char *argv[CRIU_WORDS_MAX];
	const struct helper_start start = {
		.name = HELPER,
		.argv = (char *const *)(uintptr_t)argv,
		.fds = call->fds,
		.n_fds = call->n_fds,
		.sees_our_end = true,
	};
	int r = make_argv(e, call, argv);

	if (r == 0)
		r = helper_start(e, call->rt, &start, &h);
	if (r == 0)
		r = helper_answer(e, &h, HELPER, answer, size);
	if (r == 0)
		r = helper_say(e, &h, "go");
	if (r == 0)
		r = converse(e, call, &h, answer, size);
	helper_end(&h);
	return r;
}

/* ---- its version ----------------------------------------------------------------------------- */

int criu_parse_version(const char *text, uint32_t *ret)
{
	unsigned int major, minor;

	if (sscanf(text, "%3u.%3u", &major, &minor) != 2)
		return -EINVAL;
	*ret = CRIU_VERSION_OF(major, minor);
	return 0;
}

int criu_ask_version(struct err *e, const struct runtime *rt, struct criu *criu)
{
	_close_ int null = openat(AT_FDCWD, "/dev/null", O_RDWR | O_CLOEXEC);
	static const char *const words[] = {"log=3", NULL};
	const struct criu_call call = {
		.rt = rt,
		.criu = criu,
		.type = "VERSION",
		.words = words,
		.fds = &null,
		.n_fds = 1,
		.limit_ms = VERSION_LIMIT_MS,
	};
	int r;

	if (null < 0)
		return err_sys(e, "open /dev/null");
	r = criu_call(e, &call, criu->version_text, sizeof(criu->version_text));
	if (r == 0 && criu_parse_version(criu->version_text, &criu->version) < 0)
		r = err_set(e, ERR_STATE, "its version is \"%.30s\"", criu->version_text);
	return r < 0 ? err_wrap(e, r, "ask %s for its version", criu->path) : 0;
}

/* Kernels that older versions cannot work on. The last row that fits counts. */
static const struct need {
	uint32_t kernel, version;
	const char *version_text, *remedy;
} needs[] = {
	{CRIU_VERSION_OF(0, 0), CRIU_VERSION_MIN, "3.17", "upgrade CRIU"},
	/* The vdso has a further mapping since then: an older CRIU stops with "Unexpected rt vDSO
	 * area bounds" at whatever it is asked for. */
	{CRIU_VERSION_OF(6, 13), CRIU_VERSION_OF(4, 1), "4.1",
	 "upgrade CRIU to 4.1 or later, or boot a kernel up to Linux 6.12"},
};

int criu_check_kernel(struct err *e, const struct criu *criu, const char *release,
		      const char **remedy)
{
	const struct need *need = &needs[0];
	uint32_t kernel;

	*remedy = NULL;
	if (criu_parse_version(release, &kernel) < 0)
		return err_set(e, ERR_UNSUPPORTED, "the kernel calls itself \"%.60s\"", release);
	for (size_t i = 0; i < ARRAY_SIZE(needs); i++)
		if (kernel >= needs[i].kernel)
			need = &needs[i];
	if (criu->version >= need->version)
		return 0;
	*remedy = need->remedy;
	return err_set(e, ERR_UNSUPPORTED,
		       "CRIU %s (%s) cannot work on Linux %s, which needs CRIU "
		       "%s or later",
		       criu->version_text, criu->path, release, need->version_text);
}
