/* Rates of interfaces that exist: see netns.h. */
#include "lease.h"
#include "netns.h"
#include "nft.h"
#include "port.h"

#define SPEC_MAX 256

struct change {
	const struct network_rate *want;
	const char *interface;		/* NULL: all of the container */
	int root_fd;
	struct port_sides sides;
	size_t done;
};

/* [name=INTERFACE,]OPTION...: into what a record says already. `text` is written to. */
static int take_spec(struct err *e, char *text, const char **interface, struct rate *rate)
{
	const char *name;
	char *rest = NULL;
	int r = 1;

	for (char *o = strtok_r(text, ",", &rest); o && r > 0; o = strtok_r(NULL, ",", &rest)) {
		name = str_after(o, "name=");
		if (name)
			*interface = name;
		else
			r = rate_option(e, o, rate);
		if (r == 0)
			return err_set(
				e, ERR_USAGE,
				"unknown option \"%.60s\" (there are name=, " RATE_OPTIONS ")", o);
	}
	return r < 0 ? r : 0;
}

static int set_one(struct err *e, struct nl *nl, const char *device, const struct rate *rate,
		   uint64_t bits_per_second)
{
	struct link link;
	int r = link_get(e, nl, device, 0, &link);

	if (r == 0)
		r = link_set_rate(e, nl, link.index, rate, bits_per_second);
	return r < 0 ? err_wrap(e, r, "interface %s", device) : 0;
}

static int apply(struct err *e, struct change *c, const struct network *n,
		 const struct port_record *p)
{
	int r = nft_guard_port(e, n, p);

	if (r == 0)
		r = set_one(e, &c->sides.here, p->port, &p->rate, p->rate.in);
	return r < 0 ? r : set_one(e, &c->sides.there, p->interface, &p->rate, p->rate.out);
}

static int change_one(struct err *e, void *arg, const struct network *n,
		      const struct port_record *old)
{
	struct change *c = arg;
	struct port_record new = *old;
	char spec[SPEC_MAX];
	const char *interface;
	struct err ignored;
	int r;

	(void)str_format(spec, sizeof(spec), "%s", c->want->spec);
	if (c->interface && strcmp(c->interface, old->interface) != 0)
		return 0;
	r = take_spec(e, spec, &interface, &new.rate);
	if (r == 0)
		r = rate_check(e, &new.rate, n);
	if (r == 0)
		r = lease_change(e, c->root_fd, n, &new);
	if (r < 0)
		return r;
	r = apply(e, c, n, &new);
	if (r < 0) {
		(void)lease_change(&ignored, c->root_fd, n, old);
		(void)apply(&ignored, c, n, old);
		return r;
	}
	c->done++;
	return 0;
}

static int change_all(struct err *e, struct change *c)
{
	_arena_ struct arena a = {0};
	struct network_list networks;
	int r = port_sides_open(e, &c->sides);

	if (r == 0)
		r = network_root_open(e, c->want->root, &c->root_fd);
	if (r == 0)
		r = network_list(e, c->root_fd, &a, &networks);
	for (size_t i = 0; r == 0 && i < networks.n; i++)
		r = lease_walk(e, c->root_fd, &networks.v[i], c->want->mark, change_one, c);
	if (r == 0 && !c->done)
		r = err_set(e, ERR_NOT_FOUND, "the container has no interface%s%s of a network",
			    c->interface ? " " : "", c->interface ? c->interface : "");
	return r;
}

int network_set_rate(struct err *e, const struct network_rate *want)
{
	struct change c = {
		.want = want,
		.root_fd = FD_NONE,
		.sides.netns_fd = want->netns_fd,
	};
	struct rate unused = {0};
	char spec[SPEC_MAX];
	int r;

	if (strlen(want->mark) != LEASE_MARK_SIZE - 1)
		return err_set(e, ERR_USAGE, "\"%.60s\" is no mark of a container", want->mark);
	if (str_format(spec, sizeof(spec), "%s", want->spec) < 0)
		return err_set(e, ERR_USAGE, "\"%.60s\": too long", want->spec);
	r = take_spec(e, spec, &c.interface, &unused);
	if (r == 0)
		r = change_all(e, &c);
	port_sides_close(&c.sides);
	fd_close(&c.root_fd);
	return r;
}
