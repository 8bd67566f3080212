/*
 * The unit test harness: one executable per test file, this header gives main().
 *
 *	TEST(name) { EQ(f(1), 2); STREQ(g(), "x"); OK(h()); TRUE(p); }
 *	TEST_LIMIT(name, 60) { ... }	with a time limit of its own, in seconds
 *
 * Each test runs in a process (and process group) of its own: a crash, a leaked
 * fd, a changed directory or a hanging child is that test's alone. The first check
 * that fails ends the test. Output is TAP; details are "# " lines.
 *
 *	x_test [--list] [--no-fork] [--filter SUBSTR]
 *
 * T_SCALE=n multiplies the time limits (valgrind, slow machines).
 */
#ifndef BAWN_TEST_T_H
#define BAWN_TEST_T_H

#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define T_LIMIT 10	/* seconds */
#define T_SKIPPED 77	/* exit status */

struct t_test {
	const char *name;
	void (*run)(void);
	int line, limit;
	struct t_test *next;
};

static struct t_test *t_tests;	/* by line */
/* Shared with the test's process. */
static struct t_shared {
	char skip[200];
	char tmpdir[64];
} *t_shared;
static bool t_forked = true;

#define TEST(name) TEST_LIMIT(name, T_LIMIT)
#define TEST_LIMIT(name, seconds)                                                          \
	static void test_##name(void);                                                     \
	static struct t_test t_test_##name = { #name, test_##name, __LINE__, seconds, 0 }; \
	__attribute__((constructor)) static void t_register_##name(void)                   \
	{                                                                                  \
		t_register(&t_test_##name);                                                \
	}                                                                                  \
	static void test_##name(void)

/* Integers, booleans, enums, pointers. */
#define EQ(a, b) t_eq(__FILE__, __LINE__, #a, #b, (intmax_t)(a), (intmax_t)(b))
/* Strings; NULL equals NULL only. */
#define STREQ(a, b) t_streq(__FILE__, __LINE__, #a, (a), (b))
/* A result that is 0 or positive on success and -errno (or -1 with errno) on failure. */
#define OK(expr) t_ok(__FILE__, __LINE__, #expr, (intmax_t)(expr))
/* The same for functions that explain themselves in a struct err. */
#define OK_ERR(e, expr)                                                          \
	do {                                                                     \
		intmax_t t_r_ = (intmax_t)(expr);                                \
		if (t_r_ < 0)                                                    \
			T_FAIL("%s = %jd: %s", #expr, t_r_, (e)->msg); \
	} while (0)
#define TRUE(c)                               \
	do {                                  \
		if (!(c))                     \
			T_FAIL("not true: %s", #c); \
	} while (0)
#define T_FAIL(...) t_fail(__FILE__, __LINE__, __VA_ARGS__)
/* Ends the test: cannot run here. */
#define SKIP(...) t_skip(__VA_ARGS__)

__attribute__((unused)) static void t_register(struct t_test *t)
{
	struct t_test **p = &t_tests;

	while (*p && (*p)->line < t->line)
		p = &(*p)->next;
	t->next = *p;
	*p = t;
}

__attribute__((unused, noreturn, format(printf, 3, 4))) static void
t_fail(const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	printf("# %s:%d: ", file, line);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
	_exit(1);	/* also right in a child that the test made: it must see a status of 1 */
}

__attribute__((unused, noreturn, format(printf, 1, 2))) static void t_skip(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(t_shared->skip, sizeof(t_shared->skip), fmt, ap);
	va_end(ap);
	fflush(stdout);
	_exit(T_SKIPPED);
}

__attribute__((unused)) static void t_eq(const char *file, int line, const char *a, const char *b,
					 intmax_t va, intmax_t vb)
{
	if (va != vb)
		t_fail(file, line, "%s = %jd (%#jx), want %s = %jd (%#jx)", a, va, va, b, vb, vb);
}

__attribute__((unused)) static void t_streq(const char *file, int line, const char *a,
					    const char *va, const char *vb)
{
	if (va != vb && (!va || !vb || strcmp(va, vb) != 0))
		t_fail(file, line, "%s = %s%s%s, want %s%s%s", a, va ? "\"" : "", va ? va : "NULL",
		       va ? "\"" : "", vb ? "\"" : "", vb ? vb : "NULL", vb ? "\"" : "");
}

__attribute__((unused)) static void t_ok(const char *file, int line, const char *expr, intmax_t r)
{
	if (r == -1)
		t_fail(file, line, "%s = -1 (errno: %s)", expr, strerror(errno));
	if (r < 0)
		t_fail(file, line, "%s = %jd (%s)", expr, r, r > -4096 ? strerror((int)-r) : "?");
}

/* An empty directory of this test, made on first use, removed after the test. */
__attribute__((unused)) static const char *t_tmpdir(void)
{
	const char *base = getenv("TMPDIR");

	if (t_shared->tmpdir[0])
		return t_shared->tmpdir;
	snprintf(t_shared->tmpdir, sizeof(t_shared->tmpdir), "%.40s/bawn-t.XXXXXX",
		 base ? base : "/tmp");
	if (!mkdtemp(t_shared->tmpdir))
		T_FAIL("mkdtemp %s: %s", t_shared->tmpdir, strerror(errno));
	return t_shared->tmpdir;
}

static int t_remove(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	remove(path);
	return 0;
}

/* Waits for the test's process: its wait status, or -1 when it ran out of time. The group is
 * killed before the leader is reaped: its number cannot belong to anybody else by then. */
static int t_wait(pid_t pid, int seconds, const sigset_t *chld)
{
	struct timespec now, end;
	bool late = false;
	siginfo_t si;
	int status;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += seconds;
	for (;;) {
		struct timespec left = { .tv_sec = 0 };

		si.si_pid = 0;
		waitid(P_PID, (id_t)pid, &si, WEXITED | WNOHANG | WNOWAIT);
		clock_gettime(CLOCK_MONOTONIC, &now);
		late = now.tv_sec > end.tv_sec ||
		       (now.tv_sec == end.tv_sec && now.tv_nsec >= end.tv_nsec);
		if (si.si_pid || late)
			break;
		left.tv_sec = end.tv_sec - now.tv_sec - (now.tv_nsec > end.tv_nsec);
		left.tv_nsec =
			end.tv_nsec - now.tv_nsec + (now.tv_nsec > end.tv_nsec) * 1000000000L;
		sigtimedwait(chld, NULL, &left);
	}
	kill(-pid, SIGKILL);
	waitpid(pid, &status, 0);
	return si.si_pid ? status : -1;
}

static int t_spawn(const struct t_test *t, int scale)
{
	sigset_t chld, old;
	int status;
	pid_t pid;

	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, &old);
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		setpgid(0, 0);
		sigprocmask(SIG_SETMASK, &old, NULL);
		t->run();
		exit(0);	/* not _exit: the leak checker runs here */
	}
	if (pid < 0)
		return 1 << 8;
	setpgid(pid, pid);
	status = t_wait(pid, t->limit * scale, &chld);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return status;
}

/* True when the test passed or was skipped. */
static bool t_run(const struct t_test *t, int nr, int scale)
{
	bool skipped, good;
	int status = 0;

	memset(t_shared, 0, sizeof(*t_shared));
	if (t_forked)
		status = t_spawn(t, scale);
	else
		t->run();
	if (t_shared->tmpdir[0])
		nftw(t_shared->tmpdir, t_remove, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
	skipped = status != -1 && WIFEXITED(status) && WEXITSTATUS(status) == T_SKIPPED;
	good = status == 0 || skipped;
	if (status == -1)
		printf("# no end after %d s\n", t->limit * scale);
	else if (WIFSIGNALED(status))
		printf("# killed by signal %d (%s)\n", WTERMSIG(status),
		       strsignal(WTERMSIG(status)));
	else if (!good && WEXITSTATUS(status) != 1)
		printf("# exit status %d\n", WEXITSTATUS(status));
	printf("%sok %d - %s%s%s\n", good ? "" : "not ", nr, t->name, skipped ? " # SKIP " : "",
	       skipped ? t_shared->skip : "");
	fflush(stdout);
	return good;
}

int main(int argc, char **argv)
{
	const char *filter = "", *scale = getenv("T_SCALE");
	int n = 0, failed = 0;
	bool list = false;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--filter") == 0 && i + 1 < argc)
			filter = argv[++i];
		else if (strcmp(argv[i], "--list") == 0)
			list = true;
		else if (strcmp(argv[i], "--no-fork") == 0)
			t_forked = false;
		else
			return fprintf(stderr, "usage: %s [--list] [--no-fork] [--filter SUBSTR]\n",
				       argv[0]),
			       2;
	}
	t_shared = mmap(NULL, sizeof(*t_shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			-1, 0);
	if (t_shared == MAP_FAILED)
		return perror("mmap"), 1;
	for (const struct t_test *t = t_tests; t; t = t->next)
		n += strstr(t->name, filter) != NULL;
	if (!list)
		printf("1..%d\n", n);
	n = 0;
	for (const struct t_test *t = t_tests; t; t = t->next) {
		if (!strstr(t->name, filter))
			continue;
		if (list)
			puts(t->name);
		else
			failed += !t_run(t, ++n, scale ? atoi(scale) : 1);
	}
	return failed != 0;
}

#endif
