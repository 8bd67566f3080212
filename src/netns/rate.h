/* Private: how fast a container may send and receive. */
#ifndef BAWN_NETNS_RATE_H
#define BAWN_NETNS_RATE_H

#include "link.h"
#include "network.h"

/* Seen from the container. Bits per second, as frames are long without their first 14 bytes;
 * 0: no limit. */
struct rate {
	uint64_t in, out;
	uint32_t burst;			/* bytes at once, of each direction; 0: as the rate is */
};

#define RATE_OPTIONS "rate=, rate-in=, rate-out=, burst="
/* Takes "rate=RATE", "rate-in=RATE", "rate-out=RATE" or "burst=SIZE": 1; another option: 0. */
int rate_option(struct err *e, const char *option, struct rate *r);
/* Whether the network's interfaces can have it: its host must see the frames, and a burst must hold
 * a packet, without which nothing would pass. */
int rate_check(struct err *e, const struct rate *r, const struct network *n);
static inline bool rate_is_set(const struct rate *r)
{
	return r->in || r->out || r->burst;
}

/* Bytes at once: what was asked for, or 20 milliseconds of the rate and at least 32 KiB. */
uint32_t rate_burst(const struct rate *r, uint64_t bits_per_second);

/* What leaves through a device waits in a queue of that rate (tc-tbf(8)); 0: does not. The device
 * may have such a queue already. */
int link_set_rate(struct err *e, struct nl *nl, int index, const struct rate *r,
		  uint64_t bits_per_second);
/* How many packets did not fit in the queue. */
int link_get_drops(struct err *e, struct nl *nl, int index, uint64_t *ret);

#endif
