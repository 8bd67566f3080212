/* What verbs print: whole documents in one write, so that a reader never sees half of one. */
#include "cli.h"

const char *const output_formats[] = {
	[FORMAT_TABLE] = "table",
	[FORMAT_JSON] = "json",
	NULL,
};

int cli_print(struct err *e, const struct buf *b)
{
	int r;

	if (b->failed)
		return err_nomem(e);
	r = b->len ? fd_write_all(STDOUT_FILENO, b->data, b->len) : 0;
	return r < 0 ? err_num(e, r, "write to standard output") : 0;
}

int cli_print_json(struct err *e, struct json_writer *w)
{
	_buf_ struct buf b = {0};

	if (json_write_end(w, &b) < 0)
		return err_nomem(e);
	if (b.len && b.data[b.len - 1] != '\n')
		buf_str(&b, "\n");
	return cli_print(e, &b);
}

static bool is_control(unsigned char ch)
{
	return ch < 0x20 || ch == 0x7f;
}

/* Characters, not bytes: UTF-8 continuation bytes take no room. */
static size_t text_width(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static const char *cell_text(const char *cell)
{
	return cell && *cell ? cell : "-";
}

static size_t column_width(const char *const *cells, size_t n_rows, size_t n_columns)
{
	size_t width = 0;

	for (size_t i = 0; i < n_rows; i++) {
		size_t w = text_width(cell_text(cells[i * n_columns]));

		if (w > width)
			width = w;
	}
	return width;
}

void table_format(struct buf *out, const char *const *cells, size_t n_rows, size_t n_columns)
{
	size_t widths[TABLE_MAX_COLUMNS];

	for (size_t j = 0; j < n_columns; j++)
		widths[j] = column_width(cells + j, n_rows, n_columns);
	for (size_t i = 0; i < n_rows; i++) {
		for (size_t j = 0; j < n_columns; j++) {
			const char *text = cell_text(cells[i * n_columns + j]);
			size_t pad = widths[j] - text_width(text) + 2;

			/* A bundle's name must not send escape sequences to the terminal. */
			for (const char *p = text; *p; p++)
				buf_add(out, is_control((unsigned char)*p) ? "?" : p, 1);
			if (j + 1 < n_columns)
				buf_printf(out, "%*s", (int)pad, "");
		}
		buf_str(out, "\n");
	}
}
