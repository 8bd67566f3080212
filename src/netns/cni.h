/* Private: what an engine says and hears by the Container Network Interface, versions 0.3.0 to
 * 1.0.0 (containernetworking/cni, SPEC.md). */
#ifndef BAWN_NETNS_CNI_H
#define BAWN_NETNS_CNI_H

#include "lease.h"

/* SPEC.md, "Error codes"; from 100 on they are the plugin's own. */
enum cni_code {
	CNI_BAD_VERSION = 1,
	CNI_BAD_ENVIRONMENT = 4,
	CNI_BAD_INPUT = 6,
	CNI_BAD_CONFIG = 7,
	CNI_FAILED = 100,
	CNI_NOT_FOUND = 101,
};

struct cni_port {
	uint64_t host, container;
	const char *protocol, *host_ip;
};
struct cni_runtime {
	LIST_OF(struct cni_port) ports;
	struct strv ips;		/* "10.0.0.2" or "10.0.0.2/24" */
	const char *mac;
};
/* The network's configuration, from standard input. */
struct cni_config {
	const char *version, *name;
	const char *network;		/* of bawn's; default: the name */
	const char *root;		/* where the files of networks are */
	struct cni_runtime *runtime;	/* what capabilities add; or NULL */
};
int cni_read_config(struct err *e, struct arena *a, const char *text, size_t len,
		    struct cni_config *ret);

/* NETWORK,name=INTERFACE[,ip=...][,ip6=...][,mac=...], as --network has it. */
const char *cni_want(struct err *e, struct arena *a, const struct cni_config *c,
		     const char *interface);
/* portMappings as --publish has them. */
int cni_publish(struct err *e, struct arena *a, const struct cni_config *c, struct strv *ret);

bool cni_version_is_known(const char *version);
void cni_write_versions(struct json_writer *w);
/* The result of ADD. */
void cni_write_result(struct json_writer *w, const char *version, const char *sandbox,
		      const struct network *n, const struct port_record *p);
void cni_write_error(struct json_writer *w, const char *version, unsigned int code,
		     const char *message);

#endif
