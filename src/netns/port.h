/* Private: one container's interface of a network, in the kernel. */
#ifndef BAWN_NETNS_PORT_H
#define BAWN_NETNS_PORT_H

#include "lease.h"
#include "nl.h"

struct port_sides {
	struct nl here, there;		/* the host's network namespace, the container's */
	int netns_fd;			/* the container's; < 0: it does not run */
};
/* Opens both, or the host's alone when there is no other. */
int port_sides_open(struct err *e, struct port_sides *s);
void port_sides_close(struct port_sides *s);	/* the sockets; netns_fd is the caller's */
/* Runs visit(e, arg) in the container's network namespace. */
int port_visit(struct err *e, struct port_sides *s, int (*visit)(struct err *e, void *arg),
	       void *arg);

/* Makes it: guarded before it is up, addressed, with routes. */
int port_make(struct err *e, struct port_sides *s, const struct network *n,
	      const struct port_record *p);
/* Leads the record's ports of the host to it. */
int port_publish(struct err *e, int root_fd, const struct port_record *p);
/* Makes again what the host has lost of it. One that is gone with its container is no error. */
int port_restore(struct err *e, struct nl *here, const struct network *n,
		 const struct port_record *p);
/* Only the routes, where they are missing. The container may have renamed or removed it. */
int port_restore_routes(struct err *e, struct nl *there, const struct network *n,
			const struct port_record *p);
/* Removes what the container has of it, which the host does not see all of; nothing is fine. */
int port_remove_there(struct err *e, struct nl *there, const struct port_record *p);
/* Removes what the host has of it; nothing is fine. */
int port_remove(struct err *e, int root_fd, struct nl *here, const struct port_record *p);
/* Whether it is there on both sides, up, with its addresses: ERR_STATE says what is missing. */
int port_check(struct err *e, int netns_fd, const struct port_record *p);

#endif
