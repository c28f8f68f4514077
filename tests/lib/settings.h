/* SPDX-License-Identifier: ISC */
/*
 * Settings for tests: the defaults of a type's table, overlaid with a JSON object.  Trusts its
 * input (the reader of configurations has tests of its own); durations and networks are left at
 * zero.
 */
#pragma once

#include "lib/test.h"

#include "base/json.h"
#include "base/num.h"
#include "model/settings.h"

static inline void settings_set(const struct field *f, char *at, struct arena *arena,
				const json_t *value)
{
	const char *key;
	json_t *item;
	switch (f->type) {
	case FIELD_TEXT:
	case FIELD_URL:
	case FIELD_SECRET:
		*(struct str *)(void *)at = arena_str(arena, json_str(value));
		break;
	case FIELD_BOOL:
		*(bool *)(void *)at = json_is_true(value);
		break;
	case FIELD_INT:
	case FIELD_SIZE:
	case FIELD_DURATION:
		if (!json_is_string(value) || !num_size(json_str(value), (int64_t *)(void *)at))
			*(int64_t *)(void *)at = json_integer_value(value);
		break;
	case FIELD_CHOICE:
		for (int i = 0; f->choices[i] != NULL; i++)
			if (str_eq(json_str(value), str_c(f->choices[i])))
				*(int *)(void *)at = i;
		break;
	case FIELD_TEXTS:
		for (size_t i = 0; i < json_array_size(value); i++)
			vec_push(&((struct texts *)(void *)at)->list,
				 arena_str(arena, json_str(json_array_get(value, i))));
		break;
	case FIELD_HEADERS:
		json_object_foreach((json_t *)(uintptr_t)value, key, item)
			vec_push(&((struct headers *)(void *)at)->list,
				 ((struct header){ arena_str(arena, str_c(key)),
						   arena_str(arena, json_str(item)) }));
		break;
	case FIELD_NETWORKS:
		break;
	}
}

/* Free with settings_free. */
static inline void *settings_new(const struct field *fields, size_t size, const json_t *values,
				 struct arena *arena)
{
	char *settings = mem_alloc(size);
	*(struct arena **)(void *)settings = arena;
	for (const struct field *f = fields; f->name != NULL; f++) {
		const json_t *value = json_get(values, f->name);
		OWNED_JSON json_t *otherwise =
			f->otherwise != NULL ? json_text(str_c(f->otherwise)) : NULL;
		if (value != NULL || otherwise != NULL)
			settings_set(f, settings + f->offset, arena,
				     value != NULL ? value : otherwise);
	}
	return settings;
}

static inline void settings_free(const struct field *fields, void *settings)
{
	for (const struct field *f = fields; f->name != NULL; f++) {
		void *at = (char *)settings + f->offset;
		if (f->type == FIELD_TEXTS)
			vec_free(&((struct texts *)at)->list);
		if (f->type == FIELD_HEADERS)
			vec_free(&((struct headers *)at)->list);
	}
	mem_free(settings);
}
