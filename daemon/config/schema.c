/* SPDX-License-Identifier: ISC */
/* Binds maps to plain memory by rows: one function a type, one message form for all. */
#include "schema.h"

#include "base/num.h"
#include "base/text.h"
#include "base/url.h"
#include "secret.h"

#define SHOWN_BYTES 60

static void *at_row(const struct field *row, void *base)
{
	return (char *)base + row->offset;
}

const char *schema_describe(char buf[static 128], const struct node *n)
{
	static const char *const names[] = { "nothing", "", "a list", "a map" };
	if (n->kind != NODE_SCALAR) {
		snprintf(buf, 128, "%s", names[n->kind]);
		return buf;
	}
	AUTO(strbuf) struct strbuf line = STRBUF_INIT(512);
	struct str cut = text_cut(n->text, SHOWN_BYTES);
	for (size_t i = 0; i < cut.len; i++) {
		unsigned char c = (unsigned char)cut.p[i];
		strbuf_addc(&line, c < 0x20 || c == 0x7f ? ' ' : (char)c);
	}
	snprintf(buf, 128, "\"%s%s\"", strbuf_cstr(&line), cut.len < n->text.len ? "…" : "");
	return buf;
}

static int64_t row_max(const struct field *row)
{
	return row->min == 0 && row->max == 0 ? INT64_MAX : row->max;
}

static void format_number(char buf[static 48], enum field_type type, int64_t n)
{
	if (type == FIELD_DURATION)
		num_format_duration(buf, 48, n);
	else if (type == FIELD_SIZE)
		num_format_size(buf, 48, n);
	else
		snprintf(buf, 48, "%lld", (long long)n);
}

static void expected_number(struct strbuf *out, const struct field *row)
{
	char low[48], high[48];
	format_number(low, row->type, row->min);
	format_number(high, row->type, row_max(row));
	strbuf_adds(out, row->type == FIELD_DURATION ? "a duration such as 90s, 15m or 1h30m"
			 : row->type == FIELD_SIZE   ? "a size such as 64KiB or 4MiB"
						     : "a whole number");
	if (row_max(row) != INT64_MAX)
		strbuf_addf(out, ", %s to %s", low, high);
	else if (row->min > 0)
		strbuf_addf(out, ", %s or more", low);
	for (size_t i = 0; row->choices != NULL && row->choices[i] != NULL; i++)
		strbuf_addf(out, ", or %s", row->choices[i]);
}

static void expected_url(struct strbuf *out, const struct field *row)
{
	struct str rest = str_c(row->schemes ? row->schemes : "http https"), scheme;
	strbuf_adds(out, "a URL with ");
	for (bool first = true; str_split(&rest, ' ', &scheme); first = false)
		strbuf_addf(out, "%s%.*s:",
			    first           ? ""
			    : rest.len == 0 ? " or "
					    : ", ",
			    STR_ARG(scheme));
}

void schema_expected(struct strbuf *out, const struct field *row)
{
	switch (row->type) {
	case FIELD_TEXT:
		strbuf_adds(out, "a text");
		break;
	case FIELD_BOOL:
		strbuf_adds(out, "true or false");
		break;
	case FIELD_INT:
	case FIELD_DURATION:
	case FIELD_SIZE:
		expected_number(out, row);
		break;
	case FIELD_CHOICE:
		strbuf_adds(out, "one of");
		for (size_t i = 0; row->choices[i] != NULL; i++)
			strbuf_addf(out, "%s %s", i ? "," : "", row->choices[i]);
		break;
	case FIELD_URL:
		expected_url(out, row);
		break;
	case FIELD_SECRET:
		strbuf_adds(out, "a text, {file: PATH}, {env: NAME} or {credential: NAME}");
		break;
	case FIELD_TEXTS:
		strbuf_adds(out, row->choices != NULL ? "a list of" : "a list of texts");
		for (size_t i = 0; row->choices != NULL && row->choices[i] != NULL; i++)
			strbuf_addf(out, "%s %s", i ? "," : "", row->choices[i]);
		break;
	case FIELD_HEADERS:
		strbuf_adds(out, "a map of names to texts");
		break;
	case FIELD_NETWORKS:
		strbuf_adds(out, "true, false or a list of networks such as 127.0.0.0/8");
		break;
	}
}

/* "every: got "5x", expected a duration …"; the value of a secret is never shown. */
static void wrong(struct binder *b, const struct field *row, const struct node *n)
{
	AUTO(strbuf) struct strbuf want = STRBUF_INIT(1024);
	char got[128];
	bool hide = (row->type == FIELD_SECRET || row->type == FIELD_HEADERS ||
		     row->type == FIELD_URL) &&
		    n->kind == NODE_SCALAR;
	schema_expected(&want, row);
	report_at(b->errors, n->place, "%s: got %s, expected %s", row->name,
		  hide ? "another text" : schema_describe(got, n), strbuf_cstr(&want));
}

static bool is_text(const struct node *n)
{
	return n->kind == NODE_SCALAR && n->as_text;
}

static bool parse_bool(struct str s, bool *ret)
{
	static const char *const words[] = { "false", "true", "no", "yes", "off", "on" };
	for (size_t i = 0; i < 6; i++) {
		if (str_eq_nocase(s, str_c(words[i]))) {
			*ret = i % 2 == 1;
			return true;
		}
	}
	return false;
}

static bool parse_number(const struct field *row, const struct node *n, int64_t *ret)
{
	int64_t value;
	if (n->kind != NODE_SCALAR)
		return false;
	for (size_t i = 0; row->choices != NULL && row->choices[i] != NULL; i++) {
		if (str_eq(n->text, str_c(row->choices[i]))) {
			*ret = INT64_MAX;
			return true;
		}
	}
	bool ok = row->type == FIELD_DURATION ? num_duration_ms(n->text, &value)
		  : row->type == FIELD_SIZE   ? num_size(n->text, &value)
					      : n->as_bare && num_i64(n->text, &value);
	if (!ok || value < row->min || value > row_max(row))
		return false;
	*ret = value;
	return true;
}

static void bind_choice(struct binder *b, const struct field *row, const struct node *n, void *base)
{
	size_t count = 0;
	while (row->choices[count] != NULL)
		count++;
	for (size_t i = 0; n->kind == NODE_SCALAR && i < count; i++) {
		if (str_eq(n->text, str_c(row->choices[i]))) {
			*(int *)at_row(row, base) = (int)i;
			return;
		}
	}
	int near = n->kind == NODE_SCALAR ? str_nearest(n->text, row->choices, count) : -1;
	if (near < 0) {
		wrong(b, row, n);
		return;
	}
	char got[128];
	report_at(b->errors, n->place, "%s: got %s, did you mean %s?", row->name,
		  schema_describe(got, n), row->choices[near]);
}

/* "file:x.xml" is meant from the YAML's own folder; the result is file:///absolute, escaped. */
static struct str file_url(struct binder *b, struct str path)
{
	AUTO(strbuf) struct strbuf out = STRBUF_INIT(URL_MAX);
	if (str_starts(path, STR("//localhost/")))
		path = str_from(path, 11);
	if (str_starts(path, STR("//")))
		return arena_fmt(b->arena, "file:%.*s", STR_ARG(path));
	strbuf_adds(&out, "file://");
	AUTO(strbuf) struct strbuf full = STRBUF_INIT(URL_MAX);
	if (!str_starts(path, STR("/")))
		strbuf_addf(&full, "%s/", b->folder);
	strbuf_add(&full, path);
	for (size_t i = 0; i < full.len; i++) {
		char c = full.p[i];
		if (char_is_alnum(c) || strchr("/-._~!$&'()*+,;=:@%", c) != NULL)
			strbuf_addc(&out, c);
		else
			strbuf_addf(&out, "%%%02X", (unsigned char)c);
	}
	return arena_str(b->arena, strbuf_str(&out));
}

static bool scheme_allowed(const struct field *row, struct str scheme, bool from_api)
{
	struct str rest = str_c(row->schemes ? row->schemes : "http https"), one;
	while (str_split(&rest, ' ', &one))
		if (str_eq_nocase(scheme, one))
			return !(from_api && str_eq(one, STR("file")));
	return false;
}

static void bind_url(struct binder *b, const struct field *row, const struct node *n, void *base)
{
	if (!is_text(n)) {
		wrong(b, row, n);
		return;
	}
	struct str url = str_trim(n->text), scheme = str_slice(url, 0, str_chr(url, ':'));
	if (scheme.len == url.len || str_chr(scheme, '/') != STR_NPOS ||
	    str_chr(scheme, '.') != STR_NPOS) {
		report_at(b->errors, n->place,
			  "%s: got no scheme, expected one such as https:// in front", row->name);
		return;
	}
	bool api = b->folder == NULL;
	if (!scheme_allowed(row, scheme, api)) {
		AUTO(strbuf) struct strbuf want = STRBUF_INIT(256);
		expected_url(&want, row);
		report_at(b->errors, n->place, "%s: got the scheme %.*s:, expected %s%s", row->name,
			  STR_ARG(str_slice(scheme, 0, 20)), strbuf_cstr(&want),
			  api && str_eq_nocase(scheme, STR("file"))
				  ? " (files only in the configuration)"
				  : "");
		return;
	}
	if (str_eq_nocase(scheme, STR("file")))
		url = file_url(b, str_from(url, scheme.len + 1));
	struct url_parts parts = { 0 };
	struct err e = { 0 };
	if (url_split(url, &parts, &e) != 0) {
		report_at(b->errors, n->place, "%s: %s, expected a URL", row->name, e.message);
		return;
	}
	url_parts_release(&parts);
	*(struct str *)at_row(row, base) = arena_str(b->arena, url);
}

/* {file|env|credential: …}; false: reported. */
static bool secret_elsewhere(struct binder *b, const struct field *row, const struct entry *way,
			     struct str *ret)
{
	static const char *const kinds[] = { "file", "env", "credential" };
	AUTO(strbuf) struct strbuf value = STRBUF_INIT(SECRET_MAX_BYTES);
	bool known = false, open_to_all = false;
	struct err e = { 0 };
	for (size_t i = 0; i < 3; i++)
		known = known || str_eq(way->key, str_c(kinds[i]));
	if (!known) {
		int near = str_nearest(way->key, kinds, 3);
		if (near < 0) /* it may be the secret itself */
			report_at(b->errors, way->place, "%s: got {…}, expected a text, {file: …}, {env: …} or {credential: …}",
				  row->name);
		else
			report_at(b->errors, way->place,
				  "%s: got {%.*s: …}, expected file, env or credential: did you mean %s?", row->name,
				  STR_ARG(way->key), kinds[near]);
		return false;
	}
	if (secret_read(way->key, way->value->text, b->folder, &value, &open_to_all, &e) != 0) {
		report_at(b->errors, way->value->place, "%s: %s", row->name, e.message);
		return false;
	}
	if (open_to_all)
		report_at(b->warnings, way->value->place,
			  "%s: the secret file may be read by everybody here, expected mode 0600",
			  row->name);
	*ret = arena_str(b->arena, strbuf_str(&value));
	return true;
}

/* A literal, or outside of the API where to find it.  False: reported. */
static bool read_secret(struct binder *b, const struct field *row, const struct entry *entry,
			struct str *ret)
{
	const struct node *n = entry->value;
	bool elsewhere = n->kind == NODE_MAP && n->n == 1 && is_text(n->entries[0].value);
	if (is_text(n) && !str_eq(n->text, STR("***"))) {
		if (b->literal_secret == NULL)
			b->literal_secret = entry;
		*ret = arena_str(b->arena, n->text);
		return true;
	}
	if (elsewhere && b->folder != NULL)
		return secret_elsewhere(b, row, &n->entries[0], ret);
	if (elsewhere)
		report_at(b->errors, n->place,
			  "%s: got a map, expected a text ({file: …} only in the configuration)",
			  row->name);
	else if (is_text(n))
		report_at(b->errors, n->place,
			  "%s: got the *** that stands for a secret, expected the secret itself",
			  row->name);
	else
		wrong(b, row, n);
	return false;
}

static bool is_choice(const struct field *row, struct str s)
{
	size_t i = 0;
	while (row->choices != NULL && row->choices[i] != NULL && !str_eq(s, str_c(row->choices[i])))
		i++;
	return row->choices == NULL || row->choices[i] != NULL;
}

static void bind_texts(struct binder *b, const struct field *row, const struct node *n, void *base)
{
	struct texts *out = at_row(row, base);
	size_t count = n->kind == NODE_LIST ? n->n : 1;
	if (n->kind != NODE_LIST && !is_text(n)) {
		wrong(b, row, n);
		return;
	}
	struct str *v = arena_alloc(b->arena, (count + 1) * sizeof(*v));
	if (v == NULL)
		return;
	for (size_t i = 0; i < count; i++) {
		const struct node *item = n->kind == NODE_LIST ? n->entries[i].value : n;
		if (!is_text(item) || !is_choice(row, item->text)) {
			wrong(b, row, item);
			return;
		}
		v[i] = arena_str(b->arena, item->text);
	}
	out->list.v = v;
	out->list.n = out->list.cap = count;
}

static bool header_name_ok(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!char_is_alnum(s.p[i]) && memchr("!#$%&'*+-.^_`|~", s.p[i], 15) == NULL)
			return false;
	return s.len > 0;
}

static void bind_headers(struct binder *b, const struct field *row, const struct node *n,
			 void *base)
{
	struct headers *out = at_row(row, base);
	if (n->kind != NODE_MAP) {
		wrong(b, row, n);
		return;
	}
	struct header *v = arena_alloc(b->arena, (n->n + 1) * sizeof(*v));
	if (v == NULL)
		return;
	for (size_t i = 0; i < n->n; i++) {
		const struct entry *one = &n->entries[i];
		if (!header_name_ok(one->key)) {
			report_at(b->errors, one->place,
				  "%s: got the name \"%.*s\", expected letters, digits and -",
				  row->name, STR_ARG(text_cut(one->key, SHOWN_BYTES)));
			return;
		}
		if (!read_secret(b, row, one, &v[i].value))
			return;
		if (str_chr(v[i].value, '\n') != STR_NPOS ||
		    str_chr(v[i].value, '\r') != STR_NPOS) {
			report_at(b->errors, one->value->place,
				  "%s: got several lines, expected one", row->name);
			return;
		}
		v[i].name = arena_str(b->arena, one->key);
	}
	out->list.v = v;
	out->list.n = out->list.cap = n->n;
}

static void bind_networks(struct binder *b, const struct field *row, const struct node *n,
			  void *base)
{
	struct networks *out = at_row(row, base);
	bool flag = false;
	bool is_bool = n->kind == NODE_SCALAR && n->as_bare && parse_bool(n->text, &flag);
	size_t count = is_bool ? flag : n->kind == NODE_LIST ? n->n : 1;
	struct network *v = arena_alloc(b->arena, (count + 1) * sizeof(*v));
	if (v == NULL)
		return;
	for (size_t i = 0; i < count; i++) {
		const struct node *item = n->kind == NODE_LIST ? n->entries[i].value : n;
		struct str text = is_bool ? STR("all") : item->text;
		if ((!is_bool && !is_text(item)) || !network_parse(text, &v[i])) {
			wrong(b, row, item);
			return;
		}
	}
	out->list.v = v;
	out->list.n = out->list.cap = count;
}

static void bind_bool(struct binder *b, const struct field *row, const struct node *n, void *base)
{
	bool value;
	if (n->kind == NODE_SCALAR && n->as_bare && parse_bool(n->text, &value))
		*(bool *)at_row(row, base) = value;
	else
		wrong(b, row, n);
}

static void bind_value(struct binder *b, const struct field *row, const struct entry *entry,
		       void *base)
{
	const struct node *n = entry->value;
	struct str secret;
	int64_t number;
	switch (row->type) {
	case FIELD_TEXT:
		if (is_text(n))
			*(struct str *)at_row(row, base) = arena_str(b->arena, n->text);
		else
			wrong(b, row, n);
		break;
	case FIELD_BOOL:
		bind_bool(b, row, n, base);
		break;
	case FIELD_INT:
	case FIELD_DURATION:
	case FIELD_SIZE:
		if (parse_number(row, n, &number))
			*(int64_t *)at_row(row, base) = number;
		else
			wrong(b, row, n);
		break;
	case FIELD_CHOICE:
		bind_choice(b, row, n, base);
		break;
	case FIELD_URL:
		bind_url(b, row, n, base);
		break;
	case FIELD_SECRET:
		if (read_secret(b, row, entry, &secret))
			*(struct str *)at_row(row, base) = secret;
		break;
	case FIELD_TEXTS:
		bind_texts(b, row, n, base);
		break;
	case FIELD_HEADERS:
		bind_headers(b, row, n, base);
		break;
	case FIELD_NETWORKS:
		bind_networks(b, row, n, base);
		break;
	}
}

static void bind_defaults(struct binder *b, const struct rows *set)
{
	for (const struct field *row = set->fields; row != NULL && row->name != NULL; row++) {
		if (row->otherwise == NULL)
			continue;
		const struct node n = { .kind = NODE_SCALAR,
					.as_text = true,
					.as_bare = true,
					.text = str_c(row->otherwise) };
		const struct entry entry = { .key = str_c(row->name), .value = &n };
		const struct entry *literal = b->literal_secret;
		bind_value(b, row, &entry, set->base);
		b->literal_secret = literal;
	}
}

const char *schema_nearest(struct str name, const struct rows *sets, size_t n_sets,
			   const char *const *others)
{
	VEC(const char *) names = { 0 };
	for (size_t s = 0; s < n_sets; s++)
		for (const struct field *row = sets[s].fields; row != NULL && row->name != NULL;
		     row++)
			vec_push(&names, row->name);
	for (size_t i = 0; others != NULL && others[i] != NULL; i++)
		vec_push(&names, others[i]);
	int near = str_nearest(name, names.v, names.n);
	const char *found = near < 0 ? NULL : names.v[near];
	vec_free(&names);
	return found;
}

static const struct field *find_row(const struct rows *sets, size_t n_sets, struct str name,
				    void **ret_base)
{
	for (size_t s = 0; s < n_sets; s++) {
		for (const struct field *row = sets[s].fields; row != NULL && row->name != NULL;
		     row++) {
			if (str_eq(name, str_c(row->name))) {
				*ret_base = sets[s].base;
				return row;
			}
		}
	}
	return NULL;
}

static bool listed(const char *const *list, struct str name)
{
	for (size_t i = 0; list != NULL && list[i] != NULL; i++)
		if (str_eq(name, str_c(list[i])))
			return true;
	return false;
}

static void check_required(struct binder *b, const struct node *map, const char *what,
			   const struct rows *set)
{
	for (const struct field *row = set->fields; row != NULL && row->name != NULL; row++) {
		const struct entry *given = node_find(map, row->name);
		if (!row->required || (given != NULL && given->value->kind != NODE_NULL))
			continue;
		AUTO(strbuf) struct strbuf want = STRBUF_INIT(1024);
		schema_expected(&want, row);
		report_at(b->errors, given ? given->place : map->place,
			  "%s without %s, expected %s: %s", what, row->name, row->name,
			  strbuf_cstr(&want));
	}
}

void schema_bind(struct binder *b, const struct node *map, const char *what,
		 const struct rows *sets, size_t n_sets, const char *const *others)
{
	for (size_t s = 0; s < n_sets; s++)
		bind_defaults(b, &sets[s]);
	for (size_t i = 0; i < map->n; i++) {
		const struct entry *entry = &map->entries[i];
		if (listed(others, entry->key))
			continue;
		void *base = NULL;
		const struct field *row = find_row(sets, n_sets, entry->key, &base);
		if (row == NULL) {
			const char *near = schema_nearest(entry->key, sets, n_sets, others);
			report_at(b->errors, entry->place, "unknown key \"%.*s\" in %s%s%s%s",
				  STR_ARG(text_cut(entry->key, SHOWN_BYTES)), what,
				  near ? ", did you mean \"" : "", near ? near : "",
				  near ? "\"?" : "");
		} else if (row->config_only && b->folder == NULL) {
			report_at(b->errors, entry->place,
				  "%s: may only be set in the configuration file", row->name);
		} else if (entry->value->kind != NODE_NULL) {
			bind_value(b, row, entry, base);
		}
	}
	for (size_t s = 0; s < n_sets; s++)
		check_required(b, map, what, &sets[s]);
}
