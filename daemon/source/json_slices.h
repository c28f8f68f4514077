/* SPDX-License-Identifier: ISC */
/*
 * A JSON document with a long list, read element by element: parsed as a whole it takes many times its bytes (base/json.h).
 * Only for documents whose brackets and quotes are right; what is wrong in an element is seen when that is parsed.  Pure.
 */
#pragma once

#include "base/json.h"

struct json_slices {
	struct str bytes;
	size_t at;          /* of the list, behind its '[' or an element */
	size_t list_end;    /* of its ']' */
	bool first;
};
/* Finds the list that is called `list` in the outermost object.  ret_rest: the document without its elements; new reference.
 * False: there is none, or something is wrong with what stands around it. */
bool json_slices_open(struct json_slices *j, struct str bytes, const char *list, json_t **ret_rest);
/* The next element; a new reference, NULL at the end.  False: something is wrong. */
bool json_slices_next(struct json_slices *j, json_t **ret_element);
