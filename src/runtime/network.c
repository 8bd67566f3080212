/*
 * Networks of bawn's own (`--network`, `bawn network`): the helper bawn-net does it, since it takes
 * netlink and nftables. What it makes for a container it finds again by a mark, which is in the
 * intent log before it begins.
 */
#include "runtime/network.h"

#include <dirent.h>

#define HELPER "bawn-net"
#define FILE_NAME "network.json"

/* argv of the helper: its name, the words, room for `more`. */
static int make_argv(struct err *e, struct arena *a, const char *const *words, size_t n,
		     size_t more, struct strv *ret)
{
	ret->n = 0;
	ret->v = arena_array(a, n + more + 2, sizeof(*ret->v));
	if (!ret->v)
		return err_nomem(e);
	for (size_t i = 0; i <= n; i++) {
		ret->v[i] = arena_strdup(a, i == 0 ? HELPER : words[i - 1]);
		if (!ret->v[i])
			return err_nomem(e);
	}
	ret->n = n + 1;
	return 0;
}

static const char *root_of(const struct runtime *rt)
{
	return rt->network_root ? rt->network_root : NETWORK_ROOT;
}

/* The last line is the helper's own, and complete: "bawn-net: " in front of it says nothing. */
static int run_helper(struct err *e, const struct runtime *rt, const struct strv *argv,
		      const int *fds, size_t n_fds)
{
	int r = helper_run(e, rt, HELPER, argv->v, fds, n_fds);
	const char *rest = r < 0 ? str_after(e->msg, HELPER ": ") : NULL;

	if (rest)
		memmove(e->msg, rest, strlen(rest) + 1);
	return r;
}

int runtime_network_change(struct err *e, const struct runtime *rt, const char *command,
			   const struct strv *args)
{
	_arena_ struct arena a = {0};
	const char *const words[] = {command, root_of(rt)};
	struct strv argv;
	int r = make_argv(e, &a, words, ARRAY_SIZE(words), args->n, &argv);

	if (r < 0)
		return r;
	for (size_t i = 0; i < args->n; i++)
		argv.v[argv.n++] = args->v[i];
	return run_helper(e, rt, &argv, NULL, 0);
}

/* ---- showing --------------------------------------------------------------------------------- */

static int open_root(struct err *e, const struct runtime *rt)
{
	int fd = openat(AT_FDCWD, root_of(rt), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		return -ENOENT;
	return fd < 0 ? err_sys(e, "open the directory of networks %s", root_of(rt)) : fd;
}

static int read_network(struct err *e, int root, const char *name, struct buf *text)
{
	char path[NAME_MAX + sizeof(FILE_NAME) + 1];

	if (*name == '.' || strchr(name, '/') ||
	    str_format(path, sizeof(path), "%s/" FILE_NAME, name) < 0)
		return -ENOENT;
	return file_read_at(e, root, path, JSON_MAX_DOCUMENT, text);
}

int runtime_network_inspect(struct err *e, const struct runtime *rt, const char *name,
			    struct buf *out)
{
	_close_ int root = open_root(e, rt);
	int r = root < 0 ? root : read_network(e, root, name, out);

	if (r == -ENOENT) {
		err_set(e, ERR_NOT_FOUND, "network \"%s\" does not exist", name);
		return -ENOENT;
	}
	return r < 0 ? err_wrap(e, r, "network %s", name) : 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int runtime_networks(struct err *e, const struct runtime *rt, struct arena *a, struct strv *ret)
{
	int fd = open_root(e, rt);
	_closedir_ DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	size_t room = 0;

	*ret = (struct strv){0};
	if (fd == -ENOENT)
		return 0;
	if (!dir)
		return fd < 0 ? fd : err_sys(e, "list the networks");
	while (readdir(dir))
		room++;
	rewinddir(dir);
	ret->v = arena_array(a, room + 1, sizeof(*ret->v));
	if (!ret->v)
		return err_nomem(e);
	while (ret->n < room && (entry = readdir(dir))) {
		char path[NAME_MAX + sizeof(FILE_NAME) + 1];

		/* One that is being made has no file yet. */
		if (entry->d_name[0] == '.' ||
		    str_format(path, sizeof(path), "%s/" FILE_NAME, entry->d_name) < 0 ||
		    faccessat(dirfd(dir), path, F_OK, 0) < 0)
			continue;
		ret->v[ret->n] = arena_strdup(a, entry->d_name);
		if (!ret->v[ret->n++])
			return err_nomem(e);
	}
	qsort(ret->v, ret->n, sizeof(*ret->v), by_name);
	return 0;
}

/* ---- of a container -------------------------------------------------------------------------- */

int launch_plan_networks(struct err *e, struct launch *l)
{
	struct container_network *n = &l->c.state.network;
	struct cg_place intent = {0};
	int r;

	if (!l->opt->networks.n)
		return 0;
	if (!l->spec.linux_.ns[NS_NET].present || l->spec.linux_.ns[NS_NET].path)
		return err_set(e, ERR_USAGE,
			       "--network: the container has no network namespace of its own");
	if (str_format(intent.path, sizeof(intent.path), "%s", root_of(l->rt)) < 0)
		return err_num(e, ENAMETOOLONG, "--network-root");
	r = cg_new_mark(e, intent.mark);
	if (r == 0)
		r = intent_add(e, &l->c, INTENT_NETWORK, &intent);
	if (r < 0)
		return r;
	n->root = root_of(l->rt);
	n->mark = arena_strdup(&l->spec.arena, intent.mark);
	return n->mark ? 0 : err_nomem(e);
}

int launch_networks(struct err *e, const struct launch *l)
{
	const struct container_network *n = &l->c.state.network;
	_arena_ struct arena a = {0};
	_close_ int netns = FD_NONE;
	const char *const words[] = {
		"attach", "3",
		n->root,  arena_printf(&a, "%s/%s", l->rt->root, l->c.id),
		n->mark,  arena_printf(&a, "name=%s", l->c.id),
	};
	char path[64];
	struct strv argv;
	int r;

	if (!words[3] || !words[5])
		return err_nomem(e);
	r = make_argv(e, &a, words, ARRAY_SIZE(words), l->opt->networks.n, &argv);
	if (r < 0)
		return r;
	for (size_t i = 0; i < l->opt->networks.n; i++)
		argv.v[argv.n++] = l->opt->networks.v[i];
	(void)str_format(path, sizeof(path), "/proc/%d/ns/net", (int)l->pid);
	netns = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	if (netns < 0)
		return err_sys(e, "--network: open %s", path);
	r = run_helper(e, l->rt, &argv, &netns, 1);
	return r < 0 ? err_wrap(e, r, "--network") : 0;
}

int container_release_networks(struct err *e, struct container *c)
{
	struct container_network n = c->state.network;
	_arena_ struct arena a = {0};
	struct cg_place intent;
	struct strv argv;
	bool found = n.mark != NULL;
	int r = 0;

	if (!c->has_state) {
		r = intent_get(e, c, INTENT_NETWORK, &intent, &found);
		n = (struct container_network){.root = intent.path, .mark = intent.mark};
	}
	if (r < 0 || !found)
		return r;
	r = make_argv(e, &a, (const char *const[]){"release", n.root, n.mark}, 3, 0, &argv);
	return r < 0 ? r : run_helper(e, c->rt, &argv, NULL, 0);
}

/* An fd of the container's network namespace. In this order: a process that lives after the number
 * was used, and did before, is the one that it meant. */
static int open_netns(struct err *e, const struct container *c)
{
	_close_ int fd = FD_NONE, pidfd = FD_NONE;
	char path[64];

	(void)str_format(path, sizeof(path), "/proc/%d/ns/net", (int)c->state.pid);
	fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno != ENOENT)
		return err_sys(e, "open %s", path);
	pidfd = container_pidfd(e, c);
	return pidfd < 0 ? pidfd : take_fd(&fd);
}

int container_set_net_rate(struct err *e, const struct runtime *rt, const char *id,
			   const char *spec)
{
	_container_ struct container c;
	_arena_ struct arena a = {0};
	_close_ int netns = FD_NONE;
	struct strv argv;
	int r = container_open_locked(e, &c, rt, id);

	if (r < 0)
		return r;
	if (!c.state.network.mark)
		return err_set(e, ERR_STATE,
			       "--net-rate: the container has no interface of a network "
			       "of bawn's own (--network)");
	netns = open_netns(e, &c);
	if (netns < 0)
		return netns;
	r = make_argv(e, &a,
		      (const char *const[]){"rate", "3", c.state.network.root, c.state.network.mark,
					    spec},
		      5, 0, &argv);
	if (r == 0)
		r = run_helper(e, rt, &argv, &netns, 1);
	return r < 0 ? err_wrap(e, r, "--net-rate") : 0;
}
