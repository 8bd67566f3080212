/* bawn state, bawn list: what engines and people ask about containers. */
#include "cli.h"

static const struct opt no_options[] = {{0}};

static const char *or_empty(const char *s)
{
	return s ? s : "";
}

/* Key order and names are those of runc: engines and their tests read them. */
static void write_info(struct json_writer *w, const struct container_info *i)
{
	json_write_object(w, NULL);
	json_write_str(w, "ociVersion", or_empty(i->oci_version));
	json_write_str(w, "id", or_empty(i->id));
	json_write_int(w, "pid", i->pid);
	json_write_str(w, "status", container_status_name(i->status));
	json_write_str(w, "bundle", or_empty(i->bundle));
	json_write_str(w, "rootfs", or_empty(i->rootfs));
	json_write_str(w, "created", or_empty(i->created));
	if (i->annotations)
		json_write_tree(w, "annotations", i->annotations);
	json_write_str(w, "owner", or_empty(i->owner));
	json_write_close(w);
}

static int run_state(struct err *e, struct cli *c)
{
	struct container_info info = {0};
	struct json_writer w = {0};
	int r;

	r = container_state(e, &c->rt, c->id, &c->arena, &info);
	if (r < 0)
		return r;
	if (json_write_begin(&w, true) < 0)
		return err_nomem(e);
	write_info(&w, &info);
	return cli_print_json(e, &w);
}

const struct verb verb_state = {
	.name = "state",
	.summary = "print the state of a container as JSON",
	.words = "ID",
	.text = "Prints the state of the container ID as the OCI runtime specification defines "
		"it, and when it was created and for whom. The status is creating, created, "
		"running, paused or stopped; the process ID of a stopped container is 0.",
	.examples = "bawn state web\n"
		    "bawn state web | jq -r .status",
	.options = no_options,
	.flags = VERB_ID | VERB_ROOT,
	.run = run_state,
};

static int print_json(struct err *e, const struct container_list *l)
{
	struct json_writer w = {0};

	if (json_write_begin(&w, false) < 0)
		return err_nomem(e);
	json_write_array(&w, NULL);
	for (size_t i = 0; i < l->n; i++)
		write_info(&w, &l->v[i]);
	json_write_close(&w);
	return cli_print_json(e, &w);
}

enum { COL_ID, COL_PID, COL_STATUS, COL_BUNDLE, COL_CREATED, COL_OWNER, COL_MAX };

static int print_table(struct err *e, struct arena *a, const struct container_list *l)
{
	static const char *const header[COL_MAX] = {"ID",     "PID",	 "STATUS",
						    "BUNDLE", "CREATED", "OWNER"};
	const char **cells = arena_array(a, (l->n + 1) * COL_MAX, sizeof(*cells));
	_buf_ struct buf b = {0};

	if (!cells)
		return err_nomem(e);
	memcpy(cells, header, sizeof(header));
	for (size_t i = 0; i < l->n; i++) {
		const struct container_info *info = &l->v[i];
		const char **row = cells + (i + 1) * COL_MAX;

		row[COL_ID] = info->id;
		row[COL_PID] = arena_printf(a, "%d", (int)info->pid);
		row[COL_STATUS] = container_status_name(info->status);
		row[COL_BUNDLE] = info->bundle;
		row[COL_CREATED] = info->created;
		row[COL_OWNER] = info->owner;
		if (!row[COL_PID])
			return err_nomem(e);
	}
	table_format(&b, cells, l->n + 1, COL_MAX);
	return cli_print(e, &b);
}

static int print_ids(struct err *e, struct cli *c)
{
	struct strv ids = {0};
	_buf_ struct buf b = {0};
	int r;

	r = container_ids(e, &c->rt, &c->arena, &ids);
	if (r < 0)
		return r;
	for (size_t i = 0; i < ids.n; i++)
		buf_printf(&b, "%s\n", ids.v[i]);
	return cli_print(e, &b);
}

static int run_list(struct err *e, struct cli *c)
{
	struct container_list list = {0};
	int r;

	if (c->args.quiet)
		return print_ids(e, c);
	r = container_list(e, &c->rt, &c->arena, &list);
	if (r < 0)
		return r;
	if (c->args.format == FORMAT_JSON)
		return print_json(e, &list);
	return print_table(e, &c->arena, &list);
}

/* clang-format off */
static const struct opt list_options[] = {
	{"format", 'f', OPT_CHOICE, "FORMAT", "table or json (default: table)",
	 offsetof(struct args, format), output_formats},
	{"quiet", 'q', OPT_BOOL, NULL, "print the IDs only, one per line",
	 offsetof(struct args, quiet), NULL},
	{0},
};
/* clang-format on */

const struct verb verb_list = {
	.name = "list",
	.summary = "list the containers of the state root",
	.words = "",
	.text = "Lists the containers that are kept below the state root (--root), sorted by ID. "
		"The JSON form is an array of what 'bawn state' prints.",
	.examples = "bawn list\n"
		    "bawn list --format json | jq -r '.[] | select(.status == \"running\").id'\n"
		    "bawn --root /run/containerd/runc/k8s.io list --quiet",
	.options = list_options,
	.flags = VERB_ROOT,
	.run = run_list,
};
