/* HOST:CTR of --publish: see publish.h. Input: the command line, and our own records. */
#include "publish.h"

#include <netinet/in.h>
#include <stdio.h>

#include "lease.h"

#define WANT "want [ADDRESS:]PORT:PORT[/tcp|udp|sctp], such as 8080:80 or [2001:db8::1]:53:53/udp"

static const struct {
	const char *name;
	uint8_t number;
} protocols[] = {
	{"tcp", IPPROTO_TCP},
	{"udp", IPPROTO_UDP},
	{"sctp", IPPROTO_SCTP},
};

const char *publish_protocol(const struct publish *p)
{
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++)
		if (protocols[i].number == p->protocol)
			return protocols[i].name;
	return "?";
}

static int take_protocol(const char *name, struct publish *p)
{
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
		if (!str_eq(name, protocols[i].name))
			continue;
		p->protocol = protocols[i].number;
		return 0;
	}
	return -EINVAL;
}

static int take_port(const char *text, uint16_t *ret)
{
	uint32_t n;

	if (str_to_u32(text, &n) < 0 || n == 0 || n > UINT16_MAX)
		return -EINVAL;
	*ret = (uint16_t)n;
	return 0;
}

/* PORT or PORT-PORT */
static int take_range(char *text, uint16_t *first, uint32_t *count)
{
	char *dash = strchr(text, '-');
	uint16_t last;

	if (dash)
		*dash++ = '\0';
	if (take_port(text, first) < 0 || take_port(dash ? dash : text, &last) < 0 || last < *first)
		return -EINVAL;
	*count = (uint32_t)last - *first + 1;
	return 0;
}

/* Takes the address in front of the ports. Returns the ports; NULL: it is no address. */
static char *take_host(char *text, struct publish *p)
{
	bool bracket = *text == '[';
	char *end = bracket ? strstr(text, "]:") : strchr(text, ':');
	char *ports = end ? end + (bracket ? 2 : 1) : NULL;

	if (!bracket && (!end || !strchr(ports, ':')))
		return text;
	if (!end)
		return NULL;
	*end = '\0';
	if (ip_parse(text + bracket, &p->host) < 0 || bracket != (p->host.family == AF_INET6))
		return NULL;
	return ports;
}

static bool is_any(const struct ip *ip)
{
	static const uint8_t zero[sizeof(ip->bytes)];

	return memcmp(ip->bytes, zero, ip_size(ip)) == 0;
}

/* What the kernel does not translate, or what no client can mean. */
static const char *what_is_wrong(const struct ip *ip)
{
	static const struct ip loopback6 = {.family = AF_INET6, .bytes = {[15] = 1}};

	if (ip_equal(ip, &loopback6))
		return "the kernel does not lead ::1 anywhere else: publish on 127.0.0.1, or on "
		       "an address of a device";
	if (ip->family == AF_INET6 && ip->bytes[0] == 0xfe && (ip->bytes[1] & 0xc0) == 0x80)
		return "a link-local address";
	if (ip->family == AF_INET6 ? ip->bytes[0] == 0xff : ip->bytes[0] >= 224)
		return "no address of one host";
	return NULL;
}

int publish_parse(struct err *e, const char *text, struct publish *ret)
{
	struct publish p = {.protocol = IPPROTO_TCP};
	char copy[PUBLISH_TEXT], *slash, *host, *container;
	uint32_t count = 0, to_count = 0;
	const char *wrong;

	if (str_format(copy, sizeof(copy), "%s", text) < 0)
		return err_set(e, ERR_USAGE, "publish \"%.80s\": too long; " WANT, text);
	slash = strchr(copy, '/');
	if (slash)
		*slash++ = '\0';
	host = take_host(copy, &p);
	container = host ? strchr(host, ':') : NULL;
	if (container)
		*container++ = '\0';
	if (!container || (slash && take_protocol(slash, &p) < 0) ||
	    take_range(host, &p.from, &count) < 0 || take_range(container, &p.to, &to_count) < 0)
		return err_set(e, ERR_USAGE, "publish \"%.80s\": " WANT, text);
	if (count != to_count)
		return err_set(e, ERR_USAGE, "publish \"%.80s\": %u ports of the host for %u", text,
			       count, to_count);
	wrong = p.host.family ? what_is_wrong(&p.host) : NULL;
	if (wrong)
		return err_set(e, ERR_USAGE, "publish \"%.80s\": %s", text, wrong);
	p.count = (uint16_t)count;	/* 65535 at most: there is no port 0 */
	*ret = p;
	return 0;
}

const char *publish_text(const struct publish *p, char buf[PUBLISH_TEXT])
{
	char host[INET6_ADDRSTRLEN], from[16] = "", to[16] = "";
	bool six = p->host.family == AF_INET6;

	if (p->count > 1) {
		(void)str_format(from, sizeof(from), "-%u", p->from + p->count - 1);
		(void)str_format(to, sizeof(to), "-%u", p->to + p->count - 1);
	}
	(void)str_format(buf, PUBLISH_TEXT, "%s%s%s%u%s:%u%s/%s", six ? "[" : "",
			 p->host.family ? ip_text(&p->host, host) : "",
			 six		  ? "]:"
			 : p->host.family ? ":"
					  : "",
			 p->from, from, p->to, to, publish_protocol(p));
	return buf;
}

static bool share_address(const struct ip *a, const struct ip *b)
{
	if (!a->family || !b->family)
		return true;
	return a->family == b->family && (is_any(a) || is_any(b) || ip_equal(a, b));
}

bool publish_overlaps(const struct publish *a, const struct publish *b)
{
	return a->protocol == b->protocol && a->from < b->from + b->count &&
	       b->from < a->from + a->count && share_address(&a->host, &b->host);
}

bool published_is_any(const struct published_port *port)
{
	return is_any(&port->host);
}

static int walk_one(struct err *e, const struct port_record *p, const struct publish *of,
		    published_visit each, void *arg)
{
	int r = 0;

	for (size_t k = 0; k < SUBNET_MAX; k++) {
		uint8_t family = k == SUBNET_V4 ? AF_INET : AF_INET6;
		struct published_port port = {
			.of = of,
			.host = of->host.family ? of->host : (struct ip){.family = family},
			.container = p->ips[k],
		};

		if (!p->ips[k].family || port.host.family != family)
			continue;
		for (uint16_t i = 0; i < of->count && r == 0; i++) {
			port.from = (uint16_t)(of->from + i);
			port.to = (uint16_t)(of->to + i);
			r = each(e, arg, &port);
		}
	}
	return r;
}

int published_walk(struct err *e, const struct port_record *p, published_visit each, void *arg)
{
	int r = 0;

	for (size_t i = 0; i < p->n_publish && r == 0; i++)
		r = walk_one(e, p, &p->publish[i], each, arg);
	return r;
}
