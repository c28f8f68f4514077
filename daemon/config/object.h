/* SPDX-License-Identifier: ISC */
/*
 * The rows of the daemon, of every source, channel, person and watch, and the binding of one such object
 * from the common tree; used for the files and for the API alike.
 */
#pragma once

#include "schema.h"

enum object_kind { OBJECT_ACCOUNT, OBJECT_SOURCE, OBJECT_CHANNEL, OBJECT_PERSON, OBJECT_WATCH, OBJECT_KINDS };
extern const struct field config_daemon_rows[], config_account_rows[], config_source_rows[],
	config_channel_rows[], config_person_rows[], config_watch_rows[];
#define CONFIG_SCHEMES_SOURCE "http https file" /* when a source type does not say */
#define CONFIG_SCHEMES_CHANNEL "http https"

/* One object; mistakes go to b->errors, *ret is filled as far as it goes. */
void object_bind_account(struct binder *b, const struct config_types *types, const struct node *n,
			 struct config_account *ret);
void object_bind_source(struct binder *b, const struct config_types *types, const struct node *n,
			struct config_source *ret);
void object_bind_channel(struct binder *b, const struct config_types *types, const struct node *n,
			 struct config_channel *ret);
void object_bind_person(struct binder *b, const struct config_types *types, const struct node *n,
			struct config_person *ret);
void object_bind_watch(struct binder *b, const struct config_types *types, const struct node *n,
		       struct config_watch *ret);
const struct config_type *object_type(const struct config_type *list,
				      struct str name); /* NULL if none */
