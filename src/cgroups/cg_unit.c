/*
 * Which systemd unit a container gets: linux.cgroupsPath "SLICE:PREFIX:NAME" as names that
 * systemd takes. Pure functions. Input: the config and the id.
 */
#include "cg.h"

#include <stdio.h>

/* Besides letters and digits, in the names of units. '@' is for templates, '\' for escapes. */
#define NAME_CHARS ":_.-\\"

static bool is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr(NAME_CHARS, c));
}

/* As systemd-escape does it: "+" is "\x2b". */
static void add_escaped(struct buf *b, const char *s)
{
	for (; *s; s++)
		if (is_name_char(*s))
			buf_add(b, s, 1);
		else
			buf_printf(b, "\\x%02x", (unsigned char)*s);
}

static int check_slice(struct err *e, const char *slice)
{
	size_t len = strlen(slice), suffix = strlen(".slice");
	bool good = str_has_suffix(slice, ".slice") && len > suffix && len <= NAME_MAX;

	for (size_t i = 0; i < len && good; i++)
		good = is_name_char(slice[i]) && slice[i] != ':';
	/* Each "-" is one level down. */
	good = good && slice[0] != '-' && slice[len - suffix - 1] != '-' && !strstr(slice, "--");
	if (good || str_eq(slice, "-.slice"))
		return 0;
	return err_set(e, ERR_CONFIG,
		       "linux.cgroupsPath: \"%.300s\" is no name of a systemd slice: want A.slice, "
		       "A-B.slice or -",
		       slice);
}

/* "a-b.slice" lies in a.slice, "a.slice" in "-.slice". */
static void parent_slice(const char *slice, char *out, size_t size)
{
	const char *dash = strrchr(slice, '-');

	if (dash)
		(void)str_format(out, size, "%.*s.slice", (int)(dash - slice), slice);
	else
		(void)str_format(out, size, "-.slice");
}

static int set_names(struct err *e, const char *slice, const char *prefix, const char *name,
		     struct cg_unit *ret)
{
	_buf_ struct buf unit = {0};
	int r;

	if (!*name)
		return err_set(e, ERR_CONFIG, "linux.cgroupsPath: SLICE:PREFIX:NAME has no NAME");
	if (!str_has_suffix(name, ".slice")) {
		add_escaped(&unit, prefix);
		buf_str(&unit, *prefix ? "-" : "");
		add_escaped(&unit, name);
		buf_str(&unit, ".scope");
		r = check_slice(e, slice);
	} else {
		buf_str(&unit, name);
		r = check_slice(e, name);
		if (r == 0 && str_eq(name, "-.slice"))
			r = err_set(e, ERR_CONFIG, "linux.cgroupsPath: -.slice is the root itself");
	}
	if (r < 0)
		return r;
	if (unit.failed)
		return err_nomem(e);
	if (unit.len > CG_UNIT_MAX)
		return err_num(e, ENAMETOOLONG, "linux.cgroupsPath: unit %.100s...", unit.data);
	(void)str_format(ret->name, sizeof(ret->name), "%s", unit.data);
	if (str_has_suffix(name, ".slice"))
		parent_slice(name, ret->slice, sizeof(ret->slice));
	else
		(void)str_format(ret->slice, sizeof(ret->slice), "%s", slice);
	return 0;
}

int cg_unit_resolve(struct err *e, const char *cgroups_path, const char *id, bool user,
		    struct cg_unit *ret)
{
	const char *slice = user ? "user.slice" : "system.slice";
	_free_ char *copy = NULL;
	char *prefix, *name;
	int r = cg_new_mark(e, ret->mark);

	if (r < 0)
		return r;
	if (!cgroups_path || !*cgroups_path)
		return set_names(e, slice, CG_OWN_NAME, id, ret);
	copy = strdup(cgroups_path);
	if (!copy)
		return err_nomem(e);
	prefix = strchr(copy, ':');
	name = prefix ? strchr(prefix + 1, ':') : NULL;
	if (!name)
		return err_set(
			e, ERR_CONFIG,
			"linux.cgroupsPath: systemd makes the cgroup: want "
			"SLICE:PREFIX:NAME, not \"%.200s\"; or use --cgroup-manager cgroupfs",
			cgroups_path);
	*prefix++ = '\0';
	*name++ = '\0';
	if (str_eq(copy, "-"))
		slice = "-.slice";
	else if (*copy)
		slice = copy;
	return set_names(e, slice, prefix, name, ret);
}
