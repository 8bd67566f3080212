/*
 * bawn-systemd: what bawn asks of systemd, in a program of its own, since libsystemd is
 * nothing that a container without it should pay for.
 *
 *	bawn-systemd start ADDRESS UNIT SLICE MARK DESCRIPTION PROPERTY...
 *		starts a transient unit; of a scope this process is the first one, and keeps
 *		it from ending until the container's own process is in it. Standard input and
 *		output are a SOCK_SEQPACKET socket to bawn, on which it says "ok CGROUP". Then
 *		it takes messages, until it is killed or the socket is closed, and answers
 *		"ok" or ends with an error:
 *			attach PID		moves a process into the unit
 *			set PROPERTY		changes a property
 *	bawn-systemd set ADDRESS UNIT PROPERTY...
 *	bawn-systemd attach ADDRESS UNIT PID
 *	bawn-systemd stop ADDRESS UNIT MARK
 *
 * ADDRESS is D-Bus's, a PROPERTY as for unit_property_parse(). Exit status: 0; 1 with the
 * error said; 2 usage.
 */
#include <stdio.h>
#include <unistd.h>

#include "systemd.h"

#define MESSAGE_MAX 4096

static int usage(void)
{
	dprintf(STDOUT_FILENO,
		"usage: bawn-systemd start ADDRESS UNIT SLICE MARK DESCRIPTION PROPERTY... "
		"| set ADDRESS UNIT PROPERTY... | attach ADDRESS UNIT PID "
		"| stop ADDRESS UNIT MARK\n");
	return 2;
}

static int failed(const struct err *e)
{
	dprintf(STDOUT_FILENO, "%s", e->msg);
	return 1;
}

static int parse_properties(struct err *e, struct arena *a, char *const *text, size_t n,
			    struct unit_property **ret)
{
	struct unit_property *v = arena_array(a, n, sizeof(*v));
	int r = v ? 0 : err_nomem(e);

	for (size_t i = 0; i < n && r == 0; i++)
		r = unit_property_parse(e, a, text[i], &v[i]);
	*ret = v;
	return r;
}

static int set(struct err *e, struct sd_bus *bus, const char *unit, char *const *text, size_t n)
{
	_arena_ struct arena a = {0};
	struct unit_property *v;
	int r = parse_properties(e, &a, text, n, &v);

	return r < 0 ? r : manager_set(e, bus, unit, v, n);
}

static int attach(struct err *e, struct sd_bus *bus, const char *unit, const char *pid)
{
	uint32_t number;

	if (str_to_u32(pid, &number) < 0 || number > INT32_MAX)
		return err_set(e, ERR_USAGE, "\"%.100s\" is no process", pid);
	return manager_attach(e, bus, unit, (pid_t)number);
}

/* One message of bawn's. */
static int obey(struct err *e, struct sd_bus *bus, const char *unit, char *text)
{
	const char *pid = str_after(text, "attach ");

	if (pid)
		return attach(e, bus, unit, pid);
	if (str_has_prefix(text, "set ")) {
		text += strlen("set ");
		return set(e, bus, unit, &text, 1);
	}
	return err_set(e, ERR_USAGE, "unknown message \"%.100s\"", text);
}

static int converse(struct sd_bus *bus, const char *unit)
{
	char text[MESSAGE_MAX];
	struct err e;
	ssize_t n;

	while ((n = read(STDIN_FILENO, text, sizeof(text) - 1)) > 0) {
		text[n] = '\0';
		if (obey(&e, bus, unit, text) < 0)
			return failed(&e);
		dprintf(STDOUT_FILENO, "ok");
	}
	return 0;
}

static int start(struct sd_bus *bus, char **argv, size_t n)
{
	_arena_ struct arena a = {0};
	_free_ char *cgroup = NULL;
	struct unit_property *v;
	struct unit_request q = {
		.unit = argv[0],
		.slice = argv[1],
		.mark = argv[2],
		.description = argv[3],
		.n_properties = n - 4,
	};
	struct err e;
	int r = parse_properties(&e, &a, argv + 4, n - 4, &v);

	q.properties = v;
	if (r == 0)
		r = manager_start(&e, bus, &q, &cgroup);
	if (r < 0)
		return failed(&e);
	dprintf(STDOUT_FILENO, "ok %s", cgroup);
	return converse(bus, q.unit);
}

int main(int argc, char **argv)
{
	_manager_ struct sd_bus *bus = NULL;
	struct err e;
	int r;

	if (argc < 4)
		return usage();
	if (manager_open(&e, argv[2], &bus) < 0)
		return failed(&e);
	if (str_eq(argv[1], "start") && argc >= 7)
		return start(bus, argv + 3, (size_t)argc - 3);
	if (str_eq(argv[1], "set") && argc >= 5)
		r = set(&e, bus, argv[3], argv + 4, (size_t)argc - 4);
	else if (str_eq(argv[1], "attach") && argc == 5)
		r = attach(&e, bus, argv[3], argv[4]);
	else if (str_eq(argv[1], "stop") && argc == 5)
		r = manager_stop(&e, bus, argv[3], argv[4]);
	else
		return usage();
	return r < 0 ? failed(&e) : 0;
}
