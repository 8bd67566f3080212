/* Subnets for new networks: see choose.h. */
#include "choose.h"

#include <sys/random.h>

#define TRIES6 16

bool subnet_is_taken(const struct taken *t, const struct prefix *p, char *why, size_t size)
{
	char text[PREFIX_TEXT];

	for (size_t i = 0; i < t->networks->n; i++) {
		const struct network *n = &t->networks->v[i];

		for (size_t k = 0; k < SUBNET_MAX; k++) {
			if (!n->subnets[k].prefix.ip.family ||
			    !prefix_overlaps(&n->subnets[k].prefix, p))
				continue;
			(void)str_format(why, size, "network %s has %s", n->name,
					 prefix_text(&n->subnets[k].prefix, text));
			return true;
		}
	}
	for (size_t i = 0; i < t->routes->n; i++) {
		if (!prefix_overlaps(&t->routes->v[i], p))
			continue;
		(void)str_format(why, size, "the host has a route to %s",
				 prefix_text(&t->routes->v[i], text));
		return true;
	}
	return false;
}

int subnet_choose4(struct err *e, const struct taken *t, struct prefix *ret)
{
	char why[128];

	for (unsigned int i = 88 << 8; i < 128 << 8; i++) {
		struct prefix p = {
			.ip = {.family = AF_INET, .bytes = {10, (uint8_t)(i >> 8), (uint8_t)i}},
			.len = 24,
		};

		if (subnet_is_taken(t, &p, why, sizeof(why)))
			continue;
		*ret = p;
		return 0;
	}
	return err_set(e, ERR_EXISTS,
		       "no subnet of 10.88.0.0 to 10.127.255.255 is free: give --subnet");
}

int subnet_choose6(struct err *e, const struct taken *t, struct prefix *ret)
{
	char why[128];

	for (int i = 0; i < TRIES6; i++) {
		struct prefix p = {.ip = {.family = AF_INET6, .bytes = {0xfd}}, .len = 64};

		if (getrandom(p.ip.bytes + 1, 7, 0) != 7)
			return err_sys(e, "get random numbers");
		if (subnet_is_taken(t, &p, why, sizeof(why)))
			continue;
		*ret = p;
		return 0;
	}
	return err_set(e, ERR_EXISTS, "no unique local subnet is free: give --subnet");
}
