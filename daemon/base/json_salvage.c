/* SPDX-License-Identifier: ISC */
/* Saves the elements of a list from a JSON document that no repair as a whole makes readable. */
#include "base/json.h"

#define WORK_MAX 16 /* looks at each byte, on average: what costs more is an attack, and ends the search */

struct salvage {
	struct str s;
	const char *mark;      /* key that every element has */
	struct strbuf out;     /* the elements, strict JSON, with commas between them */
	size_t work;           /* bytes that may still be looked at */
	bool lost;             /* an element could not be read: where the next one begins is a guess */
	bool to_the_end;       /* no "]" ends the list */
};

static size_t skip_space(struct str s, size_t i)
{
	while (i < s.len && char_is_space(s.p[i]))
		i++;
	return i;
}

/* Position behind the value that opens at s.p[from] with a bracket; STR_NPOS if it does not end. */
static size_t value_end(struct salvage *v, size_t from)
{
	bool quoted = false;
	size_t depth = 0;

	for (size_t i = from; i < v->s.len && v->work > 0; i++, v->work--) {
		char c = v->s.p[i];

		if (quoted) {
			if (c == '\\')
				i++;
			quoted = c != '"';
		} else if (c == '"') {
			quoted = true;
		} else if (c == '{' || c == '[') {
			depth++;
		} else if ((c == '}' || c == ']') && --depth == 0) {
			return i + 1;
		}
	}
	return STR_NPOS;
}

/* Takes over the element s.p[from..to) if it can be read.  Where the place is a guess, it must look like one. */
static bool read_element(struct salvage *v, size_t from, size_t to)
{
	struct err e;
	OWNED_JSON json_t *j = json_parse_repaired(str_slice(v->s, from, to), &e);
	v->work -= to - from < v->work ? to - from : v->work;

	if (j == NULL)
		return false;
	if (v->lost && json_get(j, v->mark) == NULL)
		return true;
	v->lost = false;
	if (v->out.len)
		strbuf_addc(&v->out, ',');
	json_dump(&v->out, j, false);
	return true;
}

/* Where the next element may begin: the next "{" behind a comma that is followed by a key. */
static size_t next_start(struct salvage *v, size_t from)
{
	char last = '\0'; /* that was no white space */

	for (size_t i = from; i < v->s.len && v->work > 0; i++, v->work--) {
		char c = v->s.p[i];

		if (char_is_space(c))
			continue;
		if (c == '{' && last == ',') {
			size_t key = skip_space(v->s, i + 1);

			if (key < v->s.len && v->s.p[key] == '"')
				return i;
		}
		last = c;
	}
	return v->s.len;
}

/* Reads the elements from `i` on; returns the position of a "]" that may be the list's, or the end. */
static size_t read_elements(struct salvage *v, size_t i)
{
	while ((i = skip_space(v->s, i)) < v->s.len && v->work > 0) {
		char c = v->s.p[i];

		if (c == ']' && !v->lost && !v->to_the_end)
			return i;
		if (c == '{') {
			size_t end = value_end(v, i);

			if (end != STR_NPOS && read_element(v, i, end)) {
				i = end;
				continue;
			}
		} else if (c == ',') {
			i++;
			continue;
		}
		v->lost = true;
		i = next_start(v, i + 1);
	}
	return v->s.len;
}

/* Position behind the "[" of the list; STR_NPOS if there is no such list. */
static size_t list_start(struct str s, struct str key)
{
	for (size_t from = 0; from < s.len;) {
		size_t at = str_find(str_from(s, from), key);

		if (at == STR_NPOS)
			break;
		from += at + key.len;
		size_t i = skip_space(s, from);
		i = i < s.len && s.p[i] == ':' ? skip_space(s, i + 1) : s.len;
		if (i < s.len && s.p[i] == '[')
			return i + 1;
	}
	return STR_NPOS;
}

static json_t *assemble(struct str head, struct str elements, struct str tail, struct err *e)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(head.len + elements.len + tail.len);

	strbuf_add(&b, head);
	strbuf_add(&b, elements);
	strbuf_add(&b, tail);
	return json_parse_repaired(strbuf_str(&b), e);
}

json_t *json_parse_salvaged(struct str s, const char *list, const char *mark, struct err *e)
{
	AUTO(strbuf) struct strbuf key = STRBUF_INIT(256);
	strbuf_addf(&key, "\"%s\"", list);
	size_t start = list_start(s, strbuf_str(&key));

	if (start == STR_NPOS) {
		err_set(e, ERR_INPUT, "no valid JSON, nor a list of %s in it", list);
		return NULL;
	}
	/* a real of three bytes may print as 24 */
	struct salvage v = { .s = s, .mark = mark, .out = STRBUF_INIT(s.len * 40 + 64), .work = s.len * WORK_MAX };
	struct str head = str_slice(s, 0, start);
	size_t end = read_elements(&v, start);
	json_t *j = end < s.len ? assemble(head, strbuf_str(&v.out), str_from(s, end), e) : NULL;
	if (j == NULL) { /* a broken element may have ended the list, so there may be more */
		v.lost = v.to_the_end = true;
		read_elements(&v, end);
		j = assemble(head, strbuf_str(&v.out), STR("]}"), e);
	}
	if (j == NULL) { /* what stands before the list is poisoned too */
		AUTO(strbuf) struct strbuf own = STRBUF_INIT(256);

		strbuf_addf(&own, "{\"%s\":[", list);
		j = assemble(strbuf_str(&own), strbuf_str(&v.out), STR("]}"), e);
	}
	strbuf_release(&v.out);
	return j;
}
