/* The files of networks: see network.h. Input: our own files, read with care. */
#include "network.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>

#define FILE_NAME "network.json"
#define FILE_NEW FILE_NAME ".new"
#define FILE_VERSION 1
#define NETWORKS_MAX 4096

const char *const network_kind_names[NETWORK_KIND_MAX] = {
	[NETWORK_BRIDGE] = "bridge", [NETWORK_GUEST_LAN] = "guest-lan",
	[NETWORK_ROUTED] = "routed", [NETWORK_MACVLAN] = "macvlan",
	[NETWORK_IPVLAN] = "ipvlan",
};

int network_name_check(struct err *e, const char *name)
{
	const char *allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
	size_t n = strlen(name);

	if (n == 0 || n > NETWORK_NAME_MAX)
		return err_set(e, ERR_USAGE,
			       "invalid network name: it has %zu characters, not 1 to %d", n,
			       NETWORK_NAME_MAX);
	if (*name == '.' || *name == '-' || name[strspn(name, allowed)])
		return err_set(e, ERR_USAGE,
			       "invalid network name \"%s\": allowed are letters, digits, \"_\" "
			       "and, not first, \".\" and \"-\"",
			       name);
	if (str_eq(name, "none") || str_eq(name, "host"))
		return err_set(e, ERR_USAGE,
			       "invalid network name \"%s\": --network %s is no network", name,
			       name);
	return 0;
}

int network_root_open(struct err *e, const char *root, int *ret_fd)
{
	_close_ int fd = FD_NONE;
	int r;

	if (root[0] != '/')
		return err_set(e, ERR_USAGE, "the directory of networks must be an absolute path");
	r = dirs_make(e, "directory of networks", root, 0755);
	if (r < 0)
		return r;
	fd = openat(AT_FDCWD, root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "open the directory of networks %s", root);
	while (flock(fd, LOCK_EX) < 0)
		if (errno != EINTR)
			return err_sys(e, "lock the directory of networks %s", root);
	*ret_fd = take_fd(&fd);
	return 0;
}

static int path_of(struct err *e, const char *name, char *buf, size_t size)
{
	return str_format(buf, size, "%s/" FILE_NAME, name) < 0
		       ? err_num(e, ENAMETOOLONG, "network %s", name)
		       : 0;
}

/* ---- reading --------------------------------------------------------------------------------- */

struct file_subnet {
	const char *subnet, *gateway;
};
struct file {
	uint32_t version, group, mtu;
	bool isolate;
	const char *name, *kind, *bridge, *parent;
	LIST_OF(struct file_subnet) subnets;
	struct strv dns;
};

#define F(type_, name_, kind_, member_)                                          \
	{                                                                        \
		.name = name_, .kind = kind_, .offset = offsetof(type_, member_) \
	}
static const struct json_field subnet_fields[] = {
	F(struct file_subnet, "subnet", FIELD_STR, subnet),
	F(struct file_subnet, "gateway", FIELD_STR, gateway),
	{0},
};
static const struct json_field file_fields[] = {
	F(struct file, "version", FIELD_U32, version),
	F(struct file, "name", FIELD_STR, name),
	F(struct file, "kind", FIELD_STR, kind),
	F(struct file, "bridge", FIELD_STR, bridge),
	F(struct file, "parent", FIELD_STR, parent),
	F(struct file, "group", FIELD_U32, group),
	F(struct file, "mtu", FIELD_U32, mtu),
	F(struct file, "isolate", FIELD_BOOL, isolate),
	F(struct file, "dns", FIELD_STRV, dns),
	{
		.name = "subnets",
		.kind = FIELD_LIST,
		.offset = offsetof(struct file, subnets),
		.fields = subnet_fields,
		.size = sizeof(struct file_subnet),
	},
	{0},
};
#undef F

static int damaged(struct err *e, const char *what)
{
	return err_set(e, ERR_CONFIG, FILE_NAME ": %s: damaged", what);
}

static int take_subnet(struct err *e, const struct file_subnet *f, struct network *n)
{
	struct subnet s = {0};

	if (!f->subnet || prefix_parse(e, f->subnet, &s.prefix) < 0)
		return damaged(e, "subnet");
	if (f->gateway &&
	    (ip_parse(f->gateway, &s.gateway) < 0 || !prefix_has(&s.prefix, &s.gateway)))
		return damaged(e, "gateway");
	n->subnets[s.prefix.ip.family == AF_INET ? SUBNET_V4 : SUBNET_V6] = s;
	return 0;
}

/* A device that the kind has, and no other. */
static bool take_device(const char *text, bool wanted, char ret[IF_NAMESIZE])
{
	return wanted ? text && *text && str_format(ret, IF_NAMESIZE, "%s", text) == 0 : !text;
}

static int take_file(struct err *e, const struct file *f, const char *name, struct network *n)
{
	int kind = f->kind ? str_lookup(network_kind_names, NETWORK_KIND_MAX, f->kind) : -1;
	int r = 0;

	if (f->version != FILE_VERSION)
		return err_set(e, ERR_UNSUPPORTED,
			       FILE_NAME ": version %u; this bawn knows version %d", f->version,
			       FILE_VERSION);
	if (kind < 0 || f->dns.n > NETWORK_DNS_MAX || (f->mtu && f->mtu < NETWORK_MTU_MIN))
		return damaged(e, "kind, mtu or dns");
	n->kind = (enum network_kind)kind;
	if (!take_device(f->bridge, network_has_bridge(n->kind), n->bridge) ||
	    !take_device(f->parent, network_has_parent(n->kind), n->parent) ||
	    !f->group != network_has_parent(n->kind))
		return damaged(e, "bridge, parent or group");
	(void)str_format(n->name, sizeof(n->name), "%s", name);
	n->group = f->group;
	n->mtu = f->mtu;
	n->isolate = f->isolate;
	for (; n->n_dns < f->dns.n; n->n_dns++)
		if (ip_parse(f->dns.v[n->n_dns], &n->dns[n->n_dns]) < 0)
			return damaged(e, "dns");
	for (size_t i = 0; i < f->subnets.n && r == 0; i++)
		r = take_subnet(e, &f->subnets.v[i], n);
	return r;
}

int network_load(struct err *e, int root_fd, const char *name, struct network *ret)
{
	_arena_ struct arena a = {0};
	_buf_ struct buf text = {0};
	struct network n = {0};
	struct file f = {0};
	struct json *tree;
	char path[NETWORK_NAME_MAX + 32];
	int r = network_name_check(e, name);

	if (r == 0)
		r = path_of(e, name, path, sizeof(path));
	if (r < 0)
		return r;
	r = file_read_at(e, root_fd, path, JSON_MAX_DOCUMENT, &text);
	if (r == -ENOENT) {
		err_set(e, ERR_NOT_FOUND, "network \"%s\" does not exist", name);
		return -ENOENT;
	}
	if (r == 0)
		r = json_parse(e, &a, FILE_NAME, text.data ? text.data : "", text.len, &tree);
	if (r == 0)
		r = json_decode(e, &a, tree, file_fields, &f);
	if (r == 0)
		r = take_file(e, &f, name, &n);
	if (r < 0)
		return err_wrap(e, r, "network %s", name);
	*ret = n;
	return 0;
}

/* ---- writing --------------------------------------------------------------------------------- */

static void write_subnet(struct json_writer *w, const struct subnet *s)
{
	char text[PREFIX_TEXT];

	json_write_object(w, NULL);
	json_write_str(w, "subnet", prefix_text(&s->prefix, text));
	if (s->gateway.family)
		json_write_str(w, "gateway", ip_text(&s->gateway, text));
	json_write_close(w);
}

void network_put(struct json_writer *w, const char *key, const struct network *n)
{
	char text[INET6_ADDRSTRLEN];

	json_write_object(w, key);
	json_write_int(w, "version", FILE_VERSION);
	json_write_str(w, "name", n->name);
	json_write_str(w, "kind", network_kind_names[n->kind]);
	if (*n->bridge)
		json_write_str(w, "bridge", n->bridge);
	if (*n->parent)
		json_write_str(w, "parent", n->parent);
	if (n->group)
		json_write_int(w, "group", n->group);
	json_write_array(w, "subnets");
	for (size_t i = 0; i < SUBNET_MAX; i++)
		if (n->subnets[i].prefix.ip.family)
			write_subnet(w, &n->subnets[i]);
	json_write_close(w);
	if (n->mtu)
		json_write_int(w, "mtu", n->mtu);
	if (n->isolate)
		json_write_bool(w, "isolate", true);
	json_write_array(w, "dns");
	for (size_t i = 0; i < n->n_dns; i++)
		json_write_str(w, NULL, ip_text(&n->dns[i], text));
	json_write_close(w);
	json_write_close(w);
}

static int network_write(struct err *e, const struct network *n, struct buf *out)
{
	struct json_writer w;

	json_write_begin(&w, true);
	network_put(&w, NULL, n);
	return json_write_end(&w, out) < 0 ? err_nomem(e) : 0;
}

int network_save(struct err *e, int root_fd, const struct network *n)
{
	_close_ int dir = FD_NONE;
	_buf_ struct buf out = {0};
	int r = network_write(e, n, &out);

	if (r < 0)
		return r;
	if (mkdirat(root_fd, n->name, 0700) < 0 && errno != EEXIST)
		return err_sys(e, "make the directory of network %s", n->name);
	dir = openat(root_fd, n->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return err_sys(e, "open the directory of network %s", n->name);
	/* Always the same name: what a killed writer leaves is found by network_forget(). */
	r = file_create_at(e, dir, FILE_NEW, out.data, out.len, 0600);
	if (r == 0 && renameat(dir, FILE_NEW, dir, FILE_NAME) < 0)
		r = err_sys(e, "write " FILE_NAME);
	return r < 0 ? err_wrap(e, r, "network %s", n->name) : 0;
}

int network_forget(struct err *e, int root_fd, const char *name)
{
	static const char *const files[] = {FILE_NEW, FILE_NAME};
	char path[NETWORK_NAME_MAX + 32];

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		(void)str_format(path, sizeof(path), "%s/%s", name, files[i]);
		if (unlinkat(root_fd, path, 0) < 0 && errno != ENOENT)
			return err_sys(e, "remove %s", path);
	}
	if (unlinkat(root_fd, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return err_sys(e, "remove the directory of network %s", name);
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct network *)a)->name, ((const struct network *)b)->name);
}

int network_list(struct err *e, int root_fd, struct arena *a, struct network_list *ret)
{
	int fd = openat(root_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_closedir_ DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	struct err why;

	*ret = (struct network_list){.v = arena_array(a, NETWORKS_MAX, sizeof(*ret->v))};
	if (!dir)
		return err_sys(e, "list the networks");
	if (!ret->v)
		return err_nomem(e);
	while ((entry = readdir(dir))) {
		int r;

		if (entry->d_name[0] == '.' || network_name_check(&why, entry->d_name) < 0)
			continue;
		if (ret->n == NETWORKS_MAX)
			return err_num(e, E2BIG, "list more than %d networks", NETWORKS_MAX);
		r = network_load(&why, root_fd, entry->d_name, &ret->v[ret->n]);
		/* One that is being made, or whose maker was killed, has no file yet. */
		if (r == -ENOENT)
			continue;
		if (r < 0) {
			*e = why;
			return r;
		}
		ret->n++;
	}
	qsort(ret->v, ret->n, sizeof(*ret->v), by_name);
	return 0;
}
