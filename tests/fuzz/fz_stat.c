/*
 * Fuzz target: the texts of statistics files. The first byte chooses the parser. Whatever the
 * bytes, lists stay within their bounds, names are strings, and what is shown is a JSON document.
 */
#include "cgroups/cg_stat_parse.h"
#include "runtime/runtime.h"

#include "fuzz.h"

static void check_pairs(const struct cg_pairs *p)
{
	need(p->n <= CG_STAT_KEYS_MAX);
	for (size_t i = 0; i < p->n; i++)
		need(p->v[i].key && p->v[i].key[0]);
}

static void check_net(const struct net_interfaces *net)
{
	need(net->n <= NET_INTERFACES_MAX);
	for (size_t i = 0; i < net->n; i++)
		need(net->v[i].name && net->v[i].name[0] && !strchr(net->v[i].name, '\n'));
}

/* Names go into documents as they are. */
static void check_written(const struct cg_stat *s, const struct cg_pairs *p)
{
	struct json_writer w = {0};
	_buf_ struct buf out = {0};

	need(json_write_begin(&w, false) == 0);
	json_write_object(&w, NULL);
	for (size_t i = 0; i < p->n; i++)
		json_write_u64(&w, p->v[i].key, p->v[i].v);
	json_write_hundredths(&w, "avg", s->cpu.psi.some.avg10);
	json_write_close(&w);
	need(json_write_end(&w, &out) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_arena_ struct arena a = {0};
	struct cg_stat s = {.cpus_effective = NULL};
	struct net_interfaces net = {0};
	struct cg_pairs pairs = {0};
	struct slice text;
	char name[16];

	if (!size)
		return 0;
	text = (struct slice){(const char *)data + 1, size - 1};
	switch (data[0] % 9) {
	case 0:
		need(cg_parse_pairs(&a, text, &pairs) == 0);
		break;
	case 1:
		cg_parse_psi(text, &s.cpu.psi);
		break;
	case 2:
		cg_parse_cpu_max(text, &s.cpu);
		break;
	case 3:
		need(cg_parse_io(&a, text, false, &s.io) == 0);
		break;
	case 4:
		need(cg_parse_io(&a, text, true, &s.io) == 0);
		break;
	case 5:
		need(cg_parse_io_weight(&a, text, &s.io) == 0);
		break;
	case 6:
		need(cg_parse_rdma(&a, text, false, &s) == 0);
		break;
	case 7:
		need(cg_parse_misc(&a, text, CG_MISC_EVENTS, &s) == 0);
		break;
	case 8:
		need(net_interfaces_parse(&a, text, &net) == 0);
		break;
	}
	need(s.io.n <= CG_STAT_DEVICES_MAX && s.rdma.n <= CG_STAT_DEVICES_MAX);
	need(s.misc.n <= CG_STAT_DEVICES_MAX);
	check_pairs(&pairs);
	check_net(&net);
	check_written(&s, &pairs);
	if (size < 64 && !memchr(data, 0, size)) {
		char line[64];

		memcpy(line, data, size);
		line[size] = '\0';
		if (cg_hugetlb_size(line, name, sizeof(name)))
			need(strlen(name) > 2);
	}
	return 0;
}
