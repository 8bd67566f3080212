/*
 * Starting, changing and stopping transient units. Every wait ends: connecting after
 * BUS_LIMIT_MS, calls after CALL_LIMIT_US, jobs after JOB_LIMIT_MS, and bawn kills the helper
 * after 10 seconds.
 *
 * A unit of ours is known by its Documentation=, which holds the mark. Only that one is
 * stopped, whoever else's unit has taken the name meanwhile.
 */
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "message.h"

#define BUS_LIMIT_MS 4000
#define CALL_LIMIT_US (5 * 1000 * 1000)
#define JOB_LIMIT_MS 8000

#define DEST "org.freedesktop.systemd1"
#define PATH "/org/freedesktop/systemd1"
#define MANAGER DEST ".Manager"
#define UNIT DEST ".Unit"

#define _msg_ __attribute__((cleanup(msg_done)))
#define _error_ __attribute__((cleanup(sd_bus_error_free)))

static void msg_done(sd_bus_message **m)
{
	sd_bus_message_unref(*m);
}

static void slot_done(sd_bus_slot **s)
{
	sd_bus_slot_unref(*s);
}
#define _slot_ __attribute__((cleanup(slot_done)))

void manager_close(struct sd_bus **bus)
{
	/* Not flushed: every call has been answered, or nobody will. */
	*bus = sd_bus_close_unref(*bus);
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Connected and greeted: libsystemd itself would wait for a minute and a half. */
static int wait_until_ready(sd_bus *bus)
{
	int64_t deadline = now_ms() + BUS_LIMIT_MS;
	int r;

	while ((r = sd_bus_is_ready(bus)) == 0) {
		int64_t left = deadline - now_ms();

		if (left <= 0)
			return -ETIMEDOUT;
		r = sd_bus_process(bus, NULL);
		if (r == 0)
			r = sd_bus_wait(bus, (uint64_t)left * 1000);
		if (r < 0)
			return r;
	}
	return r;
}

int manager_open(struct err *e, const char *address, struct sd_bus **ret)
{
	_manager_ sd_bus *bus = NULL;
	char text[128];
	int r = sd_bus_new(&bus);

	if (r >= 0)
		r = sd_bus_set_address(bus, address);
	if (r >= 0)
		r = sd_bus_set_bus_client(bus, true);
	if (r >= 0)
		r = sd_bus_set_method_call_timeout(bus, CALL_LIMIT_US);
	if (r >= 0)
		r = sd_bus_start(bus);
	if (r >= 0)
		r = wait_until_ready(bus);
	if (r == -ETIMEDOUT)
		return err_set(
			e, ERR_UNSUPPORTED,
			"D-Bus at %s: it does not answer in %d seconds; is systemd alive? or "
			"use --cgroup-manager cgroupfs",
			address, BUS_LIMIT_MS / 1000);
	if (r < 0)
		return err_set(e, ERR_UNSUPPORTED,
			       "no D-Bus at %s (%s): systemd is not running here, or not for this "
			       "user; use --cgroup-manager cgroupfs",
			       address, err_text(r, text, sizeof(text)));
	*ret = bus;
	bus = NULL;
	return 0;
}

/* "Unit x.scope already exists." is a message without a full stop in bawn. */
static int bus_failed(struct err *e, int r, const sd_bus_error *error, const char *what,
		      const char *unit)
{
	const char *text = error->message ? error->message : strerror(-r);
	size_t n = strlen(text);

	if (sd_bus_error_has_name(error, DEST ".UnitExists"))
		return err_set(e, ERR_EXISTS,
			       "unit %s exists already: delete the container that it belongs to, "
			       "or look at it with systemctl status and stop or reset-failed it",
			       unit);
	if (sd_bus_error_has_name(error, "org.freedesktop.DBus.Error.ServiceUnknown") ||
	    sd_bus_error_has_name(error, "org.freedesktop.DBus.Error.NameHasNoOwner") ||
	    str_has_prefix(error->name ? error->name : "", "org.freedesktop.DBus.Error.Spawn."))
		return err_set(e, ERR_UNSUPPORTED, "%s %s: systemd is not running on this bus",
			       what, unit);
	err_set(e, ERR_SYSTEM, "%s %s: %.*s", what, unit,
		(int)(n && text[n - 1] == '.' ? n - 1 : n), text);
	return r;
}

/* ---- jobs ---- */

struct job {
	const char *path; /* until it is known, what comes is of others */
	char result[32];
};

static int on_removed(sd_bus_message *m, void *data, sd_bus_error *error)
{
	const char *path, *unit, *result;
	struct job *job = data;
	uint32_t id;

	(void)error;
	if (sd_bus_message_read(m, "uoss", &id, &path, &unit, &result) >= 0 && job->path &&
	    str_eq(path, job->path))
		(void)snprintf(job->result, sizeof(job->result), "%s", result);
	return 0;
}

/* Until systemd says that the job has ended. Signals that came meanwhile are in the queue. */
static int wait_for_job(struct err *e, sd_bus *bus, struct job *job, const char *what,
			const char *unit)
{
	int64_t deadline = now_ms() + JOB_LIMIT_MS;
	int r = 0;

	while (!*job->result && r >= 0) {
		int64_t left = deadline - now_ms();

		if (left <= 0)
			return err_num(e, ETIMEDOUT, "%s %s: systemd has not done it in %d seconds",
				       what, unit, JOB_LIMIT_MS / 1000);
		r = sd_bus_process(bus, NULL);
		if (r == 0)
			r = sd_bus_wait(bus, (uint64_t)left * 1000);
	}
	if (r < 0)
		return err_num(e, r, "%s %s: wait for systemd", what, unit);
	return str_eq(job->result, "done") ? 0
					   : err_set(e, ERR_SYSTEM, "%s %s: systemd says \"%s\"",
						     what, unit, job->result);
}

/* Sends a call that answers with a job, and waits for the job's end. */
static int run_job(struct err *e, sd_bus *bus, sd_bus_message *call, const char *what,
		   const char *unit, bool *ret_gone)
{
	_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	_msg_ sd_bus_message *reply = NULL;
	_slot_ sd_bus_slot *slot = NULL;
	struct job job = {0};
	int r;

	r = sd_bus_match_signal(bus, &slot, DEST, PATH, MANAGER, "JobRemoved", on_removed, &job);
	if (r < 0)
		return err_num(e, r, "%s %s: listen to systemd", what, unit);
	r = sd_bus_call(bus, call, 0, &error, &reply);
	if (ret_gone)
		*ret_gone = r < 0 && sd_bus_error_has_name(&error, DEST ".NoSuchUnit");
	if (r < 0)
		return bus_failed(e, r, &error, what, unit);
	r = sd_bus_message_read(reply, "o", &job.path);
	return r < 0 ? err_num(e, r, "%s %s: read the reply", what, unit)
		     : wait_for_job(e, bus, &job, what, unit);
}

static int new_call(struct err *e, sd_bus *bus, const char *method, sd_bus_message **ret)
{
	int r = sd_bus_message_new_method_call(bus, ret, DEST, PATH, MANAGER, method);

	return r < 0 ? err_num(e, r, "make a message for systemd") : 0;
}

/* ---- start ---- */

static int add_own(sd_bus_message *m, const struct unit_request *q)
{
	bool scope = str_has_suffix(q->unit, ".scope");
	char mark[64];
	int r;

	(void)str_format(mark, sizeof(mark), "info:bawn/%s", q->mark);
	r = sd_bus_message_append(m, "(sv)(sv)(sv)(sv)", "Description", "s", q->description,
				  "Documentation", "as", 2, "man:bawn(8)", mark,
				  "DefaultDependencies", "b", 0, "CollectMode", "s",
				  "inactive-or-failed");
	if (r >= 0)
		r = sd_bus_message_append(m, "(sv)(sv)(sv)(sv)", "CPUAccounting", "b", 1,
					  "MemoryAccounting", "b", 1, "TasksAccounting", "b", 1,
					  "IOAccounting", "b", 1);
	/* A slice lies where its name says; a scope may hand out its cgroup and has processes from
	 * the start. */
	if (r >= 0 && !scope)
		r = sd_bus_message_append(m, "(sv)", "Wants", "as", 1, q->slice);
	if (r >= 0 && scope)
		r = sd_bus_message_append(m, "(sv)(sv)(sv)", "Slice", "s", q->slice, "Delegate",
					  "b", 1, "PIDs", "au", 1, (uint32_t)getpid());
	return r;
}

static int get_cgroup(struct err *e, sd_bus *bus, const char *unit, char **ret)
{
	_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	_free_ char *path = NULL;
	int r = sd_bus_path_encode(PATH "/unit", unit, &path);

	if (r < 0)
		return err_num(e, r, "unit %s", unit);
	r = sd_bus_get_property_string(
		bus, DEST, path, str_has_suffix(unit, ".scope") ? DEST ".Scope" : DEST ".Slice",
		"ControlGroup", &error, ret);
	return r < 0 ? bus_failed(e, r, &error, "find the cgroup of unit", unit) : 0;
}

int manager_start(struct err *e, sd_bus *bus, const struct unit_request *q, char **ret_cgroup)
{
	_msg_ sd_bus_message *m = NULL;
	int r = new_call(e, bus, "StartTransientUnit", &m);

	if (r < 0)
		return r;
	r = sd_bus_message_append(m, "ss", q->unit, "fail");
	if (r >= 0)
		r = sd_bus_message_open_container(m, 'a', "(sv)");
	if (r >= 0)
		r = add_own(m, q);
	if (r >= 0) {
		r = message_add_properties(e, m, q->properties, q->n_properties);
		if (r < 0)
			return r;
		r = sd_bus_message_close_container(m);
	}
	if (r >= 0)
		r = sd_bus_message_append(m, "a(sa(sv))", 0);
	if (r < 0)
		return err_num(e, r, "make a message for systemd");
	r = run_job(e, bus, m, "start unit", q->unit, NULL);
	return r < 0 ? r : get_cgroup(e, bus, q->unit, ret_cgroup);
}

/* ---- the rest ---- */

int manager_attach(struct err *e, sd_bus *bus, const char *unit, pid_t pid)
{
	_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	int r = sd_bus_call_method(bus, DEST, PATH, MANAGER, "AttachProcessesToUnit", &error, NULL,
				   "ssau", unit, "", 1, (uint32_t)pid);

	return r < 0 ? bus_failed(e, r, &error, "move the container's process to unit", unit) : 0;
}

int manager_set(struct err *e, sd_bus *bus, const char *unit,
		const struct unit_property *properties, size_t n)
{
	_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	_free_ char *cgroup = NULL;
	_msg_ sd_bus_message *m = NULL;
	int r = new_call(e, bus, "SetUnitProperties", &m);

	if (r < 0)
		return r;
	r = sd_bus_message_append(m, "sb", unit, 1);
	if (r >= 0)
		r = sd_bus_message_open_container(m, 'a', "(sv)");
	if (r >= 0) {
		r = message_add_properties(e, m, properties, n);
		if (r < 0)
			return r;
		r = sd_bus_message_close_container(m);
	}
	if (r < 0)
		return err_num(e, r, "make a message for systemd");
	r = sd_bus_call(bus, m, 0, &error, NULL);
	if (r < 0)
		return bus_failed(e, r, &error, "change properties of unit", unit);
	/* systemd writes the files before it looks at the next message: when that is answered, they
	 * are written. */
	return get_cgroup(e, bus, unit, &cgroup);
}

/* Whether the unit exists and carries the mark: 1, 0 or -errno. */
static int is_ours(struct err *e, sd_bus *bus, const char *unit, const char *mark)
{
	_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	_msg_ sd_bus_message *reply = NULL;
	const char *path, *text;
	char **docs = NULL;
	int r, found = 0;

	r = sd_bus_call_method(bus, DEST, PATH, MANAGER, "GetUnit", &error, &reply, "s", unit);
	if (r >= 0)
		r = sd_bus_message_read(reply, "o", &path);
	if (r >= 0)
		r = sd_bus_get_property_strv(bus, DEST, path, UNIT, "Documentation", &error, &docs);
	if (r < 0 && (sd_bus_error_has_name(&error, DEST ".NoSuchUnit") ||
		      sd_bus_error_has_name(&error, "org.freedesktop.DBus.Error.UnknownObject")))
		return 0;
	if (r < 0)
		return bus_failed(e, r, &error, "look at unit", unit);
	for (char **d = docs; d && *d; d++) {
		text = str_after(*d, "info:bawn/");
		found = found || (text && str_eq(text, mark));
		free(*d);
	}
	free(docs);
	return found;
}

int manager_stop(struct err *e, sd_bus *bus, const char *unit, const char *mark)
{
	_msg_ sd_bus_message *m = NULL;
	bool gone = false;
	int r = is_ours(e, bus, unit, mark);

	if (r <= 0)
		return r;
	r = new_call(e, bus, "StopUnit", &m);
	if (r < 0)
		return r;
	r = sd_bus_message_append(m, "ss", unit, "replace");
	if (r < 0)
		return err_num(e, r, "make a message for systemd");
	r = run_job(e, bus, m, "stop unit", unit, &gone);
	return gone ? 0 : r;
}
