/*
 * Does a socket of the host have a port? See publish.h. It is tried with bind(2), as a server would
 * do; the process is looked for in /proc only when that fails.
 */
#include <ctype.h>
#include <dirent.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

#include "publish.h"

#define SOCKETS_MAX (64u << 20)		/* bytes of /proc/net/tcp */

/* ---- the process ----------------------------------------------------------------------------- */

/* Lines of /proc/net/tcp and its like: " SL: ADDRESS:PORT REMOTE STATE TX:RX TR:WHEN RETRANSMITS UID
 * TIMEOUT INODE ...", the numbers before UID in hexadecimal. */
static bool find_inode(const char *table, const struct published_port *port, char inode[24])
{
	_buf_ struct buf text = {0};
	struct err ignored;
	char *line, *end;

	if (file_read_at(&ignored, AT_FDCWD, table, SOCKETS_MAX, &text) < 0)
		return false;
	for (line = text.data; line && (end = strchr(line, '\n')); line = end + 1) {
		unsigned int number, state;

		*end = '\0';
		if (sscanf(line, " %*u: %*[^:]:%x %*s %x %*s %*s %*s %*s %*s %23[0-9]", &number,
			   &state, inode) != 3 ||
		    number != port->from)
			continue;
		/* A connection keeps nobody away, a listening TCP socket (10) does. */
		if (port->of->protocol != IPPROTO_TCP || state == 10)
			return true;
	}
	return false;
}

static DIR *open_directory(int parent, const char *path)
{
	int fd = openat(parent, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? NULL : fdopendir(fd);
}

static bool has_socket(DIR *proc, const char *pid, const char *socket)
{
	char path[32], target[64];
	const struct dirent *entry;
	_closedir_ DIR *fds = NULL;

	(void)str_format(path, sizeof(path), "%.16s/fd", pid);
	fds = open_directory(dirfd(proc), path);
	while (fds && (entry = readdir(fds))) {
		ssize_t n = readlinkat(dirfd(fds), entry->d_name, target, sizeof(target) - 1);

		target[n < 0 ? 0 : n] = '\0';
		if (str_eq(target, socket))
			return true;
	}
	return false;
}

/* "process PID (NAME)" of the one that has a socket; false when none is found. */
static bool name_process(const char *inode, char *ret, size_t size)
{
	_closedir_ DIR *proc = open_directory(AT_FDCWD, "/proc");
	_buf_ struct buf name = {0};
	char socket[40], path[32];
	const struct dirent *entry;
	struct err ignored;

	(void)str_format(socket, sizeof(socket), "socket:[%s]", inode);
	while (proc && (entry = readdir(proc))) {
		if (!isdigit((unsigned char)entry->d_name[0]) ||
		    !has_socket(proc, entry->d_name, socket))
			continue;
		(void)str_format(path, sizeof(path), "%.16s/comm", entry->d_name);
		if (file_read_at(&ignored, dirfd(proc), path, 64, &name) == 0 && name.len)
			name.data[strcspn(name.data, "\n")] = '\0';
		(void)str_format(ret, size, "process %.16s (%s)", entry->d_name,
				 name.len ? name.data : "?");
		return true;
	}
	return false;
}

static void name_holder(const struct published_port *port, char *ret, size_t size)
{
	char table[32], inode[24];

	/* One socket for both families is among those of IPv6. */
	for (size_t i = 0; i < 2; i++) {
		(void)str_format(table, sizeof(table), "/proc/net/%s%s", publish_protocol(port->of),
				 i ? "6" : "");
		if (find_inode(table, port, inode) && name_process(inode, ret, size))
			return;
	}
	(void)str_format(ret, size, "a socket of the host");
}

/* ---- the port -------------------------------------------------------------------------------- */

/* As long as nobody uses SCTP its module is not loaded, least of all by this question. */
static int open_socket(const struct published_port *port)
{
	int type = port->of->protocol == IPPROTO_UDP ? SOCK_DGRAM : SOCK_STREAM;

	if (port->of->protocol == IPPROTO_SCTP &&
	    faccessat(AT_FDCWD, "/proc/net/sctp", F_OK, 0) < 0) {
		errno = EPROTONOSUPPORT;
		return FD_NONE;
	}
	return socket(port->host.family, type | SOCK_CLOEXEC, port->of->protocol);
}

static int try_bind(int fd, const struct published_port *port)
{
	const struct ip *ip = &port->host;
	struct sockaddr_in a4 = {.sin_family = AF_INET, .sin_port = htons(port->from)};
	struct sockaddr_in6 a6 = {.sin6_family = AF_INET6, .sin6_port = htons(port->from)};
	bool six = ip->family == AF_INET6;
	const int on = 1;

	memcpy(&a4.sin_addr, ip->bytes, sizeof(a4.sin_addr));
	memcpy(&a6.sin6_addr, ip->bytes, sizeof(a6.sin6_addr));
	if (six && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) < 0)
		return -errno;
	/* TCP: connections that are left on the port do not count, servers do. */
	if (port->of->protocol == IPPROTO_TCP &&
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0)
		return -errno;
	return bind(fd, six ? (const struct sockaddr *)&a6 : (const struct sockaddr *)&a4,
		    six ? sizeof(a6) : sizeof(a4)) < 0
		       ? -errno
		       : 0;
}

int listener_check(struct err *e, const struct published_port *port)
{
	_close_ int fd = open_socket(port);
	char text[INET6_ADDRSTRLEN], holder[80];
	int r;

	/* Nobody can have a port of a protocol that the kernel does not know. */
	if (fd < 0)
		return errno == EPROTONOSUPPORT || errno == EAFNOSUPPORT
			       ? 0
			       : err_sys(e, "ask for port %u", port->from);
	r = try_bind(fd, port);
	if (r == -EADDRNOTAVAIL)
		return err_set(e, ERR_USAGE, "%s is no address of this host",
			       ip_text(&port->host, text));
	if (r != -EADDRINUSE)
		return r < 0 ? err_num(e, r, "ask for port %u", port->from) : 0;
	name_holder(port, holder, sizeof(holder));
	return err_set(e, ERR_EXISTS, "port %u/%s of %s is in use by %s", port->from,
		       publish_protocol(port->of), ip_text(&port->host, text), holder);
}
