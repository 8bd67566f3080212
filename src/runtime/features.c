/* The `features` document: OCI runtime-spec features.md and features-linux.md. What is compiled
 * in, not what this host allows; kubelet and podman decide by it. */
#include "runtime/caps_names.h"
#include "runtime/hook.h"
#include "runtime/runtime.h"
#include "runtime/seccomp.h"
#include "runtime/unit.h"

static void write_list(struct json_writer *w, const char *key, const char *(*name)(size_t))
{
	json_write_array(w, key);
	for (size_t i = 0; name(i); i++)
		json_write_str(w, NULL, name(i));
	json_write_close(w);
}

static void write_enabled(struct json_writer *w, const char *key, bool enabled)
{
	json_write_object(w, key);
	json_write_bool(w, "enabled", enabled);
	json_write_close(w);
}

static const char *hook_at(size_t i)
{
	return i < HOOK_KIND_MAX ? hook_kind_name((enum hook_kind)i) : NULL;
}

static const char *namespace_at(size_t i)
{
	return i < NS_KIND_MAX ? ns_kind_name((enum ns_kind)i) : NULL;
}

static const char *cap_at(size_t i)
{
	return caps_name((int)i);
}

static void write_cgroup(struct json_writer *w)
{
	json_write_object(w, "cgroup");
	json_write_bool(w, "v1", false);
	json_write_bool(w, "v2", true);
	json_write_bool(w, "systemd", true);
	json_write_bool(w, "systemdUser", true);
	json_write_bool(w, "rdma", true);
	json_write_close(w);
}

static void write_seccomp(struct json_writer *w)
{
	json_write_object(w, "seccomp");
	json_write_bool(w, "enabled", true);
	write_list(w, "actions", seccomp_action_name);
	write_list(w, "operators", seccomp_op_name);
	write_list(w, "archs", seccomp_arch_name);
	write_list(w, "knownFlags", seccomp_flag_name);
	json_write_array(w, "supportedFlags");
	for (size_t i = 0; seccomp_flag_name(i); i++)
		if (seccomp_flag_supported(seccomp_flag_name(i)))
			json_write_str(w, NULL, seccomp_flag_name(i));
	json_write_close(w);
	json_write_close(w);
}

static void write_linux(struct json_writer *w)
{
	json_write_object(w, "linux");
	write_list(w, "namespaces", namespace_at);
	write_list(w, "capabilities", cap_at);
	write_cgroup(w);
	write_seccomp(w);
	write_enabled(w, "apparmor", true);
	write_enabled(w, "selinux", true);
	write_enabled(w, "intelRdt", false);
	json_write_object(w, "memoryPolicy");
	write_list(w, "modes", spec_memory_mode);
	write_list(w, "flags", spec_memory_flag);
	json_write_close(w);
	json_write_object(w, "mountExtensions");
	write_enabled(w, "idmap", true);
	json_write_close(w);
	write_enabled(w, "netDevices", true);
	json_write_close(w);
}

int runtime_features(struct err *e, struct buf *out)
{
	struct json_writer w;

	json_write_begin(&w, true);
	json_write_object(&w, NULL);
	json_write_str(&w, "ociVersionMin", "1.0.0");
	json_write_str(&w, "ociVersionMax", "1.3.0");
	write_list(&w, "hooks", hook_at);
	write_list(&w, "mountOptions", mount_option_name);
	write_linux(&w);
	json_write_object(&w, "annotations");
	json_write_str(&w, "org.bawn.version", BAWN_VERSION);
	json_write_close(&w);
	/* What acts on the host: unit.c. A trailing dot stands for all that begin so. */
	json_write_array(&w, "potentiallyUnsafeConfigAnnotations");
	json_write_str(&w, NULL, UNIT_ANNOTATION);
	json_write_close(&w);
	json_write_close(&w);
	return json_write_end(&w, out) < 0 ? err_nomem(e) : 0;
}
