/*
 * What `bawn spec` writes: a container that gets nothing but what it needs. No
 * devices beside the default ones, kernel interfaces masked, three capabilities, the
 * default seccomp profile, its own namespaces.
 */
#include "runtime/spec_private.h"

#include "default_seccomp.h"

/* Arrays, not pointers: nothing to relocate at the start of every other command. */
struct default_mount {
	char destination[16], type[8], source[8];
	char options[64];	/* with commas */
};

static const struct default_mount mounts[] = {
	{"/proc", "proc", "proc", "nosuid,noexec,nodev"},
	{"/dev", "tmpfs", "tmpfs", "nosuid,strictatime,mode=755,size=65536k"},
	{"/dev/pts", "devpts", "devpts", "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620,gid=5"},
	{"/dev/shm", "tmpfs", "shm", "nosuid,noexec,nodev,mode=1777,size=65536k"},
	{"/dev/mqueue", "mqueue", "mqueue", "nosuid,noexec,nodev"},
	{"/sys", "sysfs", "sysfs", "nosuid,noexec,nodev,ro"},
	{"/sys/fs/cgroup", "cgroup", "cgroup", "nosuid,noexec,nodev,relatime,ro"},
};

/* sysfs can only be mounted by the owner of the network namespace, which here is the host's.
 * Read-only all of it: below it lie the user's own cgroups (CVE-2023-25809). */
static const struct default_mount rootless_sys = {
	"/sys",
	"none",
	"/sys",
	"rbind,nosuid,noexec,nodev,rro",
};

static const char masked[][32] = {
	"/proc/acpi",	       "/proc/asound",
	"/proc/interrupts", /* keystroke timing */
	"/proc/kcore",	       "/proc/keys",
	"/proc/latency_stats", "/proc/sched_debug",
	"/proc/scsi",	       "/proc/timer_list",
	"/proc/timer_stats",   "/sys/devices/virtual/powercap", /* PLATYPUS, CVE-2020-8694 */
	"/sys/firmware",
};

static const char readonly[][24] = {
	"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger",
};

static const char capabilities[][24] = {"CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"};

static void write_process(struct json_writer *w)
{
	static const char sets[][12] = {"bounding", "effective", "permitted"};

	json_write_object(w, "process");
	json_write_bool(w, "terminal", true);
	json_write_object(w, "user");
	json_write_int(w, "uid", 0);
	json_write_int(w, "gid", 0);
	json_write_close(w);
	json_write_array(w, "args");
	json_write_str(w, NULL, "sh");
	json_write_close(w);
	json_write_array(w, "env");
	json_write_str(w, NULL,
		       "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	json_write_str(w, NULL, "TERM=xterm");
	json_write_close(w);
	json_write_str(w, "cwd", "/");
	json_write_object(w, "capabilities");
	for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
		json_write_array(w, sets[i]);
		for (size_t k = 0; k < ARRAY_SIZE(capabilities); k++)
			json_write_str(w, NULL, capabilities[k]);
		json_write_close(w);
	}
	json_write_close(w);
	json_write_array(w, "rlimits");
	json_write_object(w, NULL);
	json_write_str(w, "type", "RLIMIT_NOFILE");
	json_write_int(w, "hard", 1024);
	json_write_int(w, "soft", 1024);
	json_write_close(w);
	json_write_close(w);
	json_write_bool(w, "noNewPrivileges", true);
	json_write_close(w);
}

/* In a user namespace with one mapping no other id exists. */
static bool is_id_option(const char *option)
{
	return str_has_prefix(option, "uid=") || str_has_prefix(option, "gid=");
}

static void write_mount(struct json_writer *w, const struct default_mount *m, bool rootless)
{
	char options[sizeof(m->options)], *rest = options;

	memcpy(options, m->options, sizeof(options));
	json_write_object(w, NULL);
	json_write_str(w, "destination", m->destination);
	json_write_str(w, "type", m->type);
	json_write_str(w, "source", m->source);
	json_write_array(w, "options");
	for (char *word; (word = strsep(&rest, ","));)
		if (!rootless || !is_id_option(word))
			json_write_str(w, NULL, word);
	json_write_close(w);
	json_write_close(w);
}

static void write_mounts(struct json_writer *w, bool rootless)
{
	json_write_array(w, "mounts");
	for (size_t i = 0; i < ARRAY_SIZE(mounts); i++) {
		bool sys = str_eq(mounts[i].type, "sysfs");

		write_mount(w, rootless && sys ? &rootless_sys : &mounts[i], rootless);
	}
	json_write_close(w);
}

/* Temperature interrupts tell what the neighbours compute. One directory per CPU, on some hosts. */
static void write_thermal_paths(struct json_writer *w)
{
	char cpu[48], path[80];

	for (unsigned int i = 0; i < 4096; i++) {
		(void)str_format(cpu, sizeof(cpu), "/sys/devices/system/cpu/cpu%u", i);
		(void)str_format(path, sizeof(path), "%s/thermal_throttle", cpu);
		if (access(path, F_OK) == 0)
			json_write_str(w, NULL, path);
		else if (access(cpu, F_OK) < 0)
			return;
	}
}

static void write_paths(struct json_writer *w)
{
	json_write_array(w, "maskedPaths");
	for (size_t i = 0; i < ARRAY_SIZE(masked); i++)
		json_write_str(w, NULL, masked[i]);
	write_thermal_paths(w);
	json_write_close(w);
	json_write_array(w, "readonlyPaths");
	for (size_t i = 0; i < ARRAY_SIZE(readonly); i++)
		json_write_str(w, NULL, readonly[i]);
	json_write_close(w);
}

static void write_mapping(struct json_writer *w, const char *key, uint32_t host_id)
{
	json_write_array(w, key);
	json_write_object(w, NULL);
	json_write_int(w, "containerID", 0);
	json_write_int(w, "hostID", host_id);
	json_write_int(w, "size", 1);
	json_write_close(w);
	json_write_close(w);
}

static void write_namespaces(struct json_writer *w, bool rootless)
{
	static const struct {
		char name[8];
		bool root, rootless;
	} kinds[] = {
		{"pid", true, true},   {"network", true, false}, {"ipc", true, true},
		{"uts", true, true},   {"mount", true, true},	 {"cgroup", true, true},
		{"user", false, true},
	};

	json_write_array(w, "namespaces");
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (rootless ? !kinds[i].rootless : !kinds[i].root)
			continue;
		json_write_object(w, NULL);
		json_write_str(w, "type", kinds[i].name);
		json_write_close(w);
	}
	json_write_close(w);
}

static void write_device_rules(struct json_writer *w)
{
	json_write_object(w, "resources");
	json_write_array(w, "devices");
	json_write_object(w, NULL);
	json_write_bool(w, "allow", false);
	json_write_str(w, "access", "rwm");
	json_write_close(w);
	json_write_close(w);
	json_write_close(w);
}

static void write_linux(struct json_writer *w, bool rootless, const struct json *seccomp)
{
	json_write_object(w, "linux");
	if (rootless) {
		write_mapping(w, "uidMappings", geteuid());
		write_mapping(w, "gidMappings", getegid());
	} else {
		write_device_rules(w);
	}
	write_namespaces(w, rootless);
	write_paths(w);
	json_write_tree(w, "seccomp", seccomp);
	json_write_close(w);
}

int spec_write_default(struct err *e, bool rootless, struct buf *out)
{
	struct json_writer w;
	_arena_ struct arena a = {0};
	struct json *seccomp;
	int r;

	r = json_parse(e, &a, "default seccomp profile", default_seccomp_json,
		       strlen(default_seccomp_json), &seccomp);
	if (r < 0)
		return r;
	json_write_begin(&w, true);
	json_write_object(&w, NULL);
	json_write_str(&w, "ociVersion", "1.3.0");
	write_process(&w);
	json_write_object(&w, "root");
	json_write_str(&w, "path", "rootfs");
	json_write_bool(&w, "readonly", true);
	json_write_close(&w);
	json_write_str(&w, "hostname", "bawn");
	write_mounts(&w, rootless);
	write_linux(&w, rootless, seccomp);
	json_write_close(&w);
	r = json_write_end(&w, out);
	return r < 0 ? err_nomem(e) : 0;
}
