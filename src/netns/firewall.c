/* --firewall: see firewall.h. Input: the command line, and our own records. */
#include "firewall.h"

#include <netinet/in.h>

#define WANT "want in|out:allow|deny[:PROTOCOL[:PORT[-PORT][:ADDRESS[/LENGTH]]]], * for any"

static const char *const directions[] = {"in", "out"};
static const char *const actions[] = {"deny", "allow"};
static const struct {
	const char *name;
	uint8_t number;
	bool ports;
} protocols[] = {
	{"tcp", IPPROTO_TCP, true},
	{"udp", IPPROTO_UDP, true},
	{"sctp", IPPROTO_SCTP, true},
	{"icmp", IPPROTO_ICMP, false},
};

static bool is_star(const char *text)
{
	return !text || str_eq(text, "*");
}

static bool has_ports(uint8_t protocol)
{
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++)
		if (protocols[i].number == protocol)
			return protocols[i].ports;
	return false;
}

static int take_protocol(const char *text, struct firewall_rule *r)
{
	uint32_t number;

	if (is_star(text))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
		if (!str_eq(text, protocols[i].name))
			continue;
		r->protocol = protocols[i].number;
		return 0;
	}
	if (str_to_u32(text, &number) < 0 || number == 0 || number > UINT8_MAX)
		return -EINVAL;
	r->protocol = (uint8_t)number;
	return 0;
}

static int take_ports(char *text, struct firewall_rule *r)
{
	uint32_t from, to;
	char *dash;

	if (is_star(text))
		return 0;
	dash = strchr(text, '-');
	if (dash)
		*dash++ = '\0';
	if (str_to_u32(text, &from) < 0 || str_to_u32(dash ? dash : text, &to) < 0 || from == 0 ||
	    from > to || to > UINT16_MAX)
		return -EINVAL;
	r->from = (uint16_t)from;
	r->to = (uint16_t)to;
	return 0;
}

static int take_peer(struct err *e, const char *text, struct firewall_rule *r)
{
	if (is_star(text))
		return 0;
	if (strchr(text, '/'))
		return prefix_parse(e, text, &r->peer);
	if (ip_parse(text, &r->peer.ip) < 0)
		return err_set(e, ERR_USAGE, "\"%.60s\" is no address", text);
	r->peer.len = (uint8_t)(ip_size(&r->peer.ip) * 8);
	return 0;
}

/* The next word of a text with ":" in between; NULL when there is none. */
static char *next_word(char **rest)
{
	char *word = *rest, *end = word ? strchr(word, ':') : NULL;

	if (end)
		*end = '\0';
	*rest = end ? end + 1 : NULL;
	return word;
}

int firewall_parse(struct err *e, const char *text, struct firewall *f)
{
	struct firewall_rule rule = {0};
	char copy[FIREWALL_TEXT], *rest = copy, *words[4];
	int direction, action, r;

	if (f->n == FIREWALL_MAX)
		return err_set(e, ERR_USAGE, "more than %d firewall rules", FIREWALL_MAX);
	if (str_format(copy, sizeof(copy), "%s", text) < 0)
		return err_set(e, ERR_USAGE, "firewall \"%.80s\": too long; " WANT, text);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		words[i] = next_word(&rest);
	direction = str_lookup(directions, ARRAY_SIZE(directions), words[0]);
	action = words[1] ? str_lookup(actions, ARRAY_SIZE(actions), words[1]) : -1;
	if (direction < 0 || action < 0 || take_protocol(words[2], &rule) < 0 ||
	    take_ports(words[3], &rule) < 0)
		return err_set(e, ERR_USAGE, "firewall \"%.80s\": " WANT, text);
	rule.direction = (enum firewall_direction)direction;
	rule.allow = action;
	if (rule.from && !has_ports(rule.protocol))
		return err_set(e, ERR_USAGE,
			       "firewall \"%.80s\": ports are of tcp, udp or sctp: give a rule for "
			       "each",
			       text);
	/* What is left is an address, perhaps with ":" in it. */
	r = take_peer(e, rest, &rule);
	if (r < 0)
		return err_wrap(e, r, "firewall \"%.80s\"", text);
	f->rules[f->n++] = rule;
	return 0;
}

const char *firewall_text(const struct firewall_rule *r, char buf[FIREWALL_TEXT])
{
	char protocol[8] = "*", ports[16] = "*", peer[PREFIX_TEXT] = "*";

	if (r->protocol)
		(void)str_format(protocol, sizeof(protocol), "%u", r->protocol);
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++)
		if (protocols[i].number == r->protocol)
			(void)str_format(protocol, sizeof(protocol), "%s", protocols[i].name);
	if (r->from)
		(void)str_format(ports, sizeof(ports), "%u-%u", r->from, r->to);
	if (r->peer.ip.family)
		(void)prefix_text(&r->peer, peer);
	(void)str_format(buf, FIREWALL_TEXT, "%s:%s:%s:%s:%s", directions[r->direction],
			 actions[r->allow], protocol, ports, peer);
	return buf;
}

/* ---- all of them ----------------------------------------------------------------------------- */

bool firewall_is_policy(const struct firewall_rule *r)
{
	return !r->protocol && !r->peer.ip.family;
}

bool firewall_allows_rest(const struct firewall *f, enum firewall_direction direction)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->rules[i].direction == direction && firewall_is_policy(&f->rules[i]))
			return f->rules[i].allow;
	return true;
}

bool firewall_restricts(const struct firewall *f, enum firewall_direction direction)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->rules[i].direction == direction && !f->rules[i].allow)
			return true;
	return false;
}

int firewall_check(struct err *e, const struct firewall *f)
{
	for (size_t d = 0; d < FIREWALL_DIRECTIONS; d++) {
		size_t policies = 0;

		for (size_t i = 0; i < f->n; i++)
			policies += f->rules[i].direction == d && firewall_is_policy(&f->rules[i]);
		if (policies > 1)
			return err_set(e, ERR_USAGE, "firewall: \"%s:allow\" or \"%s:deny\" twice",
				       directions[d], directions[d]);
	}
	for (size_t i = 0; i < f->n; i++) {
		const struct firewall_rule *r = &f->rules[i];
		char text[FIREWALL_TEXT];

		if (r->allow && !firewall_restricts(f, r->direction))
			return err_set(e, ERR_USAGE,
				       "firewall \"%s\" changes nothing, since all is allowed: "
				       "\"%s:deny\" denies the rest",
				       firewall_text(r, text), directions[r->direction]);
	}
	return 0;
}
