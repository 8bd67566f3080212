/*
 * Parsers of statistics files with a line for each device or resource: io, rdma, misc.
 * Which ones there are is the host's choice, not the container's; the lists are bounded anyway.
 */
#include "cg_stat_parse.h"

/* Room for one more of `size` bytes in a list of n; grows as powers of two from 8 up. */
static void *make_room(struct arena *a, void *v, size_t n, size_t size)
{
	void *bigger;

	if (v && (n < 8 || (n & (n - 1))))
		return v;
	bigger = arena_array(a, n < 8 ? 8 : 2 * n, size);
	if (bigger && n)
		memcpy(bigger, v, n * size);
	return bigger;
}

static bool parse_u32(struct slice s, uint32_t *ret)
{
	struct opt_u64 v = { .set = false };

	cg_parse_value(s, &v);
	if (!v.set || v.v > UINT32_MAX)
		return false;
	*ret = (uint32_t)v.v;
	return true;
}

/* ---- io ---- */

/* The device of "MAJ:MIN", added when it is new. 1, 0 when it is no device, -ENOMEM. */
static int io_device(struct arena *a, struct slice word, struct cg_io_stat *io,
		     struct cg_io_device **ret)
{
	uint32_t major, minor;
	struct slice x, y;

	if (!slice_split(word, ':', &x, &y) || !parse_u32(x, &major) || !parse_u32(y, &minor))
		return 0;
	for (size_t i = 0; i < io->n; i++)
		if (io->v[i].major == major && io->v[i].minor == minor) {
			*ret = &io->v[i];
			return 1;
		}
	if (io->n == CG_STAT_DEVICES_MAX)
		return 0;
	io->v = make_room(a, io->v, io->n, sizeof(*io->v));
	if (!io->v)
		return -ENOMEM;
	*ret = &io->v[io->n++];
	**ret = (struct cg_io_device){ .major = major, .minor = minor };
	return 1;
}

#define IO(key_, member_)                                    \
	{                                                    \
		key_, offsetof(struct cg_io_device, member_) \
	}
static const struct cg_stat_key io_stat_keys[] = {
	IO("rbytes", rbytes), IO("wbytes", wbytes), IO("rios", rios), IO("wios", wios),
	IO("dbytes", dbytes), IO("dios", dios),	    {NULL, 0},
};
static const struct cg_stat_key io_max_keys[] = {
	IO("rbps", rbps_max),
	IO("wbps", wbps_max),
	IO("riops", riops_max),
	IO("wiops", wiops_max),
	{NULL, 0},
};

/* Words "KEY=VALUE" into the struct at base. */
static void parse_assignments(struct slice line, const struct cg_stat_key *keys, void *base)
{
	struct slice word, key, value;

	while (slice_word(&line, &word)) {
		if (!slice_split(word, '=', &key, &value))
			continue;
		for (const struct cg_stat_key *k = keys; k->key; k++)
			if (slice_is(key, k->key))
				cg_parse_value(value, (void *)((char *)base + k->offset));
	}
}

int cg_parse_io(struct arena *a, struct slice text, bool max, struct cg_io_stat *ret)
{
	struct slice line, word;

	while (slice_line(&text, &line)) {
		struct cg_io_device *d;
		int r = slice_word(&line, &word) ? io_device(a, word, ret, &d) : 0;

		if (r < 0)
			return r;
		if (r > 0)
			parse_assignments(line, max ? io_max_keys : io_stat_keys, d);
	}
	return 0;
}

int cg_parse_io_weight(struct arena *a, struct slice text, struct cg_io_stat *ret)
{
	struct slice line, word, value;

	while (slice_line(&text, &line)) {
		struct cg_io_device *d;
		int r;

		if (!slice_word(&line, &word))
			continue;
		if (!slice_word(&line, &value)) {	/* io.bfq.weight before 5.2: the number */
			cg_parse_value(word, &ret->weight);
			continue;
		}
		if (slice_is(word, "default")) {
			cg_parse_value(value, &ret->weight);
			continue;
		}
		r = io_device(a, word, ret, &d);
		if (r < 0)
			return r;
		if (r > 0)
			cg_parse_value(value, &d->weight);
	}
	return 0;
}

/* ---- rdma ---- */

#define RDMA(key_, member_)                                  \
	{                                                    \
		key_, offsetof(struct cg_rdma_stat, member_) \
	}
static const struct cg_stat_key rdma_keys[] = {
	RDMA("hca_handle", handles),
	RDMA("hca_object", objects),
	{NULL, 0},
};
static const struct cg_stat_key rdma_max_keys[] = {
	RDMA("hca_handle", handles_max),
	RDMA("hca_object", objects_max),
	{NULL, 0},
};

int cg_parse_rdma(struct arena *a, struct slice text, bool max, struct cg_stat *ret)
{
	struct slice line, name;

	ret->rdma.set = true;
	while (slice_line(&text, &line)) {
		struct cg_rdma_stat *d = NULL;

		if (!slice_word(&line, &name))
			continue;
		for (size_t i = 0; i < ret->rdma.n && !d; i++)
			if (slice_is(name, ret->rdma.v[i].device))
				d = &ret->rdma.v[i];
		if (!d && ret->rdma.n == CG_STAT_DEVICES_MAX)
			continue;
		if (!d) {
			ret->rdma.v = make_room(a, ret->rdma.v, ret->rdma.n, sizeof(*d));
			if (!ret->rdma.v)
				return -ENOMEM;
			d = &ret->rdma.v[ret->rdma.n];
			*d = (struct cg_rdma_stat){ .device = arena_strndup(a, name.p, name.n) };
			if (!d->device)
				return -ENOMEM;
			ret->rdma.n++;
		}
		parse_assignments(line, max ? rdma_max_keys : rdma_keys, d);
	}
	return 0;
}

/* ---- misc ---- */

/* The resource `name`, added when it is new: 1, 0 when there are too many, -ENOMEM. */
static int misc_resource(struct arena *a, struct slice name, struct cg_stat *s,
			 struct cg_misc_stat **ret)
{
	for (size_t i = 0; i < s->misc.n; i++)
		if (slice_is(name, s->misc.v[i].resource)) {
			*ret = &s->misc.v[i];
			return 1;
		}
	if (s->misc.n == CG_STAT_DEVICES_MAX)
		return 0;
	s->misc.v = make_room(a, s->misc.v, s->misc.n, sizeof(*s->misc.v));
	if (!s->misc.v)
		return -ENOMEM;
	*ret = &s->misc.v[s->misc.n];
	**ret = (struct cg_misc_stat){ .resource = arena_strndup(a, name.p, name.n) };
	if (!(*ret)->resource)
		return -ENOMEM;
	s->misc.n++;
	return 1;
}

int cg_parse_misc(struct arena *a, struct slice text, enum cg_misc_file file, struct cg_stat *ret)
{
	struct slice line, name, value;

	ret->misc.set = true;
	while (slice_line(&text, &line)) {
		struct cg_misc_stat *m;
		int r;

		if (!slice_word(&line, &name) || !slice_word(&line, &value))
			continue;
		if (file == CG_MISC_EVENTS) {
			if (name.n <= 4 || memcmp(name.p + name.n - 4, ".max", 4) != 0)
				continue;
			name.n -= 4;
		}
		r = misc_resource(a, name, ret, &m);
		if (r < 0)
			return r;
		if (r == 0)
			continue;
		cg_parse_value(value, file == CG_MISC_CURRENT ? &m->current
				      : file == CG_MISC_MAX   ? &m->max
				      : file == CG_MISC_PEAK  ? &m->peak
							      : &m->events_max);
	}
	return 0;
}
