/* state and list: read-only views of what is there. */
#include <dirent.h>
#include <stdlib.h>

#include "runtime/container.h"

/* The strings must outlive the struct container: its arena becomes the caller's. */
static void keep_strings(struct container *c, struct arena *a, struct container_info *info)
{
	container_describe(c, container_status(c), info);
	info->id = arena_strdup(a, c->id);
	info->cgroup = arena_strdup(a, info->cgroup);
	arena_merge(a, &c->arena);
}

int container_state(struct err *e, const struct runtime *rt, const char *id, struct arena *a,
		    struct container_info *ret)
{
	_container_ struct container c;
	int r = container_open(e, &c, rt, id);

	if (r < 0)
		return r;
	keep_strings(&c, a, ret);
	return ret->id && ret->cgroup ? 0 : err_nomem(e);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int add_id(struct err *e, struct arena *a, const char *name, struct strv *ids, size_t *room)
{
	if (ids->n + 1 >= *room) {
		size_t bigger = *room ? *room * 2 : 64;
		char **v = arena_array(a, bigger, sizeof(*v));

		if (!v)
			return err_nomem(e);
		if (ids->n)
			memcpy(v, ids->v, ids->n * sizeof(*v));
		ids->v = v;
		*room = bigger;
	}
	ids->v[ids->n] = arena_strdup(a, name);
	if (!ids->v[ids->n])
		return err_nomem(e);
	ids->n++;
	return 0;
}

int container_ids(struct err *e, const struct runtime *rt, struct arena *a, struct strv *ret)
{
	_closedir_ DIR *dir = NULL;
	const struct dirent *entry;
	size_t room = 0;
	struct err ignored;
	int fd;

	*ret = (struct strv){0};
	if (rt->root_fd < 0)
		return 0;
	fd = openat(rt->root_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		return err_sys(e, "list the state root %s", rt->root);
	while ((entry = readdir(dir))) {
		int r;

		if (entry->d_type != DT_DIR || container_id_check(&ignored, entry->d_name) < 0)
			continue;
		r = add_id(e, a, entry->d_name, ret, &room);
		if (r < 0)
			return r;
	}
	if (ret->n)
		qsort(ret->v, ret->n, sizeof(*ret->v), by_name);
	return 0;
}

int container_list(struct err *e, const struct runtime *rt, struct arena *a,
		   struct container_list *ret)
{
	struct strv ids;
	int r = container_ids(e, rt, a, &ids);

	if (r < 0)
		return r;
	ret->n = 0;
	ret->v = arena_array(a, ids.n + 1, sizeof(*ret->v));
	if (!ret->v)
		return err_nomem(e);
	for (size_t i = 0; i < ids.n; i++) {
		struct container_info *info = &ret->v[ret->n];

		r = container_state(e, rt, ids.v[i], a, info);
		if (r < 0 && e->code == ERR_NOT_FOUND)
			continue;
		if (r < 0) {
			log_warning("%s: %s", ids.v[i], e->msg);
			*info = (struct container_info){
				.id = ids.v[i],
				.oci_version = "",
				.status = STATUS_STOPPED,
				.bundle = "",
				.rootfs = "",
				.created = "",
				.owner = "",
				.cgroup = "",
			};
		}
		ret->n++;
	}
	return 0;
}
