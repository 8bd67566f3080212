/*
 * Which networks a container gets: NAME[,OPTION...], several times, or one of the words that
 * engines know. Those are about its network namespace, and win over what config.json says of it.
 */
#include "runtime/network.h"

#define ANNOTATION "org.bawn.network"

/* "web;lan,name=lan0" */
static int take_annotation(struct err *e, struct launch *l)
{
	const char *value = spec_annotation(&l->spec, ANNOTATION);
	char *text, *rest = NULL;

	if (!value)
		return 0;
	text = arena_strdup(&l->spec.arena, value);
	l->networks.v = arena_array(&l->spec.arena, strlen(value) + 1, sizeof(char *));
	if (!text || !l->networks.v)
		return err_nomem(e);
	for (char *word = strtok_r(text, ";", &rest); word; word = strtok_r(NULL, ";", &rest))
		l->networks.v[l->networks.n++] = word;
	return 0;
}

static int join_container(struct err *e, struct launch *l, const char *id)
{
	_container_ struct container other;
	const char *path;
	int r = container_open_ready(e, &other, l->rt, id);

	if (r == 0)
		r = l->joined_net = container_open_netns(e, &other);
	if (r < 0)
		return r;
	path = arena_printf(&l->spec.arena, "/proc/self/fd/%d", l->joined_net);
	l->spec.linux_.ns[NS_NET] = (struct spec_ns){.present = true, .path = path};
	return path ? 0 : err_nomem(e);
}

/* 1: it was one of the words. */
static int take_word(struct err *e, struct launch *l, const char *text)
{
	const char *id = str_after(text, "container:");
	bool none = str_eq(text, "none");
	int r = 0;

	if (!id && !none && !str_eq(text, "host"))
		return 0;
	if (l->networks.n > 1)
		return err_set(e, ERR_USAGE, "%s does not go together with other networks", text);
	if (id)
		r = join_container(e, l, id);
	else
		l->spec.linux_.ns[NS_NET] = (struct spec_ns){.present = none};
	/* A device or sysctl of the configuration may need a namespace of its own. */
	if (r == 0)
		r = spec_check(e, &l->spec);
	return r < 0 ? err_wrap(e, r, "%s", text) : 1;
}

int launch_choose_networks(struct err *e, struct launch *l)
{
	int r = 0;

	l->networks = l->opt->networks;
	if (!l->networks.n)
		r = take_annotation(e, l);
	for (size_t i = 0; r == 0 && i < l->networks.n; i++)
		r = take_word(e, l, l->networks.v[i]);
	if (r > 0)
		l->networks.n = 0;
	return r < 0 ? err_wrap(e, r, "--network") : 0;
}
