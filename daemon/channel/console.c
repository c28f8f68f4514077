/* SPDX-License-Identifier: ISC */
/* console: alerts as a few lines on the daemon's standard output. */
#include "channel/types.h"

#include "base/text.h"

#define TITLE_POINTS 200
#define TEXT_POINTS 400

enum color { COLOR_AUTO, COLOR_NEVER, COLOR_ALWAYS };
struct console_settings {
	struct arena *arena;
	int color;
};

/* What surrounds each piece: nothing but asterisks around a hit where there is no colour. */
struct palette {
	const char *head, *hit, *dim, *end, *hit_end;
};
static const struct palette plain = { "", "*", "", "", "*" },
			    coloured = { "\x1b[1;36m", "\x1b[1;33m", "\x1b[2m", "\x1b[0m", "\x1b[0m" };

static void add_line(struct strbuf *out, const struct alert_excerpt *x, const struct palette *p)
{
	if (x->text.len == 0)
		return;
	strbuf_adds(out, "  ");
	render_marked(out, x, text_terminal, p->hit, p->hit_end);
	strbuf_addc(out, '\n');
}

static struct str write_alert(struct arena *arena, const struct alert *a, const struct render *r,
			      const struct palette *p)
{
	AUTO(strbuf) struct strbuf out = STRBUF_INIT(RENDER_LINE_MAX);

	strbuf_adds(&out, p->head);
	text_terminal(&out, a->watch);
	strbuf_adds(&out, p->end);
	strbuf_adds(&out, ": ");
	text_terminal(&out, text_cut_points(strbuf_str(&r->reason), TEXT_POINTS));
	strbuf_addc(&out, '\n');
	add_line(&out, &r->title, p);
	add_line(&out, &r->text, p);
	for (size_t i = 0; i < r->n_contexts; i++) {
		strbuf_adds(&out, "  ");
		render_context(&out, &r->contexts[i], text_terminal, p->hit, p->hit_end);
		strbuf_addc(&out, '\n');
	}
	strbuf_adds(&out, "  ");
	strbuf_adds(&out, p->dim);
	render_byline(&out, r, text_terminal);
	strbuf_adds(&out, p->end);
	strbuf_addc(&out, '\n');
	if (str_present(r->url)) {
		strbuf_adds(&out, "  ");
		text_terminal(&out, r->url);
		strbuf_addc(&out, '\n');
	}
	return arena_str(arena, strbuf_str(&out));
}

static int console_compose(const struct channel *c, const struct alert *a,
			   int64_t now_unix_ms __attribute__((unused)), struct transfer **ret,
			   struct err *e __attribute__((unused)))
{
	const struct console_settings *s = c->settings;
	AUTO(render) struct render r;
	render_init(&r, a, TITLE_POINTS, TEXT_POINTS);
	OWNED(transfer) struct transfer *t = transfer_new(TRANSFER_CONSOLE);
	t->body = write_alert(t->arena, a, &r, s->color == COLOR_ALWAYS ? &coloured : &plain);
	t->has_body = true;
	if (s->color == COLOR_AUTO) /* only io knows where it is printed */
		t->coloured = write_alert(t->arena, a, &r, &coloured);
	*ret = take(t);
	return 0;
}

static enum verdict console_judge(const struct channel *c __attribute__((unused)),
				  const struct reply *r)
{
	return r->outcome == REPLY_OK ? VERDICT_DELIVERED : VERDICT_LATER;
}

static const char *const colors[] = { "auto", "never", "always", NULL };
static const struct field fields[] = {
	{ .name = "color",
	  .type = FIELD_CHOICE,
	  .offset = offsetof(struct console_settings, color),
	  .choices = colors,
	  .otherwise = "auto",
	  .help = "whether terminal colours mark what matched; auto: where standard output is a "
		  "terminal; without them it stands between asterisks" },
	FIELD_END,
};

const struct channel_type channel_console = {
	.name = "console",
	.help = "prints alerts to the daemon's standard output",
	.fields = fields,
	.settings_size = sizeof(struct console_settings),
	.compose = console_compose,
	.judge = console_judge,
};
