/* Private: what nft.c and nft_publish.c share. */
#ifndef BAWN_NETNS_NFT_PUBLISH_H
#define BAWN_NETNS_NFT_PUBLISH_H

#include "nft.h"
#include "nft_batch.h"

/* Chains and empty maps in the table of all networks. */
void nft_add_publishing(struct nft_batch *b);
/* The ports of one record into the maps: those that it has by the files. */
void nft_add_published(struct nft_batch *b, int root_fd, const struct port_record *p);

#endif
