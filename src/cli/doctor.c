/* `bawn doctor`: what this host can do, one line for each thing, with the remedy below it. */
#include "cli.h"

#include "checkpoint/checkpoint.h"

static int print_table(struct err *e, struct cli *c, const struct doctor_report *report)
{
	const char **cells = arena_array(&c->arena, report->n * 3, sizeof(*cells));
	_buf_ struct buf table = {0}, b = {0};
	const char *line;

	if (!cells)
		return err_nomem(e);
	for (size_t i = 0; i < report->n; i++) {
		cells[3 * i] = doctor_status_name(report->checks[i].status);
		cells[3 * i + 1] = report->checks[i].name;
		cells[3 * i + 2] = report->checks[i].message;
	}
	table_format(&table, cells, report->n, 3);
	line = table.failed ? NULL : table.data;
	for (size_t i = 0; i < report->n && line; i++) {
		size_t len = strcspn(line, "\n") + 1;

		buf_add(&b, line, len);
		if (report->checks[i].remedy)
			buf_printf(&b, "      -> %s\n", report->checks[i].remedy);
		line += len;
	}
	return line ? cli_print(e, &b) : err_nomem(e);
}

static int print_json(struct err *e, const struct doctor_report *report)
{
	struct json_writer w;

	json_write_begin(&w, true);
	json_write_object(&w, NULL);
	json_write_str(&w, "status", doctor_status_name(report->worst));
	json_write_array(&w, "checks");
	for (size_t i = 0; i < report->n; i++) {
		const struct doctor_check *check = &report->checks[i];

		json_write_object(&w, NULL);
		json_write_str(&w, "name", check->name);
		json_write_str(&w, "status", doctor_status_name(check->status));
		json_write_str(&w, "message", check->message);
		if (check->remedy)
			json_write_str(&w, "remedy", check->remedy);
		json_write_close(&w);
	}
	json_write_close(&w);
	json_write_close(&w);
	return cli_print_json(e, &w);
}

static int run_doctor(struct err *e, struct cli *c)
{
	struct doctor_report report;
	int r = doctor_host(e, &c->rt, c->args.criu, &c->arena, &report);

	if (r < 0)
		return r;
	c->status = report.worst == DOCTOR_FAIL ? CLI_FAILED : CLI_OK;
	return c->args.format == FORMAT_JSON ? print_json(e, &report) : print_table(e, c, &report);
}

/* clang-format off */
static const struct opt doctor_options[] = {
	{"criu", 0, OPT_STR, "PROGRAM", "the CRIU to look at (default: criu in PATH)",
	 offsetof(struct args, criu), NULL},
	{"format", 'f', OPT_CHOICE, "FORMAT", "table or json (default: table)",
	 offsetof(struct args, format), output_formats},
	{0},
};
/* clang-format on */

const struct verb verb_doctor = {
	.name = "doctor",
	.summary = "say what this host can do, and what is missing",
	.words = "",
	.text = "Looks at the kernel, control groups, namespaces, bawn's helper programs and what "
		"checkpoint and restore need, and prints a line for each: ok; warn, bawn works but "
		"not all that it can do; fail, it cannot work. Below a line that is not ok is what "
		"to do about it.\n"
		"The status is 1 when a line says fail. Nothing is changed on the host.",
	.examples =
		"bawn doctor\n"
		"bawn doctor --criu /opt/criu/sbin/criu\n"
		"bawn doctor --format json | jq -r '.checks[] | select(.status != \"ok\").name'",
	.options = doctor_options,
	.flags = VERB_ROOT,
	.run = run_doctor,
};
