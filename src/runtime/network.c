/*
 * Networks of bawn's own (`bawn network`) as objects: the helper bawn-net makes and changes them,
 * since that takes netlink and nftables.
 */
#include "runtime/network.h"

#include <dirent.h>

#define HELPER "bawn-net"
#define FILE_NAME "network.json"

const char *network_root(const struct runtime *rt)
{
	return rt->network_root ? rt->network_root : NETWORK_ROOT;
}

int network_helper(struct err *e, const struct runtime *rt, const struct strv *words, int netns)
{
	_arena_ struct arena a = {0};
	char **argv = arena_array(&a, words->n + 2, sizeof(*argv));
	char name[] = HELPER;
	const char *rest;
	int r;

	if (!argv)
		return err_nomem(e);
	argv[0] = name;
	memcpy(argv + 1, words->v, words->n * sizeof(*argv));
	r = helper_run(e, rt, HELPER, argv, &netns, netns >= 0 ? 1 : 0);
	/* Its last line is complete: "bawn-net: " in front of it says nothing. */
	rest = r < 0 ? str_after(e->msg, HELPER ": ") : NULL;
	if (rest)
		memmove(e->msg, rest, strlen(rest) + 1);
	return r;
}

int network_words(struct err *e, struct arena *a, const char *const *words, size_t n,
		  const struct strv *more, struct strv *ret)
{
	ret->n = 0;
	ret->v = arena_array(a, n + more->n + 1, sizeof(*ret->v));
	if (!ret->v)
		return err_nomem(e);
	for (size_t i = 0; i < n + more->n; i++) {
		ret->v[i] = arena_strdup(a, i < n ? words[i] : more->v[i - n]);
		if (!ret->v[i])
			return err_nomem(e);
	}
	ret->n = n + more->n;
	return 0;
}

int runtime_network_change(struct err *e, const struct runtime *rt, const char *command,
			   const struct strv *args)
{
	_arena_ struct arena a = {0};
	const char *const first[] = {command, network_root(rt)};
	struct strv words;
	int r = network_words(e, &a, first, ARRAY_SIZE(first), args, &words);

	return r < 0 ? r : network_helper(e, rt, &words, FD_NONE);
}

/* ---- showing --------------------------------------------------------------------------------- */

static int open_root(struct err *e, const struct runtime *rt)
{
	int fd = openat(AT_FDCWD, network_root(rt), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		return -ENOENT;
	return fd < 0 ? err_sys(e, "open the directory of networks %s", network_root(rt)) : fd;
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
