/*
 * profile: prints a `linux.seccomp` object like the default profile of a distribution: what
 * libseccomp knows, less what no container needs.
 */
#include <seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * What the default profiles of the usual engines refuse: groups, each behind a capability that the
 * bundle has not got, so that its names answer EPERM (what is not named at all answers ENOSYS).
 */
static const char *const denied[][24] = {
	{"bpf",		"fanotify_init", "lookup_dcookie", "perf_event_open", "quotactl",
	 "quotactl_fd", "setdomainname", "sethostname",	   "setns",	      "unshare",
	 "umount",	"umount2",	 "mount",	   "mount_setattr",   "move_mount",
	 "open_tree",	"fsconfig",	 "fsmount",	   "fsopen",	      "fspick"},
	{"pivot_root", "userfaultfd", "vm86", "vm86old", "uselib", "ustat", "sysfs"},
	{"delete_module", "finit_module", "init_module"},
	{"create_module", "get_kernel_syms", "query_module"},
	{"kexec_file_load", "kexec_load", "reboot"},
	{"ioperm", "iopl"},
	{"clock_adjtime", "clock_adjtime64", "clock_settime", "clock_settime64", "settimeofday",
	 "stime", "adjtimex"},
	{"get_mempolicy", "mbind", "set_mempolicy", "set_mempolicy_home_node", "move_pages",
	 "migrate_pages"},
	{"add_key", "keyctl", "request_key"},
	{"open_by_handle_at"},
	{"swapoff", "swapon"},
	{"vhangup"},
	{"syslog"},
	{"acct"},
	{"kcmp", "process_madvise"},
};

/* Long gone or never there: named by no profile. */
static const char *const unknown[] = {
	"afs_syscall", "break",	  "ftime",    "getpmsg", "gtty",    "lock",   "mpx",	 "prof",
	"profil",      "putpmsg", "security", "stty",	 "tuxcall", "ulimit", "vserver",
};

/* Allowed with a condition only, so not in the plain list. */
static const char *const conditional[] = {"clone", "clone3", "personality", "socket"};

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

enum { NAMES_MAX = 600, NR_SCAN_MAX = 1100, X32_BIT = 0x40000000 };

static const uint32_t arch_tokens[] = {SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_X32};

static int contains(const char *const *list, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (!strcmp(list[i], name))
			return 1;
	}
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Every name libseccomp has for one of the three architectures, each once. */
static size_t collect_names(char **names)
{
	size_t n = 0;

	for (size_t a = 0; a < COUNT(arch_tokens); a++) {
		const int base = arch_tokens[a] == SCMP_ARCH_X32 ? X32_BIT : 0;

		for (int nr = 0; nr < NR_SCAN_MAX && n < NAMES_MAX; nr++) {
			char *name = seccomp_syscall_resolve_num_arch(arch_tokens[a], base | nr);

			if (!name)
				continue;
			if (contains((const char *const *)names, n, name))
				free(name);
			else
				names[n++] = name;
		}
	}
	qsort(names, n, sizeof(*names), by_name);
	return n;
}

static void print_rest(void)
{
	static const char *const personalities[] = {"0", "8", "131072", "131080", "4294967295"};

	for (size_t i = 0; i < COUNT(personalities); i++)
		printf(",\n  {\"names\": [\"personality\"], \"action\": \"SCMP_ACT_ALLOW\", "
		       "\"args\": [{\"index\": 0, \"value\": %s, \"op\": \"SCMP_CMP_EQ\"}]}",
		       personalities[i]);
	/* 2114060288: every CLONE_NEW* flag of clone(2); 40: AF_VSOCK. */
	fputs(",\n  {\"names\": [\"clone\"], \"action\": \"SCMP_ACT_ALLOW\", \"args\": "
	      "[{\"index\": 0, \"value\": 2114060288, \"valueTwo\": 0, "
	      "\"op\": \"SCMP_CMP_MASKED_EQ\"}]}"
	      ",\n  {\"names\": [\"clone3\"], \"action\": \"SCMP_ACT_ERRNO\", \"errnoRet\": 38}"
	      ",\n  {\"names\": [\"socket\"], \"action\": \"SCMP_ACT_ALLOW\", \"args\": "
	      "[{\"index\": 0, \"value\": 40, \"op\": \"SCMP_CMP_NE\"}]}\n]}\n",
	      stdout);
}

static int is_denied(const char *name)
{
	for (size_t g = 0; g < COUNT(denied); g++) {
		for (const char *const *d = denied[g]; *d; d++) {
			if (!strcmp(*d, name))
				return 1;
		}
	}
	return 0;
}

/* One name a line: the config.json of engines is about as large (20 KB). */
static int print_name(const char *name, int first)
{
	return printf("%s\n                \"%s\"", first ? "" : ",", name);
}

static int print_profile(void)
{
	static char *names[NAMES_MAX];
	size_t n = collect_names(names);
	int printed = 0;

	fputs("{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrnoRet\": 38,\n"
	      " \"architectures\": [\"SCMP_ARCH_X86_64\", \"SCMP_ARCH_X86\", \"SCMP_ARCH_X32\"],\n"
	      " \"syscalls\": [\n  {\"action\": \"SCMP_ACT_ALLOW\", \"names\": [",
	      stdout);
	for (size_t i = 0; i < n; i++) {
		if (!is_denied(names[i]) && !contains(unknown, COUNT(unknown), names[i]) &&
		    !contains(conditional, COUNT(conditional), names[i]))
			print_name(names[i], printed++ == 0);
	}
	fputs("]}", stdout);
	for (size_t g = 0; g < COUNT(denied); g++) {
		fputs(",\n  {\"action\": \"SCMP_ACT_ERRNO\", \"errnoRet\": 1, \"names\": [",
		      stdout);
		for (const char *const *d = denied[g]; *d; d++, printed++)
			print_name(*d, d == denied[g]);
		fputs("]}", stdout);
	}
	print_rest();
	fprintf(stderr, "profile: %zu names in the profile\n",
		(size_t)printed + COUNT(conditional));
	return 0;
}

int main(int argc, char **argv)
{
	(void)argv;
	if (argc != 1) {
		fputs("usage: profile >FILE\n", stderr);
		return 2;
	}
	return print_profile();
}
