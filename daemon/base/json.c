/* SPDX-License-Identifier: ISC */
/* JSON by jansson under a heap budget, with the repair of what strict JSON refuses. */
#include "base/json.h"

#include <malloc.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/text.h"

/* jansson's allocator takes no context, so the running parse of a thread is found here. */
static _Thread_local struct json_budget {
	bool on, hit;
	size_t used; /* bytes */
} budget;

#define ALLOC_OVERHEAD 8 /* malloc's own word per block */

static void *budget_alloc(size_t size)
{
	if (!budget.on)
		return mem_alloc(size);
	if (size > JSON_BUDGET_BYTES - budget.used) {
		budget.hit = true;
		return NULL;
	}
	void *p = mem_alloc(size);
	budget.used += malloc_usable_size(p) + ALLOC_OVERHEAD;
	if (budget.used > JSON_BUDGET_BYTES)
		budget.used = JSON_BUDGET_BYTES;
	return p;
}

static void budget_free(void *p)
{
	if (budget.on && p) {
		size_t bytes = malloc_usable_size(p) + ALLOC_OVERHEAD;
		budget.used -= bytes < budget.used ? bytes : budget.used;
	}
	mem_free(p);
}

void json_setup(void)
{
	size_t seed;
	hash_random(&seed, sizeof(seed));
	json_set_alloc_funcs(budget_alloc, budget_free);
	json_object_seed(seed | 1); /* 0 would make jansson choose one itself */
}

/* Index behind the string that opens at s.p[i]. */
static size_t skip_string(struct str s, size_t i)
{
	for (i++; i < s.len && s.p[i] != '"'; i++)
		if (s.p[i] == '\\')
			i++;
	return i + 1;
}

/* jansson's own limit is compiled in; ours keeps every later recursion shallow. */
static bool too_deep(struct str s)
{
	int depth = 0;
	for (size_t i = 0; i < s.len;) {
		char c = s.p[i];
		if (c == '"') {
			i = skip_string(s, i);
			continue;
		}
		if (c == '[' || c == '{')
			depth++;
		else if ((c == ']' || c == '}') && depth > 0)
			depth--;
		if (depth > JSON_DEPTH_MAX)
			return true;
		i++;
	}
	return false;
}

/* jansson's reason without its "near '…'": a reply may hold a secret. */
static int set_syntax_error(const json_error_t *error, struct err *e)
{
	struct str why = str_n(error->text, strnlen(error->text, sizeof(error->text)));
	size_t near = str_find(why, STR(" near "));
	why = str_slice(why, 0, near == STR_NPOS ? why.len : near);
	return err_set(e, ERR_INPUT, "no valid JSON: line %d, column %d: %.*s", error->line,
		       error->column, STR_ARG(why));
}

json_t *json_parse(struct str s, struct err *e)
{
	if (too_deep(s)) {
		err_set(e, ERR_LIMIT, "JSON nested deeper than %d", JSON_DEPTH_MAX);
		return NULL;
	}
	json_error_t error = { .text = "" };
	budget = (struct json_budget){ .on = true };
	json_t *value = json_loadb(s.p ? s.p : "", s.len, JSON_DECODE_ANY, &error);
	bool hit = budget.hit;
	budget = (struct json_budget){ .on = false };
	if (value)
		return value;
	if (hit)
		err_set(e, ERR_LIMIT, "JSON takes more than %u MiB of memory",
			JSON_BUDGET_BYTES >> 20);
	else
		set_syntax_error(&error, e);
	return NULL;
}

/* --- repair --- */

static bool is_surrogate(uint64_t c, uint64_t first)
{
	return (c & ~UINT64_C(0x3ff)) == first;
}

static bool hex4(struct str s, size_t i, uint64_t *ret_c)
{
	return i + 4 <= s.len && num_hex(str_slice(s, i, i + 4), ret_c);
}

/* The escape at s.p[i] == '\\'; returns the index behind it. */
static size_t repair_escape(struct strbuf *out, struct str s, size_t i)
{
	uint64_t c, low;
	char kind = i + 1 < s.len ? s.p[i + 1] : '\0';
	if (kind != 'u') {
		bool known = kind != '\0' && str_chr(STR("\"\\/bfnrt"), kind) != STR_NPOS;
		if (known)
			strbuf_add(out, str_slice(s, i, i + 2));
		return i + (known ? 2 : 1); /* else without the backslash, as what it is */
	}
	if (!hex4(s, i + 2, &c)) {
		strbuf_adds(out, "\\ufffd");
		return i + 2;
	}
	if (is_surrogate(c, 0xd800) && i + 7 < s.len && s.p[i + 6] == '\\' && s.p[i + 7] == 'u' &&
	    hex4(s, i + 8, &low) && is_surrogate(low, 0xdc00)) {
		strbuf_add(out, str_slice(s, i, i + 12));
		return i + 12;
	}
	if (c == 0 || (c & 0xf800) == 0xd800)
		strbuf_adds(out, "\\ufffd");
	else
		strbuf_add(out, str_slice(s, i, i + 6));
	return i + 6;
}

/* One byte below 0x20 inside a string. */
static void repair_control(struct strbuf *out, char c)
{
	switch (c) {
	case '\t':
		strbuf_adds(out, "\\t");
		break;
	case '\n':
		strbuf_adds(out, "\\n");
		break;
	case '\r':
		strbuf_adds(out, "\\r");
		break;
	default:
		strbuf_adds(out, "\\ufffd");
	}
}

static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

/* The string that opens at s.p[i]; returns the index behind it. */
static size_t repair_string(struct strbuf *out, struct str s, size_t i)
{
	char utf8[4];
	strbuf_addc(out, s.p[i++]);
	while (i < s.len) {
		size_t from = i;
		while (i < s.len && is_plain((unsigned char)s.p[i]))
			i++;
		strbuf_add(out, str_slice(s, from, i));
		if (i == s.len)
			break;
		unsigned char c = (unsigned char)s.p[i];
		if (c == '"') {
			strbuf_addc(out, '"');
			return i + 1;
		}
		if (c == '\\') {
			i = repair_escape(out, s, i);
		} else if (c < 0x20) {
			repair_control(out, s.p[i++]);
		} else {
			size_t n = text_encode(utf8, text_next(s, &i));
			strbuf_add(out, str_n(utf8, n));
		}
	}
	return i;
}

static bool is_word(char c)
{
	return char_is_alnum(c) || c == '-' || c == '+' || c == '.' || c == '_';
}

static bool is_whole(struct str word)
{
	size_t i = word.len > 1 && word.p[0] == '-';
	while (i < word.len && char_is_digit(word.p[i]))
		i++;
	return i == word.len;
}

/* jansson takes 64-bit integers and finite reals. */
static bool number_fits(struct str word)
{
	double d;
	int64_t n;
	return num_double(word, &d) && (!is_whole(word) || num_i64(word, &n));
}

static void repair_word(struct strbuf *out, struct str word)
{
	static const char *const nothings[] = { "NaN", "nan",  "Infinity", "-Infinity",
						"inf", "-inf", "-NaN",     "undefined" };
	for (size_t i = 0; i < sizeof(nothings) / sizeof(nothings[0]); i++) {
		if (str_eq(word, str_c(nothings[i]))) {
			strbuf_adds(out, "null");
			return;
		}
	}
	if (char_is_alpha(word.p[0]) || word.p[0] == '_' || number_fits(word))
		strbuf_add(out, word);
	else if (is_whole(word)) /* it may be an id */
		strbuf_addf(out, "\"%.*s\"", STR_ARG(word));
	else
		strbuf_addc(out, '0');
}

/* A comma before the end of its list says nothing. */
static bool is_trailing_comma(struct str s, size_t i)
{
	for (i++; i < s.len && char_is_space(s.p[i]);)
		i++;
	return i < s.len && (s.p[i] == ']' || s.p[i] == '}');
}

static void repair(struct strbuf *out, struct str s)
{
	if (str_starts(s, STR("\xef\xbb\xbf")))
		s = str_from(s, 3);
	size_t depth = 0;
	for (size_t i = 0; i < s.len;) {
		char c = s.p[i];
		if (c == '"') {
			i = repair_string(out, s, i);
			continue;
		}
		size_t from = i;
		while (i < s.len && is_word(s.p[i]))
			i++;
		if (i > from) {
			repair_word(out, str_slice(s, from, i));
			continue;
		}
		bool drop = ((unsigned char)c < ' ' && !char_is_space(c)) || c == '\v' ||
			    c == '\f' || (c == ',' && is_trailing_comma(s, i));
		if (!drop)
			strbuf_addc(out, c);
		i++;
		depth += c == '{' || c == '[';
		if ((c == '}' || c == ']') && depth > 0 && --depth == 0 && str_chr(str_from(s, i), '}') == STR_NPOS)
			return; /* the document is over; more brackets would say that it was closed too early */
	}
}

json_t *json_parse_repaired(struct str s, struct err *e)
{
	struct err strict;
	json_t *value = json_parse(s, &strict);
	if (value)
		return value;
	if (strict.kind != ERR_INPUT) {
		*e = strict;
		return NULL;
	}
	/* "\\ufffd" for one byte is the worst growth. */
	AUTO(strbuf) struct strbuf clean = STRBUF_INIT(s.len * 6 + 16);
	repair(&clean, s);
	return json_parse(strbuf_str(&clean), e);
}

/* --- looking up --- */

struct str json_str(const json_t *value)
{
	return json_is_string(value) ? str_n(json_string_value(value), json_string_length(value))
				     : STR_NULL;
}

const json_t *json_get(const json_t *obj, const char *key)
{
	const json_t *value = json_object_get(obj, key);
	return json_is_null(value) ? NULL : value;
}

struct str json_get_str(const json_t *obj, const char *key)
{
	return json_str(json_object_get(obj, key));
}

int64_t json_get_int(const json_t *obj, const char *key, int64_t otherwise)
{
	const json_t *value = json_object_get(obj, key);
	if (json_is_integer(value))
		return json_integer_value(value);
	double d = json_real_value(value); /* some servers write 12.0 */
	if (json_is_real(value) && d >= -0x1p53 && d <= 0x1p53)
		return (int64_t)d;
	return otherwise;
}

bool json_get_bool(const json_t *obj, const char *key, bool otherwise)
{
	const json_t *value = json_object_get(obj, key);
	return json_is_boolean(value) ? json_is_true(value) : otherwise;
}

/* --- building --- */

json_t *json_text(struct str s)
{
	if (!str_present(s))
		return json_null();
	json_t *text = json_stringn(s.p, s.len);
	if (text)
		return text;
	/* A caller's slip must not lose the field. */
	AUTO(strbuf) struct strbuf clean = STRBUF_INIT(s.len * 3);
	text_repair(&clean, s);
	return json_stringn(strbuf_cstr(&clean), clean.len);
}

void json_set(json_t *obj, const char *key, json_t *value)
{
	int r = json_object_set_new(obj, key, value ? value : json_null());
	(void)r; /* only a NULL object or a key that is no UTF-8 can fail, both harmless */
}

void json_set_text(json_t *obj, const char *key, struct str s)
{
	json_set(obj, key, json_text(s));
}

void json_set_int(json_t *obj, const char *key, int64_t n)
{
	json_set(obj, key, json_integer(n));
}

void json_set_bool(json_t *obj, const char *key, bool b)
{
	json_set(obj, key, json_boolean(b));
}

/* --- writing --- */

static int dump_piece(const char *p, size_t len, void *out)
{
	return strbuf_add(out, str_n(p, len)) ? 0 : -1;
}

static void dump_with_jansson(struct strbuf *out, const json_t *value, size_t flags)
{
	if (json_dump_callback(value, dump_piece, out, flags | JSON_COMPACT | JSON_ENCODE_ANY) != 0)
		out->toobig = true; /* nothing else makes it fail */
}

static void dump(struct strbuf *out, const json_t *value);

static void dump_object(struct strbuf *out, const json_t *value)
{
	json_t *object = (json_t *)(uintptr_t)value; /* its iterators want no const; they change nothing */
	char before = '{';

	for (void *i = json_object_iter(object); i != NULL; i = json_object_iter_next(object, i)) {
		strbuf_addc(out, before);
		json_quote(out, str_n(json_object_iter_key(i), json_object_iter_key_len(i)));
		strbuf_addc(out, ':');
		dump(out, json_object_iter_value(i));
		before = ',';
	}
	strbuf_adds(out, before == '{' ? "{}" : "}");
}

static void dump_array(struct strbuf *out, const json_t *value)
{
	strbuf_addc(out, '[');
	for (size_t i = 0; i < json_array_size(value); i++) {
		if (i > 0)
			strbuf_addc(out, ',');
		dump(out, json_array_get(value, i));
	}
	strbuf_addc(out, ']');
}

/* jansson itself calls for every piece of a text, and keeps a table of what it is in, by printed addresses. */
static void dump(struct strbuf *out, const json_t *value)
{
	if (json_is_object(value))
		dump_object(out, value);
	else if (json_is_array(value))
		dump_array(out, value);
	else if (json_is_string(value))
		json_quote(out, json_str(value));
	else
		dump_with_jansson(out, value, 0);
}

void json_dump(struct strbuf *out, const json_t *value, bool sorted)
{
	if (value == NULL)
		strbuf_adds(out, "null");
	else if (sorted)
		dump_with_jansson(out, value, JSON_SORT_KEYS);
	else
		dump(out, value);
}

void json_quote(struct strbuf *out, struct str s)
{
	strbuf_addc(out, '"');
	for (size_t i = 0; i < s.len;) {
		size_t from = i;
		while (i < s.len && (unsigned char)s.p[i] >= 0x20 && s.p[i] != '"' &&
		       s.p[i] != '\\')
			i++;
		if (i > from)
			strbuf_add(out, str_slice(s, from, i));
		if (i == s.len)
			break;
		char c = s.p[i++];
		if (c == '"' || c == '\\')
			strbuf_addf(out, "\\%c", c);
		else if (c == '\n')
			strbuf_adds(out, "\\n");
		else if (c == '\t')
			strbuf_adds(out, "\\t");
		else if (c == '\r')
			strbuf_adds(out, "\\r");
		else
			strbuf_addf(out, "\\u%04x", (unsigned char)c);
	}
	strbuf_addc(out, '"');
}
