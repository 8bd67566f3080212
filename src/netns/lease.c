/* Addresses given out: see lease.h. Input: our own files, read with care. */
#include "lease.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>

#include "hosts.h"

#define PORTS_MAX 65536
#define RECORD_MAX 65536
#define RECORD_NAME (LEASE_MARK_SIZE + IF_NAMESIZE + 1)

int lease_open_part(struct err *e, int root_fd, const struct network *n, const char *part)
{
	char path[NETWORK_NAME_MAX + 32];
	int fd;

	(void)str_format(path, sizeof(path), "%s/%s", n->name, part);
	if (mkdirat(root_fd, path, 0700) < 0 && errno != EEXIST)
		return err_sys(e, "make %s", path);
	fd = openat(root_fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? err_sys(e, "open %s", path) : fd;
}

bool port_has_mac(const struct port_record *p)
{
	static const uint8_t none[sizeof(p->mac)];

	return memcmp(p->mac, none, sizeof(none)) != 0;
}

const char *port_mac_text(const struct port_record *p, char buf[MAC_TEXT])
{
	(void)str_format(buf, MAC_TEXT, "%02x:%02x:%02x:%02x:%02x:%02x", p->mac[0], p->mac[1],
			 p->mac[2], p->mac[3], p->mac[4], p->mac[5]);
	return buf;
}

/* ---- records --------------------------------------------------------------------------------- */

static void write_rate(struct buf *out, const struct rate *r)
{
	if (r->in)
		buf_printf(out, "rate-in %llu\n", (unsigned long long)r->in);
	if (r->out)
		buf_printf(out, "rate-out %llu\n", (unsigned long long)r->out);
	if (r->burst)
		buf_printf(out, "burst %u\n", r->burst);
}

static void record_name(const struct port_record *p, char name[RECORD_NAME])
{
	(void)str_format(name, RECORD_NAME, "%s-%s", p->mark, p->interface);
}

static int write_record(struct err *e, int ports, const struct port_record *p)
{
	char name[RECORD_NAME], mac[MAC_TEXT], text[INET6_ADDRSTRLEN];
	char published[PUBLISH_TEXT], rule[FIREWALL_TEXT];
	_buf_ struct buf out = {0};
	int r;

	buf_printf(&out, "owner %s\n", p->owner);
	if (*p->port)
		buf_printf(&out, "port %s\n", p->port);
	if (port_has_mac(p))
		buf_printf(&out, "mac %s\n", port_mac_text(p, mac));
	for (size_t i = 0; i < SUBNET_MAX; i++)
		if (p->ips[i].family)
			buf_printf(&out, "ip %s\n", ip_text(&p->ips[i], text));
	if (p->name[0])
		buf_printf(&out, "name %s\n", p->name);
	write_rate(&out, &p->rate);
	for (size_t i = 0; i < p->n_publish; i++)
		buf_printf(&out, "publish %s\n", publish_text(&p->publish[i], published));
	for (size_t i = 0; i < p->firewall.n; i++)
		buf_printf(&out, "firewall %s\n", firewall_text(&p->firewall.rules[i], rule));
	if (out.failed)
		return err_nomem(e);
	record_name(p, name);
	r = file_create_at(e, ports, ".new", out.data, out.len, 0600);
	if (r == 0 && renameat(ports, ".new", ports, name) < 0)
		r = err_sys(e, "write the record of a port");
	return r;
}

static bool take_line(struct port_record *p, const char *line)
{
	const char *value;
	struct err ignored;
	struct ip ip;

	if ((value = str_after(line, "owner ")))
		return str_format(p->owner, sizeof(p->owner), "%s", value) == 0;
	if ((value = str_after(line, "port ")))
		return str_format(p->port, sizeof(p->port), "%s", value) == 0;
	if ((value = str_after(line, "mac ")))
		return sscanf(value, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx", &p->mac[0], &p->mac[1],
			      &p->mac[2], &p->mac[3], &p->mac[4], &p->mac[5]) == 6;
	if ((value = str_after(line, "name ")))
		return str_format(p->name, sizeof(p->name), "%s", value) == 0;
	if ((value = str_after(line, "rate-in ")))
		return str_to_u64(value, &p->rate.in) == 0;
	if ((value = str_after(line, "rate-out ")))
		return str_to_u64(value, &p->rate.out) == 0;
	if ((value = str_after(line, "burst ")))
		return str_to_u32(value, &p->rate.burst) == 0;
	if ((value = str_after(line, "publish ")))
		return p->n_publish < PUBLISH_MAX &&
		       publish_parse(&ignored, value, &p->publish[p->n_publish++]) == 0;
	if ((value = str_after(line, "firewall ")))
		return firewall_parse(&ignored, value, &p->firewall) == 0;
	value = str_after(line, "ip ");
	if (!value || ip_parse(value, &ip) < 0)
		return false;
	p->ips[ip.family == AF_INET ? SUBNET_V4 : SUBNET_V6] = ip;
	return true;
}

static int read_record(struct err *e, int ports, const char *name, struct port_record *p)
{
	_buf_ struct buf text = {0};
	int r = file_read_at(e, ports, name, RECORD_MAX, &text);
	char *line, *end;

	if (r < 0)
		return r;
	*p = (struct port_record){0};
	/* MARK-INTERFACE */
	if (strlen(name) <= LEASE_MARK_SIZE || name[LEASE_MARK_SIZE - 1] != '-' ||
	    str_format(p->interface, sizeof(p->interface), "%s", name + LEASE_MARK_SIZE) < 0)
		return err_set(e, ERR_CONFIG, "%s: damaged", name);
	memcpy(p->mark, name, LEASE_MARK_SIZE - 1);
	for (line = text.data; line && (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		if (!take_line(p, line))
			return err_set(e, ERR_CONFIG, "%s: damaged", name);
	}
	return 0;
}

int lease_walk(struct err *e, int root_fd, const struct network *n, const char *mark,
	       lease_visit each, void *arg)
{
	_close_ int ports = lease_open_part(e, root_fd, n, "ports");
	int fd = ports < 0 ? FD_NONE : openat(ports, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_closedir_ DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	int r = 0;

	if (ports < 0)
		return ports;
	if (!dir)
		return err_sys(e, "list the ports of network %s", n->name);
	while (r == 0 && (entry = readdir(dir))) {
		struct port_record p;

		/* ".new": one that a killed bawn was writing. */
		if (entry->d_name[0] == '.' || (mark && !str_has_prefix(entry->d_name, mark)))
			continue;
		r = read_record(e, ports, entry->d_name, &p);
		if (r == 0)
			r = each(e, arg, n, &p);
		if (r < 0)
			(void)err_wrap(e, r, "network %s", n->name);
	}
	return r;
}

/* ---- addresses ------------------------------------------------------------------------------- */

static bool is_taken(int addresses, const struct subnet *s, const struct ip *ip)
{
	char text[INET6_ADDRSTRLEN];

	return ip_equal(&s->gateway, ip) ||
	       faccessat(addresses, ip_text(ip, text), F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static uint64_t read_next(int addresses)
{
	_buf_ struct buf text = {0};
	struct err ignored;
	uint64_t next;

	if (file_read_at(&ignored, addresses, "../next", 32, &text) < 0 || !text.data ||
	    str_to_u64(text.data, &next) < 0)
		return 2;	/* 1 is the gateway, as a rule */
	return next;
}

static void write_next(int addresses, uint64_t next)
{
	struct err ignored;
	char text[32];

	/* Only saves a search. */
	(void)str_format(text, sizeof(text), "%llu", (unsigned long long)next);
	(void)file_create_at(&ignored, addresses, "../next", text, strlen(text), 0600);
}

/* The same number in both families where both are to be chosen; of a family whose address is given
 * it is no matter. */
static bool number_is_free(int addresses, const struct network *n, const struct port_record *p,
			   uint64_t number)
{
	for (size_t i = 0; i < SUBNET_MAX; i++) {
		const struct subnet *s = &n->subnets[i];
		struct ip ip;

		if (!s->prefix.ip.family || p->ips[i].family)
			continue;
		if (number == 0 || number > prefix_hosts(&s->prefix))
			return false;
		ip = prefix_at(&s->prefix, number);
		if (is_taken(addresses, s, &ip))
			return false;
	}
	return true;
}

static uint64_t count_numbers(const struct network *n, const struct port_record *p)
{
	uint64_t count = 1ull << 32;

	for (size_t i = 0; i < SUBNET_MAX; i++) {
		uint64_t hosts = prefix_hosts(&n->subnets[i].prefix);

		if (n->subnets[i].prefix.ip.family && !p->ips[i].family && hosts < count)
			count = hosts;
	}
	return count;
}

static int choose_addresses(struct err *e, int addresses, const struct network *n,
			    struct port_record *p)
{
	uint64_t next = read_next(addresses), count = count_numbers(n, p), number = next;

	for (uint64_t i = 0; i < count; i++) {
		number = (next - 1 + i) % count + 1;
		if (number_is_free(addresses, n, p, number))
			break;
		if (i + 1 == count || i > PORTS_MAX)
			return err_set(e, ERR_EXISTS, "network %s has no free address", n->name);
	}
	for (size_t i = 0; i < SUBNET_MAX; i++)
		if (n->subnets[i].prefix.ip.family && !p->ips[i].family)
			p->ips[i] = prefix_at(&n->subnets[i].prefix, number);
	write_next(addresses, number + 1);
	return 0;
}

/* The container can rename its interfaces: so one of the name may be there. */
static int check_interface(struct err *e, int ports, const struct network *n,
			   const struct port_record *p)
{
	char name[RECORD_NAME];

	record_name(p, name);
	if (faccessat(ports, name, F_OK, 0) < 0)
		return 0;
	return err_set(e, ERR_EXISTS, "the container has an interface %s on network %s already",
		       p->interface, n->name);
}

static int check_given(struct err *e, int addresses, const struct network *n,
		       const struct port_record *p)
{
	char text[INET6_ADDRSTRLEN];

	for (size_t i = 0; i < SUBNET_MAX; i++) {
		const struct subnet *s = &n->subnets[i];

		if (!p->ips[i].family)
			continue;
		if (!s->prefix.ip.family || !prefix_index(&s->prefix, &p->ips[i]))
			return err_set(e, ERR_USAGE, "%s is no address of network %s",
				       ip_text(&p->ips[i], text), n->name);
		if (is_taken(addresses, s, &p->ips[i]))
			return err_set(e, ERR_EXISTS, "%s of network %s is in use",
				       ip_text(&p->ips[i], text), n->name);
	}
	return 0;
}

/* Whether a link of "addresses" or "names" is there and the container's. -ENOENT: there is none. */
static int is_own(int part, const char *entry, const struct port_record *p)
{
	char mark[LEASE_MARK_SIZE];
	ssize_t n = readlinkat(part, entry, mark, sizeof(mark));

	if (n < 0)
		return -errno;
	return n == LEASE_MARK_SIZE - 1 && memcmp(mark, p->mark, LEASE_MARK_SIZE - 1) == 0;
}

static int check_name(struct err *e, int names, const struct network *n, struct port_record *p)
{
	int r = p->name[0] ? is_own(names, p->name, p) : -ENOENT;

	if (r == 0)
		return err_set(e, ERR_EXISTS, "network %s has a container \"%s\" already", n->name,
			       p->name);
	/* Another interface of this container has it. */
	if (r > 0)
		p->name[0] = '\0';
	return r < 0 && r != -ENOENT ? err_num(e, r, "look for the name %s", p->name) : 0;
}

static void choose_mac(const struct network *n, struct port_record *p)
{
	if (!port_has_mac(p) && n->kind != NETWORK_IPVLAN)
		ip_mac(&p->ips[n->subnets[SUBNET_V4].prefix.ip.family ? SUBNET_V4 : SUBNET_V6],
		       p->mac);
}

/* 15 characters that tell ports apart: the first digits of the mark, which is random, and a number
 * made of the names of interface and network (FNV-1a). */
static void choose_port(const struct network *n, struct port_record *p)
{
	const char *names[] = {p->interface, n->name};
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		for (const char *c = names[i]; *c; c++)
			hash = (hash ^ (unsigned char)*c) * 16777619u;
	(void)str_format(p->port, sizeof(p->port), "bw%.8s%05x", p->mark,
			 (hash ^ hash >> 20) & 0xfffff);
}

struct parts {
	int ports, addresses, names;
};

static void parts_done(struct parts *parts)
{
	fd_close(&parts->ports);
	fd_close(&parts->addresses);
	fd_close(&parts->names);
}
#define _parts_ __attribute__((cleanup(parts_done)))

static int parts_open(struct err *e, int root_fd, const struct network *n, struct parts *ret)
{
	struct {
		int *fd;
		const char *name;
	} all[] = {
		{&ret->ports, "ports"},
		{&ret->addresses, "addresses"},
		{&ret->names, "names"},
	};

	*ret = (struct parts){FD_NONE, FD_NONE, FD_NONE};
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		*all[i].fd = lease_open_part(e, root_fd, n, all[i].name);
		if (*all[i].fd < 0)
			return *all[i].fd;
	}
	return 0;
}

int lease_take(struct err *e, int root_fd, const struct network *n, struct port_record *p)
{
	_parts_ struct parts parts;
	char text[INET6_ADDRSTRLEN];
	struct err ignored;
	int r = parts_open(e, root_fd, n, &parts);

	if (r == 0)
		r = check_interface(e, parts.ports, n, p);
	if (r == 0)
		r = check_given(e, parts.addresses, n, p);
	if (r == 0)
		r = check_name(e, parts.names, n, p);
	if (r == 0)
		r = choose_addresses(e, parts.addresses, n, p);
	if (r < 0)
		return r;
	choose_mac(n, p);
	if (!network_has_parent(n->kind))
		choose_port(n, p);
	r = write_record(e, parts.ports, p);
	for (size_t i = 0; i < SUBNET_MAX && r == 0; i++)
		if (p->ips[i].family &&
		    symlinkat(p->mark, parts.addresses, ip_text(&p->ips[i], text)) < 0)
			r = err_sys(e, "take the address %s of network %s", text, n->name);
	if (r == 0 && p->name[0] && symlinkat(p->mark, parts.names, p->name) < 0)
		r = err_sys(e, "take the name %s of network %s", p->name, n->name);
	if (r < 0)
		(void)lease_release(&ignored, root_fd, n, p);
	return r;
}

int lease_change(struct err *e, int root_fd, const struct network *n, const struct port_record *p)
{
	_close_ int ports = lease_open_part(e, root_fd, n, "ports");

	return ports < 0 ? ports : write_record(e, ports, p);
}

/* One that another container has by now is left alone. */
static int give_back(struct err *e, int part, const struct port_record *p, const char *entry)
{
	if (is_own(part, entry, p) <= 0)
		return 0;
	return unlinkat(part, entry, 0) < 0 && errno != ENOENT ? err_sys(e, "give back %s", entry)
							       : 0;
}

int lease_release(struct err *e, int root_fd, const struct network *n, const struct port_record *p)
{
	_parts_ struct parts parts;
	char name[RECORD_NAME], text[INET6_ADDRSTRLEN];
	int r = parts_open(e, root_fd, n, &parts);

	if (r == 0)
		r = hosts_remove(e, root_fd, n, p);
	for (size_t i = 0; i < SUBNET_MAX && r == 0; i++)
		if (p->ips[i].family)
			r = give_back(e, parts.addresses, p, ip_text(&p->ips[i], text));
	if (r == 0 && p->name[0])
		r = give_back(e, parts.names, p, p->name);
	if (r < 0)
		return r;
	record_name(p, name);
	return unlinkat(parts.ports, name, 0) < 0 && errno != ENOENT
		       ? err_sys(e, "remove the record of a port of network %s", n->name)
		       : 0;
}

static int empty_part(struct err *e, int root_fd, const struct network *n, const char *part)
{
	_close_ int fd = lease_open_part(e, root_fd, n, part);
	int copy = fd < 0 ? FD_NONE : openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_closedir_ DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	char path[NETWORK_NAME_MAX + 32];
	const struct dirent *entry;

	if (fd < 0)
		return fd;
	while (dir && (entry = readdir(dir)))
		if (!str_eq(entry->d_name, ".") && !str_eq(entry->d_name, ".."))
			(void)unlinkat(fd, entry->d_name, 0);
	(void)str_format(path, sizeof(path), "%s/%s", n->name, part);
	return unlinkat(root_fd, path, AT_REMOVEDIR) < 0 ? err_sys(e, "remove %s", path) : 0;
}

int lease_forget(struct err *e, int root_fd, const struct network *n)
{
	char path[NETWORK_NAME_MAX + 32];
	int r = hosts_forget(e, root_fd, n);

	if (r == 0)
		r = empty_part(e, root_fd, n, "ports");
	if (r == 0)
		r = empty_part(e, root_fd, n, "addresses");
	if (r == 0)
		r = empty_part(e, root_fd, n, "names");
	if (r == 0)
		r = empty_part(e, root_fd, n, "usage");
	(void)str_format(path, sizeof(path), "%s/next", n->name);
	if (r == 0 && unlinkat(root_fd, path, 0) < 0 && errno != ENOENT)
		r = err_sys(e, "remove %s", path);
	return r;
}
