/* Files of names: see hosts.h. All under the lock of network_root_open(). */
#include "hosts.h"

#include <dirent.h>
#include <sys/stat.h>

#define HOSTS_DIR ".hosts"
#define PLACE 256			/* bytes of a line: an address and the longest name fit */
#define FILE_MAX (64u << 20)

/* The first place. Written last: without it the file is not complete. */
#define HEAD                                                     \
	"127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n" \
	"# Containers, by bawn; read-only, since all of a network see this file"

struct hosts {
	int fd, root_fd;
	struct buf text;		/* what the file says: what is written changes both */
};

static int write_at(struct err *e, struct hosts *h, size_t at, const char *data, size_t len)
{
	static const char hole[PLACE];

	if (pwrite(h->fd, data, len, (off_t)at) != (ssize_t)len)
		return err_sys(e, "write the names of containers");
	while (h->text.len < at && !h->text.failed)
		buf_add(&h->text, hole, sizeof(hole));
	if (at == h->text.len)
		buf_add(&h->text, data, len);
	else if (!h->text.failed)
		memcpy(h->text.data + at, data, len);
	return h->text.failed ? err_nomem(e) : 0;
}

static int put_place(struct err *e, struct hosts *h, size_t place, const char *text)
{
	char line[PLACE];
	size_t len = strlen(text);

	memset(line, ' ', sizeof(line));
	memcpy(line, text, len < PLACE ? len : PLACE - 1);
	line[PLACE - 1] = '\n';
	return write_at(e, h, place * PLACE, line, PLACE);
}

/* As a comment until it is whole. */
static int put_line(struct err *e, struct hosts *h, size_t place, const char *text)
{
	char comment[PLACE] = "#";
	int r;

	(void)str_format(comment + 1, sizeof(comment) - 1, "%s", text + 1);
	r = put_place(e, h, place, comment);
	return r < 0 ? r : write_at(e, h, place * PLACE, text, 1);
}

static size_t count_places(const struct hosts *h)
{
	return h->text.len / PLACE;
}

/* The place of the line "ADDRESS ...", or of the first one that is free; 0: none. */
static size_t find_place(const struct hosts *h, const char *address)
{
	size_t len = address ? strlen(address) : 0;

	for (size_t i = 1; i < count_places(h); i++) {
		const char *line = h->text.data + i * PLACE;

		if (address ? strncmp(line, address, len) == 0 && line[len] == ' ' : *line == '#')
			return i;
	}
	return 0;
}

static int drop(struct err *e, struct hosts *h, const struct port_record *p)
{
	char address[INET6_ADDRSTRLEN];
	int r = 0;

	for (size_t i = 0; i < SUBNET_MAX && r == 0; i++) {
		size_t place = p->ips[i].family ? find_place(h, ip_text(&p->ips[i], address)) : 0;

		if (place)
			r = write_at(e, h, place * PLACE, "#", 1);
	}
	return r;
}

static int put(struct err *e, struct hosts *h, const struct port_record *p)
{
	char address[INET6_ADDRSTRLEN], line[PLACE];
	int r = p->name[0] ? drop(e, h, p) : 0;

	for (size_t i = 0; i < SUBNET_MAX && r == 0; i++) {
		size_t place;

		if (!p->ips[i].family || !p->name[0])
			continue;
		(void)str_format(line, sizeof(line), "%s %s", ip_text(&p->ips[i], address),
				 p->name);
		place = find_place(h, NULL);
		if (!place)
			place = count_places(h) ? count_places(h) : 1;
		r = put_line(e, h, place, line);
	}
	return r;
}

static int put_each(struct err *e, void *arg, const struct network *n, const struct port_record *p)
{
	(void)n;
	return put(e, arg, p);
}

/* A new file: the names of all containers on its networks. */
static int fill(struct err *e, struct hosts *h, const char *networks)
{
	char names[NAME_MAX + 1], *rest = NULL;
	int r = 0;

	(void)str_format(names, sizeof(names), "%s", networks);
	for (char *name = strtok_r(names, "+", &rest); name && r == 0;
	     name = strtok_r(NULL, "+", &rest)) {
		struct network n;

		r = network_load(e, h->root_fd, name, &n);
		if (r == -ENOENT)
			r = 0;
		else if (r == 0)
			r = lease_walk(e, h->root_fd, &n, NULL, put_each, h);
	}
	return r < 0 ? r : put_place(e, h, 0, HEAD);
}

static int add(struct err *e, struct hosts *h, const char *networks, const struct port_record *p)
{
	return h->text.len == 0 || h->text.data[0] == '\0' ? fill(e, h, networks) : put(e, h, p);
}

static int take_away(struct err *e, struct hosts *h, const char *networks,
		     const struct port_record *p)
{
	(void)networks;
	return drop(e, h, p);
}

/* Whether a file "A+B" is about this network. */
static bool is_about(const char *file, const char *network)
{
	size_t len = strlen(network);

	for (const char *at = file; at; at = strchr(at, '+')) {
		at += *at == '+';
		if (strncmp(at, network, len) == 0 && (at[len] == '+' || at[len] == '\0'))
			return true;
	}
	return false;
}

static DIR *open_files(int root_fd)
{
	int fd = openat(root_fd, HOSTS_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? NULL : fdopendir(fd);
}

static int each_file(struct err *e, int root_fd, const struct network *n,
		     const struct port_record *p,
		     int (*change)(struct err *e, struct hosts *h, const char *networks,
				   const struct port_record *p))
{
	_closedir_ DIR *dir = open_files(root_fd);
	const struct dirent *entry;
	int r = 0;

	while (dir && r == 0 && (entry = readdir(dir))) {
		struct hosts h = {.root_fd = root_fd};

		if (entry->d_name[0] == '.' || !is_about(entry->d_name, n->name))
			continue;
		h.fd = openat(dirfd(dir), entry->d_name, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
		if (h.fd < 0)
			return err_sys(e, "open the names of network %s", n->name);
		r = fd_read_all(h.fd, FILE_MAX, &h.text);
		r = r < 0 ? err_num(e, r, "read the names of network %s", n->name)
			  : change(e, &h, entry->d_name, p);
		buf_done(&h.text);
		fd_close(&h.fd);
	}
	return r;
}

int hosts_add(struct err *e, int root_fd, const struct network *n, const struct port_record *p)
{
	return each_file(e, root_fd, n, p, add);
}

int hosts_remove(struct err *e, int root_fd, const struct network *n, const struct port_record *p)
{
	return p->name[0] ? each_file(e, root_fd, n, p, take_away) : 0;
}

int hosts_forget(struct err *e, int root_fd, const struct network *n)
{
	_closedir_ DIR *dir = open_files(root_fd);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.' && is_about(entry->d_name, n->name) &&
		    unlinkat(dirfd(dir), entry->d_name, 0) < 0 && errno != ENOENT)
			return err_sys(e, "remove the names of network %s", n->name);
	/* Others may be in it. */
	(void)unlinkat(root_fd, HOSTS_DIR, AT_REMOVEDIR);
	return 0;
}
