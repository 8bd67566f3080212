/* What the helper bawn-net knows of a container's networks: documents. */
#include "runtime/network.h"

#include <sys/mman.h>

#define ANSWER_MAX (4u << 20)

/* It writes the answer to its fd 3. */
static int ask(struct err *e, const struct runtime *rt, const struct strv *words, struct arena *a,
	       struct json **ret)
{
	_close_ int answer = sys_memfd_create("bawn-net", MFD_CLOEXEC);
	_buf_ struct buf text = {0};
	int r;

	if (answer < 0)
		return err_sys(e, "make a memfd");
	r = network_helper(e, rt, words, answer);
	if (r < 0)
		return r;
	if (lseek(answer, 0, SEEK_SET) < 0)
		return err_sys(e, "read the answer of bawn-net");
	r = fd_read_all(answer, ANSWER_MAX, &text);
	if (r < 0)
		return err_num(e, r, "read the answer of bawn-net");
	return json_parse(e, a, "bawn-net", text.data ? text.data : "", text.len, ret);
}

static int ask_of(struct err *e, const struct container *c, const char *command, struct arena *a,
		  struct json **ret)
{
	const struct container_network *n = &c->state.network;
	const struct strv none = {0};
	struct strv words;
	int r = network_words(e, a, (const char *const[]){command, "3", n->root, n->mark}, 4, &none,
			      &words);

	return r < 0 ? r : ask(e, c->rt, &words, a, ret);
}

int container_network_usage(struct err *e, const struct container *c, struct arena *a,
			    struct json **ret)
{
	*ret = NULL;
	return c->state.network.mark ? ask_of(e, c, "usage", a, ret) : 0;
}

int container_network_export(struct err *e, const struct runtime *rt, const char *id,
			     struct arena *a, struct json **ret)
{
	_container_ struct container c;
	int r = container_open(e, &c, rt, id);

	if (r < 0)
		return r;
	if (!c.state.network.mark)
		return err_set(e, ERR_STATE,
			       "the container has no interface of a network of bawn's own");
	return ask_of(e, &c, "export", a, ret);
}
