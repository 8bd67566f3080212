/*
 * bawn-criu: one request to CRIU, in a program of its own, since protobuf-c is nothing that a
 * container without checkpoints should pay for.
 *
 *	bawn-criu TYPE PROGRAM [log=FD] [cgroup=FD] [thaw=FD] -- [OPTION=VALUE...]
 *
 * TYPE is a criu_req_type of rpc.proto (VERSION, DUMP), PROGRAM is CRIU, each OPTION a field of
 * criu_opts: criu_option(). CRIU prints and logs to `log` and runs in `cgroup`; the fds above 2
 * that bawn gave are its fds too, except for `thaw`.
 *
 * Standard input and output are a SOCK_SEQPACKET socket to bawn:
 *	bawn-criu: ok				the words are understood
 *	bawn:      go
 *	bawn-criu: notify SCRIPT [PID]		CRIU waits; perhaps with an fd
 *	bawn:      ok | no
 *	bawn-criu: ok [TEXT], or an error	the end. TEXT of VERSION: "3.17.1"; of
 *						FEATURE_CHECK: "mem_track=1 lazy_pages=0 ...";
 *						of RESTORE: the first process's pid
 *
 * When bawn dies, that is the end of the conversation: CRIU is killed, and what bawn has frozen
 * (the cgroup directory `thaw`) goes on, since nobody else would know of it.
 */
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "criu.h"

#define MESSAGE_MAX 512

struct request {
	CriuReq req;
	CriuOpts opts;
	CriuFeatures features;
	struct swrk_options swrk;
	int thaw_fd;
	struct arena arena;
};

/* Everything bawn is told. */
static void say(const char *text, int fd)
{
	/* When bawn is gone, the next receive says so. */
	(void)fd_send(STDOUT_FILENO, text, strlen(text), fd);
}

/* ---- words ----------------------------------------------------------------------------------- */

static int usage(struct err *e)
{
	return err_set(e, ERR_USAGE,
		       "usage: bawn-criu TYPE PROGRAM [log=FD] [cgroup=FD] [thaw=FD] -- "
		       "[OPTION=VALUE...]");
}

static int parse_own(struct err *e, struct request *q, const char *word)
{
	const struct {
		const char *name;
		int *fd;
	} own[] = {
		{"log=", &q->swrk.log_fd},
		{"cgroup=", &q->swrk.cgroup_fd},
		{"thaw=", &q->thaw_fd},
	};
	uint32_t n;

	for (size_t i = 0; i < ARRAY_SIZE(own); i++) {
		const char *value = str_after(word, own[i].name);

		if (!value)
			continue;
		if (str_to_u32(value, &n) < 0 || n < 3 || n > INT32_MAX ||
		    fcntl((int)n, F_GETFD) < 0)
			return err_set(e, ERR_USAGE, "%s: no such fd", word);
		*own[i].fd = (int)n;
		return 0;
	}
	return usage(e);
}

static int parse(struct err *e, struct request *q, char **argv)
{
	const ProtobufCEnumValue *type;
	bool own = true;

	if (!argv[0] || !argv[1] || !argv[2])
		return usage(e);
	type = protobuf_c_enum_descriptor_get_value_by_name(&criu_req_type__descriptor, argv[1]);
	if (!type)
		return err_set(e, ERR_USAGE, "CRIU's protocol has no request \"%.60s\"", argv[1]);
	q->req.type = (CriuReqType)type->value;
	q->swrk.program = argv[2];
	for (char **word = argv + 3; *word; word++) {
		int r = 0;

		if (own && str_eq(*word, "--"))
			own = false;
		else
			r = own ? parse_own(e, q, *word)
				: criu_option(e, &q->arena, &q->opts, *word);
		if (r < 0)
			return r;
	}
	/* For this process alone: CRIU must not hold the container's cgroup. */
	if (q->thaw_fd >= 0)
		fcntl(q->thaw_fd, F_SETFD, FD_CLOEXEC);
	if (q->req.type == CRIU_REQ_TYPE__FEATURE_CHECK)
		q->req.features = &q->features;
	else if (q->req.type != CRIU_REQ_TYPE__VERSION)
		q->req.opts = &q->opts;
	return 0;
}

/* ---- the conversation ------------------------------------------------------------------------ */

/* What bawn says next; false when it is gone. */
static bool hear(char *text, size_t size)
{
	ssize_t n;

	do
		n = read(STDIN_FILENO, text, size - 1);
	while (n < 0 && errno == EINTR);
	text[n > 0 ? n : 0] = '\0';
	return n > 0;
}

/* Passes a notification on to bawn and its answer back. A refusal makes CRIU take back what it has
 * done. */
static int notify(struct err *e, struct swrk *s, const CriuNotify *n, int fd)
{
	CriuReq answer = CRIU_REQ__INIT;
	char text[MESSAGE_MAX];

	if (n->has_pid)
		(void)str_format(text, sizeof(text), "notify %s %d", n->script ? n->script : "",
				 n->pid);
	else
		(void)str_format(text, sizeof(text), "notify %s", n->script ? n->script : "");
	say(text, fd);
	if (!hear(text, sizeof(text)))
		return err_num(e, EPIPE, "bawn has ended");
	answer.type = CRIU_REQ_TYPE__NOTIFY;
	answer.has_notify_success = 1;
	answer.notify_success = str_eq(text, "ok");
	return swrk_send(e, s, &answer);
}

static int failed(struct err *e, const CriuResp *resp)
{
	char why[128];

	if (resp->cr_errmsg && *resp->cr_errmsg)
		return err_set(e, ERR_STATE, "CRIU: %.700s", resp->cr_errmsg);
	if (resp->has_cr_errno && resp->cr_errno)
		return err_set(e, ERR_STATE, "CRIU failed: %s",
			       err_text(resp->cr_errno, why, sizeof(why)));
	return err_set(e, ERR_STATE, "CRIU failed and gives no reason");
}

static int result(struct err *e, const CriuResp *resp)
{
	const CriuVersion *v = resp->version;
	const CriuFeatures *f = resp->features;
	char text[MESSAGE_MAX] = "ok";

	if (!resp->success)
		return failed(e, resp);
	if (v)
		(void)str_format(text, sizeof(text), "ok %d.%d.%d", v->major_number,
				 v->minor_number, v->has_sublevel ? v->sublevel : 0);
	else if (f)
		(void)str_format(text, sizeof(text), "ok mem_track=%d lazy_pages=%d",
				 f->has_mem_track && f->mem_track,
				 f->has_lazy_pages && f->lazy_pages);
	else if (resp->restore)
		(void)str_format(text, sizeof(text), "ok %d", resp->restore->pid);
	say(text, FD_NONE);
	return 0;
}

/* One message of CRIU's. 1: it was the last one. */
static int take(struct err *e, struct swrk *s, const struct request *q)
{
	_close_ int fd = FD_NONE;
	CriuResp *resp = NULL;
	bool done;
	int r = swrk_receive(e, s, &resp, &fd);

	if (r < 0)
		return r;
	if (resp->type == CRIU_REQ_TYPE__NOTIFY && resp->notify)
		r = notify(e, s, resp->notify, fd);
	else if (resp->type != q->req.type && resp->success)
		r = err_set(e, ERR_STATE, "CRIU answers another request, of type %d",
			    (int)resp->type);
	else
		r = result(e, resp);
	done = resp->type != CRIU_REQ_TYPE__NOTIFY;
	criu_resp__free_unpacked(resp, NULL);
	return r < 0 ? r : done;
}

/* Until CRIU has answered; -EPIPE when bawn has ended. */
static int converse(struct err *e, struct swrk *s, const struct request *q)
{
	struct pollfd fds[] = {
		{.fd = STDIN_FILENO},
		{.fd = s->sock, .events = POLLIN},
		{.fd = s->pidfd, .events = POLLIN},
	};
	int r = swrk_send(e, s, &q->req);

	while (r == 0) {
		if (poll(fds, ARRAY_SIZE(fds), -1) < 0 && errno != EINTR)
			return err_sys(e, "wait for CRIU");
		/* bawn says nothing now: this is its end. */
		if (fds[0].revents)
			return err_num(e, EPIPE, "bawn has ended");
		if (fds[1].revents || fds[2].revents)
			r = take(e, s, q);
	}
	return r < 0 ? r : 0;
}

static int serve(struct err *e, const struct request *q)
{
	struct swrk s = {.sock = FD_NONE, .pidfd = FD_NONE};
	char text[MESSAGE_MAX];
	int r;

	say("ok", FD_NONE);
	if (!hear(text, sizeof(text)))
		return err_num(e, EPIPE, "bawn has ended");
	r = swrk_start(e, &q->swrk, &s);
	if (r == 0)
		r = converse(e, &s, q);
	swrk_end(&s);
	return r;
}

int main(int argc, char **argv)
{
	struct request q = {
		.req = CRIU_REQ__INIT,
		.opts = CRIU_OPTS__INIT,
		.features = CRIU_FEATURES__INIT,
		.swrk = {.log_fd = STDERR_FILENO, .cgroup_fd = FD_NONE},
		.thaw_fd = FD_NONE,
	};
	struct err e;
	int r;

	(void)argc;
	r = parse(&e, &q, argv);
	if (r == 0)
		r = serve(&e, &q);
	if (r < 0)
		say(e.msg, FD_NONE);
	/* Only then: it has no more to say, and somebody must. */
	if (r == -EPIPE && q.thaw_fd >= 0)
		(void)file_write_at(q.thaw_fd, "cgroup.freeze", "0", 1);
	arena_done(&q.arena);
	return r < 0;
}
