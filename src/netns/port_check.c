/* Whether a container's interface is still as it was made: see port.h. */
#include <stdio.h>

#include "port.h"

struct check {
	const struct port_record *port;
	struct nl there;
};

static bool has(const struct addr_list *list, const char *ip)
{
	char text[PREFIX_TEXT];
	size_t len = strlen(ip);

	for (size_t i = 0; i < list->n; i++)
		if (str_has_prefix(addr_text(list->v[i], text, sizeof(text)), ip) &&
		    text[len] == '/')
			return true;
	return false;
}

static int check_addresses(struct err *e, struct check *c, const struct link *link)
{
	struct addr_list list = {0};
	char text[INET6_ADDRSTRLEN];
	int r = addr_list(e, &c->there, link->index, &list);

	for (size_t i = 0; i < SUBNET_MAX && r == 0; i++) {
		const struct ip *ip = &c->port->ips[i];

		if (ip->family && !has(&list, ip_text(ip, text)))
			r = err_set(e, ERR_STATE, "interface %s has lost its address %s",
				    link->name, text);
	}
	addr_list_done(&list);
	return r;
}

/* Runs in the container's network namespace. */
static int check_there(struct err *e, void *arg)
{
	struct check *c = arg;
	struct link link;
	int r = nl_open(e, &c->there);

	if (r == 0)
		r = link_get(e, &c->there, c->port->interface, 0, &link);
	if (r == -ENODEV)
		return err_set(e, ERR_STATE, "interface %s is gone", c->port->interface);
	if (r == 0 && !(link.flags & IFF_UP))
		return err_set(e, ERR_STATE, "interface %s is down", c->port->interface);
	return r < 0 ? r : check_addresses(e, c, &link);
}

int port_check(struct err *e, int netns_fd, const struct port_record *p)
{
	_close_ int home = FD_NONE;
	struct check c = {.port = p};
	struct nl here;
	struct link link;
	int r = nl_open(e, &here);

	if (r == 0 && *p->port)
		r = link_get(e, &here, p->port, 0, &link);
	if (r == -ENODEV)
		r = err_set(e, ERR_STATE, "the host's end %s of interface %s is gone", p->port,
			    p->interface);
	if (r == 0)
		r = home = nl_namespace(e, &here);
	if (r >= 0)
		r = nl_visit(e, home, netns_fd, check_there, &c);
	nl_close(&here);
	nl_close(&c.there);
	return r;
}
