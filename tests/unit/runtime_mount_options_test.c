/* Mount options: every word, their combinations, and what is no option. */
#include "runtime/spec.h"

#include <linux/mount.h>
#include <stdio.h>

#include "t.h"

static struct err e;

#define LINUX                                                                                   \
	"\"linux\":{\"namespaces\":[{\"type\":\"mount\"},{\"type\":\"user\"}],\"uidMappings\":" \
	"[{\"containerID\":0,\"hostID\":5,\"size\":9}],\"gidMappings\":[{\"containerID\":0,"    \
	"\"hostID\":6,\"size\":9}]}"

/* One mount object in a config. */
static int parse(const char *mount, struct spec *spec, const char *lx)
{
	_buf_ struct buf b = {0};

	buf_printf(&b, "{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"r\"},\"mounts\":[%s]%s%s}",
		   mount, lx ? "," : "", lx ? lx : "");
	e = (struct err){0};
	*spec = (struct spec){0};
	return spec_parse(&e, "config.json", b.data, b.len, spec);
}

/* Options as words with commas; a tmpfs, or with "bind" a bind mount. */
static struct spec_mount *resolve(struct spec *spec, const char *options)
{
	char text[1024], *p = text;

	p += sprintf(
		p, "{\"destination\":\"/m\",\"source\":\"/s\",\"type\":\"tmpfs\",\"options\":[\"");
	for (; *options; options++)
		p += sprintf(p, *options == ',' ? "\",\"" : "%c", *options);
	sprintf(p, "\"]}");
	log_setup(&(struct log_options){.fd = STDERR_FILENO, .json = true});	/* no warnings */
	if (parse(text, spec, LINUX) < 0)
		T_FAIL("%s: %s", text, e.msg);
	return spec->mounts.v;
}

#define RO MOUNT_ATTR_RDONLY
#define ATIME MOUNT_ATTR__ATIME

static const struct attr_case {
	const char *options;
	uint64_t set, clear, rec_set, rec_clear;
} attr_cases[] = {
	{"ro", RO, 0, 0, 0},
	{"rw", 0, RO, 0, 0},
	{"nosuid", MOUNT_ATTR_NOSUID, 0, 0, 0},
	{"suid", 0, MOUNT_ATTR_NOSUID, 0, 0},
	{"nodev", MOUNT_ATTR_NODEV, 0, 0, 0},
	{"dev", 0, MOUNT_ATTR_NODEV, 0, 0},
	{"noexec", MOUNT_ATTR_NOEXEC, 0, 0, 0},
	{"exec", 0, MOUNT_ATTR_NOEXEC, 0, 0},
	{"nodiratime", MOUNT_ATTR_NODIRATIME, 0, 0, 0},
	{"diratime", 0, MOUNT_ATTR_NODIRATIME, 0, 0},
	{"nosymfollow", MOUNT_ATTR_NOSYMFOLLOW, 0, 0, 0},
	{"symfollow", 0, MOUNT_ATTR_NOSYMFOLLOW, 0, 0},
	{"noatime", MOUNT_ATTR_NOATIME, ATIME, 0, 0},
	{"strictatime", MOUNT_ATTR_STRICTATIME, ATIME, 0, 0},
	{"relatime", 0, ATIME, 0, 0},
	{"atime", 0, ATIME, 0, 0},
	{"nostrictatime", 0, ATIME, 0, 0},
	{"norelatime", 0, 0, 0, 0},
	{"rro", 0, 0, RO, 0},
	{"rrw", 0, 0, 0, RO},
	{"rnosuid", 0, 0, MOUNT_ATTR_NOSUID, 0},
	{"rsuid", 0, 0, 0, MOUNT_ATTR_NOSUID},
	{"rnodev", 0, 0, MOUNT_ATTR_NODEV, 0},
	{"rdev", 0, 0, 0, MOUNT_ATTR_NODEV},
	{"rnoexec", 0, 0, MOUNT_ATTR_NOEXEC, 0},
	{"rexec", 0, 0, 0, MOUNT_ATTR_NOEXEC},
	{"rnodiratime", 0, 0, MOUNT_ATTR_NODIRATIME, 0},
	{"rdiratime", 0, 0, 0, MOUNT_ATTR_NODIRATIME},
	{"rnosymfollow", 0, 0, MOUNT_ATTR_NOSYMFOLLOW, 0},
	{"rsymfollow", 0, 0, 0, MOUNT_ATTR_NOSYMFOLLOW},
	{"rnoatime", 0, 0, MOUNT_ATTR_NOATIME, ATIME},
	{"rstrictatime", 0, 0, MOUNT_ATTR_STRICTATIME, ATIME},
	{"rrelatime", 0, 0, 0, ATIME},
	{"ratime", 0, 0, 0, ATIME},
	{"rnostrictatime", 0, 0, 0, ATIME},
	{"rnorelatime", 0, 0, 0, 0},
	{"defaults", 0, 0, 0, 0},
	/* The last word counts. */
	{"ro,rw", 0, RO, 0, 0},
	{"rw,ro", RO, 0, 0, 0},
	{"rro,rrw,ro", RO, 0, 0, RO},
	{"noatime,strictatime", MOUNT_ATTR_STRICTATIME, ATIME, 0, 0},
	{"strictatime,noatime", MOUNT_ATTR_NOATIME, ATIME, 0, 0},
	{"strictatime,relatime", 0, ATIME, 0, 0},
	{"noatime,atime", 0, ATIME, 0, 0},
	{"strictatime,atime", MOUNT_ATTR_STRICTATIME, ATIME, 0, 0},
	{"noatime,nostrictatime", MOUNT_ATTR_NOATIME, ATIME, 0, 0},
	{"noatime,norelatime", MOUNT_ATTR_NOATIME, ATIME, 0, 0},
	{"rnoatime,rstrictatime", 0, 0, MOUNT_ATTR_STRICTATIME, ATIME},
	{"noatime,rrelatime", MOUNT_ATTR_NOATIME, ATIME, 0, ATIME},
	{"nosuid,noexec,nodev,ro", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NODEV | RO, 0,
	 0, 0},
};

TEST(attributes)
{
	for (size_t i = 0; i < ARRAY_SIZE(attr_cases); i++) {
		const struct attr_case *c = &attr_cases[i];
		struct spec spec;
		const struct spec_mount *m = resolve(&spec, c->options);

		if (m->attr_set != c->set || m->attr_clear != c->clear ||
		    m->rec_attr_set != c->rec_set || m->rec_attr_clear != c->rec_clear ||
		    m->data.n || m->sb_flags || m->propagation)
			T_FAIL("%s: %#jx -%#jx, tree %#jx -%#jx, data %zu", c->options,
			       (uintmax_t)m->attr_set, (uintmax_t)m->attr_clear,
			       (uintmax_t)m->rec_attr_set, (uintmax_t)m->rec_attr_clear, m->data.n);
		/* The kernel: no bit both ways, except for the number of atime. */
		EQ(m->attr_set & m->attr_clear & ~(uint64_t)ATIME, 0);
		EQ(m->rec_attr_set & m->rec_attr_clear & ~(uint64_t)ATIME, 0);
		spec_done(&spec);
	}
}

TEST(superblock_flags)
{
	static const struct {
		const char *options;
		uint64_t flags;
	} cases[] = {
		{"sync", MS_SYNCHRONOUS},
		{"async", 0},
		{"sync,async", 0},
		{"async,sync", MS_SYNCHRONOUS},
		{"dirsync", MS_DIRSYNC},
		{"mand", MS_MANDLOCK},
		{"mand,nomand", 0},
		{"iversion", MS_I_VERSION},
		{"noiversion", 0},
		{"lazytime", MS_LAZYTIME},
		{"lazytime,nolazytime", 0},
		{"silent", MS_SILENT},
		{"silent,loud", 0},
		{"sync,dirsync,lazytime", MS_SYNCHRONOUS | MS_DIRSYNC | MS_LAZYTIME},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct spec spec;

		EQ(resolve(&spec, cases[i].options)->sb_flags, cases[i].flags);
		spec_done(&spec);
	}
}

TEST(propagation)
{
	static const struct {
		const char *options;
		uint64_t flag;
		bool recursive;
	} cases[] = {
		{"private", MS_PRIVATE, false},
		{"rprivate", MS_PRIVATE, true},
		{"shared", MS_SHARED, false},
		{"rshared", MS_SHARED, true},
		{"slave", MS_SLAVE, false},
		{"rslave", MS_SLAVE, true},
		{"unbindable", MS_UNBINDABLE, false},
		{"runbindable", MS_UNBINDABLE, true},
		{"rshared,private", MS_PRIVATE, false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct spec spec;
		const struct spec_mount *m = resolve(&spec, cases[i].options);

		EQ(m->propagation, cases[i].flag);
		EQ(m->propagation_recursive, cases[i].recursive);
		spec_done(&spec);
	}
}

TEST(binds)
{
	struct spec spec;
	const struct spec_mount *m;

	m = resolve(&spec, "bind,ro");
	TRUE(m->bind && !m->recursive_bind && m->attr_set == RO);
	STREQ(m->type, "bind");
	spec_done(&spec);
	m = resolve(&spec, "rbind,rprivate");
	TRUE(m->bind && m->recursive_bind && m->propagation_recursive);
	spec_done(&spec);
	/* The type alone says it too, and no type is needed. */
	OK_ERR(&e,
	       parse("{\"destination\":\"/a\",\"type\":\"bind\",\"source\":\"/b\"},{\"destination\":"
		     "\"/a\",\"options\":[\"rbind\"],\"source\":\"b\"}",
		     &spec, NULL));
	TRUE(spec.mounts.v[0].bind && spec.mounts.v[1].bind);
	STREQ(spec.mounts.v[1].type, "bind");
	spec_done(&spec);
}

TEST(data)
{
	struct spec spec;
	const struct spec_mount *m;

	m = resolve(&spec, "nosuid,size=64k,mode=755,RO,acl,upperdir=/a,,uid=5,tmpcopyup");
	EQ(m->data.n, 6);
	STREQ(m->data.v[0], "size=64k");
	STREQ(m->data.v[2], "RO");
	STREQ(m->data.v[5], "uid=5");
	STREQ(m->data.v[6], NULL);
	TRUE(m->tmpcopyup);
	EQ(m->attr_set, MOUNT_ATTR_NOSUID);
	EQ(m->options.n, 9);
	spec_done(&spec);
}

TEST(idmaps)
{
	struct spec spec;
	const struct spec_mount *m;

	m = resolve(&spec, "bind,idmap");
	TRUE(m->idmap && !m->idmap_recursive);
	EQ(m->uid_maps.n, 1);
	EQ(m->uid_maps.v[0].host_id, 5);
	EQ(m->gid_maps.v[0].host_id, 6);
	spec_done(&spec);
	m = resolve(&spec, "rbind,ridmap");
	TRUE(m->idmap && m->idmap_recursive);
	spec_done(&spec);
	m = resolve(&spec, "bind,idmap=uids=0-1-10#10-11-7;gids=0-100-3");
	EQ(m->uid_maps.n, 2);
	EQ(m->uid_maps.v[1].container_id, 10);
	EQ(m->uid_maps.v[1].host_id, 11);
	EQ(m->uid_maps.v[1].size, 7);
	EQ(m->gid_maps.v[0].host_id, 100);
	spec_done(&spec);
	OK_ERR(&e,
	       parse("{\"destination\":\"/a\",\"source\":\"/b\",\"options\":[\"bind\"],\"uidMappings\":"
		     "[{\"containerID\":0,\"hostID\":1,\"size\":2}],\"gidMappings\":[{\"containerID\":0,"
		     "\"hostID\":3,\"size\":4}]}",
		     &spec, NULL));
	TRUE(spec.mounts.v[0].idmap);
	EQ(spec.mounts.v[0].gid_maps.v[0].host_id, 3);
	spec_done(&spec);
	/* A joined user namespace: its mappings are not known here. */
	OK_ERR(&e,
	       parse("{\"destination\":\"/a\",\"source\":\"/b\",\"options\":[\"bind\",\"idmap\"]}",
		     &spec, "\"linux\":{\"namespaces\":[{\"type\":\"user\",\"path\":\"/p\"}]}"));
	TRUE(spec.mounts.v[0].idmap);
	EQ(spec.mounts.v[0].uid_maps.n, 0);
	spec_done(&spec);
}

#define M "{\"destination\":\"/m\","

static const struct {
	const char *mount, *msg;	/* '!': unsupported */
} refused_cases[] = {
	{"{}", "mounts[0].destination: missing"},
	{"{\"destination\":\"\",\"type\":\"proc\"}", "mounts[0].destination: empty"},
	{"{\"destination\":1}", "mounts[0].destination: expected a string, got a number"},
	{"{\"destination\":\"/a\\nb\",\"type\":\"proc\"}",
	 "mounts[0].destination: control character in a name"},
	{M "\"source\":\"/x\"}", "mounts[0].type: missing; only bind mounts have none"},
	{M "\"type\":1}", "mounts[0].type: expected a string, got a number"},
	{M "\"type\":\"tmpfs\",\"options\":\"ro\"}",
	 "mounts[0].options: expected an array, got a string"},
	{M "\"type\":\"tmpfs\",\"options\":[1]}",
	 "mounts[0].options[0]: expected a string, got a number"},
	{M "\"type\":\"tmpfs\",\"options\":[\"a\\u0001\"]}",
	 "mounts[0].options[0]: control character in a name"},
	{M "\"options\":[\"bind\"]}", "mounts[0].source: missing; a bind mount needs one"},
	{M "\"source\":\"\",\"options\":[\"bind\"]}",
	 "mounts[0].source: missing; a bind mount needs one"},
	{M "\"source\":\"/s\",\"options\":[\"bind\",\"size=1\"]}",
	 "mounts[0].options: \"size=1\" is no option of a bind mount"},
	{M "\"type\":\"proc\",\"options\":[\"tmpcopyup\"]}",
	 "mounts[0].options: tmpcopyup is for tmpfs"},
	{M "\"type\":\"tmpfs\",\"options\":[\"rsync\"]}",
	 "!mounts[0].options: \"rsync\": superblock flags have no recursive form"},
	{M "\"type\":\"tmpfs\",\"options\":[\"idmap\"]}",
	 "!mounts[0].options: id mappings are for bind mounts only"},
	{M "\"source\":\"/s\",\"options\":[\"bind\",\"idmap\"]}",
	 "mounts[0].options: idmap needs mappings or a user namespace"},
	{M "\"source\":\"/s\",\"options\":[\"bind\"],\"uidMappings\":[{\"containerID\":0,"
	   "\"hostID\":1,\"size\":2}]}",
	 "mounts[0].gidMappings: missing"},
	{M "\"source\":\"/s\",\"options\":[\"bind\"],\"gidMappings\":[{\"containerID\":0,"
	   "\"hostID\":1,\"size\":2}]}",
	 "mounts[0].uidMappings: missing"},
	{M "\"source\":\"/s\",\"options\":[\"bind\"],\"uidMappings\":[{\"containerID\":0,"
	   "\"hostID\":1,\"size\":0}],\"gidMappings\":[{\"containerID\":0,\"hostID\":1,"
	   "\"size\":1}]}",
	 "mounts[0].uidMappings[0].size: 0"},
	{M "\"source\":\"/s\",\"options\":[\"bind\",\"idmap=uids=@0-1-2;gids=0-1-2\"]}",
	 "!mounts[0].options: \"idmap=uids=@0-1-2;gids=0-1-2\": mappings relative to the "
	 "container's; write uidMappings and gidMappings"},
	{M "\"source\":\"/s\",\"options\":[\"bind\",\"idmap=uids=0-1-2\"]}",
	 "mounts[0].gidMappings: missing"},
};

TEST(refused)
{
	static const char *const bad_maps[] = {
		"idmap=x",
		"idmap=uids=",
		"idmap=uids=0",
		"idmap=uids=0-1",
		"idmap=uids=0-1-",
		"idmap=uids=0-1-2#",
		"idmap=uids=0-1-2,gids=0-1-2",
		"idmap=uids=-1-1-2",
		"idmap=uids=0-1-4294967295",
		"idmap=uids=0-1-99999999999999999999",
		"ridmap=uids=0-1-2x",
	};
	static const char *const no_such[] = {"copy-symlink", "dest-nofollow", "rasync",
					      "rdirsync",     "remount",       "rmand",
					      "rnomand",      "rsync",	       "src-nofollow"};
	struct spec spec;
	char text[200];

	for (size_t i = 0; i < ARRAY_SIZE(no_such); i++) {
		snprintf(text, sizeof(text), M "\"type\":\"tmpfs\",\"options\":[\"%s\"]}",
			 no_such[i]);
		TRUE(parse(text, &spec, NULL) < 0 && e.code == ERR_UNSUPPORTED);
		spec_done(&spec);
	}
	for (size_t i = 0; i < ARRAY_SIZE(refused_cases); i++) {
		bool unsupported = refused_cases[i].msg[0] == '!';

		if (parse(refused_cases[i].mount, &spec, NULL) == 0)
			T_FAIL("accepted: %s", refused_cases[i].mount);
		STREQ(str_after(e.msg, "config.json: "), refused_cases[i].msg + unsupported);
		EQ(e.code, unsupported ? ERR_UNSUPPORTED : ERR_CONFIG);
		spec_done(&spec);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad_maps); i++) {
		snprintf(text, sizeof(text), M "\"source\":\"/s\",\"options\":[\"bind\",\"%s\"]}",
			 bad_maps[i]);
		if (parse(text, &spec, NULL) == 0)
			T_FAIL("accepted: %s", bad_maps[i]);
		TRUE(strstr(e.msg, "want idmap=uids=A-B-N#"));
		spec_done(&spec);
	}
}

TEST(warnings)
{
	_buf_ struct buf log = {0};
	struct spec spec;
	int fd[2];

	OK(pipe(fd));
	log_setup(&(struct log_options){.fd = fd[1], .plain = true});
	OK_ERR(&e,
	       parse("{\"destination\":\"m\",\"source\":\"/s\",\"options\":[\"bind\",\"sync\"],\"x\":1}",
		     &spec, NULL));
	spec_done(&spec);
	close(fd[1]);
	OK(fd_read_all(fd[0], 4096, &log));
	STREQ(log.data,
	      "bawn: warning: config.json: mounts[0].x: unknown property ignored\n"
	      "bawn: warning: config.json: mounts[0]: destination \"m\" is relative to \"/\"; that is "
	      "deprecated\n"
	      "bawn: warning: config.json: mounts[0]: a bind mount cannot change flags of its file "
	      "system\n");
}

/* Sorted without gaps, and each name is found again: none of them ends up as data. */
TEST(table_walk)
{
	static const char *const expected[] = {
		"async",       "atime",		 "bind",	"defaults",
		"dev",	       "diratime",	 "dirsync",	"exec",
		"idmap",       "iversion",	 "lazytime",	"loud",
		"mand",	       "noatime",	 "nodev",	"nodiratime",
		"noexec",      "noiversion",	 "nolazytime",	"nomand",
		"norelatime",  "nostrictatime",	 "nosuid",	"nosymfollow",
		"private",     "ratime",	 "rbind",	"rdev",
		"rdiratime",   "relatime",	 "rexec",	"ridmap",
		"rnoatime",    "rnodev",	 "rnodiratime", "rnoexec",
		"rnorelatime", "rnostrictatime", "rnosuid",	"rnosymfollow",
		"ro",	       "rprivate",	 "rrelatime",	"rro",
		"rrw",	       "rshared",	 "rslave",	"rstrictatime",
		"rsuid",       "rsymfollow",	 "runbindable", "rw",
		"shared",      "silent",	 "slave",	"strictatime",
		"suid",	       "symfollow",	 "sync",	"tmpcopyup",
		"unbindable",
	};
	const char *name, *last = "";
	size_t i;

	for (i = 0; (name = mount_option_name(i)); i++) {
		struct spec_mount m = {0};
		struct arena a = {0};
		char word[32];
		char *list[] = {word, NULL};

		TRUE(i < ARRAY_SIZE(expected));
		STREQ(name, expected[i]);
		TRUE(strcmp(last, name) < 0);
		last = name;
		snprintf(word, sizeof(word), "%s", name);
		m.options = (struct strv){.v = list, .n = 1};
		OK_ERR(&e, mount_options_resolve(&e, &a, NULL, &m));
		EQ(m.data.n, 0);
		arena_done(&a);
	}
	EQ(i, ARRAY_SIZE(expected));
}
