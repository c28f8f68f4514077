/* SPDX-License-Identifier: ISC */
/* What the elements of RSS, RDF, Atom and their modules mean to us.  For feed.c only.  Pure. */
#pragma once

#include "base/str.h"

enum element {
	E_UNKNOWN, /* skipped with all that is in it */
	E_PASS,    /* its children count as its parent's */
	E_ROOT,    /* rss, rdf:RDF, feed, channel */
	E_ITEM,    /* item, entry */
	E_DELETED, /* at:deleted-entry (RFC 6721): an entry was taken back */
	E_TITLE,
	E_TITLE_ELSE,   /* of a module: only if there is no other */
	E_LINK,
	E_ORIGINAL_LINK,
	E_GUID,
	E_SUMMARY,
	E_SUMMARY_PODCAST,
	E_SUMMARY_DC,
	E_SUMMARY_MEDIA,
	E_CONTENT,
	E_CONTENT_BODY, /* xhtml:body */
	E_PUBLISHED,
	E_PUBLISHED_ELSE,
	E_UPDATED,
	E_UPDATED_ELSE,
	E_DATE,         /* dc:date */
	E_AUTHOR,
	E_CREATOR,
	E_AUTHOR_ELSE,  /* of a podcast: only if there is no other */
	E_CREDIT,       /* the same, if its role says that somebody wrote it */
	E_SOURCE,       /* where an entry was taken from */
	E_CATEGORY,
	E_CATEGORY_PODCAST,
	E_KEYWORDS,
	E_ENCLOSURE,
	E_LANGUAGE,
	E_TTL,
	E_SKIP_HOURS,
	E_SKIP_DAYS,
	E_HOUR,
	E_DAY,
	E_UPDATE_PERIOD,
	E_UPDATE_FREQUENCY,
	E_IN_REPLY_TO,
	E_REPLIES,
	E_VIEWS,
	E_RATING,
	E_EXPLICIT,
	E_NAME,
	E_URI,
	E_EMAIL,
};
enum space {
	NS_CORE, /* none, RSS of any version, or a URI that nobody knows */
	NS_ATOM,
	NS_ATOM03,
	NS_RDF,
	NS_DC,
	NS_DCTERMS,
	NS_CONTENT,
	NS_MEDIA,
	NS_ITUNES,
	NS_SY,
	NS_SLASH,
	NS_THR,
	NS_XHTML,
	NS_FEEDBURNER,
	NS_TOMBSTONES,
	NS_OTHER, /* known to be none of our business, or unknown with a prefix */
};

/*
 * Remembers what a name was: names are interned by the XML parser (see base/xml.h), so a look at the pointers is enough.
 * Zeroed = empty; empty it when a run begins anew.
 */
struct name_cache {
	struct name_entry {
		const char *name, *ns, *prefix;
		enum element element;
		enum space space;
	} slots[128];
};
/* Meaning of an element; `ret_space` may not be NULL. */
enum element feed_element(struct name_cache *c, struct str name, struct str ns, struct str prefix, enum space *ret_space);
