/*
 * Private: how much a container has received and sent on a network, over all the times that it was
 * made and deleted under its ID: files ROOT/NAME/usage/OWNER-INTERFACE (docs/format/network.md),
 * where OWNER is a number made of the container's state directory. The kernel's counters are added
 * to them from time to time; under the lock of network_root_open().
 */
#ifndef BAWN_NETNS_USAGE_H
#define BAWN_NETNS_USAGE_H

#include "lease.h"

enum usage_kind {
	USAGE_IN4_BYTES,
	USAGE_IN4_PACKETS,
	USAGE_IN6_BYTES,
	USAGE_IN6_PACKETS,
	USAGE_IN_DROPPED,
	USAGE_OUT4_BYTES,
	USAGE_OUT4_PACKETS,
	USAGE_OUT6_BYTES,
	USAGE_OUT6_PACKETS,
	USAGE_OUT_DROPPED,
	USAGE_MAX,
};
struct usage_sum {
	uint64_t v[USAGE_MAX];
};

#define USAGE_MONTHS 13
struct usage_month {
	uint32_t month;			/* 202611, UTC; 0: none */
	struct usage_sum sum;
};
struct usage {
	char mark[LEASE_MARK_SIZE];	/* whose counters were read last... */
	struct usage_sum seen;		/* ...and what they were */
	struct usage_sum total;
	struct usage_month months[USAGE_MONTHS];	/* the newest first */
	bool sends_only;		/* this kernel does not count what is received */
};

/* Adds what the kernel has counted since the last time; twice is as good as once. *ret: the sums.
 * A network without a port on the host has none: zeros. */
int usage_fold(struct err *e, struct nl *here, int root_fd, const struct network *n,
	       const struct port_record *p, struct usage *ret);
/* The same before an interface goes: sums that cannot be written are lost, it matters more. */
void usage_keep(struct nl *here, int root_fd, const struct network *n, const struct port_record *p);
/* Removes those of containers that are gone and have sent nothing for two months. */
int usage_forget_old(struct err *e, int root_fd, const struct network *n);

void usage_write(struct json_writer *w, const char *interface, const struct network *n,
		 const struct usage *u);

/* Apart for tests: what the counters say now, at that month. */
void usage_add(struct usage *u, const char *mark, const struct usage_sum *now, uint32_t month);

#endif
