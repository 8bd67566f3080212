/*
 * Fuzz target: the process of exec. Input: "P" and the document of --process, or lines
 * of options: U user, G group, E env, C capability, D directory, A argument.
 */
#include "runtime/exec.h"

#include "fuzz.h"

static void add(struct strv *list, char *value, char **space)
{
	list->v = space;
	if (list->n < 64)
		list->v[list->n++] = value;
	list->v[list->n] = NULL;
}

static void take_line(struct exec_options *o, char *line, char *spaces[4][65])
{
	static const char letters[] = "GECA";
	struct strv *lists[] = {&o->additional_gids, &o->env, &o->caps, &o->args};
	const char *l = strchr(letters, *line);

	if (*line == 'U')
		o->user = line + 1;
	else if (*line == 'D')
		o->cwd = line + 1;
	else if (l)
		add(lists[l - letters], line + 1, spaces[l - letters]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char config[] =
		"{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"r\"},"
		"\"process\":{\"cwd\":\"/\",\"args\":[\"a\"],\"env\":[\"A=1\"]}}";
	struct exec_options o = {0};
	struct spec_process *p = NULL;
	struct spec spec = {0};
	char *spaces[4][65], *text = strndup((const char *)data, size), *save, file[64];
	struct err e = {0};
	int r;

	log_setup(&(struct log_options){.fd = STDERR_FILENO, .json = true});
	need(text && spec_parse(&e, "config.json", config, sizeof(config) - 1, &spec) == 0);
	if (size && data[0] == 'P') {
		scratch_write("process", data + 1, size - 1);
		(void)str_format(file, sizeof(file), "%s/process", scratch_path);
		o.process_file = file;
	} else {
		for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save))
			take_line(&o, l, spaces);
	}
	r = exec_process(&e, &o, &spec, &p);
	check_error(&e, r);
	need(r < 0 || (p && p->args.n && p->args.v[0] && !p->args.v[p->args.n]));
	need(r < 0 || p->cwd[0] == '/');
	spec_done(&spec);
	free(text);
	return 0;
}
