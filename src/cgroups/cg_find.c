/*
 * Where cgroup2 is mounted, which cgroup we are in, which controllers there are.
 * Input: mountinfo and /proc/self/cgroup, written by the kernel; paths in them may
 * hold any byte.
 */
#include "cg.h"

#include <linux/magic.h>
#include <sys/vfs.h>

#ifndef CGROUP2_SUPER_MAGIC
#define CGROUP2_SUPER_MAGIC 0x63677270
#endif

#define MOUNTINFO_MAX (32u << 20)
#define SELF_CGROUP_MAX (64u << 10)

static const char *const controller_names[CG_CONTROLLER_MAX] = {
	[CG_CPUSET] = "cpuset",	  [CG_CPU] = "cpu",   [CG_IO] = "io",	  [CG_MEMORY] = "memory",
	[CG_HUGETLB] = "hugetlb", [CG_PIDS] = "pids", [CG_RDMA] = "rdma", [CG_MISC] = "misc",
};

const char *cg_controller_name(enum cg_controller c)
{
	return c < CG_CONTROLLER_MAX ? controller_names[c] : "unknown";
}

int cg_controller_find(const char *name)
{
	return str_lookup(controller_names, CG_CONTROLLER_MAX, name);
}

/* O_PATH fd when `point` is a cgroup2 mount or a directory in one, else -errno. */
static int open_cgroup2(const char *point)
{
	_close_ int fd = openat(AT_FDCWD, point, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct statfs sfs;

	if (fd < 0)
		return -errno;
	if (fstatfs(fd, &sfs) < 0)
		return -errno;
	if ((unsigned long)sfs.f_type != CGROUP2_SUPER_MAGIC)
		return -ENODEV;
	return take_fd(&fd);
}

/* Undoes mountinfo's octal escapes (blank, tab, newline, backslash) in place. */
static void unescape(char *s)
{
	char *to = s;

	while (*s) {
		if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' && s[2] <= '7' &&
		    s[3] >= '0' && s[3] <= '7') {
			*to++ = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
			s += 4;
		} else {
			*to++ = *s++;
		}
	}
	*to = '\0';
}

/* "38 31 0:28 ROOT POINT opts [optional]... - cgroup2 SOURCE opts": POINT if the line is a whole
 * cgroup2 (ROOT is "/" or, without one, anything), else NULL. Cuts the line up. */
static char *cgroup2_point(char *line, bool whole)
{
	char *type = strstr(line, " - "), *field[5], *save = NULL;

	if (!type || !str_has_prefix(type + 3, "cgroup2 "))
		return NULL;
	*type = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(field); i++) {
		field[i] = strtok_r(i ? NULL : line, " ", &save);
		if (!field[i])
			return NULL;
	}
	if (whole != str_eq(field[3], "/"))
		return NULL;
	unescape(field[4]);
	return field[4];
}

/* Tries the mounts in the text of a mountinfo; a later mount may hide an earlier one, which
 * open_cgroup2() finds out. */
static int search(const struct buf *text, bool whole, struct cg_mount *ret)
{
	const char *p = text->data, *end = text->data + text->len;

	while (p < end) {
		const char *eol = memchr(p, '\n', (size_t)(end - p));
		size_t len = (size_t)((eol ? eol : end) - p);
		_free_ char *line = strndup(p, len);
		char *point;

		if (!line)
			return -ENOMEM;
		p += len + 1;
		point = cgroup2_point(line, whole);
		if (!point || str_format(ret->point, sizeof(ret->point), "%s", point) < 0)
			continue;
		ret->fd = open_cgroup2(point);
		if (ret->fd >= 0)
			return 0;
	}
	return -ENODEV;
}

int cg_mount_open(struct err *e, struct cg_mount *ret)
{
	static const char *const usual[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };
	_buf_ struct buf text = { 0 };
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(usual); i++) {
		ret->fd = open_cgroup2(usual[i]);
		if (ret->fd >= 0)
			return str_format(ret->point, sizeof(ret->point), "%s", usual[i]);
	}
	r = file_read_at(e, AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, &text);
	if (r < 0)
		return err_wrap(e, r, "find cgroup2");
	if (text.len == 0 || (search(&text, true, ret) < 0 && search(&text, false, ret) < 0)) {
		*ret = (struct cg_mount){ .fd = FD_NONE };
		return err_set(e, ERR_UNSUPPORTED,
			       "cgroup version 2 is not mounted here; mount it "
			       "(mount -t cgroup2 cgroup2 /sys/fs/cgroup) or boot with "
			       "systemd.unified_cgroup_hierarchy=1");
	}
	return 0;
}

void cg_mount_done(struct cg_mount *m)
{
	fd_close(&m->fd);
}

int cg_self_path(struct err *e, char *buf, size_t size)
{
	_buf_ struct buf text = { 0 };
	const char *line, *path = NULL;
	size_t len;
	int r;

	r = file_read_at(e, AT_FDCWD, "/proc/self/cgroup", SELF_CGROUP_MAX, &text);
	if (r < 0)
		return r;
	for (line = text.data; line && *line && !path; line = strchr(line, '\n')) {
		line += *line == '\n';
		path = str_after(line, "0::");
	}
	if (!path)
		return err_set(e, ERR_UNSUPPORTED,
			       "/proc/self/cgroup names no version 2 cgroup (\"0::\")");
	len = strcspn(path, "\n");
	if (len >= size)
		return err_num(e, ENAMETOOLONG, "own cgroup");
	memcpy(buf, path, len);
	buf[len] = '\0';
	if (str_has_suffix(buf, " (deleted)"))
		return cg_fail(e, ENOENT, ERR_STATE, "own cgroup %s has been removed", buf);
	return 0;
}
