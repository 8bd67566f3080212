/*
 * bawn ps: process IDs as JSON, or the host's ps(1) with the lines of other
 * processes left out. ps runs by path, with an explicit argument vector and a
 * fixed environment; there is no shell.
 */
#include "cli.h"

#include <stdlib.h>
#include <sys/wait.h>

#define PS_MAX_OUTPUT (64u << 20)

static int print_json(struct err *e, const struct pid_list *pids)
{
	struct json_writer w = {0};

	if (json_write_begin(&w, false) < 0)
		return err_nomem(e);
	json_write_array(&w, NULL);
	for (size_t i = 0; i < pids->n; i++)
		json_write_int(&w, NULL, pids->v[i]);
	json_write_close(&w);
	return cli_print_json(e, &w);
}

_Noreturn static void exec_ps(char **argv, int out)
{
	static char env_path[] = "PATH=/usr/bin:/bin", env_lang[] = "LC_ALL=C.UTF-8";
	char *envp[] = {env_path, env_lang, NULL};

	if (dup2(out, STDOUT_FILENO) >= 0 && !sys_close_range(3, ~0u, 0)) {
		execve("/usr/bin/ps", argv, envp);
		execve("/bin/ps", argv, envp);
	}
	_exit(127);
}

static int wait_ps(struct err *e, pid_t pid)
{
	int status;
	pid_t got;

	do
		got = waitpid(pid, &status, 0);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return err_sys(e, "wait for ps(1)");
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return err_set(e, ERR_UNSUPPORTED,
			       "run ps(1): not found in /usr/bin and /bin; "
			       "install it or use --format json");
	return err_set(e, ERR_UNSUPPORTED, "run ps(1): it failed with status %d",
		       WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

static int run_ps_program(struct err *e, char **argv, struct buf *out)
{
	_close_ int reader = FD_NONE, writer = FD_NONE;
	int fds[2], r, waited;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_sys(e, "make a pipe");
	reader = fds[0];
	writer = fds[1];
	pid = fork();
	if (pid < 0)
		return err_sys(e, "fork");
	if (!pid)
		exec_ps(argv, writer);
	fd_close(&writer);
	r = fd_read_all(reader, PS_MAX_OUTPUT, out);
	fd_close(&reader);
	waited = wait_ps(e, pid);
	if (r < 0)
		return err_num(e, r, "read the output of ps(1)");
	return waited;
}

/* The n-th word of a line, or NULL; *ret_len is its length. */
static const char *word_at(const char *line, size_t line_len, size_t n, size_t *ret_len)
{
	const char *end = line + line_len;

	for (;; n--) {
		const char *start;

		while (line < end && (*line == ' ' || *line == '\t'))
			line++;
		start = line;
		while (line < end && *line != ' ' && *line != '\t')
			line++;
		if (start == line)
			return NULL;
		*ret_len = (size_t)(line - start);
		if (!n)
			return start;
	}
}

/* Where ps's header has PID. Numbers end where their title does, unless a wide value before them
 * has moved them; columns such as ARGS hold blanks, so that counting words works only without such
 * a column on that side. */
struct pid_column {
	size_t word;		/* from 0 */
	bool last;
	size_t end;		/* characters up to its end */
};

static size_t characters(const char *s, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += ((unsigned char)s[i] & 0xc0) != 0x80;
	return n;
}

static int pid_column(struct err *e, const char *header, size_t len, struct pid_column *ret)
{
	const char *word;
	size_t n;

	for (size_t i = 0; (word = word_at(header, len, i, &n)); i++) {
		if (n != 3 || memcmp(word, "PID", 3))
			continue;
		ret->word = i;
		ret->last = !word_at(header, len, i + 1, &n);
		ret->end = characters(header, (size_t)(word + 3 - header));
		return 0;
	}
	return err_set(e, ERR_USAGE,
		       "the output of ps(1) has no PID column; choose other options "
		       "for it");
}

static int compare_pids(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

/* The number that the word is; 0 for none. */
static pid_t to_pid(const char *word, size_t len)
{
	uint64_t v;

	return word && slice_to_u64((struct slice){word, len}, &v) == 0 && v <= INT32_MAX ? (pid_t)v
											  : 0;
}

static pid_t pid_of_line(const char *line, size_t len, const struct pid_column *column)
{
	const char *word, *last = NULL;
	size_t n, last_n = 0;
	pid_t pid;

	for (size_t i = 0; (word = word_at(line, len, i, &n)); i++) {
		last = word;
		last_n = n;
		if (characters(line, (size_t)(word + n - line)) == column->end &&
		    (pid = to_pid(word, n)))
			return pid;
	}
	if (column->last)
		return to_pid(last, last_n);
	word = word_at(line, len, column->word, &n);
	return to_pid(word, n);
}

static bool line_is_ours(const struct pid_list *pids, const char *line, size_t len,
			 const struct pid_column *column)
{
	pid_t pid = pid_of_line(line, len, column);

	return pids->n && bsearch(&pid, pids->v, pids->n, sizeof(pid), compare_pids);
}

static int filter(struct err *e, const struct pid_list *pids, const char *text, struct buf *out)
{
	size_t len = strcspn(text, "\n");
	struct pid_column column = {.word = 0};
	int r = pid_column(e, text, len, &column);

	if (r < 0)
		return r;
	if (pids->n)
		qsort(pids->v, pids->n, sizeof(*pids->v), compare_pids);
	buf_add(out, text, len);
	buf_str(out, "\n");
	for (text += len; *text; text += len) {
		text += *text == '\n';
		len = strcspn(text, "\n");
		if (!line_is_ours(pids, text, len, &column))
			continue;
		buf_add(out, text, len);
		buf_str(out, "\n");
	}
	return 0;
}

static int print_table(struct err *e, struct cli *c, const struct pid_list *pids)
{
	static char ps_name[] = "ps", ps_default[] = "-ef";
	char **argv = arena_array(&c->arena, c->n_words + 3, sizeof(*argv));
	_buf_ struct buf text = {0}, lines = {0};
	int r;

	if (!argv)
		return err_nomem(e);
	argv[0] = ps_name;
	argv[1] = ps_default;
	if (c->n_words)
		memcpy(argv + 1, c->words, c->n_words * sizeof(*argv));
	r = run_ps_program(e, argv, &text);
	if (r < 0)
		return r;
	r = filter(e, pids, text.data ? text.data : "", &lines);
	return r < 0 ? r : cli_print(e, &lines);
}

static int run_ps(struct err *e, struct cli *c)
{
	struct pid_list pids = {0};
	int r;

	r = container_pids(e, &c->rt, c->id, &c->arena, &pids);
	if (r < 0)
		return r;
	if (c->args.format == FORMAT_JSON)
		return print_json(e, &pids);
	return print_table(e, c, &pids);
}

/* clang-format off */
static const struct opt ps_options[] = {
	{"format", 'f', OPT_CHOICE, "FORMAT", "table or json (default: table)",
	 offsetof(struct args, format), output_formats},
	{0},
};
/* clang-format on */

const struct verb verb_ps = {
	.name = "ps",
	.summary = "show the processes of a container",
	.words = "ID [PS-OPTION...]",
	.text = "Shows the processes of the container ID: with the host's ps(1), which gets the "
		"PS-OPTIONs (-ef when there are none) and must print a PID column, or as a JSON "
		"array of process IDs. The IDs are those that the host sees.",
	.examples = "bawn ps web\n"
		    "bawn ps web -o pid,user,comm\n"
		    "bawn ps --format json web",
	.options = ps_options,
	.flags = VERB_ID | VERB_COMMAND | VERB_ROOT,
	.max_words = SIZE_MAX,
	.run = run_ps,
};
