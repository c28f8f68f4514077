/* SPDX-License-Identifier: ISC */
/* Bound memory shown again: as JSON for the API and as a fingerprint for reloads. */
#include "schema.h"

#include "base/hash.h"
#include "base/json.h"
#include "base/num.h"
#include "base/url.h"

static const void *at_row(const struct field *row, const void *base)
{
	return (const char *)base + row->offset;
}

static json_t *networks_json(const struct networks *list)
{
	for (size_t i = 0; i < list->list.n; i++)
		if (list->list.v[i].bits == 0)
			return json_true();
	if (list->list.n == 0)
		return json_false();
	json_t *array = json_array();
	for (size_t i = 0; i < list->list.n; i++) {
		AUTO(strbuf) struct strbuf text = STRBUF_INIT(128);
		network_format(&text, &list->list.v[i]);
		json_array_append_new(array, json_text(strbuf_str(&text)));
	}
	return array;
}

static json_t *number_json(const struct field *row, int64_t n)
{
	char buf[48];
	if (n < 0 && row->min >= 0)
		return json_null();
	if (row->choices != NULL && n == INT64_MAX)
		return json_string(row->choices[0]);
	if (row->type == FIELD_INT)
		return json_integer(n);
	return json_string(row->type == FIELD_DURATION ? num_format_duration(buf, sizeof(buf), n)
						       : num_format_size(buf, sizeof(buf), n));
}

static json_t *headers_json(const struct headers *list)
{
	json_t *map = json_object();
	for (size_t i = 0; i < list->list.n; i++) {
		AUTO(strbuf) struct strbuf name = STRBUF_INIT(1024);
		strbuf_add(&name, list->list.v[i].name);
		json_object_set_new(map, strbuf_cstr(&name), json_string("***"));
	}
	return map;
}

static json_t *texts_json(const struct texts *list)
{
	json_t *array = json_array();
	for (size_t i = 0; i < list->list.n; i++)
		json_array_append_new(array, json_text(list->list.v[i]));
	return array;
}

static json_t *url_json(struct str url)
{
	AUTO(strbuf) struct strbuf shown = STRBUF_INIT(2 * URL_MAX);
	if (!str_present(url))
		return json_null();
	url_redact(&shown, url, false);
	return json_text(strbuf_str(&shown));
}

static json_t *value_json(const struct field *row, const void *value)
{
	switch (row->type) {
	case FIELD_TEXT:
		return json_text(*(const struct str *)value);
	case FIELD_URL:
		return url_json(*(const struct str *)value);
	case FIELD_SECRET:
		return json_text(str_present(*(const struct str *)value) ? STR("***") : STR_NULL);
	case FIELD_BOOL:
		return json_boolean(*(const bool *)value);
	case FIELD_INT:
	case FIELD_DURATION:
	case FIELD_SIZE:
		return number_json(row, *(const int64_t *)value);
	case FIELD_CHOICE:
		return json_string(row->choices[*(const int *)value]);
	case FIELD_TEXTS:
		return texts_json(value);
	case FIELD_HEADERS:
		return headers_json(value);
	case FIELD_NETWORKS:
		return networks_json(value);
	}
	return json_null();
}

void schema_to_json(json_t *obj, const struct rows *set)
{
	for (const struct field *row = set->fields; row != NULL && row->name != NULL; row++)
		json_object_set_new(obj, row->name, value_json(row, at_row(row, set->base)));
}

static uint64_t mix(uint64_t h, struct str s)
{
	return hash64_seeded(s, h + (str_present(s) ? 1 : 2));
}

static uint64_t mix_number(uint64_t h, int64_t n)
{
	return mix(h, str_n(&n, sizeof(n)));
}

static uint64_t hash_value(uint64_t h, const struct field *row, const void *value)
{
	const struct texts *texts = value;
	const struct headers *headers = value;
	const struct networks *networks = value;
	switch (row->type) {
	case FIELD_TEXT:
	case FIELD_URL:
	case FIELD_SECRET:
		return mix(h, *(const struct str *)value);
	case FIELD_BOOL:
		return mix_number(h, *(const bool *)value);
	case FIELD_INT:
	case FIELD_DURATION:
	case FIELD_SIZE:
		return mix_number(h, *(const int64_t *)value);
	case FIELD_CHOICE:
		return mix_number(h, *(const int *)value);
	case FIELD_TEXTS:
		for (size_t i = 0; i < texts->list.n; i++)
			h = mix(h, texts->list.v[i]);
		return mix_number(h, (int64_t)texts->list.n);
	case FIELD_HEADERS:
		for (size_t i = 0; i < headers->list.n; i++)
			h = mix(mix(h, headers->list.v[i].name), headers->list.v[i].value);
		return mix_number(h, (int64_t)headers->list.n);
	case FIELD_NETWORKS:
		for (size_t i = 0; i < networks->list.n; i++) {
			h = mix(h, str_n(networks->list.v[i].address, 16));
			h = mix_number(h, networks->list.v[i].bits);
		}
		return mix_number(h, (int64_t)networks->list.n);
	}
	return h;
}

uint64_t schema_hash(uint64_t h, const struct rows *set, const char *const *except)
{
	for (const struct field *row = set->fields; row != NULL && row->name != NULL; row++) {
		bool skip = false;
		for (size_t i = 0; except != NULL && except[i] != NULL; i++)
			skip = skip || strcmp(except[i], row->name) == 0;
		if (!skip)
			h = hash_value(mix(h, str_c(row->name)), row, at_row(row, set->base));
	}
	return h;
}
