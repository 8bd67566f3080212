/* bawn spec, bawn features: documents that need no container. */
#include "cli.h"

#include <sys/stat.h>

#include "runtime/spec.h"

static int open_bundle(struct err *e, const char *dir)
{
	int fd = openat(AT_FDCWD, dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? err_sys(e, "open bundle %s", dir) : fd;
}

/* Never replaces a config: somebody may have edited it. */
static int write_config(struct err *e, int dir, const char *dir_name, const struct buf *text)
{
	int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
	_close_ int fd = openat(dir, "config.json", flags | O_CLOEXEC, 0666);
	int r;

	if (fd < 0 && errno == EEXIST)
		return err_set(e, ERR_EXISTS,
			       "write %s/config.json: it exists already; remove it "
			       "first",
			       dir_name);
	if (fd < 0)
		return err_sys(e, "create %s/config.json", dir_name);
	r = fd_write_all(fd, text->data, text->len);
	if (r < 0) {
		(void)unlinkat(dir, "config.json", 0);
		return err_num(e, r, "write %s/config.json", dir_name);
	}
	return 0;
}

static int run_spec(struct err *e, struct cli *c)
{
	const char *bundle = c->args.bundle ? c->args.bundle : ".";
	_buf_ struct buf text = {0};
	_close_ int dir = open_bundle(e, bundle);
	int r;

	if (dir < 0)
		return dir;
	r = spec_write_default(e, c->args.rootless, &text);
	if (r < 0)
		return r;
	if (text.failed)
		return err_nomem(e);
	return write_config(e, dir, bundle, &text);
}

/* clang-format off */
static const struct opt spec_options[] = {
	{"bundle", 'b', OPT_STR, "DIR", "directory of the bundle (default: current directory)",
	 offsetof(struct args, bundle), NULL},
	{"rootless", 0, OPT_BOOL, NULL, "write one for a container without privileges: with a "
	 "user namespace that maps the caller", offsetof(struct args, rootless), NULL},
	{0},
};
/* clang-format on */

const struct verb verb_spec = {
	.name = "spec",
	.summary = "write a config.json to start from",
	.words = "",
	.text = "Writes a config.json with safe defaults into the bundle, to be edited: it runs sh "
		"on a terminal in the directory rootfs. A config.json that is there already is "
		"never replaced.",
	.examples = "bawn spec --bundle /srv/web",
	.options = spec_options,
	.run = run_spec,
};

static int run_features(struct err *e, struct cli *c)
{
	_buf_ struct buf b = {0};
	int r;

	(void)c;
	r = runtime_features(e, &b);
	if (r < 0)
		return r;
	if (b.len && b.data[b.len - 1] != '\n')
		buf_str(&b, "\n");
	return cli_print(e, &b);
}

static const struct opt no_options[] = {{0}};

const struct verb verb_features = {
	.name = "features",
	.summary = "print as JSON what this bawn supports",
	.words = "",
	.text = "Prints the features document of the OCI runtime specification: hooks, mount "
		"options, namespaces, capabilities, cgroups, seccomp and so on, as far as this "
		"bawn knows them. Nothing is written to standard error.",
	.examples = "bawn features | jq .linux.namespaces",
	.options = no_options,
	.run = run_features,
};
