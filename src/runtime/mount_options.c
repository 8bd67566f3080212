/*
 * Mount options: the words of config.json in terms of mount_setattr(2) and
 * fsopen(2). Words that no table knows belong to the file system.
 */
#include "runtime/spec_private.h"

#include <linux/mount.h>

enum option_kind {
	OPT_NOTHING,
	OPT_ATTR,		/* MOUNT_ATTR_* on */
	OPT_ATTR_OFF,
	OPT_ATIME,		/* one of the three values of MOUNT_ATTR__ATIME */
	OPT_ATIME_OFF,		/* back from that value to the kernel's default, relatime */
	OPT_REC_ATTR,		/* the same of the whole tree */
	OPT_REC_ATTR_OFF,
	OPT_REC_ATIME,
	OPT_REC_ATIME_OFF,
	OPT_SB,			/* MS_* of the superblock on */
	OPT_SB_OFF,
	OPT_BIND,		/* value: recursive */
	OPT_PROPAGATION,	/* value: MS_*, perhaps with MS_REC */
	OPT_IDMAP,		/* value: recursive */
	OPT_BOOL,		/* value: offset of a bool in struct spec_mount */
	/* Refused, and not in `features`: an option that is not carried out is an error. */
	OPT_UNDONE,		/* rootfs.c cannot do it yet */
	OPT_NONSENSE,		/* crun has the word, the kernel no such thing */
};

struct option {
	char name[15];
	uint8_t kind;
	uint32_t value;
};

#define BOOL_AT(member) (uint32_t) offsetof(struct spec_mount, member)

/* Sorted: searched by halves. No pointers: nothing to relocate at program start. */
static const struct option options[] = {
	{"async", OPT_SB_OFF, MS_SYNCHRONOUS},
	{"atime", OPT_ATIME_OFF, MOUNT_ATTR_NOATIME},
	{"bind", OPT_BIND, false},
	{"copy-symlink", OPT_UNDONE, 0},
	{"defaults", OPT_NOTHING, 0},
	{"dest-nofollow", OPT_UNDONE, 0},
	{"dev", OPT_ATTR_OFF, MOUNT_ATTR_NODEV},
	{"diratime", OPT_ATTR_OFF, MOUNT_ATTR_NODIRATIME},
	{"dirsync", OPT_SB, MS_DIRSYNC},
	{"exec", OPT_ATTR_OFF, MOUNT_ATTR_NOEXEC},
	{"idmap", OPT_IDMAP, false},
	{"iversion", OPT_SB, MS_I_VERSION},
	{"lazytime", OPT_SB, MS_LAZYTIME},
	{"loud", OPT_SB_OFF, MS_SILENT},
	{"mand", OPT_SB, MS_MANDLOCK},
	{"noatime", OPT_ATIME, MOUNT_ATTR_NOATIME},
	{"nodev", OPT_ATTR, MOUNT_ATTR_NODEV},
	{"nodiratime", OPT_ATTR, MOUNT_ATTR_NODIRATIME},
	{"noexec", OPT_ATTR, MOUNT_ATTR_NOEXEC},
	{"noiversion", OPT_SB_OFF, MS_I_VERSION},
	{"nolazytime", OPT_SB_OFF, MS_LAZYTIME},
	{"nomand", OPT_SB_OFF, MS_MANDLOCK},
	{"norelatime", OPT_ATIME_OFF, MOUNT_ATTR_RELATIME},
	{"nostrictatime", OPT_ATIME_OFF, MOUNT_ATTR_STRICTATIME},
	{"nosuid", OPT_ATTR, MOUNT_ATTR_NOSUID},
	{"nosymfollow", OPT_ATTR, MOUNT_ATTR_NOSYMFOLLOW},
	{"private", OPT_PROPAGATION, MS_PRIVATE},
	{"rasync", OPT_NONSENSE, 0},
	{"ratime", OPT_REC_ATIME_OFF, MOUNT_ATTR_NOATIME},
	{"rbind", OPT_BIND, true},
	{"rdev", OPT_REC_ATTR_OFF, MOUNT_ATTR_NODEV},
	{"rdiratime", OPT_REC_ATTR_OFF, MOUNT_ATTR_NODIRATIME},
	{"rdirsync", OPT_NONSENSE, 0},
	{"relatime", OPT_ATIME, MOUNT_ATTR_RELATIME},
	{"remount", OPT_UNDONE, 0},
	{"rexec", OPT_REC_ATTR_OFF, MOUNT_ATTR_NOEXEC},
	{"ridmap", OPT_IDMAP, true},
	{"rmand", OPT_NONSENSE, 0},
	{"rnoatime", OPT_REC_ATIME, MOUNT_ATTR_NOATIME},
	{"rnodev", OPT_REC_ATTR, MOUNT_ATTR_NODEV},
	{"rnodiratime", OPT_REC_ATTR, MOUNT_ATTR_NODIRATIME},
	{"rnoexec", OPT_REC_ATTR, MOUNT_ATTR_NOEXEC},
	{"rnomand", OPT_NONSENSE, 0},
	{"rnorelatime", OPT_REC_ATIME_OFF, MOUNT_ATTR_RELATIME},
	{"rnostrictatime", OPT_REC_ATIME_OFF, MOUNT_ATTR_STRICTATIME},
	{"rnosuid", OPT_REC_ATTR, MOUNT_ATTR_NOSUID},
	{"rnosymfollow", OPT_REC_ATTR, MOUNT_ATTR_NOSYMFOLLOW},
	{"ro", OPT_ATTR, MOUNT_ATTR_RDONLY},
	{"rprivate", OPT_PROPAGATION, MS_PRIVATE | MS_REC},
	{"rrelatime", OPT_REC_ATIME, MOUNT_ATTR_RELATIME},
	{"rro", OPT_REC_ATTR, MOUNT_ATTR_RDONLY},
	{"rrw", OPT_REC_ATTR_OFF, MOUNT_ATTR_RDONLY},
	{"rshared", OPT_PROPAGATION, MS_SHARED | MS_REC},
	{"rslave", OPT_PROPAGATION, MS_SLAVE | MS_REC},
	{"rstrictatime", OPT_REC_ATIME, MOUNT_ATTR_STRICTATIME},
	{"rsuid", OPT_REC_ATTR_OFF, MOUNT_ATTR_NOSUID},
	{"rsymfollow", OPT_REC_ATTR_OFF, MOUNT_ATTR_NOSYMFOLLOW},
	{"rsync", OPT_NONSENSE, 0},
	{"runbindable", OPT_PROPAGATION, MS_UNBINDABLE | MS_REC},
	{"rw", OPT_ATTR_OFF, MOUNT_ATTR_RDONLY},
	{"shared", OPT_PROPAGATION, MS_SHARED},
	{"silent", OPT_SB, MS_SILENT},
	{"slave", OPT_PROPAGATION, MS_SLAVE},
	{"src-nofollow", OPT_UNDONE, 0},
	{"strictatime", OPT_ATIME, MOUNT_ATTR_STRICTATIME},
	{"suid", OPT_ATTR_OFF, MOUNT_ATTR_NOSUID},
	{"symfollow", OPT_ATTR_OFF, MOUNT_ATTR_NOSYMFOLLOW},
	{"sync", OPT_SB, MS_SYNCHRONOUS},
	{"tmpcopyup", OPT_BOOL, BOOL_AT(tmpcopyup)},
	{"unbindable", OPT_PROPAGATION, MS_UNBINDABLE},
};

_Static_assert((MOUNT_ATTR__ATIME &
		(MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC |
		 MOUNT_ATTR_NODIRATIME | MOUNT_ATTR_NOSYMFOLLOW)) == 0,
	       "access time is a number inside the attributes, not a bit");
_Static_assert(MOUNT_ATTR_RELATIME == 0, "relatime is chosen by clearing the others");
_Static_assert(sizeof(struct option) == 20, "table rows have no padding");

const char *mount_option_name(size_t i)
{
	for (size_t k = 0; k < ARRAY_SIZE(options); k++)
		if (options[k].kind < OPT_UNDONE && i-- == 0)
			return options[k].name;
	return NULL;
}

static const struct option *find_option(const char *name)
{
	size_t low = 0, high = ARRAY_SIZE(options);

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = strcmp(name, options[mid].name);

		if (order == 0)
			return &options[mid];
		if (order < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return NULL;
}

static void attr(uint64_t *set, uint64_t *clear, uint32_t bit, bool on)
{
	*set = on ? *set | bit : *set & ~(uint64_t)bit;
	*clear = on ? *clear & ~(uint64_t)bit : *clear | bit;
}

/* mount_setattr(2): a new value of the number needs the whole number in attr_clr. Two values at
 * once would be or-ed into a third that the kernel refuses. */
static void atime(uint64_t *set, uint64_t *clear, uint32_t value)
{
	*set = (*set & ~(uint64_t)MOUNT_ATTR__ATIME) | value;
	*clear |= MOUNT_ATTR__ATIME;
}

/* "atime" ends noatime, not strictatime. Alone it also ends what a bind mount's source has. */
static void atime_off(uint64_t *set, uint64_t *clear, uint32_t value)
{
	bool chosen = (*clear & MOUNT_ATTR__ATIME) != 0;

	if (chosen ? (*set & MOUNT_ATTR__ATIME) == value : value != MOUNT_ATTR_RELATIME)
		atime(set, clear, MOUNT_ATTR_RELATIME);
}

static void apply_attr(struct spec_mount *m, const struct option *o)
{
	bool rec = o->kind >= OPT_REC_ATTR;
	uint64_t *set = rec ? &m->rec_attr_set : &m->attr_set;
	uint64_t *clear = rec ? &m->rec_attr_clear : &m->attr_clear;

	switch (o->kind) {
	case OPT_ATTR:
	case OPT_REC_ATTR:
		attr(set, clear, o->value, true);
		break;
	case OPT_ATTR_OFF:
	case OPT_REC_ATTR_OFF:
		attr(set, clear, o->value, false);
		break;
	case OPT_ATIME:
	case OPT_REC_ATIME:
		atime(set, clear, o->value);
		break;
	default:
		atime_off(set, clear, o->value);
		break;
	}
}

static int apply(struct err *e, const struct json *node, struct spec_mount *m,
		 const struct option *o)
{
	switch (o->kind) {
	case OPT_NOTHING:
		break;
	case OPT_SB:
		m->sb_flags |= o->value;
		break;
	case OPT_SB_OFF:
		m->sb_flags &= ~(uint64_t)o->value;
		break;
	case OPT_BIND:
		m->bind = true;
		m->recursive_bind |= o->value != 0;
		break;
	case OPT_PROPAGATION:
		m->propagation = o->value & ~(uint32_t)MS_REC;
		m->propagation_recursive = (o->value & MS_REC) != 0;
		break;
	case OPT_IDMAP:
		m->idmap = true;
		m->idmap_recursive = o->value != 0;
		break;
	case OPT_BOOL:
		*(bool *)((char *)m + o->value) = true;
		break;
	case OPT_UNDONE:
		return json_bad_member(e, ERR_UNSUPPORTED, node, "options",
				       "\"%s\" is not supported by this version of bawn", o->name);
	case OPT_NONSENSE:
		return json_bad_member(e, ERR_UNSUPPORTED, node, "options",
				       "\"%s\": superblock flags have no recursive form", o->name);
	default:
		apply_attr(m, o);
		break;
	}
	return 0;
}

/* One "A-B-N" of crun's form of mappings; false when it is none. */
static bool parse_triplet(const char **s, struct spec_id_map *ret)
{
	uint32_t *parts[] = {&ret->container_id, &ret->host_id, &ret->size};
	char text[16];

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		size_t len = strspn(*s, "0123456789");

		if (len == 0 || len >= sizeof(text))
			return false;
		memcpy(text, *s, len);
		text[len] = '\0';
		*s += len;
		if (str_to_id(text, parts[i]) < 0 || (i < 2 && *(*s)++ != '-'))
			return false;
	}
	return true;
}

static int parse_triplets(struct err *e, struct arena *a, const char **s, struct spec_id_maps *ret)
{
	size_t room = 1;

	for (const char *p = *s; *p && *p != ';'; p++)
		room += *p == '#';
	ret->n = 0;
	ret->v = arena_array(a, room, sizeof(*ret->v));
	if (!ret->v)
		return err_nomem(e);
	do {
		if (!parse_triplet(s, &ret->v[ret->n++]))
			return -EINVAL;
	} while (*(*s)++ == '#');
	(*s)--;
	return **s == '\0' || **s == ';' ? 0 : -EINVAL;
}

/* crun's "idmap=uids=0-1-10#10-11-10;gids=0-100-10", whose relative form "@" is its own. */
static int parse_idmap(struct err *e, struct arena *a, const struct json *node,
		       struct spec_mount *m, const char *option, const char *s)
{
	int r = 0;

	if (strchr(s, '@'))
		return json_bad_member(e, ERR_UNSUPPORTED, node, "options",
				       "\"%s\": mappings relative to the container's; write "
				       "uidMappings and gidMappings",
				       option);
	while (r == 0 && *s) {
		const char *uids = str_after(s, "uids="), *gids = str_after(s, "gids=");

		s = uids ? uids : gids;
		r = s ? parse_triplets(e, a, &s, uids ? &m->uid_maps : &m->gid_maps) : -EINVAL;
		if (r == 0 && *s == ';')
			s++;
	}
	m->idmap = true;
	return r == -EINVAL ? spec_bad(e, node, "options",
				       "\"%s\": want idmap=uids=A-B-N#...;"
				       "gids=A-B-N#...",
				       option)
			    : r;
}

int mount_options_resolve(struct err *e, struct arena *a, const struct json *node,
			  struct spec_mount *m)
{
	int r = 0;

	m->data.v = arena_array(a, m->options.n + 1, sizeof(*m->data.v));
	if (!m->data.v)
		return err_nomem(e);
	for (size_t i = 0; i < m->options.n && r == 0; i++) {
		char *word = m->options.v[i];
		const struct option *o = find_option(word);
		const char *maps = str_after(word, "idmap=");
		const char *rec_maps = str_after(word, "ridmap=");

		if (o)
			r = apply(e, node, m, o);
		else if (maps || rec_maps)
			r = parse_idmap(e, a, node, m, word, maps ? maps : rec_maps);
		else if (*word)
			m->data.v[m->data.n++] = word;
		m->idmap_recursive |= rec_maps != NULL;
	}
	return r;
}
