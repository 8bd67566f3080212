/* Addresses and prefixes: see ip.h. */
#include "ip.h"

int ip_parse(const char *text, struct ip *ret)
{
	struct ip ip = {.family = strchr(text, ':') ? AF_INET6 : AF_INET};

	if (inet_pton(ip.family, text, ip.bytes) != 1)
		return -EINVAL;
	*ret = ip;
	return 0;
}

const char *ip_text(const struct ip *ip, char buf[INET6_ADDRSTRLEN])
{
	return inet_ntop(ip->family, ip->bytes, buf, INET6_ADDRSTRLEN) ? buf : "";
}

struct ip ip_link_local(const uint8_t mac[6])
{
	return (struct ip){
		.family = AF_INET6,
		.bytes = {0xfe, 0x80, 0, 0, 0, 0, 0, 0, mac[0] ^ 2, mac[1], mac[2], 0xff, 0xfe,
			  mac[3], mac[4], mac[5]},
	};
}

void ip_mac(const struct ip *ip, uint8_t ret[6])
{
	const uint8_t *last = ip->bytes + ip_size(ip) - 4;

	memcpy(ret, (const uint8_t[]){0x0a, 0x58, last[0], last[1], last[2], last[3]}, 6);
}

bool ip_equal(const struct ip *a, const struct ip *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, ip_size(a)) == 0;
}

/* The bits of byte i that belong to a prefix of that length. */
static uint8_t mask_byte(uint8_t len, size_t i)
{
	size_t bits = len > i * 8 ? len - i * 8 : 0;

	return bits >= 8 ? 0xff : (uint8_t)(0xff00 >> bits);
}

int prefix_parse(struct err *e, const char *text, struct prefix *ret)
{
	const char *slash = strchr(text, '/');
	char address[INET6_ADDRSTRLEN], clean[PREFIX_TEXT];
	struct prefix p = {0}, given;
	uint32_t len;

	if (!slash || (size_t)(slash - text) >= sizeof(address))
		return err_set(e, ERR_USAGE, "\"%.60s\" is no subnet: want ADDRESS/LENGTH", text);
	memcpy(address, text, (size_t)(slash - text));
	address[slash - text] = '\0';
	if (ip_parse(address, &p.ip) < 0 || str_to_u32(slash + 1, &len) < 0 ||
	    len > ip_size(&p.ip) * 8)
		return err_set(e, ERR_USAGE, "\"%.60s\" is no subnet: want ADDRESS/LENGTH", text);
	p.len = (uint8_t)len;
	given = p;
	for (size_t i = 0; i < sizeof(p.ip.bytes); i++)
		p.ip.bytes[i] &= mask_byte(p.len, i);
	if (!ip_equal(&p.ip, &given.ip))
		return err_set(e, ERR_USAGE,
			       "\"%.60s\" has bits behind its length; did you mean %s?", text,
			       prefix_text(&p, clean));
	*ret = p;
	return 0;
}

const char *prefix_text(const struct prefix *p, char buf[PREFIX_TEXT])
{
	char address[INET6_ADDRSTRLEN];

	(void)str_format(buf, PREFIX_TEXT, "%s/%u", ip_text(&p->ip, address), p->len);
	return buf;
}

bool prefix_has(const struct prefix *p, const struct ip *ip)
{
	if (p->ip.family != ip->family)
		return false;
	for (size_t i = 0; i < ip_size(ip); i++)
		if ((ip->bytes[i] & mask_byte(p->len, i)) != p->ip.bytes[i])
			return false;
	return true;
}

bool prefix_overlaps(const struct prefix *a, const struct prefix *b)
{
	return a->len <= b->len ? prefix_has(a, &b->ip) : prefix_has(b, &a->ip);
}

uint64_t prefix_hosts(const struct prefix *p)
{
	size_t bits = ip_size(&p->ip) * 8 - p->len;
	uint64_t all = bits >= 32 ? 1ull << 32 : 1ull << bits;

	if (p->ip.family == AF_INET6)
		return bits >= 32 ? all : all - 1;
	return all > 2 ? all - 2 : 0;
}

struct ip prefix_at(const struct prefix *p, uint64_t n)
{
	struct ip ip = p->ip;

	for (size_t i = ip_size(&ip); i > 0 && n; i--, n >>= 8)
		ip.bytes[i - 1] |= (uint8_t)n;
	return ip;
}

uint64_t prefix_index(const struct prefix *p, const struct ip *ip)
{
	uint64_t n = 0;

	if (!prefix_has(p, ip))
		return 0;
	for (size_t i = 0; i < ip_size(ip); i++) {
		if (n >> 56)
			return 0;
		n = n << 8 | (uint8_t)(ip->bytes[i] & ~mask_byte(p->len, i));
	}
	return n <= prefix_hosts(p) ? n : 0;
}
