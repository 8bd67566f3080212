/* Private to cgroups/: the texts of statistics files. Nothing here reads a file. */
#ifndef BAWN_CGROUPS_CG_STAT_PARSE_H
#define BAWN_CGROUPS_CG_STAT_PARSE_H

#include "cg_stat.h"

/* A number, or "max" as CG_NO_LIMIT. Anything else leaves *ret unset: a value that cannot be
 * understood is no value. */
void cg_parse_value(struct slice s, struct opt_u64 *ret);

/* "KEY VALUE" lines into the struct at `base`; keys not in the table are skipped. */
struct cg_stat_key {
	const char *key;		/* NULL ends the table */
	size_t offset;			/* of a struct opt_u64 */
};
void cg_parse_keys(struct slice text, const struct cg_stat_key *keys, void *base);

/* "KEY VALUE" lines, all of them, up to CG_STAT_KEYS_MAX. 0 or -ENOMEM. */
int cg_parse_pairs(struct arena *a, struct slice text, struct cg_pairs *ret);

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=0" and the same with "full". */
void cg_parse_psi(struct slice text, struct cg_psi *ret);

/* "QUOTA PERIOD" */
void cg_parse_cpu_max(struct slice text, struct cg_cpu_stat *ret);

/* Lines "MAJ:MIN KEY=VALUE ..." of io.stat (max false) or io.max; adds to what is there. */
int cg_parse_io(struct arena *a, struct slice text, bool max, struct cg_io_stat *ret);
/* Lines "default N" and "MAJ:MIN N" of io.weight and io.bfq.weight. */
int cg_parse_io_weight(struct arena *a, struct slice text, struct cg_io_stat *ret);

/* Lines "DEVICE hca_handle=N hca_object=N" of rdma.current or rdma.max. */
int cg_parse_rdma(struct arena *a, struct slice text, bool max, struct cg_stat *ret);

/* Lines "RESOURCE VALUE", with "RESOURCE.max VALUE" in misc.events. */
enum cg_misc_file { CG_MISC_CURRENT, CG_MISC_MAX, CG_MISC_PEAK, CG_MISC_EVENTS };
int cg_parse_misc(struct arena *a, struct slice text, enum cg_misc_file file, struct cg_stat *ret);

/* The size in a name of /sys/kernel/mm/hugepages, "hugepages-2048kB", as cgroups write it: "2MB".
 * False when it is no such name. */
bool cg_hugetlb_size(const char *name, char *buf, size_t size);

#endif
