/*
 * Private: ports of the host that lead to a container.
 *
 * Who has which is in files of the networks' root directory, under its lock:
 *
 *	.published/tcp-8080/192.0.2.1	a symbolic link to "MARK OWNER"; the address 0.0.0.0 or ::
 *					is every one of that family
 *
 * The record of the container's port has the same, and is written before.
 */
#ifndef BAWN_NETNS_PUBLISH_H
#define BAWN_NETNS_PUBLISH_H

#include "ip.h"

#define PUBLISH_MAX 32			/* --publish of one container */
#define PUBLISH_PORTS_MAX 4096u		/* ... and their ports */

struct publish {
	uint8_t protocol;		/* IPPROTO_TCP, _UDP, _SCTP */
	struct ip host;			/* family 0: all, of both families */
	uint16_t from, to;		/* the first port on the host, in the container */
	uint16_t count;
};

/* [HOSTIP:]HOST[-HOST]:CTR[-CTR][/PROTOCOL]; an IPv6 address in brackets. ERR_USAGE */
int publish_parse(struct err *e, const char *text, struct publish *ret);
#define PUBLISH_TEXT (INET6_ADDRSTRLEN + 40)
const char *publish_text(const struct publish *p, char buf[PUBLISH_TEXT]);
/* They have a port of an address in common. */
bool publish_overlaps(const struct publish *a, const struct publish *b);
const char *publish_protocol(const struct publish *p);

/* One port of the host, of one family. */
struct published_port {
	const struct publish *of;
	struct ip host;			/* 0.0.0.0 or ::: every one */
	uint16_t from;
	struct ip container;
	uint16_t to;
};
bool published_is_any(const struct published_port *port);

struct port_record;
typedef int (*published_visit)(struct err *e, void *arg, const struct published_port *port);
/* Each port that the record publishes, in order. */
int published_walk(struct err *e, const struct port_record *p, published_visit each, void *arg);

/* ERR_EXISTS when another container, or a socket of the host, has one of them; who, is in the
 * message. What it has taken until then published_release() gives back. */
int published_take(struct err *e, int root_fd, const struct port_record *p);
/* Whether the files say that it is this container's. */
bool published_is_own(int root_fd, const struct port_record *p, const struct published_port *port);
int published_release(struct err *e, int root_fd, const struct port_record *p);

/* ERR_EXISTS when a socket of this network namespace has the port, with the process that holds it;
 * ERR_USAGE when the address is none of this host. */
int listener_check(struct err *e, const struct published_port *port);

#endif
