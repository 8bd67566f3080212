/*
 * /etc/hosts, /etc/resolv.conf and /etc/hostname of a container with networks: files of the host,
 * mounted read-only like the bind mounts of config.json and after them. What config.json mounts
 * there itself stays, and a rootfs in which the file cannot be made goes without.
 */
#include "runtime/network.h"

#include <linux/mount.h>
#include <sys/stat.h>

#include "runtime/rootfs_private.h"

#define HOSTS_DIR ".hosts"		/* src/netns/hosts.h */
#define RESOLV_MAX 65536
enum { FILES = 3 };

static bool is_mounted(const struct launch *l, const char *destination)
{
	for (size_t i = 0; i < l->spec.mounts.n; i++)
		if (rootfs_is_destination(l->spec.mounts.v[i].destination, destination))
			return true;
	return false;
}

static int add_mount(struct err *e, struct launch *l, const char *destination, const char *source)
{
	if (!source)
		return err_nomem(e);
	l->spec.mounts.v[l->spec.mounts.n++] = (struct spec_mount){
		.destination = destination,
		.source = source,
		.type = "bind",
		.bind = true,
		.optional = true,
		.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
			    MOUNT_ATTR_NOEXEC,
	};
	return 0;
}

/* In the container's state directory. */
static int add_file(struct err *e, struct launch *l, const char *name, const char *destination,
		    const struct buf *text)
{
	int r;

	if (text->failed)
		return err_nomem(e);
	if (is_mounted(l, destination))
		return 0;
	r = file_create_at(e, l->c.dir_fd, name, text->data ? text->data : "", text->len, 0644);
	return r < 0 ? r
		     : add_mount(e, l, destination,
				 arena_printf(&l->spec.arena, "%s/%s/%s", l->rt->root, l->c.id,
					      name));
}

/* ---- /etc/hosts ------------------------------------------------------------------------------ */

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* "A+B": its networks, sorted, each once. NULL: memory. */
static const char *name_of_set(struct arena *a, const struct strv *names)
{
	char **v = arena_array(a, names->n, sizeof(*v));
	const char *set = "";

	if (!v)
		return NULL;
	memcpy(v, names->v, names->n * sizeof(*v));
	qsort(v, names->n, sizeof(*v), by_name);
	for (size_t i = 0; i < names->n && set; i++)
		if (i == 0 || !str_eq(v[i], v[i - 1]))
			set = arena_printf(a, "%s%s%s", set, i ? "+" : "", v[i]);
	return set;
}

/* One file for all containers on the same networks; bawn-net writes it. */
static int add_hosts(struct err *e, struct launch *l, const struct strv *names)
{
	const char *root = network_root(l->rt), *set = name_of_set(&l->spec.arena, names), *path;
	_close_ int fd = FD_NONE;

	if (!set)
		return err_nomem(e);
	if (is_mounted(l, "/etc/hosts"))
		return 0;
	if (strlen(set) > NAME_MAX) {
		log_warning("/etc/hosts is left as it is: the container is on too many networks");
		return 0;
	}
	path = arena_printf(&l->spec.arena, "%s/" HOSTS_DIR, root);
	if (!path)
		return err_nomem(e);
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return err_sys(e, "make %s", path);
	path = arena_printf(&l->spec.arena, "%s/%s", path, set);
	if (!path)
		return err_nomem(e);
	fd = openat(AT_FDCWD, path, O_RDONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return err_sys(e, "make %s", path);
	return fchmod(fd, 0644) < 0 ? err_sys(e, "make %s readable", path)
				    : add_mount(e, l, "/etc/hosts", path);
}

/* ---- /etc/resolv.conf ------------------------------------------------------------------------ */

static bool is_loopback(const char *server)
{
	return str_has_prefix(server, "127.") || str_eq(server, "::1");
}

/* What the host uses, without servers that only the host reaches. How many servers are left. */
static size_t copy_servers(const char *file, struct buf *out)
{
	_buf_ struct buf text = {0};
	struct err ignored;
	char *rest = NULL;
	size_t n = 0;

	if (file_read_at(&ignored, AT_FDCWD, file, RESOLV_MAX, &text) < 0 || !text.data)
		return 0;
	for (char *line = strtok_r(text.data, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		const char *server = str_after(line, "nameserver ");

		if (!*line || *line == '#' || *line == ';' || (server && is_loopback(server)))
			continue;
		buf_printf(out, "%s\n", line);
		n += server != NULL;
	}
	return n;
}

/* The servers of one network's --dns; whether it leads anywhere. */
static int read_network(struct err *e, struct launch *l, const char *name, struct buf *out,
			bool *way_out)
{
	_buf_ struct buf text = {0};
	const struct json *dns, *kind;
	struct json *tree;
	int r = runtime_network_inspect(e, l->rt, name, &text);

	if (r == 0)
		r = json_parse(e, &l->spec.arena, name, text.data ? text.data : "", text.len,
			       &tree);
	if (r < 0)
		return r;
	kind = json_get(tree, "kind");
	dns = json_get(tree, "dns");
	*way_out =
		*way_out || !kind || kind->type != JSON_STRING || !str_eq(kind->str, "guest-lan");
	for (const struct json *s = dns ? dns->child : NULL; s; s = s->next)
		if (s->type == JSON_STRING)
			buf_printf(out, "nameserver %s\n", s->str);
	return 0;
}

static int add_resolv_conf(struct err *e, struct launch *l, const struct strv *names)
{
	_buf_ struct buf text = {0}, host = {0};
	bool way_out = false;
	int r = 0;

	buf_str(&text, "# Made by bawn when the container was created.\n");
	for (size_t i = 0; i < names->n && r == 0; i++)
		r = read_network(e, l, names->v[i], &text, &way_out);
	if (r < 0)
		return r;
	if (way_out && !strstr(text.data ? text.data : "", "\nnameserver ")) {
		/* systemd-resolved listens on the host's loopback, and has what it asks here. */
		if (!copy_servers("/etc/resolv.conf", &host)) {
			buf_done(&host);
			host = (struct buf){0};
			(void)copy_servers("/run/systemd/resolve/resolv.conf", &host);
		}
		buf_str(&text, host.data ? host.data : "");
	}
	return add_file(e, l, "resolv.conf", "/etc/resolv.conf", &text);
}

/* ---- all ------------------------------------------------------------------------------------- */

static int network_names(struct err *e, struct launch *l, struct strv *ret)
{
	*ret = (struct strv){.v = arena_array(&l->spec.arena, l->networks.n, sizeof(*ret->v))};
	if (!ret->v)
		return err_nomem(e);
	for (; ret->n < l->networks.n; ret->n++) {
		const char *word = l->networks.v[ret->n];

		ret->v[ret->n] =
			arena_printf(&l->spec.arena, "%.*s", (int)strcspn(word, ","), word);
		if (!ret->v[ret->n])
			return err_nomem(e);
	}
	return 0;
}

int launch_network_files(struct err *e, struct launch *l)
{
	const struct spec_ns *mnt = &l->spec.linux_.ns[NS_MNT];
	size_t n = l->spec.mounts.n;
	struct spec_mount *mounts;
	_buf_ struct buf hostname = {0};
	struct strv names;
	int r;

	/* Who has no mounts of its own has the host's files, or those of whom it joins. */
	if (!l->networks.n || !mnt->present || mnt->path)
		return 0;
	mounts = arena_array(&l->spec.arena, n + FILES, sizeof(*mounts));
	if (!mounts)
		return err_nomem(e);
	if (n)
		memcpy(mounts, l->spec.mounts.v, n * sizeof(*mounts));
	l->spec.mounts.v = mounts;
	r = network_names(e, l, &names);
	if (r == 0)
		r = add_resolv_conf(e, l, &names);
	/* No such network: bawn-net says it better. */
	if (r == -ENOENT)
		return 0;
	if (r == 0)
		r = add_hosts(e, l, &names);
	if (r < 0 || !l->spec.hostname)
		return r < 0 ? err_wrap(e, r, "--network") : 0;
	buf_printf(&hostname, "%s\n", l->spec.hostname);
	return add_file(e, l, "hostname", "/etc/hostname", &hostname);
}
