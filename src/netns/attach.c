/* An interface for a container: see netns.h. */
#include "netns.h"

#include <stdio.h>

#include "bridge.h"
#include "port.h"

struct attachment {
	const struct network_attach *want;
	int root_fd;
	struct network network;
	struct port_record port;
	struct port_sides sides;
};

static int take_mac(struct err *e, const char *text, uint8_t mac[6])
{
	int end = 0;

	/* Of one station: the first bit of the first byte is for groups. */
	if (sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%n", &mac[0], &mac[1], &mac[2],
		   &mac[3], &mac[4], &mac[5], &end) != 6 ||
	    end != 17 || text[end] || mac[0] & 1)
		return err_set(e, ERR_USAGE, "mac=%.40s: want aa:bb:cc:dd:ee:ff of one station",
			       text);
	return 0;
}

static int take_ip(struct err *e, const char *option, const char *text, uint8_t family,
		   struct port_record *p)
{
	struct ip ip;

	if (ip_parse(text, &ip) < 0 || ip.family != family)
		return err_set(e, ERR_USAGE, "%s=%.60s is no %s address", option, text,
			       family == AF_INET ? "IPv4" : "IPv6");
	p->ips[family == AF_INET ? SUBNET_V4 : SUBNET_V6] = ip;
	return 0;
}

static int take_name(struct err *e, const char *text, struct port_record *p)
{
	if (!*text || str_eq(text, ".") || str_eq(text, "..") || strchr(text, '/') ||
	    strchr(text, ' ') || strchr(text, '%') || strchr(text, ':') ||
	    !str_is_printable(text) ||
	    str_format(p->interface, sizeof(p->interface), "%s", text) < 0)
		return err_set(e, ERR_USAGE, "name=%.40s is no name of an interface", text);
	return 0;
}

static int take_option(struct err *e, const char *option, struct port_record *p)
{
	const char *value;

	if ((value = str_after(option, "ip=")))
		return take_ip(e, "ip", value, AF_INET, p);
	if ((value = str_after(option, "ip6=")))
		return take_ip(e, "ip6", value, AF_INET6, p);
	if ((value = str_after(option, "mac=")))
		return take_mac(e, value, p->mac);
	if ((value = str_after(option, "name=")))
		return take_name(e, value, p);
	return err_set(e, ERR_USAGE, "unknown option \"%.60s\" (there are ip=, ip6=, mac=, name=)",
		       option);
}

/* NAME[,OPTION]...: the network's name into `name`. */
static int take_spec(struct err *e, struct attachment *a, char name[NETWORK_NAME_MAX + 1])
{
	const struct network_attach *want = a->want;
	char spec[512], *option, *rest = NULL;
	int r = 0;

	if (strlen(want->mark) != LEASE_MARK_SIZE - 1 ||
	    str_format(a->port.owner, sizeof(a->port.owner), "%s", want->owner) < 0 ||
	    str_format(spec, sizeof(spec), "%s", want->spec) < 0)
		return err_set(e, ERR_USAGE, "network \"%.60s\": too long", want->spec);
	memcpy(a->port.mark, want->mark, LEASE_MARK_SIZE);
	(void)str_format(a->port.interface, sizeof(a->port.interface), "eth%u", want->number);
	option = strchr(spec, ',');
	if (option)
		*option++ = '\0';
	r = network_name_check(e, spec);
	if (r < 0)
		return r;
	(void)str_format(name, NETWORK_NAME_MAX + 1, "%s", spec);
	for (option = option ? strtok_r(option, ",", &rest) : NULL; option && r == 0;
	     option = strtok_r(NULL, ",", &rest))
		r = take_option(e, option, &a->port);
	return r;
}

/* Runs in the container's network namespace. */
static int open_there(struct err *e, void *arg)
{
	struct attachment *a = arg;
	static const char *const off[] = {"disable_ipv6", "accept_dad", "accept_ra",
					  "addr_gen_mode"};
	bool ip6 = a->network.subnets[SUBNET_V6].prefix.ip.family;
	int r = nl_open(e, &a->sides.there);

	/* Our address is not looked for on the link: nobody else can have it. The link-local one is
	 * made of the MAC address (mode 0), which the guard of the port knows. */
	for (size_t i = 0; r == 0 && ip6 && i < ARRAY_SIZE(off); i++)
		r = net_sysctl(e, "0", "ipv6/conf/default/%s", off[i]);
	if (r == 0 && !ip6)
		r = net_sysctl(e, "1", "ipv6/conf/default/disable_ipv6");
	return r;
}

static int open_sides(struct err *e, struct attachment *a)
{
	_close_ int home = FD_NONE;
	int r = nl_open(e, &a->sides.here);

	if (r < 0)
		return r;
	home = nl_namespace(e, &a->sides.here);
	return home < 0 ? home : nl_visit(e, home, a->sides.netns_fd, open_there, a);
}

static int attach(struct err *e, struct attachment *a)
{
	int r = open_sides(e, a);

	if (r == 0)
		r = lease_take(e, a->root_fd, &a->network, &a->port);
	return r < 0 ? r : port_make(e, &a->sides, &a->network, &a->port);
}

int network_attach(struct err *e, const struct network_attach *want)
{
	struct attachment a = {.want = want, .root_fd = FD_NONE, .sides.netns_fd = want->netns_fd};
	char name[NETWORK_NAME_MAX + 1] = "";
	int r = take_spec(e, &a, name);

	if (r == 0)
		r = network_root_open(e, want->root, &a.root_fd);
	if (r == 0)
		r = network_load(e, a.root_fd, name, &a.network);
	if (r == 0) {
		r = attach(e, &a);
		if (r < 0)
			(void)err_wrap(e, r, "network %s", name);
	}
	nl_close(&a.sides.here);
	nl_close(&a.sides.there);
	fd_close(&a.root_fd);
	return r;
}
