/*
 * Private: how containers find each other by name. ROOT/.hosts/A+B is the /etc/hosts of all
 * containers that were started on the networks A and B: one file, which they see read-only. So a
 * container that comes or goes is written into the few files that its network is in, however many
 * containers look at them.
 *
 * They are bind mounts and cannot be replaced: each line has a place of fixed size, and is taken
 * away by making a comment of it, in one byte. So a reader finds whole lines only.
 */
#ifndef BAWN_NETNS_HOSTS_H
#define BAWN_NETNS_HOSTS_H

#include "lease.h"

/* Makes the port's name known, also where it is already; a file that is new gets all names. */
int hosts_add(struct err *e, int root_fd, const struct network *n, const struct port_record *p);
int hosts_remove(struct err *e, int root_fd, const struct network *n, const struct port_record *p);
/* Removes the files that are about this network. */
int hosts_forget(struct err *e, int root_fd, const struct network *n);

#endif
