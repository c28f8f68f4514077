/* SPDX-License-Identifier: ISC */
/* A JSON document with a long list, read element by element. */
#include "json_slices.h"

#include <string.h>

static size_t skip_space(struct str s, size_t i)
{
	while (i < s.len && char_is_space(s.p[i]))
		i++;
	return i;
}

/* Behind the string that opens at s.p[i]. */
static size_t string_end(struct str s, size_t i)
{
	for (i++; i < s.len && s.p[i] != '"'; i++)
		if (s.p[i] == '\\')
			i++;
	return i < s.len ? i + 1 : s.len;
}

/* Behind the value at s.p[i]: by its quotes and brackets alone, for what is between them is parsed later. */
static size_t value_end(struct str s, size_t i)
{
	size_t depth = 0;

	while (i < s.len) {
		char c = s.p[i];

		if (c == '"') {
			i = string_end(s, i);
		} else if (c == '{' || c == '[') {
			depth++;
			i++;
		} else if (c == '}' || c == ']') {
			if (depth == 0)
				return i;
			depth--;
			i++;
		} else if (c == ',' && depth == 0) {
			return i;
		} else {
			i++;
			continue;
		}
		if (depth == 0)
			return i;
	}
	return i;
}

/* Where the value of `key` begins in the outermost object; 0: nowhere, or twice. */
static size_t find_value(struct str s, struct str key)
{
	size_t i = skip_space(s, 0), found = 0;

	if (i == s.len || s.p[i++] != '{')
		return 0;
	while ((i = skip_space(s, i)) < s.len && s.p[i] == '"') {
		size_t end = string_end(s, i);
		bool wanted = str_eq(str_slice(s, i + 1, end - 1), key);

		i = skip_space(s, end);
		if (i == s.len || s.p[i] != ':')
			return 0;
		i = skip_space(s, i + 1);
		if (wanted && found > 0)
			return 0;
		found = wanted ? i : found;
		i = skip_space(s, value_end(s, i));
		if (i < s.len && s.p[i] == ',')
			i++;
	}
	return found;
}

bool json_slices_open(struct json_slices *j, struct str bytes, const char *list, json_t **ret_rest)
{
	size_t start = find_value(bytes, str_c(list)), end = start == 0 ? 0 : value_end(bytes, start);
	struct err ignored;

	if (start == 0 || bytes.p[start] != '[' || bytes.p[end - 1] != ']')
		return false;
	*j = (struct json_slices){ .bytes = bytes, .at = start + 1, .list_end = end - 1, .first = true };
	AUTO(strbuf) struct strbuf rest = STRBUF_INIT(bytes.len);
	strbuf_add(&rest, str_slice(bytes, 0, start + 1));
	strbuf_add(&rest, str_from(bytes, end - 1));
	*ret_rest = json_parse(strbuf_str(&rest), &ignored);
	return *ret_rest != NULL;
}

bool json_slices_next(struct json_slices *j, json_t **ret_element)
{
	struct str s = str_slice(j->bytes, 0, j->list_end);
	size_t i = skip_space(s, j->at);
	struct err ignored;

	*ret_element = NULL;
	if (i == s.len)
		return true;
	if (!j->first && s.p[i++] != ',')
		return false;
	j->first = false;
	i = skip_space(s, i);
	j->at = value_end(s, i);
	*ret_element = json_parse(str_slice(s, i, j->at), &ignored);
	return *ret_element != NULL;
}
