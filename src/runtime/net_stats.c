/*
 * The counters of a container's network interfaces: /proc/PID/net/dev, which shows the network
 * namespace of that process. Input: names and number of the interfaces are the container's
 * choice, so text and list are bounded, and names may hold any byte but '/', ':' and blanks.
 */
#include "runtime/net_stats.h"

#include <sys/stat.h>

#include "path/path.h"

#define TEXT_MAX (1u << 20)

static bool parse_counters(struct slice line, struct net_interface *i)
{
	/* receive: bytes packets errs drop fifo frame compressed multicast; transmit the same,
	 * with colls carrier instead of frame and without multicast */
	uint64_t *const fields[] = {
		&i->rx_bytes, &i->rx_packets, &i->rx_errors, &i->rx_dropped, NULL, NULL, NULL, NULL,
		&i->tx_bytes, &i->tx_packets, &i->tx_errors, &i->tx_dropped,
	};
	struct slice word;
	uint64_t ignored;

	for (size_t f = 0; f < ARRAY_SIZE(fields); f++)
		if (!slice_word(&line, &word) ||
		    slice_to_u64(word, fields[f] ? fields[f] : &ignored) < 0)
			return false;
	return true;
}

int net_interfaces_parse(struct arena *a, struct slice text, struct net_interfaces *ret)
{
	struct slice line, name, counters, word;
	size_t lines = 0;

	for (struct slice t = text; lines < NET_INTERFACES_MAX && slice_line(&t, &line);)
		lines++;
	ret->n = 0;
	ret->v = arena_array(a, lines + 1, sizeof(*ret->v));
	if (!ret->v)
		return -ENOMEM;
	while (slice_line(&text, &line)) {
		struct net_interface i = {.name = NULL};

		/* The name becomes a string. */
		if (!slice_split(line, ':', &name, &counters) || !slice_word(&name, &word) ||
		    memchr(word.p, '\0', word.n) || !parse_counters(counters, &i))
			continue;
		if (ret->n == lines) {
			ret->cut = true;
			break;
		}
		i.name = arena_strndup(a, word.p, word.n);
		if (!i.name)
			return -ENOMEM;
		ret->v[ret->n++] = i;
	}
	return 0;
}

/* Whether process pid has a network namespace of its own; -errno when that cannot be told. */
static int is_elsewhere(struct err *e, int proc, pid_t pid)
{
	_close_ int theirs = FD_NONE, ours = FD_NONE;
	struct stat st, own;
	char name[32];

	(void)str_format(name, sizeof(name), "%d/ns/net", (int)pid);
	theirs = procfs_open_link(e, proc, name, O_RDONLY);
	if (theirs < 0)
		return theirs;
	ours = procfs_open_link(e, proc, "self/ns/net", O_RDONLY);
	if (ours < 0)
		return ours;
	if (fstat(theirs, &st) < 0 || fstat(ours, &own) < 0)
		return err_sys(e, "look at /proc/%s", name);
	return st.st_ino != own.st_ino || st.st_dev != own.st_dev;
}

int net_stats_read(struct err *e, int proc, pid_t pid, struct arena *a, struct net_interfaces *ret)
{
	_close_ int fd = FD_NONE;
	_buf_ struct buf text = {0};
	char name[32];
	int r = is_elsewhere(e, proc, pid);

	if (r <= 0)
		return r;
	(void)str_format(name, sizeof(name), "%d/net/dev", (int)pid);
	fd = procfs_open_at(e, proc, name, O_RDONLY);
	if (fd < 0)
		return fd;
	r = fd_read_all(fd, TEXT_MAX, &text);
	if (r < 0 && r != -EFBIG)
		return err_num(e, r, "read /proc/%s", name);
	ret->cut = r == -EFBIG;
	if (net_interfaces_parse(a, (struct slice){text.data, text.len}, ret) < 0)
		return err_nomem(e);
	ret->set = true;
	return 0;
}
