/*
 * linux.sysctl: names to paths below /proc/sys, and the list of those that belong
 * to a namespace. All others would change the host (CVE-2022-0811, T19).
 */
#include "runtime/spec_private.h"

#include <sys/stat.h>

/* sysctl(8): the first separator says which form it is; in "net.ipv4.conf.eth0/1.x" the slash
 * is a dot of the name, in "net/ipv4/conf/eth0.1/x" the dot is. */
static void to_path(char *name)
{
	size_t first = strcspn(name, "./");

	if (name[first] != '.')
		return;
	for (; *name; name++) {
		if (*name == '.')
			*name = '/';
		else if (*name == '/')
			*name = '.';
	}
}

static bool valid_path(const char *path)
{
	static const char allowed[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-/";
	size_t len;

	if (path[strspn(path, allowed)] != '\0')
		return false;
	for (;; path += len + 1) {
		len = strcspn(path, "/");
		if (len == 0 || (path[0] == '.' && (len == 1 || (len == 2 && path[1] == '.'))))
			return false;
		if (path[len] == '\0')
			return true;
	}
}

/* Names and, ending in '/', directories. */
static const struct {
	char path[24];
	int8_t ns;
} namespaced[] = {
	{"fs/mqueue/", NS_IPC},	     {"kernel/msgmax", NS_IPC},
	{"kernel/msgmnb", NS_IPC},   {"kernel/msgmni", NS_IPC},
	{"kernel/sem", NS_IPC},	     {"kernel/shm_rmid_forced", NS_IPC},
	{"kernel/shmall", NS_IPC},   {"kernel/shmmax", NS_IPC},
	{"kernel/shmmni", NS_IPC},   {"kernel/domainname", NS_UTS},
	{"kernel/hostname", NS_UTS}, {"net/", NS_NET},
	{"user/", NS_USER},
};

static int namespace_of(const char *path)
{
	for (size_t i = 0; i < ARRAY_SIZE(namespaced); i++) {
		const char *rest = str_after(path, namespaced[i].path);

		if (rest && (*rest == '\0' || str_has_suffix(namespaced[i].path, "/")))
			return namespaced[i].ns;
	}
	return -1;
}

static int decode_entry(struct err *e, struct arena *a, const struct json *node,
			struct spec_sysctl *ret)
{
	char *path = arena_strdup(a, node->key);
	int r;

	if (!path)
		return err_nomem(e);
	r = json_to_text(e, node, &ret->value);
	if (r < 0)
		return r;
	to_path(path);
	if (!valid_path(path))
		return json_bad(e, node, "no name of a sysctl");
	if (namespace_of(path) < 0)
		return json_bad(e, node, "sysctl \"%s\" is not in a separate kernel namespace",
				node->key);
	if (str_eq(path, "kernel/hostname"))
		return json_bad(e, node, "use the property \"hostname\" instead");
	ret->key = node->key;
	ret->path = path;
	return 0;
}

int spec_sysctl_decode(struct err *e, struct arena *a, const struct json *node, void *list)
{
	__typeof__(((struct spec_linux *)NULL)->sysctl) *l = list;
	int r = json_expect(e, node, JSON_OBJECT);

	if (r < 0)
		return r;
	l->v = arena_array(a, node->count, sizeof(*l->v));
	if (!l->v)
		return err_nomem(e);
	for (const struct json *c = node->child; c && r == 0; c = c->next)
		if (c->type != JSON_NULL)
			r = decode_entry(e, a, c, &l->v[l->n++]);
	return r;
}

/* Whether the path joins the namespace that we are in: then it is not the container's own. One that
 * is gone by now (exec reads the config again) fails where it is joined, if it is. */
static bool joins_ours(enum ns_kind kind, const char *path)
{
	struct stat ours, theirs;
	char self[64];

	(void)str_format(self, sizeof(self), "/proc/self/ns/%s", ns_kind_proc_name(kind));
	return path && stat(self, &ours) == 0 && stat(path, &theirs) == 0 &&
	       ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino;
}

int spec_sysctl_check(struct err *e, const struct json *node, const struct spec_linux *l)
{
	enum { UNKNOWN, OWN, HOST } found[NS_KIND_MAX] = {UNKNOWN};

	for (size_t i = 0; i < l->sysctl.n; i++) {
		const struct spec_sysctl *s = &l->sysctl.v[i];
		enum ns_kind kind = (enum ns_kind)namespace_of(s->path);
		const struct spec_ns *ns = &l->ns[kind];

		if (found[kind] == UNKNOWN)
			found[kind] = !ns->present || joins_ours(kind, ns->path) ? HOST : OWN;
		if (found[kind] == HOST)
			return json_bad(e, json_get(json_get(node, "sysctl"), s->key),
					"not allowed in the host's %s namespace",
					ns_kind_name(kind));
	}
	return 0;
}
