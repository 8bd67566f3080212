/*
 * Moving network devices into a container: see netns.h.
 *
 * The kernel moves and renames in one request, but a new name that is taken is found out
 * only when the device is over there. So everything is looked at first, the index over
 * there is chosen by us (that is how a device named by a template is found again), and
 * what went wrong halfway is put back.
 */
#include "netns.h"

#include <sys/stat.h>

#include "link.h"

#define INDEX_TRIES 4096

struct side {
	struct nl nl;
	int fd;			/* the network namespace */
};

struct device {
	const struct netns_move *move;
	struct link link;	/* as it was on the host */
	struct addr_list addrs;
	int index;		/* over there; 0 while it is at home */
};

struct transfer {
	struct side host, other;
	struct device *v;
	size_t n;
	struct arena arena;
};

static bool is_template(const char *name)
{
	return strchr(name, '%');
}

/* One "%d" and no other '%', which is what the kernel takes. */
static bool template_is_good(const char *name)
{
	const char *percent = strchr(name, '%');

	return percent[1] == 'd' && !strchr(percent + 1, '%');
}

static int open_other(struct err *e, void *arg)
{
	struct transfer *t = arg;

	return nl_open(e, &t->other.nl);
}

static int open_sides(struct err *e, struct transfer *t)
{
	struct stat here, there;
	int r = nl_open(e, &t->host.nl);

	if (r < 0)
		return r;
	t->host.fd = nl_namespace(e, &t->host.nl);
	if (t->host.fd < 0)
		return t->host.fd;
	if (fstat(t->host.fd, &here) < 0 || fstat(t->other.fd, &there) < 0)
		return err_sys(e, "look at the network namespaces");
	if (here.st_dev == there.st_dev && here.st_ino == there.st_ino)
		return err_set(e, ERR_CONFIG, "the container's network namespace is the host's");
	return nl_visit(e, t->host.fd, t->other.fd, open_other, t);
}

static void transfer_done(struct transfer *t)
{
	for (size_t i = 0; i < t->n; i++)
		addr_list_done(&t->v[i].addrs);
	nl_close(&t->host.nl);
	nl_close(&t->other.nl);
	fd_close(&t->host.fd);
	arena_done(&t->arena);
}

static int check_device(struct err *e, struct transfer *t, struct device *d)
{
	const char *name = d->move->name;
	struct link taken;
	int r;

	if (is_template(name) && !template_is_good(name))
		return err_set(e, ERR_CONFIG, "the name \"%s\" is a template without one %%d",
			       name);
	r = link_get(e, &t->host.nl, d->move->host_name, 0, &d->link);
	if (r < 0)
		return r;
	if (d->link.flags & IFF_LOOPBACK)
		return err_set(e, ERR_CONFIG, "is a loopback device, which cannot be moved");
	for (const struct device *other = t->v; other < d; other++)
		if (other->link.index == d->link.index)
			return err_set(e, ERR_CONFIG, "is the same device as %s",
				       other->move->host_name);
	if (!is_template(name)) {
		r = link_get(e, &t->other.nl, name, 0, &taken);
		if (r == 0)
			return err_num(e, EEXIST, "the container has a device %s already", name);
		if (r != -ENODEV)
			return r;
	}
	r = addr_list(e, &t->host.nl, d->link.index, &d->addrs);
	return r < 0 ? err_wrap(e, r, "list its addresses") : 0;
}

/* The wanted one or the next that is free. */
static int free_index(struct err *e, struct nl *nl, int wanted)
{
	for (int index = wanted; index - wanted < INDEX_TRIES; index++) {
		struct link taken;
		int r = link_get(e, nl, NULL, index, &taken);

		if (r == -ENODEV)
			return index;
		if (r < 0)
			return r;
	}
	return err_num(e, EBUSY, "find a free number for it");
}

/* *ret_index is set as soon as the device is at `to`, also when it could not be renamed. */
static int carry(struct err *e, struct side *from, struct side *to, int index, int wanted,
		 const char *name, int *ret_index)
{
	struct link_target target = {.netns_fd = to->fd, .name = name};
	struct link gone;
	struct err ignored;
	int r = free_index(e, &to->nl, wanted);

	if (r < 0)
		return r;
	target.index = r;
	r = link_move(e, &from->nl, index, &target);
	if (r == 0 || link_get(&ignored, &from->nl, NULL, index, &gone) == -ENODEV)
		*ret_index = target.index;
	if (r < 0 && name)
		return err_wrap(e, r, "move it and name it %s", name);
	return r < 0 ? err_wrap(e, r, "move it") : 0;
}

/* What a device gets where it has arrived. */
static int settle(struct err *e, struct side *side, const struct device *d, int index, bool up)
{
	struct link link;
	int r = link_get(e, &side->nl, NULL, index, &link);

	if (r < 0)
		return err_wrap(e, r, "find it again");
	r = addr_add_all(e, &side->nl, &link, d->link.name, &d->addrs);
	if (r < 0 || !up)
		return r;
	r = link_set_up(e, &side->nl, index);
	return r < 0 ? err_wrap(e, r, "set it up") : 0;
}

static int move_there(struct err *e, struct transfer *t, struct device *d)
{
	/* Not renamed when the name is the same, be it an alternative one, which it keeps. */
	bool rename =
		!str_eq(d->move->name, d->move->host_name) && !str_eq(d->move->name, d->link.name);
	int r = carry(e, &t->host, &t->other, d->link.index, d->link.index,
		      rename ? d->move->name : NULL, &d->index);

	return r < 0 ? r : settle(e, &t->other, d, d->index, true);
}

static int put_back(struct err *e, struct transfer *t, struct device *d)
{
	int index = 0, r;

	r = carry(e, &t->other, &t->host, d->index, d->link.index, d->link.name, &index);
	return r < 0 ? r : settle(e, &t->host, d, index, d->link.flags & IFF_UP);
}

static void put_all_back(struct err *e, struct transfer *t)
{
	for (size_t i = t->n; i > 0; i--) {
		struct device *d = &t->v[i - 1];
		struct err why;

		if (d->index && put_back(&why, t, d) < 0)
			(void)err_wrap(e, 0, "%s was moved and cannot be put back (%s)",
				       d->move->host_name, why.msg);
	}
}

static int move_all(struct err *e, struct transfer *t, const struct netns_move *moves, size_t n)
{
	int r = 0;

	for (size_t i = 0; i < n; i++) {
		t->v[i].move = &moves[i];
		t->n++;
		r = check_device(e, t, &t->v[i]);
		if (r < 0)
			return err_wrap(e, r, "%s", moves[i].host_name);
	}
	for (size_t i = 0; i < n && r == 0; i++) {
		r = move_there(e, t, &t->v[i]);
		if (r < 0)
			(void)err_wrap(e, r, "%s", moves[i].host_name);
	}
	if (r < 0)
		put_all_back(e, t);
	return r;
}

int netns_move_devices(struct err *e, int netns_fd, const struct netns_move *moves, size_t n)
{
	struct transfer t = {.host.fd = FD_NONE, .other.fd = netns_fd};
	int r;

	if (n > NETNS_MAX_DEVICES)
		return err_num(e, E2BIG, "move %zu network devices", n);
	t.v = arena_array(&t.arena, n, sizeof(*t.v));
	r = t.v ? open_sides(e, &t) : err_nomem(e);
	if (r == 0)
		r = move_all(e, &t, moves, n);
	transfer_done(&t);
	return r;
}
