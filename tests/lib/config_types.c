/* SPDX-License-Identifier: ISC */
/* The types that the tests of config/ bind. */
#include "lib/config_types.h"

static const char *const orders[] = { "newest", "oldest", NULL };
static const struct field feed_fields[] = {
	{ "pages", FIELD_INT, offsetof(struct fake_feed, pages), .min = 1, .max = 9,
	  .otherwise = "3", .help = "Pages." },
	{ "order", FIELD_CHOICE, offsetof(struct fake_feed, order), .otherwise = "oldest",
	  .choices = orders, .help = "Order." },
	{ "labels", FIELD_TEXTS, offsetof(struct fake_feed, labels), .help = "Labels." },
	FIELD_END,
};
static const struct field hook_fields[] = {
	{ "headers", FIELD_HEADERS, offsetof(struct fake_hook, headers), .help = "Headers." },
	{ "template", FIELD_TEXT, offsetof(struct fake_hook, template), .help = "Body." },
	{ "size", FIELD_SIZE, offsetof(struct fake_hook, size), .min = 1024, .max = 1 << 20,
	  .otherwise = "64KiB", .help = "Size." },
	{ "loud", FIELD_BOOL, offsetof(struct fake_hook, loud), .config_only = true,
	  .help = "Loud." },
	{ "from", FIELD_TEXT, offsetof(struct fake_hook, from), .required = true, .help = "From." },
	FIELD_END,
};
static const struct config_type sources[] = {
	{ "feed", feed_fields, sizeof(struct fake_feed), true, NULL, ACCOUNT_NONE },
	{ "timer", NULL, 0, false, NULL, ACCOUNT_NONE },
	{ "net", NULL, 0, false, NULL, ACCOUNT_MUST },
	{ "open", NULL, 0, false, NULL, ACCOUNT_MAY },
	{ 0 },
};
static const struct config_type channels[] = {
	{ "hook", hook_fields, sizeof(struct fake_hook), true, "http https", ACCOUNT_NONE },
	{ "console", NULL, 0, false, NULL, ACCOUNT_NONE },
	{ 0 },
};

/* A query of these tests is wrong where a bracket is. */
static int check_query(struct str query, struct err *e)
{
	size_t at = str_chr(query, '(');
	return at == STR_NPOS ? 0 : err_set_at(e, ERR_INPUT, (int)at + 1, "expected a word");
}

/* An account of these tests has a colon. */
static int check_account(struct str account, struct err *e)
{
	return str_chr(account, ':') != STR_NPOS ? 0 :
	       err_set(e, ERR_INPUT, "got \"%.*s\", expected platform:handle", STR_ARG(account));
}

const struct config_types fake_types = { sources, channels, check_query, check_account };
