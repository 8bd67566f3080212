/* A container's interfaces as a document from which they can be made again: see netns.h. */
#include "lease.h"
#include "netns.h"
#include "publish.h"

#define EXPORT_VERSION 1
#define EXPORT_MAX 64			/* interfaces */

struct item {
	const struct network *network;
	struct port_record port;
};
struct list {
	struct item *v;
	size_t n;
};

static int collect(struct err *e, void *arg, const struct network *n, const struct port_record *p)
{
	struct list *l = arg;

	if (l->n == EXPORT_MAX)
		return err_num(e, E2BIG, "export more than %d interfaces", EXPORT_MAX);
	l->v[l->n++] = (struct item){.network = n, .port = *p};
	return 0;
}

static int by_interface(const void *a, const void *b)
{
	return strcmp(((const struct item *)a)->port.interface,
		      ((const struct item *)b)->port.interface);
}

static void write_rate(struct json_writer *w, const struct rate *r)
{
	if (!rate_is_set(r))
		return;
	json_write_object(w, "rate");
	if (r->in)
		json_write_u64(w, "in", r->in);
	if (r->out)
		json_write_u64(w, "out", r->out);
	if (r->burst)
		json_write_u64(w, "burst", r->burst);
	json_write_close(w);
}

static void write_gateways(struct json_writer *w, const struct network *n)
{
	char text[INET6_ADDRSTRLEN];

	json_write_array(w, "routes");
	for (size_t i = 0; i < SUBNET_MAX; i++) {
		const struct ip *gateway = &n->subnets[i].gateway;

		if (!gateway->family)
			continue;
		json_write_object(w, NULL);
		json_write_str(w, "to", gateway->family == AF_INET ? "0.0.0.0/0" : "::/0");
		json_write_str(w, "gateway", ip_text(gateway, text));
		json_write_close(w);
	}
	json_write_close(w);
}

static void write_item(struct json_writer *w, const struct item *i)
{
	const struct port_record *p = &i->port;
	char text[PUBLISH_TEXT], rule[FIREWALL_TEXT];

	json_write_object(w, NULL);
	json_write_str(w, "name", p->interface);
	network_put(w, "network", i->network);
	if (port_has_mac(p))
		json_write_str(w, "mac", port_mac_text(p, text));
	json_write_array(w, "addresses");
	for (size_t k = 0; k < SUBNET_MAX; k++)
		if (p->ips[k].family)
			json_write_str(w, NULL, ip_text(&p->ips[k], text));
	json_write_close(w);
	write_gateways(w, i->network);
	json_write_array(w, "publish");
	for (size_t k = 0; k < p->n_publish; k++)
		json_write_str(w, NULL, publish_text(&p->publish[k], text));
	json_write_close(w);
	json_write_array(w, "firewall");
	for (size_t k = 0; k < p->firewall.n; k++)
		json_write_str(w, NULL, firewall_text(&p->firewall.rules[k], rule));
	json_write_close(w);
	write_rate(w, &p->rate);
	json_write_close(w);
}

static int write_all(struct err *e, const struct list *l, struct buf *out)
{
	struct json_writer w;

	json_write_begin(&w, false);
	json_write_object(&w, NULL);
	json_write_int(&w, "version", EXPORT_VERSION);
	json_write_array(&w, "interfaces");
	for (size_t i = 0; i < l->n; i++)
		write_item(&w, &l->v[i]);
	json_write_close(&w);
	json_write_close(&w);
	return json_write_end(&w, out) < 0 ? err_nomem(e) : 0;
}

int network_export(struct err *e, const char *root, const char *mark, struct buf *out)
{
	_arena_ struct arena a = {0};
	_close_ int root_fd = FD_NONE;
	struct list l = {.v = arena_array(&a, EXPORT_MAX, sizeof(*l.v))};
	struct network_list networks = {0};
	int r = l.v ? network_root_open(e, root, &root_fd) : err_nomem(e);

	if (r == 0)
		r = network_list(e, root_fd, &a, &networks);
	for (size_t i = 0; r == 0 && i < networks.n; i++)
		r = lease_walk(e, root_fd, &networks.v[i], mark, collect, &l);
	if (r < 0)
		return r;
	qsort(l.v, l.n, sizeof(*l.v), by_interface);
	return write_all(e, &l, out);
}
