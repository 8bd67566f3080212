/* Sums of traffic: see usage.h. Input: our own files, read with care; the kernel's counters. */
#include "usage.h"

#include <dirent.h>
#include <linux/if_ether.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#include "nft.h"

#define PART "usage"
#define FILE_NEW ".new"
#define FILE_SIZE_MAX 65536
#define KEPT_SECONDS (62 * 24 * 3600)

/* ---- arithmetic ------------------------------------------------------------------------------ */

static struct usage_month *month_of(struct usage *u, uint32_t month)
{
	if (u->months[0].month != month) {
		memmove(u->months + 1, u->months, sizeof(u->months) - sizeof(u->months[0]));
		u->months[0] = (struct usage_month){.month = month};
	}
	return &u->months[0];
}

/* A counter that is less than it was has begun again: somebody flushed nftables. */
void usage_add(struct usage *u, const char *mark, const struct usage_sum *now, uint32_t month)
{
	bool same = strcmp(u->mark, mark) == 0;
	struct usage_month *m = month_of(u, month);

	for (size_t i = 0; i < USAGE_MAX; i++) {
		uint64_t seen = same && now->v[i] >= u->seen.v[i] ? u->seen.v[i] : 0;

		u->total.v[i] += now->v[i] - seen;
		m->sum.v[i] += now->v[i] - seen;
	}
	(void)str_format(u->mark, sizeof(u->mark), "%s", mark);
	u->seen = *now;
}

/* ---- files ----------------------------------------------------------------------------------- */

/* FNV-1a: of a path of any length a name of few characters. The file has the path itself too. */
static uint64_t owner_number(const char *owner)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (; *owner; owner++)
		hash = (hash ^ (uint8_t)*owner) * 0x100000001b3;
	return hash;
}

static void write_sum(struct buf *out, const char *key, const struct usage_sum *s)
{
	buf_str(out, key);
	for (size_t i = 0; i < USAGE_MAX; i++)
		buf_printf(out, " %llu", (unsigned long long)s->v[i]);
	buf_str(out, "\n");
}

static int save(struct err *e, int part, const char *name, const char *owner, const struct usage *u)
{
	_buf_ struct buf out = {0};
	int r;

	buf_printf(&out, "owner %s\nmark %s\n", owner, u->mark);
	write_sum(&out, "seen", &u->seen);
	write_sum(&out, "total", &u->total);
	for (size_t i = 0; i < USAGE_MONTHS && u->months[i].month; i++) {
		char key[16];

		(void)str_format(key, sizeof(key), "%u", u->months[i].month);
		write_sum(&out, key, &u->months[i].sum);
	}
	if (out.failed)
		return err_nomem(e);
	r = file_create_at(e, part, FILE_NEW, out.data, out.len, 0600);
	if (r == 0 && renameat(part, FILE_NEW, part, name) < 0)
		r = err_sys(e, "write the sums of a container's traffic");
	return r;
}

static bool read_sum(struct slice line, struct usage_sum *s)
{
	struct slice word;

	for (size_t i = 0; i < USAGE_MAX; i++)
		if (!slice_word(&line, &word) || slice_to_u64(word, &s->v[i]) < 0)
			return false;
	return true;
}

/* Lines: see save(). */
static bool take_line(struct usage *u, struct slice line, size_t *months)
{
	struct slice key;
	uint64_t month;

	if (!slice_word(&line, &key))
		return false;
	if (slice_is(key, "owner"))
		return true;
	if (slice_is(key, "mark"))
		return slice_word(&line, &key) && key.n == LEASE_MARK_SIZE - 1 &&
		       memcpy(u->mark, key.p, key.n);
	if (slice_is(key, "seen"))
		return read_sum(line, &u->seen);
	if (slice_is(key, "total"))
		return read_sum(line, &u->total);
	if (slice_to_u64(key, &month) < 0 || *months == USAGE_MONTHS)
		return false;
	u->months[*months].month = (uint32_t)month;
	return read_sum(line, &u->months[(*months)++].sum);
}

/* None yet: zeros. One that is damaged is not counted on: what it said is lost. */
static int load(struct err *e, int part, const char *name, struct usage *ret)
{
	_buf_ struct buf text = {0};
	int r = file_read_at(e, part, name, FILE_SIZE_MAX, &text);
	struct slice rest, line;
	size_t months = 0;

	*ret = (struct usage){0};
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	rest = (struct slice){text.data, text.len};
	while (slice_line(&rest, &line))
		if (!take_line(ret, line, &months))
			return err_set(e, ERR_CONFIG, PART "/%s: damaged; remove it", name);
	return 0;
}

/* ---- the kernel ------------------------------------------------------------------------------ */

static uint64_t without_header(const struct nft_count *c)
{
	return c->bytes - c->packets * ETH_HLEN;
}

/* What goes to the container is counted with the header of its frame, unlike what comes. */
static int read_now(struct err *e, struct nl *here, const struct port_record *p,
		    struct usage_sum *ret, bool *ret_sends_only)
{
	struct nft_count c[COUNT_MAX];
	struct link link;
	int r = nft_read_counters(e, p->port, c);

	if (r < 0)
		return r;
	*ret = (struct usage_sum){
		.v =
			{
				[USAGE_IN4_BYTES] = without_header(&c[COUNT_IN4]),
				[USAGE_IN4_PACKETS] = c[COUNT_IN4].packets,
				[USAGE_IN6_BYTES] = without_header(&c[COUNT_IN6]),
				[USAGE_IN6_PACKETS] = c[COUNT_IN6].packets,
				[USAGE_OUT4_BYTES] = c[COUNT_OUT4].bytes,
				[USAGE_OUT4_PACKETS] = c[COUNT_OUT4].packets,
				[USAGE_OUT6_BYTES] = c[COUNT_OUT6].bytes,
				[USAGE_OUT6_PACKETS] = c[COUNT_OUT6].packets,
				[USAGE_OUT_DROPPED] = c[COUNT_DROPPED].packets,
			},
	};
	*ret_sends_only = c[COUNT_OUT4].set && !c[COUNT_IN4].set;
	if (!p->rate.in)
		return 0;
	r = link_get(e, here, p->port, 0, &link);
	if (r == 0)
		r = link_get_drops(e, here, link.index, &ret->v[USAGE_IN_DROPPED]);
	return r == -ENODEV ? 0 : r;
}

static uint32_t this_month(void)
{
	time_t now = time(NULL);
	struct tm tm;

	if (!gmtime_r(&now, &tm))
		return 197001;
	return (uint32_t)(tm.tm_year + 1900) * 100 + (uint32_t)tm.tm_mon + 1;
}

int usage_fold(struct err *e, struct nl *here, int root_fd, const struct network *n,
	       const struct port_record *p, struct usage *ret)
{
	_close_ int part = FD_NONE;
	struct usage_sum now;
	char name[32 + IF_NAMESIZE];
	struct stat st;
	int r;

	*ret = (struct usage){0};
	/* An engine's container has no state directory and never comes back under its ID. */
	if (!*p->port || stat(p->owner, &st) < 0 || !S_ISDIR(st.st_mode))
		return 0;
	part = lease_open_part(e, root_fd, n, PART);
	if (part < 0)
		return part;
	(void)str_format(name, sizeof(name), "%016llx-%s",
			 (unsigned long long)owner_number(p->owner), p->interface);
	r = load(e, part, name, ret);
	if (r == 0)
		r = read_now(e, here, p, &now, &ret->sends_only);
	if (r < 0)
		return r;
	usage_add(ret, p->mark, &now, this_month());
	return save(e, part, name, p->owner, ret);
}

void usage_keep(struct nl *here, int root_fd, const struct network *n, const struct port_record *p)
{
	struct usage unused;
	struct err ignored;

	(void)usage_fold(&ignored, here, root_fd, n, p, &unused);
}

/* ---- the rest -------------------------------------------------------------------------------- */

static bool is_old(int part, const char *name)
{
	_buf_ struct buf text = {0};
	struct err ignored;
	struct stat st;
	char *end;

	if (fstatat(part, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    time(NULL) - st.st_mtime < KEPT_SECONDS ||
	    file_read_at(&ignored, part, name, FILE_SIZE_MAX, &text) < 0 || !text.data)
		return false;
	end = strchr(text.data, '\n');
	if (!end || !str_has_prefix(text.data, "owner "))
		return true;
	*end = '\0';
	return stat(text.data + strlen("owner "), &st) < 0 && errno == ENOENT;
}

int usage_forget_old(struct err *e, int root_fd, const struct network *n)
{
	int part = lease_open_part(e, root_fd, n, PART);
	_closedir_ DIR *dir = part < 0 ? NULL : fdopendir(part);
	const struct dirent *entry;

	if (!dir)
		return part < 0 ? part : err_sys(e, "list the sums of network %s", n->name);
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.' && is_old(part, entry->d_name) &&
		    unlinkat(part, entry->d_name, 0) < 0)
			return err_sys(e, "remove " PART "/%s", entry->d_name);
	return 0;
}

/* "rx" is what came in, as everywhere in statistics of a container. */
static const char *const members[USAGE_MAX] = {
	[USAGE_IN4_BYTES] = "rx_ipv4_bytes",	  [USAGE_IN4_PACKETS] = "rx_ipv4_packets",
	[USAGE_IN6_BYTES] = "rx_ipv6_bytes",	  [USAGE_IN6_PACKETS] = "rx_ipv6_packets",
	[USAGE_IN_DROPPED] = "rx_dropped",	  [USAGE_OUT4_BYTES] = "tx_ipv4_bytes",
	[USAGE_OUT4_PACKETS] = "tx_ipv4_packets", [USAGE_OUT6_BYTES] = "tx_ipv6_bytes",
	[USAGE_OUT6_PACKETS] = "tx_ipv6_packets", [USAGE_OUT_DROPPED] = "tx_dropped",
};

static void write_members(struct json_writer *w, const struct usage *u, const struct usage_sum *s)
{
	for (size_t i = u->sends_only ? USAGE_IN_DROPPED : 0; i < USAGE_MAX; i++)
		json_write_u64(w, members[i], s->v[i]);
}

void usage_write(struct json_writer *w, const char *interface, const struct network *n,
		 const struct usage *u)
{
	json_write_object(w, NULL);
	json_write_str(w, "interface", interface);
	json_write_str(w, "network", n->name);
	json_write_object(w, "total");
	write_members(w, u, &u->total);
	json_write_close(w);
	json_write_array(w, "months");
	for (size_t i = 0; i < USAGE_MONTHS && u->months[i].month; i++) {
		char month[16];

		(void)str_format(month, sizeof(month), "%04u-%02u", u->months[i].month / 100,
				 u->months[i].month % 100);
		json_write_object(w, NULL);
		json_write_str(w, "month", month);
		write_members(w, u, &u->months[i].sum);
		json_write_close(w);
	}
	json_write_close(w);
	json_write_close(w);
}
