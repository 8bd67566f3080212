/* Networks are made, removed, made again: see netns.h. */
#include "netns.h"

#include <sys/stat.h>

#include "bridge.h"
#include "define.h"
#include "hosts.h"
#include "nft.h"
#include "port.h"
#include "routed.h"
#include "usage.h"

/* What every change begins with. */
struct session {
	int root_fd;			/* locked */
	struct nl nl;
	struct arena arena;
	struct network_list networks;
};

static int session_open(struct err *e, struct session *s, const char *root)
{
	int r;

	*s = (struct session){.root_fd = FD_NONE};
	r = network_root_open(e, root, &s->root_fd);
	if (r == 0)
		r = network_list(e, s->root_fd, &s->arena, &s->networks);
	return r < 0 ? r : nl_open(e, &s->nl);
}

static void session_done(struct session *s)
{
	nl_close(&s->nl);
	arena_done(&s->arena);
	fd_close(&s->root_fd);
}

/* ---- create ---------------------------------------------------------------------------------- */

static int up(struct err *e, struct nl *nl, const struct network *n)
{
	if (network_has_bridge(n->kind))
		return bridge_up(e, nl, n);
	return n->kind == NETWORK_ROUTED ? routed_up(e, nl, n) : 0;
}

static int down(struct err *e, struct nl *nl, const struct network *n)
{
	if (network_has_bridge(n->kind))
		return bridge_down(e, nl, n);
	return n->kind == NETWORK_ROUTED ? routed_down(e, nl, n) : 0;
}

/* After a failure or a kill the file is there, and `delete` knows what to remove. */
static int realise(struct err *e, struct session *s, const struct network *n)
{
	int r = network_save(e, s->root_fd, n);

	if (r == 0)
		r = up(e, &s->nl, n);
	if (r == 0)
		r = network_list(e, s->root_fd, &s->arena, &s->networks);
	return r < 0 ? r : nft_apply_networks(e, s->root_fd, &s->networks);
}

static int take_away(struct err *e, struct session *s, const struct network *n)
{
	int r = down(e, &s->nl, n);

	if (r == 0)
		r = lease_forget(e, s->root_fd, n);
	if (r == 0)
		r = network_forget(e, s->root_fd, n->name);
	if (r == 0)
		r = network_list(e, s->root_fd, &s->arena, &s->networks);
	return r < 0 ? r : nft_apply_networks(e, s->root_fd, &s->networks);
}

int network_create(struct err *e, const struct network_request *req)
{
	struct session s;
	struct network n;
	struct err ignored;
	int r = network_name_check(e, req->name);

	if (r < 0)
		return r;
	r = session_open(e, &s, req->root);
	if (r == 0 && network_load(&ignored, s.root_fd, req->name, &n) != -ENOENT)
		r = err_set(e, ERR_EXISTS, "network \"%s\" exists already", req->name);
	if (r == 0)
		r = network_define(e, &s.nl, &s.arena, &s.networks, req, &n);
	if (r == 0) {
		r = realise(e, &s, &n);
		if (r < 0)
			(void)take_away(&ignored, &s, &n);
	}
	session_done(&s);
	return r;
}

/* ---- delete, reload -------------------------------------------------------------------------- */

static int remove_port(struct err *e, struct session *s, const struct network *n,
		       const struct port_record *p)
{
	int r;

	usage_keep(&s->nl, s->root_fd, n, p);
	r = port_remove(e, s->root_fd, &s->nl, p);
	return r < 0 ? r : lease_release(e, s->root_fd, n, p);
}

static bool is_gone(const struct port_record *p)
{
	struct stat st;

	return stat(p->owner, &st) < 0 && errno == ENOENT;
}

static int release_gone(struct err *e, void *arg, const struct network *n,
			const struct port_record *p)
{
	return is_gone(p) ? remove_port(e, arg, n, p) : 0;
}

static int release_any(struct err *e, void *arg, const struct network *n,
		       const struct port_record *p)
{
	return remove_port(e, arg, n, p);
}

static int refuse(struct err *e, void *arg, const struct network *n, const struct port_record *p)
{
	(void)arg, (void)n;
	return err_set(e, ERR_STATE, "a container uses it: %s", p->owner);
}

int network_delete(struct err *e, const char *root, const char *name)
{
	struct session s;
	struct network n;
	int r = session_open(e, &s, root);

	if (r == 0)
		r = network_load(e, s.root_fd, name, &n);
	if (r == 0)
		r = lease_walk(e, s.root_fd, &n, NULL, release_gone, &s);
	if (r == 0)
		r = lease_walk(e, s.root_fd, &n, NULL, refuse, NULL);
	if (r == 0)
		r = take_away(e, &s, &n);
	session_done(&s);
	return r;
}

static int restore_port(struct err *e, void *arg, const struct network *n,
			const struct port_record *p)
{
	struct session *s = arg;
	int r;

	if (is_gone(p))
		return remove_port(e, s, n, p);
	usage_keep(&s->nl, s->root_fd, n, p);
	r = port_restore(e, &s->nl, n, p);
	return r < 0 ? r : hosts_add(e, s->root_fd, n, p);
}

int network_reload(struct err *e, const char *root)
{
	struct session s;
	int r = session_open(e, &s, root);

	for (size_t i = 0; r == 0 && i < s.networks.n; i++) {
		r = up(e, &s.nl, &s.networks.v[i]);
		if (r == 0)
			r = lease_walk(e, s.root_fd, &s.networks.v[i], NULL, restore_port, &s);
		if (r == 0)
			r = usage_forget_old(e, s.root_fd, &s.networks.v[i]);
	}
	if (r == 0)
		r = nft_apply_networks(e, s.root_fd, &s.networks);
	session_done(&s);
	return r;
}

static int session_open_for(struct err *e, struct session *s, const char *root, const char *mark)
{
	return strlen(mark) == LEASE_MARK_SIZE - 1
		       ? session_open(e, s, root)
		       : err_set(e, ERR_USAGE, "\"%.60s\" is no mark of a container", mark);
}

int network_release(struct err *e, const char *root, const char *mark)
{
	struct session s;
	int r = session_open_for(e, &s, root, mark);

	if (r < 0)
		return r;
	for (size_t i = 0; r == 0 && i < s.networks.n; i++)
		r = lease_walk(e, s.root_fd, &s.networks.v[i], mark, release_any, &s);
	session_done(&s);
	return r;
}

/* ---- usage ----------------------------------------------------------------------------------- */

struct usage_report {
	struct session session;
	struct json_writer w;
};

static int report_usage(struct err *e, void *arg, const struct network *n,
			const struct port_record *p)
{
	struct usage_report *u = arg;
	struct usage usage;
	int r = usage_fold(e, &u->session.nl, u->session.root_fd, n, p, &usage);

	if (r == 0 && *p->port)
		usage_write(&u->w, p->interface, n, &usage);
	return r;
}

int network_usage(struct err *e, const char *root, const char *mark, struct buf *out)
{
	struct usage_report u;
	int r = session_open_for(e, &u.session, root, mark);

	if (r < 0)
		return r;
	json_write_begin(&u.w, false);
	json_write_array(&u.w, NULL);
	for (size_t i = 0; r == 0 && i < u.session.networks.n; i++)
		r = lease_walk(e, u.session.root_fd, &u.session.networks.v[i], mark, report_usage,
			       &u);
	json_write_close(&u.w);
	if (json_write_end(&u.w, out) < 0 && r == 0)
		r = err_nomem(e);
	session_done(&u.session);
	return r;
}
