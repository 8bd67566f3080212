/* For the tests of config.json: a config around one property, and tables of good and bad ones. */
#ifndef BAWN_TEST_SPEC_CASES_H
#define BAWN_TEST_SPEC_CASES_H

#include <stdio.h>

#include "runtime/spec.h"
#include "t.h"

static struct err e;

/* Where the text of a case goes. */
enum place { TOP, PROCESS, LINUX, NS, MOUNT, SECCOMP };

#define HEAD "{\"ociVersion\":\"1.0.2-dev\",\"root\":{\"path\":\"rootfs\"}"
#define ALL_NS                                                                                 \
	"\"namespaces\":[{\"type\":\"user\"},{\"type\":\"cgroup\"},{\"type\":\"ipc\"},"        \
	"{\"type\":\"uts\"},{\"type\":\"network\"},{\"type\":\"pid\"},{\"type\":\"mount\"},"   \
	"{\"type\":\"time\"}],\"uidMappings\":[{\"containerID\":0,\"hostID\":1,\"size\":9}],"  \
	"\"gidMappings\":[{\"containerID\":0,\"hostID\":1,\"size\":9}]"

static const char *const before[] = {
	[TOP] = HEAD ",",
	[PROCESS] = HEAD ",\"process\":{\"cwd\":\"/\",\"args\":[\"sh\"],",
	[LINUX] = HEAD ",\"linux\":{",
	[NS] = HEAD ",\"linux\":{" ALL_NS ",",
	[MOUNT] = HEAD ",\"linux\":{" ALL_NS "},\"mounts\":[{\"destination\":\"/m\",",
	[SECCOMP] = HEAD ",\"linux\":{\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\",",
};
static const char *const after[] = {"}", "}}", "}}", "}}", "}]}", "}}}"};

__attribute__((unused)) static int parse_text(const char *text, struct spec *spec)
{
	e = (struct err){0};
	*spec = (struct spec){0};
	return spec_parse(&e, "config.json", text, strlen(text), spec);
}

__attribute__((unused)) static int parse_in(enum place place, const char *text, struct spec *spec)
{
	_buf_ struct buf b = {0};

	buf_str(&b, before[place]);
	buf_str(&b, text);
	buf_str(&b, after[place]);
	return parse_text(b.data, spec);
}

/* Warnings of everything since go to the file returned. */
__attribute__((unused)) static FILE *catch_warnings(void)
{
	FILE *f = tmpfile();

	TRUE(f);
	log_setup(&(struct log_options){.fd = fileno(f), .plain = true});
	return f;
}

__attribute__((unused)) static const char *caught(FILE *f)
{
	static char text[4096];
	size_t n;

	rewind(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	fclose(f);
	log_setup(&(struct log_options){.fd = STDERR_FILENO, .plain = true});
	return text;
}

struct good_case {
	enum place place;
	const char *text;
};

struct bad_case {
	enum place place;
	const char *text, *msg;	/* msg without "config.json: "; '!' in front: ERR_UNSUPPORTED */
};

__attribute__((unused)) static void check_good(const struct good_case *cases, size_t n)
{
	FILE *f = catch_warnings();

	for (size_t i = 0; i < n; i++) {
		struct spec spec;

		if (parse_in(cases[i].place, cases[i].text, &spec) < 0)
			T_FAIL("%s: %s", cases[i].text, e.msg);
		spec_done(&spec);
	}
	STREQ(caught(f), "");
}

__attribute__((unused)) static void check_bad(const struct bad_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct bad_case *c = &cases[i];
		bool unsupported = c->msg[0] == '!';
		struct spec spec;
		int r = parse_in(c->place, c->text, &spec);

		if (r == 0)
			T_FAIL("accepted: %s", c->text);
		if (!str_has_prefix(e.msg, "config.json: ") ||
		    strcmp(e.msg + 13, c->msg + unsupported) != 0)
			T_FAIL("%s: got \"%s\", want \"%s\"", c->text, e.msg, c->msg);
		EQ(e.code, unsupported ? ERR_UNSUPPORTED : ERR_CONFIG);
		spec_done(&spec);
	}
}

#define CHECK_GOOD(t) check_good(t, ARRAY_SIZE(t))
#define CHECK_BAD(t) check_bad(t, ARRAY_SIZE(t))

#endif
