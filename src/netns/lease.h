/*
 * Private: which container has which addresses of a network, in files of ROOT/NAME, under the lock
 * of network_root_open():
 *
 *	ports/MARK-INTERFACE		struct port_record, written before anything of it is made
 *	addresses/192.0.2.7		a symbolic link to MARK: exists or not, in one step
 *	names/web1			the same
 *	usage/				sums of traffic: usage.h
 *	next				number of the address to try first
 *
 * MARK is the container's own number, which its intent log has. So after a kill at any instruction
 * lease_release() finds everything.
 */
#ifndef BAWN_NETNS_LEASE_H
#define BAWN_NETNS_LEASE_H

#include "firewall.h"
#include "network.h"
#include "publish.h"
#include "rate.h"

#define LEASE_MARK_SIZE 33		/* 32 hexadecimal digits */
#define LEASE_NAME_SIZE 129

struct port_record {
	char mark[LEASE_MARK_SIZE];
	char interface[IF_NAMESIZE];	/* in the container */
	char port[IF_NAMESIZE];		/* the other end, on the host; "": none */
	char owner[PATH_MAX];		/* the container's state directory */
	uint8_t mac[6];			/* 0: the parent's */
	struct ip ips[SUBNET_MAX];	/* family 0: none */
	char name[LEASE_NAME_SIZE];	/* by which the others of the network find it; "": none */
	struct rate rate;
	struct publish publish[PUBLISH_MAX];
	size_t n_publish;
	struct firewall firewall;
};

bool port_has_mac(const struct port_record *p);
#define MAC_TEXT 18
const char *port_mac_text(const struct port_record *p, char buf[MAC_TEXT]);

/* Chooses addresses where the record has none (of the families that the network has), a MAC
 * address where that is 0, and the port's name (as far as the kind has them); writes the record,
 * takes the addresses and the name. ERR_EXISTS when another container has one of them. */
int lease_take(struct err *e, int root_fd, const struct network *n, struct port_record *p);

/* Writes the record again. What is in other files (addresses, name) must not have changed. */
int lease_change(struct err *e, int root_fd, const struct network *n, const struct port_record *p);

/* Calls `each` for each port of the network: with a mark, of that container only. */
typedef int (*lease_visit)(struct err *e, void *arg, const struct network *n,
			   const struct port_record *p);
int lease_walk(struct err *e, int root_fd, const struct network *n, const char *mark,
	       lease_visit each, void *arg);

/* Gives back its addresses and removes the record. */
int lease_release(struct err *e, int root_fd, const struct network *n, const struct port_record *p);

/* An fd of the directory ROOT/NAME/PART, made when missing. */
int lease_open_part(struct err *e, int root_fd, const struct network *n, const char *part);
/* For network_forget(): what is left is empty. */
int lease_forget(struct err *e, int root_fd, const struct network *n);

#endif
