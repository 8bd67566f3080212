/*
 * state.json: what a created container is, for every later command. Format in
 * docs/format/state.md. Also the state document of the OCI runtime-spec, which is
 * what hooks read and `state` prints.
 */
#include <stdio.h>
#include <time.h>

#include "runtime/container.h"

#define STATE_NAME "state.json"
#define STATE_NEW STATE_NAME ".new"
#define STATE_VERSION 1

/* As decoded; uint64 and strings only, copied into struct container_state. */
struct state_file {
	uint32_t version;
	const char *oci_version, *bundle, *rootfs, *created, *owner;
	uint32_t pid;
	uint64_t start_time;
	bool hooks, poststart, poststop, shares_pids, no_new_keyring;
	int net_ns;
	const struct json *annotations;
	struct state_cgroup {
		const char *path, *mark, *unit;
		uint32_t keep;
		uint64_t id;
	} *cgroup;
	struct container_network *network;
};

static const struct json_word net_ns_words[] = {
	[NET_NS_OWN] = {"own", NET_NS_OWN},
	[NET_NS_HOST] = {"host", NET_NS_HOST},
	[NET_NS_JOINED] = {"joined", NET_NS_JOINED},
	{"", 0},
};

#define F(name_, kind_, member_)                                             \
	{                                                                    \
		.name = name_, .kind = kind_, .offset = offsetof(T, member_) \
	}
#define T struct state_cgroup
static const struct json_field cgroup_fields[] = {
	F("path", FIELD_STR, path), F("mark", FIELD_STR, mark), F("keep", FIELD_U32, keep),
	F("id", FIELD_U64, id),	    F("unit", FIELD_STR, unit), {0},
};
#undef T
#define T struct container_network
static const struct json_field network_fields[] = {
	F("root", FIELD_STR, root),
	F("mark", FIELD_STR, mark),
	{0},
};
#undef T
#define T struct state_file
static const struct json_field state_fields[] = {
	F("version", FIELD_U32, version),
	{.name = "id", .kind = FIELD_IGNORE},
	F("ociVersion", FIELD_STR, oci_version),
	F("bundle", FIELD_STR, bundle),
	F("rootfs", FIELD_STR, rootfs),
	F("created", FIELD_STR, created),
	F("owner", FIELD_STR, owner),
	F("pid", FIELD_U32, pid),
	F("startTime", FIELD_U64, start_time),
	F("hooks", FIELD_BOOL, hooks),
	F("poststart", FIELD_BOOL, poststart),
	F("poststop", FIELD_BOOL, poststop),
	F("sharesPids", FIELD_BOOL, shares_pids),
	{
		.name = "networkNamespace",
		.kind = FIELD_ENUM,
		.offset = offsetof(T, net_ns),
		.words = net_ns_words,
		.noun = "kind of network namespace",
	},
	F("noNewKeyring", FIELD_BOOL, no_new_keyring),
	F("annotations", FIELD_NODE, annotations),
	{
		.name = "cgroup",
		.kind = FIELD_OPT_OBJECT,
		.offset = offsetof(T, cgroup),
		.fields = cgroup_fields,
		.size = sizeof(struct state_cgroup),
	},
	{
		.name = "network",
		.kind = FIELD_OPT_OBJECT,
		.offset = offsetof(T, network),
		.fields = network_fields,
		.size = sizeof(struct container_network),
	},
	{0},
};
#undef T
#undef F

static int take_state(struct err *e, const struct state_file *f, struct container_state *s)
{
	*s = (struct container_state){
		.pid = (pid_t)f->pid,
		.start_time = f->start_time,
		.oci_version = f->oci_version,
		.bundle = f->bundle,
		.rootfs = f->rootfs,
		.created = f->created,
		.owner = f->owner,
		.hooks = f->hooks,
		.poststart = f->poststart,
		.poststop = f->poststop,
		.shares_pids = f->shares_pids,
		.net_ns = f->net_ns,
		.no_new_keyring = f->no_new_keyring,
		.annotations = f->annotations,
	};
	if (f->version != STATE_VERSION)
		return err_set(e, ERR_UNSUPPORTED,
			       STATE_NAME ": version %u; this bawn knows version %d", f->version,
			       STATE_VERSION);
	if (f->network && (!f->network->root || !f->network->mark))
		return err_set(e, ERR_CONFIG, STATE_NAME ": network: damaged");
	if (f->network)
		s->network = *f->network;
	if (!f->cgroup)
		return 0;
	s->has_cgroup = true;
	s->unit = f->cgroup->unit;
	s->cgroup.keep = f->cgroup->keep;
	s->cgroup.id = f->cgroup->id;
	if (!f->cgroup->path || !f->cgroup->mark ||
	    str_format(s->cgroup.path, sizeof(s->cgroup.path), "%s", f->cgroup->path) < 0 ||
	    str_format(s->cgroup.mark, sizeof(s->cgroup.mark), "%s", f->cgroup->mark) < 0)
		return err_set(e, ERR_CONFIG, STATE_NAME ": cgroup: damaged");
	return 0;
}

int container_load_state(struct err *e, struct container *c)
{
	struct state_file f = {0};
	_buf_ struct buf text = {0};
	struct json *tree;
	int r;

	arena_done(&c->arena);
	c->has_state = false;
	r = file_read_at(e, c->dir_fd, STATE_NAME, JSON_MAX_DOCUMENT, &text);
	if (r == -ENOENT)
		return 0;
	if (r == 0)
		r = json_parse(e, &c->arena, STATE_NAME, text.data ? text.data : "", text.len,
			       &tree);
	if (r == 0)
		r = json_decode(e, &c->arena, tree, state_fields, &f);
	if (r == 0)
		r = take_state(e, &f, &c->state);
	c->has_state = r == 0;
	return r;
}

int container_prepare_state(struct err *e, const struct container *c)
{
	const struct container_state *s = &c->state;
	_buf_ struct buf out = {0};
	struct json_writer w;

	json_write_begin(&w, false);
	json_write_object(&w, NULL);
	json_write_int(&w, "version", STATE_VERSION);
	json_write_str(&w, "id", c->id);
	json_write_str(&w, "ociVersion", s->oci_version);
	json_write_int(&w, "pid", s->pid);
	json_write_u64(&w, "startTime", s->start_time);
	json_write_str(&w, "bundle", s->bundle);
	json_write_str(&w, "rootfs", s->rootfs);
	json_write_str(&w, "created", s->created);
	json_write_str(&w, "owner", s->owner);
	json_write_bool(&w, "hooks", s->hooks);
	json_write_bool(&w, "poststart", s->poststart);
	json_write_bool(&w, "poststop", s->poststop);
	json_write_bool(&w, "sharesPids", s->shares_pids);
	json_write_str(&w, "networkNamespace", net_ns_words[s->net_ns].name);
	json_write_bool(&w, "noNewKeyring", s->no_new_keyring);
	if (s->has_cgroup) {
		json_write_object(&w, "cgroup");
		json_write_str(&w, "path", s->cgroup.path);
		json_write_str(&w, "mark", s->cgroup.mark);
		json_write_int(&w, "keep", s->cgroup.keep);
		json_write_u64(&w, "id", s->cgroup.id);
		if (s->unit)
			json_write_str(&w, "unit", s->unit);
		json_write_close(&w);
	}
	if (s->network.mark) {
		json_write_object(&w, "network");
		json_write_str(&w, "root", s->network.root);
		json_write_str(&w, "mark", s->network.mark);
		json_write_close(&w);
	}
	if (s->annotations)
		json_write_tree(&w, "annotations", s->annotations);
	json_write_close(&w);
	if (json_write_end(&w, &out) < 0)
		return err_nomem(e);
	return file_create_at(e, c->dir_fd, STATE_NEW, out.data, out.len, 0600);
}

int container_commit_state(struct err *e, const struct container *c)
{
	if (renameat(c->dir_fd, STATE_NEW, c->dir_fd, STATE_NAME) < 0)
		return err_sys(e, "write " STATE_NAME);
	return 0;
}

static const char *const status_names[] = {
	[STATUS_CREATING] = "creating", [STATUS_CREATED] = "created", [STATUS_RUNNING] = "running",
	[STATUS_PAUSED] = "paused",	[STATUS_STOPPED] = "stopped",
};

const char *container_status_name(enum container_status status)
{
	return status_names[status];
}

static const char *or_empty(const char *s)
{
	return s ? s : "";
}

void container_describe(struct container *c, enum container_status status,
			struct container_info *info)
{
	const struct container_state *s = &c->state;

	*info = (struct container_info){
		.id = c->id,
		.oci_version = s->oci_version ? s->oci_version : "1.3.0",
		.pid = status == STATUS_STOPPED ? 0 : s->pid,
		.status = status,
		.bundle = or_empty(s->bundle),
		.rootfs = or_empty(s->rootfs),
		.created = or_empty(s->created),
		.owner = or_empty(s->owner),
		.cgroup = s->has_cgroup ? s->cgroup.path : "",
		.annotations = s->annotations,
	};
}

void container_write_state_members(struct json_writer *w, const struct container_info *info)
{
	json_write_str(w, "ociVersion", info->oci_version);
	json_write_str(w, "id", info->id);
	json_write_str(w, "status", container_status_name(info->status));
	json_write_int(w, "pid", info->pid);
	json_write_str(w, "bundle", info->bundle);
	if (info->annotations)
		json_write_tree(w, "annotations", info->annotations);
}

int container_write_state_json(struct err *e, const struct container_info *info, struct buf *out)
{
	struct json_writer w;

	json_write_begin(&w, false);
	json_write_object(&w, NULL);
	container_write_state_members(&w, info);
	json_write_close(&w);
	return json_write_end(&w, out) < 0 ? err_nomem(e) : 0;
}
