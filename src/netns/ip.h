/* Private: IP addresses and prefixes of both families. */
#ifndef BAWN_NETNS_IP_H
#define BAWN_NETNS_IP_H

#include <arpa/inet.h>

#include "base/base.h"

struct ip {
	uint8_t family;			/* AF_INET, AF_INET6; 0: none */
	uint8_t bytes[16];		/* the first 4 or all, in network order */
};
struct prefix {
	struct ip ip;			/* with the host's bits 0 */
	uint8_t len;
};

static inline size_t ip_size(const struct ip *ip)
{
	return ip->family == AF_INET ? 4 : 16;
}

/* "192.0.2.1" or "2001:db8::1", nothing else: 0 or -EINVAL. */
int ip_parse(const char *text, struct ip *ret);
const char *ip_text(const struct ip *ip, char buf[INET6_ADDRSTRLEN]);
/* RFC 4291, appendix A: what the kernel makes of a MAC address. */
struct ip ip_link_local(const uint8_t mac[6]);
/* A MAC address, locally administered and the same whenever the address is. */
void ip_mac(const struct ip *ip, uint8_t ret[6]);
bool ip_equal(const struct ip *a, const struct ip *b);

/* "192.0.2.0/24": 0, or -EINVAL with a message; bits behind the length are an error. */
int prefix_parse(struct err *e, const char *text, struct prefix *ret);
#define PREFIX_TEXT (INET6_ADDRSTRLEN + 4)
const char *prefix_text(const struct prefix *p, char buf[PREFIX_TEXT]);
bool prefix_has(const struct prefix *p, const struct ip *ip);
bool prefix_overlaps(const struct prefix *a, const struct prefix *b);

/* How many numbers can be given out: those between the first address, which names the network, and
 * the last one of IPv4, which is for broadcasts. At most 2^32. */
uint64_t prefix_hosts(const struct prefix *p);
/* Address number n (1 to prefix_hosts()) of the prefix. */
struct ip prefix_at(const struct prefix *p, uint64_t n);
/* The number of an address, 0 when it is none of the prefix or cannot be given out. */
uint64_t prefix_index(const struct prefix *p, const struct ip *ip);

#endif
