/* NETWORK[,OPTION=VALUE]... of --network: see want.h. Input: the command line or an annotation. */
#include "want.h"

#include <stdio.h>

#define WANT_MAX 512

static int take_ip(struct err *e, const char *option, const char *text, uint8_t family,
		   struct port_record *p)
{
	struct ip ip;

	if (ip_parse(text, &ip) < 0 || ip.family != family)
		return err_set(e, ERR_USAGE, "%s=%.60s is no %s address", option, text,
			       family == AF_INET ? "IPv4" : "IPv6");
	p->ips[family == AF_INET ? SUBNET_V4 : SUBNET_V6] = ip;
	return 0;
}

static int take_ip4(struct err *e, const char *text, struct port_record *p)
{
	return take_ip(e, "ip", text, AF_INET, p);
}

static int take_ip6(struct err *e, const char *text, struct port_record *p)
{
	return take_ip(e, "ip6", text, AF_INET6, p);
}

static int take_mac(struct err *e, const char *text, struct port_record *p)
{
	uint8_t *mac = p->mac;
	int end = 0;

	/* Of one station: the first bit of the first byte is for groups. */
	if (sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%n", &mac[0], &mac[1], &mac[2],
		   &mac[3], &mac[4], &mac[5], &end) != 6 ||
	    end != 17 || text[end] || mac[0] & 1)
		return err_set(e, ERR_USAGE, "mac=%.40s: want aa:bb:cc:dd:ee:ff of one station",
			       text);
	return 0;
}

static int take_name(struct err *e, const char *text, struct port_record *p)
{
	if (!*text || str_eq(text, ".") || str_eq(text, "..") || strchr(text, '/') ||
	    strchr(text, ' ') || strchr(text, '%') || strchr(text, ':') ||
	    !str_is_printable(text) ||
	    str_format(p->interface, sizeof(p->interface), "%s", text) < 0)
		return err_set(e, ERR_USAGE, "name=%.40s is no name of an interface", text);
	return 0;
}

static const struct {
	const char *key;
	int (*take)(struct err *e, const char *value, struct port_record *p);
} options[] = {
	{"ip=", take_ip4},
	{"ip6=", take_ip6},
	{"mac=", take_mac},
	{"name=", take_name},
};

static int take_option(struct err *e, const char *option, struct port_record *p)
{
	_buf_ struct buf known = {0};
	int r = rate_option(e, option, &p->rate);

	if (r)
		return r < 0 ? r : 0;
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		const char *value = str_after(option, options[i].key);

		if (value)
			return options[i].take(e, value, p);
		buf_printf(&known, "%s, ", options[i].key);
	}
	buf_str(&known, RATE_OPTIONS);
	return err_set(e, ERR_USAGE, "unknown option \"%.60s\" (there are %s)", option,
		       known.failed ? "others" : known.data);
}

int want_parse(struct err *e, const char *text, char network[NETWORK_NAME_MAX + 1],
	       struct port_record *p)
{
	char copy[WANT_MAX], *option, *rest = NULL;
	int r;

	if (str_format(copy, sizeof(copy), "%s", text) < 0)
		return err_set(e, ERR_USAGE, "network \"%.60s\": too long", text);
	option = strchr(copy, ',');
	if (option)
		*option++ = '\0';
	r = network_name_check(e, copy);
	if (r < 0)
		return r;
	(void)str_format(network, NETWORK_NAME_MAX + 1, "%s", copy);
	for (option = option ? strtok_r(option, ",", &rest) : NULL; option && r == 0;
	     option = strtok_r(NULL, ",", &rest))
		r = take_option(e, option, p);
	return r;
}
