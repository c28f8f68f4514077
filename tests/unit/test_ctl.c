/* SPDX-License-Identifier: ISC */
/* monitorctl's command lines, tables and texts made from the table of commands. */
#include "lib/test.h"

#include "base/text.h"
#include "control/cli.h"

#define ARGS(...) (char *const[]){ (char[]){ "monitorctl" }, __VA_ARGS__ }
#define WORD(s) (char[]){ s }

struct parsed {
	struct ctl_args args;
	struct err err;
	int failed;
};

static struct parsed parse(int n, char *const argv[])
{
	struct parsed p = { 0 };

	p.failed = ctl_args_parse(n + 1, argv, &p.args, &p.err);
	return p;
}

static void refuses(int n, char *const argv[], const char *message)
{
	struct parsed p = parse(n, argv);

	CHECK_INT(p.failed, -1);
	CHECK_INT(p.err.kind, ERR_INPUT);
	CHECK_STR(str_c(p.err.message), message);
	ctl_args_release(&p.args);
}

TEST(options_stand_anywhere)
{
	struct parsed p = parse(7, ARGS(WORD("--json"), WORD("add-source"), WORD("--every=5m"), WORD("https://x/"), WORD("--set"),
	                                WORD("a=b"), WORD("--set=c=d")));

	CHECK_OK(p.failed, &p.err);
	CHECK_STR(str_c(p.args.command->name), "add-source");
	CHECK_INT(p.args.list.n, 1);
	CHECK_STR(p.args.list.v[0], "https://x/");
	CHECK(ctl_flag(&p.args, "json"));
	CHECK_STR(ctl_option(&p.args, "every"), "5m");
	CHECK_STR(ctl_option(&p.args, "set"), "c=d");
	CHECK_STR(p.args.given.v[2].value, "a=b");
	CHECK(!str_present(ctl_option(&p.args, "name")));
	ctl_args_release(&p.args);
}

TEST(two_dashes_end_the_options)
{
	struct parsed p = parse(4, ARGS(WORD("search"), WORD("-openai"), WORD("--"), WORD("--json")));

	CHECK_OK(p.failed, &p.err);
	CHECK_INT(p.args.list.n, 2);
	CHECK_STR(p.args.list.v[0], "-openai");
	CHECK_STR(p.args.list.v[1], "--json");
	CHECK(!ctl_flag(&p.args, "json"));
	ctl_args_release(&p.args);
}

TEST(mistyped_words_are_answered_with_what_was_meant)
{
	refuses(1, ARGS(WORD("ad-wacth")), "no command \"ad-wacth\"; did you mean add-watch?");
	refuses(1, ARGS(WORD("reload-config")), "no command \"reload-config\"; monitorctl --help lists them");
	refuses(1, ARGS(WORD("edit")), "no command \"edit\"; did you mean edit-watch, edit-person, edit-source, edit-channel?");
	refuses(2, ARGS(WORD("add-watch"), WORD("--nmae=x")), "add-watch has no option --nmae; did you mean --name?");
	refuses(2, ARGS(WORD("status"), WORD("--jsno")), "status has no option --jsno; did you mean --json?");
	refuses(2, ARGS(WORD("status"), WORD("--backfill")), "status has no option --backfill; see monitorctl help status");
	refuses(0, ARGS(NULL), "which command?  monitorctl --help lists them");
}

TEST(counts_and_values_are_checked)
{
	refuses(1, ARGS(WORD("add-watch")), "add-watch needs more: monitorctl add-watch QUERY...");
	refuses(3, ARGS(WORD("show-watch"), WORD("a"), WORD("b")),
	        "show-watch: \"b\" is too much; usage: monitorctl show-watch NAME");
	refuses(2, ARGS(WORD("status"), WORD("-json")), "status: options begin with two dashes: \"--json\"");
	refuses(2, ARGS(WORD("add-watch"), WORD("--name")), "--name needs a value: --name NAME");
	refuses(2, ARGS(WORD("status"), WORD("--json=1")), "--json takes no value");
	refuses(3, ARGS(WORD("add-source"), WORD("--every=5"), WORD("u")),
	        "--every \"5\": expected a duration such as 5m or 1h30m");
	refuses(3, ARGS(WORD("add-source"), WORD("--every=auto"), WORD("u")),
	        "--every \"auto\": expected a duration such as 5m or 1h30m");
	refuses(2, ARGS(WORD("edit-source"), WORD("--every=often")),
	        "--every \"often\": expected a duration such as 5m or 1h30m, or auto");
	refuses(2, ARGS(WORD("add-source"), WORD("--backfill=some")), "--backfill \"some\": expected a duration such as 24h, or all");
	refuses(2, ARGS(WORD("list-deliveries"), WORD("--state=waitin")),
	        "--state \"waitin\": expected waiting|delivered|dead");
	refuses(2, ARGS(WORD("list-alerts"), WORD("--limit=0")), "--limit \"0\": expected a number of 1 to 1000000");
	refuses(2, ARGS(WORD("list-alerts"), WORD("--since=yesterday")),
	        "--since \"yesterday\": expected a duration such as 7d, or a time such as 2024-05-01T00:00:00Z");
}

TEST(help_wins_over_missing_arguments)
{
	struct parsed p = parse(2, ARGS(WORD("add-watch"), WORD("-h")));

	CHECK_OK(p.failed, &p.err);
	CHECK(ctl_flag(&p.args, "help"));
	ctl_args_release(&p.args);
}

TEST(every_row_has_what_help_and_completion_need)
{
	size_t n, from, to;
	const struct ctl_row *rows = ctl_rows(&n);

	for (size_t i = 0; i < n; i++) {
		const struct ctl_row *r = &rows[i];

		CHECK(r->name != NULL && r->name[0] != '\0');
		if (r->kind == ROW_OPTION) {
			CHECK(r->help != NULL);
			CHECK((r->argument == NULL) == (r->value == CTL_FLAG));
		}
		if (r->kind != ROW_COMMAND)
			continue;
		CHECK(r->run != NULL);
		CHECK(ctl_command_find(str_c(r->name)) == r);
		CHECK((r->argument[0] == '\0') == (r->most == 0));
		ctl_command_rows(r, &from, &to);
		CHECK(from == i + 1 && to >= from);
	}
}

TEST(help_of_every_command_shows_its_arguments_and_options)
{
	size_t n, from, to;
	const struct ctl_row *rows = ctl_rows(&n);
	const struct ctl c = { 0 };

	for (size_t i = 0; i < n; i++) {
		AUTO(strbuf) struct strbuf out = STRBUF_INIT(CTL_OUT_MAX), usage = STRBUF_INIT(4096);

		if (rows[i].kind != ROW_COMMAND)
			continue;
		ctl_help_command(&c, &rows[i], &out);
		strbuf_addf(&usage, "usage: monitorctl %s", rows[i].name);
		CHECK(str_starts(strbuf_str(&out), strbuf_str(&usage)));
		CHECK(str_find(strbuf_str(&out), str_c(rows[i].argument)) != STR_NPOS);
		CHECK(str_find(strbuf_str(&out), STR("\n  --socket PATH")) != STR_NPOS);
		ctl_command_rows(&rows[i], &from, &to);
		for (size_t o = from; o < to; o++)
			CHECK(str_find(strbuf_str(&out), str_c(rows[o].name)) != STR_NPOS);
	}
}

static void check_table(int width, const char *const cells[6], const char *want)
{
	static const char *const heads[] = { "A", "LONG", "Z" };
	AUTO(table) struct table t = { 0 };
	AUTO(strbuf) struct strbuf out = STRBUF_INIT(65536);

	table_init(&t, 3, heads);
	for (size_t i = 0; i < 6; i++)
		table_add(&t, STYLE_PLAIN, str_c(cells[i]));
	table_print(&t, width, false, &out);
	CHECK_STR(strbuf_str(&out), want);
}

TEST(tables_line_up_by_columns_not_bytes)
{
	check_table(0, (const char *const[]){ "日本", "é", "x", "b", "a\nb\tc", NULL },
	            "A     LONG   Z\n"
	            "日本  é      x\n"
	            "b     a b c\n");
	check_table(0, (const char *const[]){ "\x1b[2J", "\xe2\x80\xae", "", "", "", "" },
	            "A        LONG    Z\n"
	            "\\x1b[2J  \\u202e\n"
	            "\n");
}

TEST(tables_cut_the_widest_columns)
{
	check_table(24, (const char *const[]){ "ab", "0123456789012345678901234567890", "yes", "c", "d", "e" },
	            "A   LONG             Z\n"
	            "ab  01234567890123…  yes\n"
	            "c   d                e\n");
	/* two columns share the loss, wide characters are not halved */
	check_table(30, (const char *const[]){ "日本日本日本日本日本日", "01234567890123456789", "z", "", "", "" },
	            "A             LONG           Z\n"
	            "日本日本日…   012345678901…  z\n"
	            "\n");
}

TEST(a_terminal_shows_no_empty_column)
{
	check_table(80, (const char *const[]){ "ab", "", "yes", "c", "", "e" }, "A   Z\nab  yes\nc   e\n");
	check_table(80, (const char *const[]){ "ab", "x", "", "c", "", "" }, "A   LONG\nab  x\nc\n");
	check_table(0, (const char *const[]){ "ab", "", "yes", "c", "", "e" }, "A   LONG  Z\nab        yes\nc         e\n");
}

TEST(help_is_wrapped_in_its_column)
{
	const struct ctl c = { .width = 60 };
	AUTO(strbuf) struct strbuf out = STRBUF_INIT(65536);
	struct str rest, line;

	ctl_help_command(&c, ctl_command_find(STR("add-watch")), &out);
	CHECK(str_find(strbuf_str(&out), STR("usual places)\n")) != STR_NPOS);
	CHECK(str_find(strbuf_str(&out), STR("socket\n                            (else")) != STR_NPOS);
	rest = strbuf_str(&out);
	while (str_split(&rest, '\n', &line))
		CHECK(text_columns(line) <= 60);
}

TEST(times_for_people)
{
	char buf[CTL_WHEN_MAX];
	const int64_t now = INT64_C(1700000000000);

	CHECK_STR(str_c(ctl_when(buf, now, now)), "now");
	CHECK_STR(str_c(ctl_when(buf, now - 59999, now)), "59s ago");
	CHECK_STR(str_c(ctl_when(buf, now - 60000, now)), "1m ago");
	CHECK_STR(str_c(ctl_when(buf, now + 7200000, now)), "in 2h");
	CHECK_STR(str_c(ctl_when(buf, now - INT64_C(6) * 86400000, now)), "6d ago");
	CHECK_STR(str_c(ctl_when(buf, TIME_ABSENT, now)), "-");
	CHECK(str_starts(str_c(ctl_when(buf, INT64_C(1600000000000), now)), STR("2020-09-1")));
}

TEST(completions_name_every_command)
{
	static const char *const shells[] = { "bash", "zsh", "fish" };
	size_t n;
	const struct ctl_row *rows = ctl_rows(&n);

	for (size_t s = 0; s < 3; s++) {
		AUTO(strbuf) struct strbuf out = STRBUF_INIT(CTL_OUT_MAX);

		CHECK_INT(ctl_completion_text(str_c(shells[s]), &out), 0);
		for (size_t i = 0; i < n; i++)
			if (rows[i].kind == ROW_COMMAND && rows[i].help != NULL)
				CHECK(str_find(strbuf_str(&out), str_c(rows[i].name)) != STR_NPOS);
		CHECK(str_find(strbuf_str(&out), STR("manual")) == STR_NPOS);
	}
	AUTO(strbuf) struct strbuf none = STRBUF_INIT(64);
	CHECK_INT(ctl_completion_text(STR("csh"), &none), -1);
}
