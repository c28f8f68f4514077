/* SPDX-License-Identifier: ISC */
/* The sample file and the manual's table of keys, printed from the rows. */
#include "base/text.h"
#include "object.h"

#define WRAP_COLUMNS 96
#define ROFF_COLUMNS 76 /* mandoc -Tlint wants 80 at most */

/* "# words …", broken at blanks so that no line is wider than WRAP_COLUMNS. */
static void comment(struct strbuf *out, struct str words)
{
	struct str word;
	size_t column = 0;
	while (str_split(&words, ' ', &word)) {
		size_t width = text_columns(word);
		if (column > 0 && column + 1 + width > WRAP_COLUMNS) {
			strbuf_addc(out, '\n');
			column = 0;
		}
		if (column == 0) {
			strbuf_addc(out, '#');
			column = 1;
		}
		strbuf_addf(out, " %.*s", STR_ARG(word));
		column += 1 + width;
	}
	strbuf_addc(out, '\n');
}

/* A row's help as a sentence, however its author wrote it. */
static void sentence(struct strbuf *out, const char *help)
{
	struct str s = str_c(help);
	struct str word = str_slice(s, 0, str_chr(s, ' '));
	/* "tls: …" begins with what is to be written as it stands */
	if (word.len > 0 && word.p[0] >= 'a' && word.p[0] <= 'z' && !str_ends(word, STR(":"))) {
		strbuf_addc(out, (char)(s.p[0] - 'a' + 'A'));
		s = str_from(s, 1);
	}
	strbuf_add(out, s);
	if (!str_ends(s, STR(".")))
		strbuf_addc(out, '.');
}

/* What stands behind "key:" in the sample: the default, else something of the right form. */
static void sample_value(struct strbuf *out, const struct field *row)
{
	struct str schemes = str_c(row->schemes ? row->schemes : "https"), scheme;
	if (row->otherwise != NULL) {
		bool plain = row->otherwise[0] != '\0';
		for (const char *c = row->otherwise; row->type == FIELD_TEXT && *c != '\0'; c++)
			plain = plain && (char_is_alnum(*c) || strchr("/-_.+ ", *c) != NULL);
		strbuf_addf(out, plain ? "%s" : "\"%s\"", row->otherwise);
		return;
	}
	switch (row->type) {
	case FIELD_URL:
		str_split(&schemes, ' ', &scheme);
		if (str_find(str_c(row->schemes ? row->schemes : "https"), STR("https")) !=
		    STR_NPOS)
			scheme = STR("https");
		strbuf_addf(out, "%.*s://example.org/", STR_ARG(scheme));
		break;
	case FIELD_SECRET:
		strbuf_addf(out, "{file: /etc/monitord/%s}", row->name);
		break;
	case FIELD_BOOL:
		strbuf_adds(out, "true");
		break;
	case FIELD_DURATION:
		strbuf_adds(out, row->max == 0 || row->max > 3600000 ? "15m" : "1s");
		break;
	case FIELD_SIZE:
		strbuf_adds(out, "1MiB");
		break;
	case FIELD_INT:
		strbuf_addf(out, "%lld", (long long)row->min);
		break;
	case FIELD_CHOICE:
		strbuf_adds(out, row->choices[0]);
		break;
	case FIELD_TEXTS:
		strbuf_adds(out, "[…]");
		break;
	case FIELD_HEADERS:
		strbuf_adds(out, "{X-Key: {env: KEY}}");
		break;
	case FIELD_NETWORKS:
		strbuf_adds(out, "[127.0.0.0/8]");
		break;
	case FIELD_TEXT:
	default:
		strbuf_adds(out, "…");
	}
}

static void sample_row(struct strbuf *out, const char *item, const struct field *row)
{
	AUTO(strbuf) struct strbuf words = STRBUF_INIT(4096);
	sentence(&words, row->help);
	if (row->type != FIELD_TEXT) {
		strbuf_adds(&words, " Takes ");
		schema_expected(&words, row);
		strbuf_addc(&words, '.');
	}
	strbuf_adds(&words, row->required ? " Required." : "");
	comment(out, strbuf_str(&words));
	strbuf_addf(out, "#%s%s: ", item, row->name);
	sample_value(out, row);
	strbuf_adds(out, "\n\n");
}

static void sample_rows(struct strbuf *out, const struct field *rows, bool list)
{
	for (const struct field *row = rows; row != NULL && row->name != NULL; row++)
		sample_row(out, !list ? "" : row == rows ? "  - " : "    ", row);
}

static void sample_types(struct strbuf *out, const char *what, const struct config_type *types)
{
	for (const struct config_type *t = types; t != NULL && t->name != NULL; t++) {
		if (t->fields == NULL || t->fields->name == NULL)
			continue;
		strbuf_addf(out, "# --- further keys of a %s with \"type: %s\"\n\n", what, t->name);
		for (const struct field *row = t->fields; row->name != NULL; row++)
			sample_row(out, "    ", row);
	}
}

/* "feed, jsonfeed": what `type` may be. */
static void type_names(struct strbuf *out, const char *what, const struct config_type *types)
{
	strbuf_addf(out, "# Types of a %s:", what);
	for (const struct config_type *t = types; t != NULL && t->name != NULL; t++)
		strbuf_addf(out, "%s %s", t == types ? "" : ",", t->name);
	strbuf_adds(out, ".\n\n");
}

static const char sample_head[] =
	"# The configuration of monitord, see monitord.yaml(5).\n"
	"#\n"
	"# Lines with \"#key: value\" show each key; where it has a default, that is the value.\n"
	"# Accounts, sources, channels, people and watches may also stand in conf.d/*.yaml beside this\n"
	"# file, or be added while monitord runs: monitorctl add-source, add-channel, add-person, add-watch.\n"
	"# A secret may be a text, {file: PATH}, {env: NAME} or {credential: NAME} (systemd).\n\n";
static const char sample_accounts[] = "# As whom sources read, for example:\n"
				      "#  - name: x\n"
				      "#    type: x\n"
				      "#    token: {file: /etc/monitord/x-token}\n"
				      "accounts:\n\n";
static const char sample_sources[] = "# Where posts come from, for example:\n"
				     "#  - name: example-news\n"
				     "#    url: https://example.org/feed.xml\n"
				     "sources:\n\n";
static const char sample_channels[] = "# How to tell, for example:\n"
				      "#  - name: desk\n"
				      "#    type: webhook\n"
				      "#    url: https://hooks.example.org/monitord\n"
				      "#    default: true\n"
				      "channels:\n\n";
static const char sample_people[] = "# Whom queries may name, by @@ and the name in small letters with dashes, for example:\n"
				    "#  - name: Elon Musk\n"
				    "#    accounts: [x:elonmusk]\n"
				    "#    aliases: [Musk, Илон Маск]\n"
				    "people:\n\n";
static const char sample_watches[] = "# What to look for, and where to tell, for example:\n"
				     "#  - name: ilya\n"
				     "#    query: Sutskever\n"
				     "#    channels: [desk]\n"
				     "watches:\n\n";

void config_print_sample(const struct config_types *types, struct strbuf *out)
{
	strbuf_adds(out, sample_head);
	sample_rows(out, config_daemon_rows, false);
	strbuf_adds(out, sample_accounts);
	sample_rows(out, config_account_rows, true);
	strbuf_adds(out, sample_sources);
	type_names(out, "source", types->sources);
	sample_rows(out, config_source_rows, true);
	sample_types(out, "source", types->sources);
	strbuf_adds(out, sample_channels);
	type_names(out, "channel", types->channels);
	sample_rows(out, config_channel_rows, true);
	sample_types(out, "channel", types->channels);
	strbuf_adds(out, sample_people);
	sample_rows(out, config_person_rows, true);
	strbuf_adds(out, sample_watches);
	sample_rows(out, config_watch_rows, true);
	while (out->len > 1 && out->p[out->len - 2] == '\n')
		strbuf_truncate(out, out->len - 1);
}

/* A paragraph for roff: short lines, a new one for each sentence.  A dot or quote at the start of a
 * line would be an order. */
static void roff(struct strbuf *out, struct str words)
{
	struct str word;
	size_t column = 0;
	while (str_split(&words, ' ', &word)) {
		size_t width = text_columns(word);
		bool fresh = column == 0 || column + 1 + width > ROFF_COLUMNS;
		if (column > 0)
			strbuf_addc(out, fresh ? '\n' : ' ');
		if (fresh && word.len > 0 && (word.p[0] == '.' || word.p[0] == '\''))
			strbuf_adds(out, "\\&");
		for (size_t i = 0; i < word.len; i++) {
			if (word.p[i] == '\\')
				strbuf_adds(out, "\\e");
			else
				strbuf_addc(out, word.p[i]);
		}
		column = str_ends(word, STR(".")) ? ROFF_COLUMNS : (fresh ? 0 : column + 1) + width;
	}
	strbuf_addc(out, '\n');
}

static void man_rows(struct strbuf *out, const struct field *rows)
{
	strbuf_adds(out, ".Bl -tag -width Ds\n");
	for (const struct field *row = rows; row->name != NULL; row++) {
		AUTO(strbuf) struct strbuf words = STRBUF_INIT(4096);
		sentence(&words, row->help);
		strbuf_adds(&words, " Takes ");
		schema_expected(&words, row);
		strbuf_adds(&words, row->required ? "; required." : ".");
		strbuf_addf(out, ".It Cm %s\n", row->name);
		roff(out, strbuf_str(&words));
		if (row->otherwise != NULL && row->otherwise[0] != '\0') {
			strbuf_adds(out, "The default is\n.Ql ");
			strbuf_addf(out, "%s .\n", row->otherwise);
		}
		if (row->config_only)
			strbuf_adds(out, "It may not be set through the API.\n");
	}
	strbuf_adds(out, ".El\n");
}

static void man_types(struct strbuf *out, const char *what, const struct config_type *types)
{
	for (const struct config_type *t = types; t != NULL && t->name != NULL; t++) {
		if (t->fields == NULL || t->fields->name == NULL)
			continue;
		strbuf_addf(out, ".Ss Further keys of a %s of type %s\n", what, t->name);
		man_rows(out, t->fields);
	}
}

void config_print_man(const struct config_types *types, struct strbuf *out)
{
	strbuf_adds(out, ".Ss Keys of monitord itself\n");
	man_rows(out, config_daemon_rows);
	strbuf_adds(out, ".Ss Keys of an account\n");
	man_rows(out, config_account_rows);
	strbuf_adds(out, ".Ss Keys of a source\n");
	man_rows(out, config_source_rows);
	man_types(out, "source", types->sources);
	strbuf_adds(out, ".Ss Keys of a channel\n");
	man_rows(out, config_channel_rows);
	man_types(out, "channel", types->channels);
	strbuf_adds(out, ".Ss Keys of a person\n");
	man_rows(out, config_person_rows);
	strbuf_adds(out, ".Ss Keys of a watch\n");
	man_rows(out, config_watch_rows);
}
