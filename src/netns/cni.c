/* Documents of the Container Network Interface: see cni.h. Input: an engine's configuration. */
#include "cni.h"

static const char *const versions[] = {"0.3.0", "0.3.1", "0.4.0", "1.0.0"};

bool cni_version_is_known(const char *version)
{
	return str_lookup(versions, ARRAY_SIZE(versions), version) >= 0;
}

void cni_write_versions(struct json_writer *w)
{
	json_write_object(w, NULL);
	json_write_str(w, "cniVersion", versions[ARRAY_SIZE(versions) - 1]);
	json_write_array(w, "supportedVersions");
	for (size_t i = 0; i < ARRAY_SIZE(versions); i++)
		json_write_str(w, NULL, versions[i]);
	json_write_close(w);
	json_write_close(w);
}

void cni_write_error(struct json_writer *w, const char *version, unsigned int code,
		     const char *message)
{
	json_write_object(w, NULL);
	json_write_str(w, "cniVersion", version);
	json_write_u64(w, "code", code);
	json_write_str(w, "msg", message);
	json_write_close(w);
}

/* ---- configuration --------------------------------------------------------------------------- */

static const struct json_field port_fields[] = {
	JSON_FIELD("hostPort", U64, struct cni_port, host, .required = true),
	JSON_FIELD("containerPort", U64, struct cni_port, container, .required = true),
	JSON_FIELD("protocol", OPT_STR, struct cni_port, protocol),
	JSON_FIELD("hostIP", OPT_STR, struct cni_port, host_ip),
	JSON_FIELD_END,
};
static const struct json_field runtime_fields[] = {
	JSON_FIELD("portMappings", LIST, struct cni_runtime, ports, .fields = port_fields,
		   .size = sizeof(struct cni_port)),
	JSON_FIELD("ips", STRV, struct cni_runtime, ips),
	JSON_FIELD("mac", OPT_STR, struct cni_runtime, mac),
	JSON_FIELD_END,
};
/* Besides: keys that the specification or engines put into every plugin's configuration. */
static const struct json_field config_fields[] = {
	JSON_FIELD("cniVersion", STR, struct cni_config, version),
	JSON_FIELD("name", STR, struct cni_config, name),
	JSON_FIELD("network", STR, struct cni_config, network),
	JSON_FIELD("networkRoot", STR, struct cni_config, root),
	JSON_FIELD("runtimeConfig", OPT_OBJECT, struct cni_config, runtime,
		   .fields = runtime_fields, .size = sizeof(struct cni_runtime)),
	{.name = "type", .kind = FIELD_IGNORE},
	{.name = "capabilities", .kind = FIELD_IGNORE},
	{.name = "args", .kind = FIELD_IGNORE},
	{.name = "prevResult", .kind = FIELD_IGNORE},
	{.name = "disableCheck", .kind = FIELD_IGNORE},
	{.name = "podmanVersion", .kind = FIELD_IGNORE},
	JSON_FIELD_END,
};

/* They become options of bawn's own grammar, where "," begins the next one. */
static int check_runtime(struct err *e, const struct cni_runtime *rc)
{
	for (size_t i = 0; i < rc->ips.n; i++)
		if (strchr(rc->ips.v[i], ','))
			return err_set(e, ERR_CONFIG,
				       "configuration: runtimeConfig.ips[%zu]: \"%.60s\" is no "
				       "address",
				       i, rc->ips.v[i]);
	if (rc->mac && strchr(rc->mac, ','))
		return err_set(e, ERR_CONFIG,
			       "configuration: runtimeConfig.mac: \"%.40s\" is no address",
			       rc->mac);
	return 0;
}

int cni_read_config(struct err *e, struct arena *a, const char *text, size_t len,
		    struct cni_config *ret)
{
	struct json *tree;
	int r = json_parse(e, a, "configuration", text, len, &tree);

	if (r == 0)
		r = json_decode(e, a, tree, config_fields, ret);
	if (r < 0)
		return r;
	if (!ret->version)
		ret->version = versions[0];
	if (!ret->network)
		ret->network = ret->name;
	if (!ret->network)
		return err_set(e, ERR_CONFIG, "configuration: neither \"network\" nor \"name\"");
	r = network_name_check(e, ret->network);
	return r < 0 || !ret->runtime ? r : check_runtime(e, ret->runtime);
}

const char *cni_want(struct err *e, struct arena *a, const struct cni_config *c,
		     const char *interface)
{
	const struct cni_runtime *rc = c->runtime;
	const char *text = arena_printf(a, "%s,name=%s", c->network, interface);

	for (size_t i = 0; rc && text && i < rc->ips.n; i++) {
		const char *ip = rc->ips.v[i];

		text = arena_printf(a, "%s,%s=%.*s", text, strchr(ip, ':') ? "ip6" : "ip",
				    (int)strcspn(ip, "/"), ip);
	}
	if (rc && rc->mac && text)
		text = arena_printf(a, "%s,mac=%s", text, rc->mac);
	if (!text)
		err_nomem(e);
	return text;
}

static const char *publish_word(struct arena *a, const struct cni_port *p)
{
	const char *ip = p->host_ip ? p->host_ip : "";
	bool six = strchr(ip, ':') != NULL;

	return arena_printf(a, "%s%s%s%s%llu:%llu/%s", six ? "[" : "", ip, six ? "]" : "",
			    *ip ? ":" : "", (unsigned long long)p->host,
			    (unsigned long long)p->container, p->protocol ? p->protocol : "tcp");
}

int cni_publish(struct err *e, struct arena *a, const struct cni_config *c, struct strv *ret)
{
	size_t n = c->runtime ? c->runtime->ports.n : 0;

	ret->n = 0;
	ret->v = arena_array(a, n + 1, sizeof(*ret->v));
	if (!ret->v)
		return err_nomem(e);
	for (size_t i = 0; i < n; i++) {
		/* Without a port of the host there is nothing to publish. */
		if (!c->runtime->ports.v[i].host)
			continue;
		ret->v[ret->n] = arena_strdup(a, publish_word(a, &c->runtime->ports.v[i]));
		if (!ret->v[ret->n++])
			return err_nomem(e);
	}
	return 0;
}

/* ---- result ---------------------------------------------------------------------------------- */

static void write_interface(struct json_writer *w, const char *name, const struct port_record *mac,
			    const char *sandbox)
{
	char text[MAC_TEXT];

	json_write_object(w, NULL);
	json_write_str(w, "name", name);
	if (mac)
		json_write_str(w, "mac", port_mac_text(mac, text));
	if (sandbox)
		json_write_str(w, "sandbox", sandbox);
	json_write_close(w);
}

static void write_ip(struct json_writer *w, const char *version, int64_t interface,
		     const struct subnet *s, const struct ip *ip)
{
	char text[PREFIX_TEXT];
	const struct prefix p = {.ip = *ip, .len = s->prefix.len};

	json_write_object(w, NULL);
	if (version[0] == '0')
		json_write_str(w, "version", ip->family == AF_INET ? "4" : "6");
	json_write_int(w, "interface", interface);
	json_write_str(w, "address", prefix_text(&p, text));
	if (s->gateway.family)
		json_write_str(w, "gateway", ip_text(&s->gateway, text));
	json_write_close(w);
}

static void write_routes(struct json_writer *w, const struct network *n)
{
	char text[INET6_ADDRSTRLEN];

	json_write_array(w, "routes");
	for (size_t i = 0; i < SUBNET_MAX; i++) {
		const struct ip *gateway = &n->subnets[i].gateway;

		if (!gateway->family)
			continue;
		json_write_object(w, NULL);
		json_write_str(w, "dst", gateway->family == AF_INET ? "0.0.0.0/0" : "::/0");
		json_write_str(w, "gw", ip_text(gateway, text));
		json_write_close(w);
	}
	json_write_close(w);
}

static void write_dns(struct json_writer *w, const struct network *n)
{
	char text[INET6_ADDRSTRLEN];

	json_write_object(w, "dns");
	if (n->n_dns) {
		json_write_array(w, "nameservers");
		for (size_t i = 0; i < n->n_dns; i++)
			json_write_str(w, NULL, ip_text(&n->dns[i], text));
		json_write_close(w);
	}
	json_write_close(w);
}

void cni_write_result(struct json_writer *w, const char *version, const char *sandbox,
		      const struct network *n, const struct port_record *p)
{
	json_write_object(w, NULL);
	json_write_str(w, "cniVersion", version);
	json_write_array(w, "interfaces");
	if (*p->port)
		write_interface(w, p->port, NULL, NULL);
	write_interface(w, p->interface, port_has_mac(p) ? p : NULL, sandbox);
	json_write_close(w);
	json_write_array(w, "ips");
	for (size_t i = 0; i < SUBNET_MAX; i++)
		if (p->ips[i].family)
			write_ip(w, version, *p->port ? 1 : 0, &n->subnets[i], &p->ips[i]);
	json_write_close(w);
	write_routes(w, n);
	write_dns(w, n);
	json_write_close(w);
}
