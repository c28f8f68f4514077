/* SPDX-License-Identifier: ISC */
/* Tables for terminals: columns as wide as what they hold, cut where the terminal ends. */
#include "base/text.h"
#include "control/cli.h"

#define TABLE_MAX (64u << 20)
#define GAP 2            /* columns between two cells */
#define COLUMN_LEAST 8   /* no column is cut below this */

void table_init(struct table *t, size_t n_columns, const char *const *heads)
{
	*t = (struct table){ .n_columns = n_columns, .heads = heads, .arena = arena_new(TABLE_MAX) };
}

void table_release(struct table *t)
{
	arena_free(t->arena);
	t->arena = NULL;
	vec_free(&t->cells);
}

void table_add(struct table *t, enum ctl_style style, struct str text)
{
	AUTO(strbuf) struct strbuf line = STRBUF_INIT(65536), clean = STRBUF_INIT(262144);

	text_fold_space(&line, text_cut(text, 65536));
	text_terminal(&clean, strbuf_str(&line));
	struct str kept = arena_str(t->arena, strbuf_str(&clean));
	struct table_cell cell = { .text = kept, .columns = text_columns(kept), .style = style };
	vec_push(&t->cells, cell);
}

/* In a terminal a column that holds nothing only takes room; what reads a pipe counts columns.  Width 0 hides it. */
static void hide_empty(const struct table *t, size_t *widths)
{
	for (size_t column = 0; column < t->n_columns; column++) {
		bool empty = t->cells.n > 0;

		for (size_t i = column; i < t->cells.n && empty; i += t->n_columns)
			empty = t->cells.v[i].text.len == 0;
		if (empty)
			widths[column] = 0;
	}
}

/* The widest column gives way until the line fits, one by one so that two long columns share the loss. */
static void fit(size_t n, size_t *widths, size_t most)
{
	for (;;) {
		size_t total = 0, widest = 0;

		for (size_t i = 0; i < n; i++) {
			total += widths[i] + (total > 0 && widths[i] > 0 ? GAP : 0);
			if (widths[i] > widths[widest])
				widest = i;
		}
		if (total <= most || widths[widest] <= COLUMN_LEAST)
			return;
		widths[widest]--;
	}
}

/* As much of s as fits into `columns`, with "…" if it was cut; returns the columns used. */
static size_t cut(struct str s, size_t columns, struct str *ret, bool *ret_cut)
{
	size_t used = 0, pos = 0, end = 0;

	*ret_cut = text_columns(s) > columns;
	if (!*ret_cut) {
		*ret = s;
		return text_columns(s);
	}
	while (pos < s.len) {
		size_t from = pos;

		(void)text_next(s, &pos);
		size_t w = text_columns(str_slice(s, from, pos));
		if (used + w > columns - 1)
			break;
		used += w;
		end = pos;
	}
	*ret = str_slice(s, 0, end);
	return used + 1;
}

static void print_cell(const struct table_cell *cell, size_t width, bool last, bool colour, struct strbuf *out)
{
	struct str shown;
	bool was_cut;
	const struct ctl paint = { .colour = colour };
	size_t used = cut(cell->text, width, &shown, &was_cut);
	AUTO(strbuf) struct strbuf text = STRBUF_INIT(262144);

	strbuf_add(&text, shown);
	if (was_cut)
		strbuf_adds(&text, "…");
	ctl_style(&paint, out, cell->style, strbuf_str(&text));
	for (; !last && used < width + GAP; used++)
		strbuf_addc(out, ' ');
}

/* A row ends with its last cell that holds something: no blanks at line ends. */
static void print_row(const struct table_cell *row, size_t n, const size_t *widths, bool colour, struct strbuf *out)
{
	while (n > 1 && (row[n - 1].text.len == 0 || widths[n - 1] == 0))
		n--;
	for (size_t i = 0; i < n; i++)
		if (widths[i] > 0)
			print_cell(&row[i], widths[i], i + 1 == n, colour, out);
	strbuf_addc(out, '\n');
}

void table_print(const struct table *t, int width, bool colour, struct strbuf *out)
{
	size_t widths[TABLE_COLUMNS_MAX] = { 0 }, n = t->n_columns;
	struct table_cell head[TABLE_COLUMNS_MAX] = { 0 };

	for (size_t i = 0; i < n && t->heads != NULL; i++) {
		head[i] = (struct table_cell){ .text = str_c(t->heads[i]), .style = STYLE_BOLD };
		widths[i] = text_columns(head[i].text);
	}
	for (size_t i = 0; i < t->cells.n; i++)
		if (t->cells.v[i].columns > widths[i % n])
			widths[i % n] = t->cells.v[i].columns;
	if (width > 0) {
		hide_empty(t, widths);
		fit(n, widths, (size_t)width);
	}
	if (t->heads != NULL)
		print_row(head, n, widths, colour, out);
	for (size_t i = 0; i + n <= t->cells.n; i += n)
		print_row(&t->cells.v[i], n, widths, colour, out);
}
