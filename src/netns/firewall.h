/* Private: rules about who reaches a container and whom it reaches, as people write them. */
#ifndef BAWN_NETNS_FIREWALL_H
#define BAWN_NETNS_FIREWALL_H

#include "ip.h"

#define FIREWALL_MAX 128		/* rules of one container */

enum firewall_direction { FIREWALL_IN, FIREWALL_OUT, FIREWALL_DIRECTIONS };

/* With nothing but a direction: what happens when no other rule matches. */
struct firewall_rule {
	enum firewall_direction direction;
	bool allow;
	uint8_t protocol;		/* 0: any. IPPROTO_ICMP: of both families */
	uint16_t from, to;		/* ports; 0: any */
	struct prefix peer;		/* family 0: any */
};
struct firewall {
	struct firewall_rule rules[FIREWALL_MAX];
	size_t n;
};

/* DIRECTION:ACTION[:PROTOCOL[:PORTS[:ADDRESS]]] is added. ERR_USAGE */
int firewall_parse(struct err *e, const char *text, struct firewall *f);
/* All rules are there: does each of them change anything? ERR_USAGE */
int firewall_check(struct err *e, const struct firewall *f);
#define FIREWALL_TEXT (PREFIX_TEXT + 40)
const char *firewall_text(const struct firewall_rule *r, char buf[FIREWALL_TEXT]);

bool firewall_is_policy(const struct firewall_rule *r);
/* What happens to the rest; allowed unless a rule says no. */
bool firewall_allows_rest(const struct firewall *f, enum firewall_direction direction);
/* Anything is not allowed. */
bool firewall_restricts(const struct firewall *f, enum firewall_direction direction);

#endif
