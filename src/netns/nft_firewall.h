/*
 * Private: a container's firewall, in the nftables table of its port: what enters the host through
 * the port is "out", what leaves through it is "in", whether a bridge or the host's routing brings
 * it. No shared chain: a packet passes the rules of its own container only.
 *
 * Replies pass by the table's own memory of flows, since conntrack does not see what stays on a
 * bridge, and what one container fills it with, another one misses.
 */
#ifndef BAWN_NETNS_NFT_FIREWALL_H
#define BAWN_NETNS_NFT_FIREWALL_H

#include "lease.h"
#include "nft_batch.h"

void nft_add_firewall(struct nft_batch *b, const struct port_record *p);

#endif
