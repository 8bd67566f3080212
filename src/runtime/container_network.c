/*
 * A container's interfaces on networks of bawn's own: given at its start or while it runs, taken
 * away one by one or with the container. The helper bawn-net makes them and finds them again by a
 * mark, which is on disk before it begins: during the start in the intent log, later in state.json.
 */
#include "runtime/network.h"

static int open_netns(struct err *e, pid_t pid)
{
	char path[64];
	int fd;

	(void)str_format(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? err_sys(e, "open %s", path) : fd;
}

/* Of its first process. In this order: one that lives after the number was used, and did before, is
 * the one that it meant. -ESRCH when it has ended. */
int container_open_netns(struct err *e, const struct container *c)
{
	_close_ int netns = open_netns(e, c->state.pid), pidfd = container_pidfd(e, c);

	if (pidfd < 0)
		return pidfd;
	if (c->state.net_ns != NET_NS_OWN)
		return err_set(e, ERR_STATE, "container \"%s\" has no network namespace of its own",
			       c->id);
	return take_fd(&netns);
}

static int attach(struct err *e, const struct container *c, int netns, const struct strv *networks)
{
	const struct container_network *n = &c->state.network;
	_arena_ struct arena a = {0};
	const char *const first[] = {
		"attach", "3",
		n->root,  arena_printf(&a, "%s/%s", c->rt->root, c->id),
		n->mark,  arena_printf(&a, "name=%s", c->id),
	};
	struct strv words;
	int r = 0;

	if (!first[3] || !first[5])
		return err_nomem(e);
	r = network_words(e, &a, first, ARRAY_SIZE(first), networks, &words);
	return r < 0 ? r : network_helper(e, c->rt, &words, netns);
}

/* ---- at the start ---------------------------------------------------------------------------- */

static int new_mark(struct err *e, struct arena *a, const struct runtime *rt,
		    struct container_network *ret)
{
	char mark[CG_MARK_SIZE];
	int r = cg_new_mark(e, mark);

	if (r < 0)
		return r;
	ret->root = network_root(rt);
	ret->mark = arena_strdup(a, mark);
	return ret->mark ? 0 : err_nomem(e);
}

int launch_plan_networks(struct err *e, struct launch *l)
{
	struct container_network *n = &l->c.state.network;
	struct cg_place intent = {0};
	int r;

	if (!l->networks.n)
		return l->opt->publish.n || l->opt->firewall.n
			       ? err_set(e, ERR_USAGE,
					 "--publish and --firewall are about a --network")
			       : 0;
	if (!l->spec.linux_.ns[NS_NET].present || l->spec.linux_.ns[NS_NET].path)
		return err_set(e, ERR_USAGE,
			       "--network: the container has no network namespace of its own");
	r = new_mark(e, &l->spec.arena, l->rt, n);
	if (r < 0)
		return r;
	memcpy(intent.mark, n->mark, sizeof(intent.mark));
	if (str_format(intent.path, sizeof(intent.path), "%s", n->root) < 0)
		return err_num(e, ENAMETOOLONG, "--network-root");
	return intent_add(e, &l->c, INTENT_NETWORK, &intent);
}

static int add_options(struct err *e, struct arena *a, struct strv *words, const char *key,
		       const struct strv *values)
{
	for (size_t i = 0; i < values->n; i++) {
		words->v[words->n] = arena_printf(a, "%s=%s", key, values->v[i]);
		if (!words->v[words->n++])
			return err_nomem(e);
	}
	return 0;
}

/* Options of the container come before the networks. */
static int make_words(struct err *e, struct arena *a, const struct launch *l, struct strv *ret)
{
	const struct launch_options *opt = l->opt;
	int r;

	*ret = (struct strv){
		.v = arena_array(a, opt->publish.n + opt->firewall.n + l->networks.n,
				 sizeof(*ret->v)),
	};
	if (!ret->v)
		return err_nomem(e);
	r = add_options(e, a, ret, "publish", &opt->publish);
	if (r == 0)
		r = add_options(e, a, ret, "firewall", &opt->firewall);
	for (size_t i = 0; i < l->networks.n; i++)
		ret->v[ret->n++] = l->networks.v[i];
	return r;
}

int launch_networks(struct err *e, const struct launch *l)
{
	_close_ int netns = open_netns(e, l->pid);
	_arena_ struct arena a = {0};
	struct strv words;
	int r = netns < 0 ? netns : make_words(e, &a, l, &words);

	if (r == 0)
		r = attach(e, &l->c, netns, &words);
	return r < 0 ? err_wrap(e, r, "--network") : 0;
}

/* ---- later ----------------------------------------------------------------------------------- */

/* Its mark, which it has from its start if it had a network then. */
static int have_mark(struct err *e, struct container *c)
{
	struct container_network *n = &c->state.network;
	const char *root = c->rt->network_root;
	int r;

	if (n->mark)
		return !root || str_eq(root, n->root)
			       ? 0
			       : err_set(e, ERR_USAGE,
					 "--network-root %s: the container's networks are in %s",
					 root, n->root);
	r = new_mark(e, &c->arena, c->rt, n);
	if (r == 0)
		r = container_prepare_state(e, c);
	return r < 0 ? r : container_commit_state(e, c);
}

int container_network_attach(struct err *e, const struct runtime *rt, const char *id,
			     const char *network)
{
	_container_ struct container c;
	_close_ int netns = FD_NONE;
	char later[] = "later=yes", *words[] = {later, (char *)(uintptr_t)network};
	int r = container_open_locked(e, &c, rt, id);

	if (r == 0)
		r = netns = container_open_netns(e, &c);
	if (r >= 0 && c.state.net_ns != NET_NS_OWN)
		r = err_set(e, ERR_STATE, "container \"%s\" has no network namespace of its own",
			    id);
	if (r >= 0)
		r = have_mark(e, &c);
	return r < 0 ? r : attach(e, &c, netns, &(struct strv){.v = words, .n = 2});
}

int container_network_detach(struct err *e, const struct runtime *rt, const char *id,
			     const char *network)
{
	_container_ struct container c;
	_close_ int netns = FD_NONE;
	_arena_ struct arena a = {0};
	struct strv words;
	int r = container_open_locked(e, &c, rt, id);

	if (r == 0)
		r = netns = container_open_netns(e, &c);
	if (r < 0 && r != -ESRCH)
		return r;
	if (!c.state.network.mark)
		return err_set(e, ERR_NOT_FOUND,
			       "container \"%s\" has no interface on a network of bawn", id);
	r = network_words(e, &a,
			  (const char *const[]){"detach", netns < 0 ? "-" : "3",
						c.state.network.root, c.state.network.mark,
						network},
			  5, &(struct strv){0}, &words);
	return r < 0 ? r : network_helper(e, rt, &words, netns < 0 ? FD_NONE : netns);
}

int container_set_net_rate(struct err *e, const struct runtime *rt, const char *id,
			   const char *spec)
{
	_container_ struct container c;
	_close_ int netns = FD_NONE;
	_arena_ struct arena a = {0};
	struct strv words;
	int r = container_open_locked(e, &c, rt, id);

	if (r < 0)
		return r;
	if (!c.state.network.mark)
		return err_set(e, ERR_STATE,
			       "--net-rate: the container has no interface of a network "
			       "of bawn's own (--network)");
	netns = container_open_netns(e, &c);
	if (netns < 0)
		return netns;
	r = network_words(e, &a,
			  (const char *const[]){"rate", "3", c.state.network.root,
						c.state.network.mark, spec},
			  5, &(struct strv){0}, &words);
	if (r == 0)
		r = network_helper(e, rt, &words, netns);
	return r < 0 ? err_wrap(e, r, "--net-rate") : 0;
}

int container_release_networks(struct err *e, struct container *c)
{
	struct container_network n = c->state.network;
	_arena_ struct arena a = {0};
	struct cg_place intent;
	struct strv words;
	bool found = n.mark != NULL;
	int r = 0;

	if (!c->has_state) {
		r = intent_get(e, c, INTENT_NETWORK, &intent, &found);
		n = (struct container_network){.root = intent.path, .mark = intent.mark};
	}
	if (r < 0 || !found)
		return r;
	r = network_words(e, &a, (const char *const[]){"release", n.root, n.mark}, 3,
			  &(struct strv){0}, &words);
	return r < 0 ? r : network_helper(e, c->rt, &words, FD_NONE);
}
