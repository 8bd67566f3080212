/* config.json: the linux object, and what needs its namespaces. */
#include <linux/mount.h>

#include "spec_cases.h"

TEST(linux_good)
{
	static const struct good_case cases[] = {
		{LINUX, "\"namespaces\":[]"},
		{LINUX, "\"namespaces\":[{\"type\":\"pid\",\"path\":\"/proc/1/ns/pid\"},"
			"{\"type\":\"mount\",\"path\":\"\"}]"},
		{LINUX, "\"namespaces\":[{\"type\":\"user\",\"path\":\"/p\"}]"},
		{LINUX, "\"namespaces\":[{\"type\":\"user\",\"path\":\"/p\"}],\"uidMappings\":"
			"[{\"containerID\":0,\"hostID\":1,\"size\":1}]"},
		{LINUX, "\"uidMappings\":[],\"gidMappings\":null"},
		{NS, "\"timeOffsets\":{\"monotonic\":{\"secs\":-5,\"nanosecs\":999999999},"
		     "\"boottime\":{}}"},
		{LINUX,
		 "\"devices\":[{\"path\":\"/dev/fuse\",\"type\":\"c\",\"major\":10,\"minor\":229,"
		 "\"fileMode\":438,\"uid\":0,\"gid\":0},{\"path\":\"/dev/p\",\"type\":\"p\"},"
		 "{\"path\":\"/x\",\"type\":\"b\",\"major\":4095,\"minor\":1048575,"
		 "\"fileMode\":25008}]"},
		{NS,
		 "\"netDevices\":{\"eth0\":{},\"eth1\":{\"name\":\"c%d\"},\"eth2\":{\"name\":\"c%d\"}}"},
		{LINUX, "\"netDevices\":{}"},
		{LINUX, "\"cgroupsPath\":\"\""},
		{LINUX, "\"cgroupsPath\":\"/a/..b/c..\""},
		{LINUX, "\"cgroupsPath\":\"user.slice:libpod:abc\""},
		{LINUX, "\"seccomp\":{}"},
		{LINUX, "\"rootfsPropagation\":\"\""},
		{NS, "\"rootfsPropagation\":\"rslave\""},
		{NS, "\"maskedPaths\":[\"/proc/kcore\"],\"readonlyPaths\":[\"/proc/sys\"]"},
		{LINUX, "\"maskedPaths\":[],\"mountLabel\":\"\""},
		{LINUX, "\"mountLabel\":\"system_u:object_r:x:s0:c1,c2\""},
		{LINUX, "\"personality\":{\"domain\":\"LINUX32\",\"flags\":[]}"},
		{LINUX, "\"memoryPolicy\":{\"mode\":\"MPOL_DEFAULT\",\"nodes\":\"\"}"},
		{LINUX, "\"memoryPolicy\":{\"mode\":\"MPOL_BIND\",\"nodes\":\"0-1\","
			"\"flags\":[\"MPOL_F_STATIC_NODES\"]}"},
		{LINUX, "\"intelRdt\":null"},
		{LINUX, "\"sysctl\":{}"},
	};

	CHECK_GOOD(cases);
}

static const struct bad_case linux_bad_cases[] = {
	{LINUX, "\"namespaces\":{}", "linux.namespaces: expected an array, got an object"},
	{LINUX, "\"namespaces\":[{}]", "linux.namespaces[0].type: missing"},
	{LINUX, "\"namespaces\":[{\"type\":\"net\"}]",
	 "linux.namespaces[0].type: unknown namespace \"net\""},
	{LINUX, "\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"pid\"}]",
	 "linux.namespaces[1].type: namespace \"pid\" is given twice"},
	{LINUX, "\"namespaces\":[{\"type\":\"pid\",\"path\":\"x\"}]",
	 "linux.namespaces[0].path: \"x\" is no absolute path"},
	{LINUX, "\"namespaces\":[{\"type\":\"pid\",\"path\":1}]",
	 "linux.namespaces[0].path: expected a string, got a number"},
	{LINUX, "\"namespaces\":[{\"type\":\"user\"}]",
	 "linux.uidMappings: missing; a new user namespace needs it"},
	{LINUX,
	 "\"namespaces\":[{\"type\":\"user\"}],\"uidMappings\":[{\"containerID\":0,"
	 "\"hostID\":0,\"size\":1}]",
	 "linux.gidMappings: missing; a new user namespace needs it"},
	{LINUX, "\"uidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":1}]",
	 "linux.uidMappings: needs a user namespace"},
	{LINUX, "\"gidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":1}]",
	 "linux.gidMappings: needs a user namespace"},
	{LINUX, "\"uidMappings\":[{\"containerID\":0,\"hostID\":0}]",
	 "linux.uidMappings[0].size: missing"},
	{LINUX, "\"uidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":0}]",
	 "linux.uidMappings[0].size: 0"},
	{LINUX, "\"uidMappings\":[{\"containerID\":4294967295,\"hostID\":0,\"size\":1}]",
	 "linux.uidMappings[0].containerID: 4294967295 is no user or group id"},
	{LINUX, "\"uidMappings\":[{\"containerID\":0,\"hostID\":4294967294,\"size\":2}]",
	 "linux.uidMappings[0].size: 2 goes beyond the last id"},
	{LINUX,
	 "\"uidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":10},"
	 "{\"containerID\":9,\"hostID\":10,\"size\":1}]",
	 "linux.uidMappings[1].containerID: overlaps with mapping 0"},
	{LINUX,
	 "\"gidMappings\":[{\"containerID\":0,\"hostID\":5,\"size\":10},"
	 "{\"containerID\":10,\"hostID\":0,\"size\":6}]",
	 "linux.gidMappings[1].hostID: overlaps with mapping 0"},
	{LINUX, "\"timeOffsets\":{\"boottime\":{\"secs\":1}}",
	 "linux.timeOffsets: needs a time namespace"},
	{LINUX,
	 "\"namespaces\":[{\"type\":\"time\",\"path\":\"/t\"}],\"timeOffsets\":"
	 "{\"monotonic\":{}}",
	 "linux.timeOffsets: cannot be set in a joined time namespace"},
	{NS, "\"timeOffsets\":{\"boottime\":{\"nanosecs\":1000000000}}",
	 "linux.timeOffsets.boottime.nanosecs: 1000000000 is not below a second"},
	{NS, "\"timeOffsets\":{\"boottime\":{\"secs\":\"1\"}}",
	 "linux.timeOffsets.boottime.secs: expected a number, got a string"},
	{LINUX, "\"devices\":[{\"path\":\"dev/x\",\"type\":\"p\"}]",
	 "linux.devices[0].path: \"dev/x\" is no absolute path"},
	{LINUX, "\"devices\":[{\"path\":\"/dev/x\",\"type\":\"x\"}]",
	 "linux.devices[0].type: unknown type of device \"x\""},
	{LINUX, "\"devices\":[{\"type\":\"c\"}]", "linux.devices[0].path: missing"},
	{LINUX, "\"devices\":[{\"path\":\"/x\",\"type\":\"c\",\"minor\":1}]",
	 "linux.devices[0].major: missing"},
	{LINUX, "\"devices\":[{\"path\":\"/x\",\"type\":\"c\",\"major\":1}]",
	 "linux.devices[0].minor: missing"},
	{LINUX, "\"devices\":[{\"path\":\"/x\",\"type\":\"c\",\"major\":-1,\"minor\":0}]",
	 "linux.devices[0].major: -1 is not in 0..4095"},
	{LINUX, "\"devices\":[{\"path\":\"/x\",\"type\":\"b\",\"major\":1,\"minor\":1048576}]",
	 "linux.devices[0].minor: 1048576 is not in 0..1048575"},
	{LINUX, "\"devices\":[{\"path\":\"/x\",\"type\":\"p\",\"fileMode\":65536}]",
	 "linux.devices[0].fileMode: 65536 is no file mode"},
	{LINUX, "\"devices\":[{\"path\":\"/x\",\"type\":\"p\",\"uid\":-1}]",
	 "linux.devices[0].uid: -1 is negative"},
	{LINUX, "\"netDevices\":{\"eth0\":{}}", "linux.netDevices: needs a network namespace"},
	{NS, "\"netDevices\":[]", "linux.netDevices: expected an object, got an array"},
	{NS, "\"netDevices\":{\"\":{}}", "linux.netDevices[\"\"]: no name of a network device"},
	{NS, "\"netDevices\":{\"a/b\":{}}",
	 "linux.netDevices[\"a/b\"]: no name of a network device"},
	{NS, "\"netDevices\":{\"..\":{}}", "linux.netDevices[\"..\"]: no name of a network device"},
	{NS, "\"netDevices\":{\"sixteen_bytes_xx\":{}}",
	 "linux.netDevices.sixteen_bytes_xx: no name of a network device"},
	{NS, "\"netDevices\":{\"eth0\":{\"name\":\"a b\"}}",
	 "linux.netDevices.eth0.name: \"a b\" is no name of a network device"},
	{NS, "\"netDevices\":{\"eth0\":{\"name\":\"x\"},\"x\":{}}",
	 "linux.netDevices.x.name: \"x\" is given twice"},
	{LINUX, "\"cgroupsPath\":\"/a/../b\"",
	 "linux.cgroupsPath: \"/a/../b\" leads out by \"..\""},
	{LINUX, "\"cgroupsPath\":\"..\"", "linux.cgroupsPath: \"..\" leads out by \"..\""},
	{LINUX, "\"cgroupsPath\":\"../a\"", "linux.cgroupsPath: \"../a\" leads out by \"..\""},
	{LINUX, "\"cgroupsPath\":\"a/..\"", "linux.cgroupsPath: \"a/..\" leads out by \"..\""},
	{LINUX, "\"cgroupsPath\":\"a\\nb\"", "linux.cgroupsPath: control character in a name"},
	{LINUX, "\"cgroupsPath\":1", "linux.cgroupsPath: expected a string, got a number"},
	{NS, "\"rootfsPropagation\":\"slaves\"",
	 "linux.rootfsPropagation: unknown mount propagation \"slaves\""},
	{LINUX, "\"rootfsPropagation\":\"slave\"",
	 "linux.rootfsPropagation: needs a mount namespace"},
	{NS, "\"maskedPaths\":[\"proc\"]", "linux.maskedPaths[0]: \"proc\" is no absolute path"},
	{NS, "\"maskedPaths\":[\"\"]", "linux.maskedPaths[0]: \"\" is no absolute path"},
	{NS, "\"readonlyPaths\":[\"/a\",\"b\"]",
	 "linux.readonlyPaths[1]: \"b\" is no absolute path"},
	{NS, "\"readonlyPaths\":\"/a\"", "linux.readonlyPaths: expected an array, got a string"},
	{LINUX, "\"maskedPaths\":[\"/a\"]", "linux.maskedPaths: needs a mount namespace"},
	{LINUX, "\"mountLabel\":{}", "linux.mountLabel: expected a string, got an object"},
	{LINUX, "\"personality\":{\"domain\":\"BSD\"}",
	 "linux.personality.domain: unknown execution domain \"BSD\""},
	{LINUX, "\"personality\":{}", "linux.personality.domain: missing"},
	{LINUX, "\"personality\":{\"domain\":\"LINUX\",\"flags\":[\"X\"]}",
	 "!linux.personality.flags: no flag is defined by the specification"},
	{LINUX, "\"memoryPolicy\":{}", "linux.memoryPolicy.mode: missing"},
	{LINUX, "\"memoryPolicy\":{\"mode\":\"X\"}",
	 "linux.memoryPolicy.mode: unknown memory policy \"X\""},
	{LINUX, "\"memoryPolicy\":{\"mode\":\"MPOL_LOCAL\",\"nodes\":\"0\"}",
	 "linux.memoryPolicy.nodes: MPOL_LOCAL takes no nodes"},
	{LINUX, "\"memoryPolicy\":{\"mode\":\"MPOL_BIND\"}",
	 "linux.memoryPolicy.nodes: MPOL_BIND needs at least one node"},
	{LINUX, "\"memoryPolicy\":{\"mode\":\"MPOL_BIND\",\"nodes\":\"x\"}",
	 "linux.memoryPolicy.nodes: \"x\" is no list like \"0-3,7\""},
	{LINUX, "\"memoryPolicy\":{\"mode\":\"MPOL_BIND\",\"nodes\":\"0\",\"flags\":[\"F\"]}",
	 "linux.memoryPolicy.flags[0]: unknown memory policy flag \"F\""},
};

TEST(linux_bad)
{
	CHECK_BAD(linux_bad_cases);
}

TEST(hostname_length)
{
	char text[400];
	struct spec spec;

	for (int n = 64; n <= 65; n++) {
		snprintf(text, sizeof(text),
			 HEAD
			 ",\"hostname\":\"%0*d\",\"linux\":{\"namespaces\":[{\"type\":\"uts\"}]}}",
			 n, 0);
		EQ(parse_text(text, &spec), n == 64 ? 0 : -EINVAL);
		if (n == 65)
			STREQ(e.msg, "config.json: hostname: longer than 64 bytes");
		spec_done(&spec);
	}
}

TEST(ids_must_be_mapped)
{
	static const char form[] =
		HEAD ",\"process\":{\"cwd\":\"/\",\"args\":[\"x\"],\"user\":{\"uid\":%d,"
		     "\"gid\":%d}},\"linux\":{" ALL_NS "}}";
	char text[1024];
	struct spec spec;

	snprintf(text, sizeof(text), form, 8, 8);
	OK_ERR(&e, parse_text(text, &spec));
	spec_done(&spec);
	snprintf(text, sizeof(text), form, 9, 8);
	TRUE(parse_text(text, &spec) < 0);
	STREQ(e.msg, "config.json: process.user.uid: 9 is not in linux.uidMappings");
	spec_done(&spec);
	snprintf(text, sizeof(text), form, 8, 9);
	TRUE(parse_text(text, &spec) < 0);
	STREQ(e.msg, "config.json: process.user.gid: 9 is not in linux.gidMappings");
	spec_done(&spec);
}

TEST(linux_values)
{
	struct spec spec;
	const struct spec_linux *l = &spec.linux_;

	OK_ERR(&e,
	       parse_in(
		       NS,
		       "\"devices\":[{\"path\":\"/d\",\"type\":\"u\",\"major\":1,\"minor\":3},"
		       "{\"path\":\"/e\",\"type\":\"b\",\"major\":7,\"minor\":0,\"fileMode\":25008,"
		       "\"uid\":1,\"gid\":2}],\"netDevices\":{\"a\":{\"name\":\"b\"},\"c\":{}},"
		       "\"timeOffsets\":{\"boottime\":{\"secs\":-1}},"
		       "\"rootfsPropagation\":\"rshared\",\"personality\":{\"domain\":\"LINUX32\"},"
		       "\"cgroupsPath\":\"/x\",\"memoryPolicy\":{\"mode\":\"MPOL_BIND\",\"nodes\":"
		       "\"0 - 1\"}",
		       &spec));
	for (int k = 0; k < NS_KIND_MAX; k++)
		TRUE(l->ns[k].present && !l->ns[k].path);
	EQ(l->uid_maps.v[0].host_id, 1);
	EQ(l->devices.v[0].type, 'c');
	EQ(l->devices.v[0].mode, 0666);
	EQ(l->devices.v[1].type, 'b');
	EQ(l->devices.v[1].mode, 0660);
	EQ(l->devices.v[1].gid, 2);
	STREQ(l->net_devices.v[0].host_name, "a");
	STREQ(l->net_devices.v[0].name, "b");
	STREQ(l->net_devices.v[1].name, "c");
	TRUE(!l->time_monotonic.set && l->time_boottime.set);
	EQ(l->time_boottime.secs, -1);
	EQ(l->rootfs_propagation, MS_SHARED | MS_REC);
	TRUE(l->has_personality);
	EQ(l->personality, 8);
	STREQ(l->cgroups_path, "/x");
	STREQ(l->memory_policy->nodes, "0-1");
	spec_done(&spec);
}

/* T19 */
static const struct {
	const char *key, *path;	/* NULL: refused in all namespaces of its own */
} sysctl_cases[] = {
	{"kernel.msgmax", "kernel/msgmax"},
	{"kernel/msgmax", "kernel/msgmax"},
	{"kernel.msgmnb", "kernel/msgmnb"},
	{"kernel.msgmni", "kernel/msgmni"},
	{"kernel.sem", "kernel/sem"},
	{"kernel.shmall", "kernel/shmall"},
	{"kernel.shmmax", "kernel/shmmax"},
	{"kernel.shmmni", "kernel/shmmni"},
	{"kernel.shm_rmid_forced", "kernel/shm_rmid_forced"},
	{"fs.mqueue.msg_max", "fs/mqueue/msg_max"},
	{"fs/mqueue/queues_max", "fs/mqueue/queues_max"},
	{"net.ipv4.ip_forward", "net/ipv4/ip_forward"},
	{"net/ipv4/ip_forward", "net/ipv4/ip_forward"},
	{"net.ipv4.conf.eno2/100.rp_filter", "net/ipv4/conf/eno2.100/rp_filter"},
	{"net/ipv4/conf/eno2.100/rp_filter", "net/ipv4/conf/eno2.100/rp_filter"},
	{"net.core.somaxconn", "net/core/somaxconn"},
	{"net.ipv4.ping_group_range", "net/ipv4/ping_group_range"},
	{"net.ipv4.conf.wlan0-x.forwarding", "net/ipv4/conf/wlan0-x/forwarding"},
	{"kernel.domainname", "kernel/domainname"},
	{"user.max_user_namespaces", "user/max_user_namespaces"},
	{"user/max_net_namespaces", "user/max_net_namespaces"},
	{"kernel.hostname", NULL},
	{"kernel/hostname", NULL},
	{"kernel.core_pattern", NULL},
	{"kernel.core_pipe_limit", NULL},
	{"kernel.modprobe", NULL},
	{"kernel.hotplug", NULL},
	{"kernel.poweroff_cmd", NULL},
	{"kernel.sysrq", NULL},
	{"kernel.panic", NULL},
	{"kernel.randomize_va_space", NULL},
	{"kernel.msgmax.x", NULL},
	{"kernel.msgmaxx", NULL},
	{"kernel.shm_next_id", NULL},
	{"kernel.ns_last_pid", NULL},
	{"vm.overcommit_memory", NULL},
	{"vm.swappiness", NULL},
	{"fs.file-max", NULL},
	{"fs.mqueue", NULL},
	{"fs.mqueuex.y", NULL},
	{"fs.binfmt_misc.register", NULL},
	{"fs.suid_dumpable", NULL},
	{"dev.tty.legacy_tiocsti", NULL},
	{"debug.exception-trace", NULL},
	{"abi.vsyscall32", NULL},
	{"net", NULL},
	{"net.", NULL},
	{"netx.y", NULL},
	{"net..ipv4", NULL},
	{"net/../kernel/core_pattern", NULL},
	{"net/ipv4/../../kernel/core_pattern", NULL},
	{"net.ipv4.//.//.kernel", NULL},
	{"net.//.kernel.core_pattern", NULL},
	{"net/./x", NULL},
	{"/net/ipv4/x", NULL},
	{".net.ipv4.x", NULL},
	{"net/ipv4/", NULL},
	{"../net/x", NULL},
	{"", NULL},
	{".", NULL},
	{"..", NULL},
	{"net.ipv4.x=1 kernel.core_pattern", NULL},
	{"net.ipv4.x+kernel.core_pattern", NULL},
	{"net.ipv4.x\\nkernel.core_pattern", NULL},
	{"net.ipv4 .x", NULL},
	{"net.*.x", NULL},
	{"NET.ipv4.x", NULL},
	{"user", NULL},
	{"net.\xc3\xa4.x", NULL},
};

TEST(sysctl_names)
{
	char text[256];
	struct spec spec;

	TRUE(ARRAY_SIZE(sysctl_cases) >= 60);
	for (size_t i = 0; i < ARRAY_SIZE(sysctl_cases); i++) {
		snprintf(text, sizeof(text), "\"sysctl\":{\"%s\":\"a+b\\tc\\nd\"}",
			 sysctl_cases[i].key);
		if (!sysctl_cases[i].path) {
			if (parse_in(NS, text, &spec) == 0)
				T_FAIL("accepted: %s", sysctl_cases[i].key);
			TRUE(str_has_prefix(e.msg, "config.json: linux.sysctl"));
		} else {
			OK_ERR(&e, parse_in(NS, text, &spec));
			STREQ(spec.linux_.sysctl.v[0].key, sysctl_cases[i].key);
			STREQ(spec.linux_.sysctl.v[0].path, sysctl_cases[i].path);
			STREQ(spec.linux_.sysctl.v[0].value, "a+b\tc\nd");
			spec_done(&spec);
			/* In the host's namespace none is allowed. */
			TRUE(parse_in(LINUX, text, &spec) < 0);
			TRUE(strstr(e.msg, "not allowed in the host's "));
		}
		spec_done(&spec);
	}
}

TEST(sysctl_bad)
{
	static const struct bad_case cases[] = {
		{NS, "\"sysctl\":[]", "linux.sysctl: expected an object, got an array"},
		{NS, "\"sysctl\":{\"net.x\":1}",
		 "linux.sysctl[\"net.x\"]: expected a string, got a number"},
		{NS, "\"sysctl\":{\"vm.swappiness\":\"1\"}",
		 "linux.sysctl[\"vm.swappiness\"]: sysctl \"vm.swappiness\" is not in a separate kernel "
		 "namespace"},
		{NS, "\"sysctl\":{\"net..x\":\"1\"}",
		 "linux.sysctl[\"net..x\"]: no name of a sysctl"},
		{NS, "\"sysctl\":{\"kernel.hostname\":\"x\"}",
		 "linux.sysctl[\"kernel.hostname\"]: use the property \"hostname\" instead"},
		{LINUX, "\"sysctl\":{\"net.ipv4.x\":\"1\"}",
		 "linux.sysctl[\"net.ipv4.x\"]: not allowed in the host's network namespace"},
		{LINUX, "\"sysctl\":{\"kernel.sem\":\"1\"}",
		 "linux.sysctl[\"kernel.sem\"]: not allowed in the host's ipc namespace"},
		{LINUX, "\"sysctl\":{\"kernel.domainname\":\"1\"}",
		 "linux.sysctl[\"kernel.domainname\"]: not allowed in the host's uts namespace"},
		{LINUX, "\"sysctl\":{\"user.x\":\"1\"}",
		 "linux.sysctl[\"user.x\"]: not allowed in the host's user namespace"},
		/* Joining one's own namespace is the host's too. */
		{LINUX,
		 "\"namespaces\":[{\"type\":\"network\",\"path\":\"/proc/self/ns/net\"}],"
		 "\"sysctl\":{\"net.x\":\"1\"}",
		 "linux.sysctl[\"net.x\"]: not allowed in the host's network namespace"},
	};
	static const struct good_case good[] = {
		{LINUX, "\"namespaces\":[{\"type\":\"network\",\"path\":\"/run/netns/gone\"}],"
			"\"sysctl\":{\"net.x\":\"1\",\"net.y\":null}"},
	};

	CHECK_BAD(cases);
	CHECK_GOOD(good);
}

TEST(resources_bad_devices)
{
	static const struct bad_case cases[] = {
		{LINUX, "\"resources\":[]", "linux.resources: expected an object, got an array"},
		{LINUX, "\"resources\":{\"devices\":{}}",
		 "linux.resources.devices: expected an array, got an object"},
		{LINUX, "\"resources\":{\"devices\":[{}]}",
		 "linux.resources.devices[0].allow: missing"},
		{LINUX, "\"resources\":{\"devices\":[{\"allow\":1}]}",
		 "linux.resources.devices[0].allow: expected a boolean, got a number"},
		{LINUX, "\"resources\":{\"devices\":[{\"allow\":true,\"type\":\"p\"}]}",
		 "linux.resources.devices[0].type: unknown type of device \"p\""},
		{LINUX, "\"resources\":{\"devices\":[{\"allow\":true,\"access\":\"rx\"}]}",
		 "linux.resources.devices[0].access: \"rx\": 'x' is none of r, w, m"},
		{LINUX, "\"resources\":{\"devices\":[{\"allow\":true,\"access\":\"rwa\"}]}",
		 "linux.resources.devices[0].access: \"rwa\": 'a' is none of r, w, m"},
		{LINUX, "\"resources\":{\"devices\":[{\"allow\":true,\"access\":\"\"}]}",
		 "linux.resources.devices[0].access: empty"},
		{LINUX, "\"resources\":{\"devices\":[{\"allow\":true,\"major\":-2}]}",
		 "linux.resources.devices[0].major: -2 is no device number"},
		{LINUX, "\"resources\":{\"devices\":[{\"allow\":true,\"minor\":4294967296}]}",
		 "linux.resources.devices[0].minor: 4294967296 is no device number"},
	};
	struct spec spec;

	CHECK_BAD(cases);
	TRUE(parse_in(LINUX, "\"intelRdt\":{\"closID\":\"x\"}", &spec) < 0);
	EQ(e.code, ERR_UNSUPPORTED);
	TRUE(str_has_prefix(e.msg, "config.json: linux.intelRdt: not "));
	spec_done(&spec);
}

TEST(device_rules)
{
	struct spec spec;
	const struct cg_device_rule *r;

	OK_ERR(&e, parse_in(LINUX,
			    "\"resources\":{\"devices\":[{\"allow\":false},{\"allow\":true,"
			    "\"type\":\"c\",\"major\":1,\"minor\":-1,\"access\":\"mr\"}]}",
			    &spec));
	EQ(spec.linux_.resources.devices.n, 2);
	r = spec.linux_.resources.devices.v;
	TRUE(!r[0].allow && r[0].type == 'a' && r[0].major == -1 && r[0].minor == -1);
	EQ(r[0].access, 7);
	TRUE(r[1].allow && r[1].type == 'c' && r[1].major == 1 && r[1].minor == -1);
	EQ(r[1].access, CG_DEVICE_MKNOD | CG_DEVICE_READ);
	spec_done(&spec);
}

TEST(seccomp_good)
{
	static const struct good_case cases[] = {
		{SECCOMP, "\"syscalls\":[]"},
		{SECCOMP, "\"architectures\":[\"SCMP_ARCH_X86_64\"],\"flags\":"
			  "[\"SECCOMP_FILTER_FLAG_LOG\"]"},
		{SECCOMP, "\"syscalls\":[{\"names\":[\"a\",\"b\"],\"action\":\"SCMP_ACT_ERRNO\","
			  "\"errnoRet\":4095,\"args\":[{\"index\":5,\"value\":18446744073709551615,"
			  "\"valueTwo\":0,\"op\":\"SCMP_CMP_MASKED_EQ\"}]}]"},
		{SECCOMP, "\"syscalls\":[{\"names\":[\"a\"],\"action\":\"SCMP_ACT_NOTIFY\"}],"
			  "\"listenerPath\":\"/run/x\",\"listenerMetadata\":\"a\\nb\""},
		{SECCOMP, "\"listenerPath\":\"\",\"listenerMetadata\":\"\""},
	};

	CHECK_GOOD(cases);
}

TEST(seccomp_bad)
{
	static const struct bad_case cases[] = {
		{LINUX, "\"seccomp\":[]", "linux.seccomp: expected an object, got an array"},
		{LINUX, "\"seccomp\":{\"flags\":[]}", "linux.seccomp.defaultAction: missing"},
		{LINUX, "\"seccomp\":{\"defaultAction\":\"ALLOW\"}",
		 "linux.seccomp.defaultAction: unknown seccomp action \"ALLOW\""},
		{SECCOMP, "\"defaultErrnoRet\":1",
		 "linux.seccomp.defaultErrnoRet: SCMP_ACT_ALLOW returns no errno"},
		{SECCOMP, "\"architectures\":[\"x\"]",
		 "linux.seccomp.architectures[0]: unknown seccomp architecture \"x\""},
		{SECCOMP, "\"flags\":[\"x\"]",
		 "linux.seccomp.flags[0]: unknown seccomp flag \"x\""},
		{SECCOMP, "\"listenerPath\":\"x\"",
		 "linux.seccomp.listenerPath: \"x\" is no absolute path"},
		{SECCOMP, "\"listenerMetadata\":\"x\"",
		 "linux.seccomp.listenerMetadata: needs a listenerPath"},
		{SECCOMP, "\"syscalls\":[{\"action\":\"SCMP_ACT_LOG\"}]",
		 "linux.seccomp.syscalls[0].names: missing"},
		{SECCOMP, "\"syscalls\":[{\"names\":[],\"action\":\"SCMP_ACT_LOG\"}]",
		 "linux.seccomp.syscalls[0].names: names no system call"},
		{SECCOMP, "\"syscalls\":[{\"names\":[\"a\"],\"action\":\"x\"}]",
		 "linux.seccomp.syscalls[0].action: unknown seccomp action \"x\""},
		{SECCOMP, "\"syscalls\":[{\"names\":[\"a\"],\"action\":\"SCMP_ACT_NOTIFY\"}]",
		 "linux.seccomp.listenerPath: missing; SCMP_ACT_NOTIFY needs it"},
		{SECCOMP,
		 "\"syscalls\":[{\"names\":[\"a\"],\"action\":\"SCMP_ACT_KILL\",\"errnoRet\":1}]",
		 "linux.seccomp.syscalls[0].errnoRet: SCMP_ACT_KILL returns no errno"},
		{SECCOMP,
		 "\"syscalls\":[{\"names\":[\"a\"],\"action\":\"SCMP_ACT_ERRNO\","
		 "\"errnoRet\":4096}]",
		 "linux.seccomp.syscalls[0].errnoRet: 4096 is no errno"},
		{SECCOMP,
		 "\"syscalls\":[{\"names\":[\"a\"],\"action\":\"SCMP_ACT_TRACE\","
		 "\"errnoRet\":65536}]",
		 "linux.seccomp.syscalls[0].errnoRet: 65536 does not fit 16 bits"},
		{SECCOMP,
		 "\"syscalls\":[{\"names\":[\"a\"],\"action\":\"SCMP_ACT_LOG\",\"args\":"
		 "[{\"index\":6,\"value\":0,\"op\":\"SCMP_CMP_EQ\"}]}]",
		 "linux.seccomp.syscalls[0].args[0].index: 6 is not in 0..5"},
		{SECCOMP,
		 "\"syscalls\":[{\"names\":[\"a\"],\"action\":\"SCMP_ACT_LOG\",\"args\":"
		 "[{\"index\":0,\"value\":0,\"op\":\"EQ\"}]}]",
		 "linux.seccomp.syscalls[0].args[0].op: unknown seccomp operator \"EQ\""},
		{SECCOMP,
		 "\"syscalls\":[{\"names\":[\"a\"],\"action\":\"SCMP_ACT_LOG\",\"args\":"
		 "[{\"index\":0,\"value\":-1,\"op\":\"SCMP_CMP_EQ\"}]}]",
		 "linux.seccomp.syscalls[0].args[0].value: -1 is negative"},
	};

	CHECK_BAD(cases);
}
