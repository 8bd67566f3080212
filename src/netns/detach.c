/* An interface is taken from a container that stays: see netns.h. */
#include "netns.h"

#include "port.h"
#include "usage.h"
#include "want.h"

struct detachment {
	const struct network_detach *want;
	char interface[IF_NAMESIZE];	/* which; "": the only one */
	int root_fd;
	struct network network;
	struct port_record port;	/* the one that was found */
	size_t found;
	struct port_sides sides;
};

static int look_at(struct err *e, void *arg, const struct network *n, const struct port_record *p)
{
	struct detachment *d = arg;

	(void)e, (void)n;
	if (d->interface[0] && !str_eq(d->interface, p->interface))
		return 0;
	d->port = *p;
	d->found++;
	return 0;
}

static int find_port(struct err *e, struct detachment *d)
{
	const char *network = d->network.name;
	int r = lease_walk(e, d->root_fd, &d->network, d->want->mark, look_at, d);

	if (r < 0 || d->found == 1)
		return r;
	if (d->found > 1)
		return err_set(e, ERR_USAGE,
			       "the container has %zu interfaces on network %s: say %s,name=%s",
			       d->found, network, network, d->port.interface);
	return err_set(e, ERR_NOT_FOUND, "the container has no interface %s%son network %s",
		       d->interface, d->interface[0] ? " " : "", network);
}

static int restore_routes(struct err *e, void *arg, const struct network *n,
			  const struct port_record *p)
{
	struct detachment *d = arg;

	return port_restore_routes(e, &d->sides.there, n, p);
}

/* The default route went with the interface; another network may have one. */
static int route_through_others(struct err *e, struct detachment *d)
{
	_arena_ struct arena a = {0};
	struct network_list all = {0};
	int r = network_list(e, d->root_fd, &a, &all);

	for (size_t i = 0; r == 0 && i < all.n; i++)
		r = lease_walk(e, d->root_fd, &all.v[i], d->want->mark, restore_routes, d);
	return r;
}

static int detach(struct err *e, struct detachment *d)
{
	int r = find_port(e, d);

	if (r == 0)
		r = port_sides_open(e, &d->sides);
	if (r == 0)
		usage_keep(&d->sides.here, d->root_fd, &d->network, &d->port);
	if (r == 0 && d->sides.there.sock)
		r = port_remove_there(e, &d->sides.there, &d->port);
	if (r == 0)
		r = port_remove(e, d->root_fd, &d->sides.here, &d->port);
	/* Before the record is gone: a killed one is done again. */
	if (r == 0 && d->sides.there.sock)
		r = route_through_others(e, d);
	return r < 0 ? r : lease_release(e, d->root_fd, &d->network, &d->port);
}

/* Only the network and the interface may be said. */
static int take_spec(struct err *e, struct detachment *d, char network[NETWORK_NAME_MAX + 1])
{
	static const struct port_record nothing;
	struct port_record want = nothing;
	int r = want_parse(e, d->want->spec, network, &want);

	if (r < 0)
		return r;
	memcpy(d->interface, want.interface, sizeof(d->interface));
	memset(want.interface, 0, sizeof(want.interface));
	if (memcmp(&want, &nothing, sizeof(want)) != 0)
		return err_set(e, ERR_USAGE, "\"%.60s\": only name= says what to detach",
			       d->want->spec);
	return 0;
}

int network_detach(struct err *e, const struct network_detach *want)
{
	struct detachment d = {.want = want, .root_fd = FD_NONE, .sides.netns_fd = want->netns_fd};
	char network[NETWORK_NAME_MAX + 1];
	int r = take_spec(e, &d, network);

	if (r == 0)
		r = network_root_open(e, want->root, &d.root_fd);
	if (r == 0)
		r = network_load(e, d.root_fd, network, &d.network);
	if (r == 0)
		r = detach(e, &d);
	port_sides_close(&d.sides);
	fd_close(&d.root_fd);
	return r;
}
