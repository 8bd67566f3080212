/* Which container has which port of the host: see publish.h. Input: our own files. */
#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>

#include "lease.h"

#define DIRECTORY ".published"
#define HOLDER_MAX (LEASE_MARK_SIZE + PATH_MAX)

struct place {
	const struct port_record *record;
	int root_fd;
};

static void path_of(const struct published_port *port, char buf[64])
{
	(void)str_format(buf, 64, DIRECTORY "/%s-%u", publish_protocol(port->of), port->from);
}

/* "MARK OWNER" of an entry; "" when there is none. */
static void read_holder(int dir, const char *entry, char holder[HOLDER_MAX])
{
	ssize_t n = readlinkat(dir, entry, holder, HOLDER_MAX - 1);

	holder[n < 0 ? 0 : n] = '\0';
}

static bool is_holder(const char *holder, const struct port_record *p)
{
	return str_has_prefix(holder, p->mark) && holder[LEASE_MARK_SIZE - 1] == ' ';
}

static int refuse(struct err *e, const struct published_port *port, const char *entry,
		  const char *holder)
{
	const char *slash = strrchr(holder, '/');

	return err_set(e, ERR_EXISTS, "port %u/%s of %s is published by container %s", port->from,
		       publish_protocol(port->of), entry, slash ? slash + 1 : "?");
}

/* Every address of a family conflicts with each of them. The directory has one port only. */
static int check_others(struct err *e, int dir, const struct published_port *port)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_closedir_ DIR *entries = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	char holder[HOLDER_MAX];

	if (!entries)
		return err_sys(e, "list who publishes port %u", port->from);
	while ((entry = readdir(entries))) {
		struct published_port other = {0};

		if (ip_parse(entry->d_name, &other.host) < 0 ||
		    other.host.family != port->host.family)
			continue;
		if (!published_is_any(port) && !published_is_any(&other) &&
		    !ip_equal(&port->host, &other.host))
			continue;
		read_holder(dir, entry->d_name, holder);
		return refuse(e, port, entry->d_name, holder);
	}
	return 0;
}

static int open_port(struct err *e, int root_fd, const struct published_port *port)
{
	char path[64];
	int fd;

	path_of(port, path);
	if ((mkdirat(root_fd, DIRECTORY, 0700) < 0 && errno != EEXIST) ||
	    (mkdirat(root_fd, path, 0700) < 0 && errno != EEXIST))
		return err_sys(e, "make %s", path);
	fd = openat(root_fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? err_sys(e, "open %s", path) : fd;
}

static int take(struct err *e, void *arg, const struct published_port *port)
{
	const struct place *place = arg;
	_close_ int dir = open_port(e, place->root_fd, port);
	char text[INET6_ADDRSTRLEN], holder[HOLDER_MAX];
	int r = dir < 0 ? dir : check_others(e, dir, port);

	if (r == 0)
		r = listener_check(e, port);
	if (r < 0)
		return r;
	(void)str_format(holder, sizeof(holder), "%s %s", place->record->mark,
			 place->record->owner);
	return symlinkat(holder, dir, ip_text(&port->host, text)) < 0
		       ? err_sys(e, "take port %u", port->from)
		       : 0;
}

int published_take(struct err *e, int root_fd, const struct port_record *p)
{
	struct place place = {.record = p, .root_fd = root_fd};

	return published_walk(e, p, take, &place);
}

bool published_is_own(int root_fd, const struct port_record *p, const struct published_port *port)
{
	char path[128], text[INET6_ADDRSTRLEN], holder[HOLDER_MAX];

	path_of(port, path);
	(void)str_format(path + strlen(path), sizeof(path) - strlen(path), "/%s",
			 ip_text(&port->host, text));
	read_holder(root_fd, path, holder);
	return is_holder(holder, p);
}

/* The directories stay as long as anything is in them. */
static int give_back(struct err *e, void *arg, const struct published_port *port)
{
	const struct place *place = arg;
	char path[64], entry[128], text[INET6_ADDRSTRLEN];

	path_of(port, path);
	(void)str_format(entry, sizeof(entry), "%s/%s", path, ip_text(&port->host, text));
	if (published_is_own(place->root_fd, place->record, port) &&
	    unlinkat(place->root_fd, entry, 0) < 0)
		return err_sys(e, "give back port %u", port->from);
	(void)unlinkat(place->root_fd, path, AT_REMOVEDIR);
	return 0;
}

int published_release(struct err *e, int root_fd, const struct port_record *p)
{
	struct place place = {.record = p, .root_fd = root_fd};
	int r = published_walk(e, p, give_back, &place);

	if (r == 0 && p->n_publish)
		(void)unlinkat(root_fd, DIRECTORY, AT_REMOVEDIR);
	return r;
}
