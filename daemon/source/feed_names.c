/* SPDX-License-Identifier: ISC */
/* Tables of namespaces and element names. */
#include "feed_names.h"

/* Namespaces by the part of the URI that all its spellings share (with or without "www.", '/', '#', version). */
static const struct {
	const char *uri;
	enum space space;
} spaces[] = {
	{ "http://www.w3.org/2005/atom", NS_ATOM },
	{ "http://purl.org/atom/ns#", NS_ATOM03 },
	{ "http://purl.org/atom/", NS_ATOM03 },
	{ "http://example.com/newformat#", NS_ATOM03 }, /* drafts of Atom, still served */
	{ "http://www.w3.org/1999/02/22-rdf-syntax-ns#", NS_RDF },
	{ "http://purl.org/dc/elements/", NS_DC },
	{ "http://purl.org/dc/terms", NS_DCTERMS },
	{ "http://purl.org/rss/1.0/modules/content", NS_CONTENT },
	{ "http://purl.org/rss/1.0/modules/dcterms", NS_DCTERMS },
	{ "http://purl.org/rss/1.0/modules/syndication", NS_SY },
	{ "http://purl.org/rss/1.0/modules/slash", NS_SLASH },
	{ "http://purl.org/rss/1.0/modules/", NS_OTHER },
	{ "http://purl.org/rss/1.0", NS_CORE },
	{ "http://purl.org/net/rss", NS_CORE },
	{ "http://my.netscape.com/", NS_CORE },
	{ "http://channel.netscape.com/", NS_CORE },
	{ "http://backend.userland.com/", NS_CORE },
	{ "http://blogs.law.harvard.edu/tech/rss", NS_CORE },
	{ "http://purl.org/syndication/thread/1.0", NS_THR },
	{ "http://search.yahoo.com/mrss", NS_MEDIA },
	{ "http://www.itunes.com/dtds/podcast-1.0.dtd", NS_ITUNES },
	{ "http://www.itunes.com/dtds/", NS_ITUNES },
	{ "http://www.google.com/schemas/play-podcasts/", NS_ITUNES }, /* a copy of it */
	{ "http://www.w3.org/1999/xhtml", NS_XHTML },
	{ "http://rssnamespace.org/feedburner/ext/1.0", NS_FEEDBURNER },
	{ "http://purl.org/atompub/tombstones/1.0", NS_TOMBSTONES },
};
/* What a prefix means that nobody declared. */
static const struct {
	const char *prefix;
	enum space space;
} prefixes[] = {
	{ "atom", NS_ATOM }, { "rdf", NS_RDF }, { "dc", NS_DC }, { "dcterms", NS_DCTERMS }, { "content", NS_CONTENT },
	{ "media", NS_MEDIA }, { "itunes", NS_ITUNES }, { "googleplay", NS_ITUNES }, { "sy", NS_SY }, { "thr", NS_THR },
	{ "slash", NS_SLASH }, { "xhtml", NS_XHTML },
	{ "feedburner", NS_FEEDBURNER }, { "at", NS_TOMBSTONES }, { "rss", NS_CORE },
};

static const struct {
	enum space space;
	const char *name;
	enum element element;
} names[] = {
	{ NS_CORE, "rss", E_ROOT }, { NS_CORE, "feed", E_ROOT }, { NS_CORE, "channel", E_ROOT }, { NS_CORE, "rdf", E_ROOT },
	{ NS_RDF, "rdf", E_ROOT }, { NS_CORE, "item", E_ITEM }, { NS_CORE, "entry", E_ITEM },
	{ NS_CORE, "title", E_TITLE }, { NS_CORE, "link", E_LINK }, { NS_CORE, "guid", E_GUID }, { NS_CORE, "id", E_GUID },
	{ NS_CORE, "description", E_SUMMARY }, { NS_CORE, "summary", E_SUMMARY }, { NS_CORE, "abstract", E_SUMMARY_DC },
	{ NS_CORE, "tagline", E_SUMMARY_DC }, { NS_CORE, "subtitle", E_SUMMARY_DC }, { NS_CORE, "content", E_CONTENT },
	{ NS_CORE, "fullitem", E_CONTENT_BODY }, { NS_CORE, "body", E_CONTENT_BODY },
	{ NS_CORE, "pubdate", E_PUBLISHED }, { NS_CORE, "published", E_PUBLISHED }, { NS_CORE, "issued", E_PUBLISHED },
	{ NS_CORE, "created", E_PUBLISHED_ELSE }, { NS_CORE, "date", E_DATE },
	{ NS_CORE, "updated", E_UPDATED }, { NS_CORE, "modified", E_UPDATED }, { NS_CORE, "lastbuilddate", E_UPDATED },
	{ NS_CORE, "author", E_AUTHOR }, { NS_CORE, "source", E_SOURCE },
	{ NS_CORE, "managingeditor", E_UNKNOWN }, { NS_CORE, "category", E_CATEGORY },
	{ NS_CORE, "tags", E_KEYWORDS },
	{ NS_CORE, "enclosure", E_ENCLOSURE }, { NS_CORE, "language", E_LANGUAGE }, { NS_CORE, "ttl", E_TTL },
	{ NS_CORE, "skiphours", E_SKIP_HOURS }, { NS_CORE, "skipdays", E_SKIP_DAYS }, { NS_CORE, "hour", E_HOUR },
	{ NS_CORE, "day", E_DAY }, { NS_CORE, "name", E_NAME }, { NS_CORE, "uri", E_URI }, { NS_CORE, "url", E_URI },
	{ NS_CORE, "email", E_EMAIL }, { NS_CORE, "homepage", E_URI }, { NS_CORE, "items", E_PASS },
	{ NS_DC, "title", E_TITLE_ELSE }, { NS_DC, "creator", E_CREATOR }, { NS_DC, "author", E_CREATOR },
	{ NS_DC, "date", E_DATE }, { NS_DC, "subject", E_CATEGORY }, { NS_DC, "description", E_SUMMARY_DC },
	{ NS_DC, "language", E_LANGUAGE },
	{ NS_DCTERMS, "title", E_TITLE_ELSE }, { NS_DCTERMS, "creator", E_CREATOR }, { NS_DCTERMS, "created", E_PUBLISHED_ELSE },
	{ NS_DCTERMS, "issued", E_PUBLISHED_ELSE }, { NS_DCTERMS, "available", E_PUBLISHED_ELSE },
	{ NS_DCTERMS, "date", E_DATE }, { NS_DCTERMS, "modified", E_UPDATED_ELSE }, { NS_DCTERMS, "subject", E_CATEGORY },
	{ NS_DCTERMS, "description", E_SUMMARY_DC }, { NS_DCTERMS, "abstract", E_SUMMARY_DC },
	{ NS_DCTERMS, "language", E_LANGUAGE },
	{ NS_CONTENT, "encoded", E_CONTENT },
	{ NS_MEDIA, "group", E_PASS }, { NS_MEDIA, "content", E_PASS }, { NS_MEDIA, "title", E_TITLE_ELSE },
	{ NS_MEDIA, "description", E_SUMMARY_MEDIA }, { NS_MEDIA, "keywords", E_KEYWORDS }, { NS_MEDIA, "rating", E_RATING },
	{ NS_MEDIA, "category", E_CATEGORY }, { NS_ITUNES, "category", E_CATEGORY_PODCAST },
	{ NS_MEDIA, "credit", E_CREDIT }, { NS_MEDIA, "community", E_PASS }, { NS_MEDIA, "statistics", E_VIEWS },
	{ NS_ITUNES, "title", E_TITLE_ELSE }, { NS_ITUNES, "author", E_AUTHOR_ELSE },
	{ NS_ITUNES, "summary", E_SUMMARY_PODCAST }, { NS_ITUNES, "description", E_SUMMARY_PODCAST },
	{ NS_ITUNES, "subtitle", E_SUMMARY_DC },
	{ NS_ITUNES, "keywords", E_KEYWORDS }, { NS_ITUNES, "explicit", E_EXPLICIT },
	{ NS_SY, "updateperiod", E_UPDATE_PERIOD }, { NS_SY, "updatefrequency", E_UPDATE_FREQUENCY },
	{ NS_SLASH, "comments", E_REPLIES },
	{ NS_THR, "in-reply-to", E_IN_REPLY_TO }, { NS_THR, "total", E_REPLIES },
	{ NS_XHTML, "body", E_CONTENT_BODY }, { NS_XHTML, "div", E_CONTENT_BODY },
	{ NS_FEEDBURNER, "origlink", E_ORIGINAL_LINK },
	{ NS_TOMBSTONES, "deleted-entry", E_DELETED },
};

static enum space space_of(struct str ns, struct str prefix)
{
	if (str_empty(ns)) {
		for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
			if (str_eq_nocase(prefix, str_c(prefixes[i].prefix)))
				return prefixes[i].space;
		return str_empty(prefix) ? NS_CORE : NS_OTHER;
	}
	char https[512];
	if (str_starts_nocase(ns, STR("https://")) && ns.len < sizeof(https)) { /* a common slip */
		int len = snprintf(https, sizeof(https), "http%.*s", STR_ARG(str_from(ns, 5)));
		ns = str_n(https, (size_t)len);
	}
	for (size_t i = 0; i < sizeof(spaces) / sizeof(spaces[0]); i++)
		if (str_starts_nocase(ns, str_c(spaces[i].uri)))
			return spaces[i].space;
	return str_empty(prefix) ? NS_CORE : NS_OTHER;
}

static enum element element_of(struct str name, enum space space)
{
	enum space table = space == NS_ATOM || space == NS_ATOM03 ? NS_CORE : space;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].space == table && str_eq_nocase(name, str_c(names[i].name)))
			return names[i].element;
	return E_UNKNOWN;
}

enum element feed_element(struct name_cache *c, struct str name, struct str ns, struct str prefix, enum space *ret_space)
{
	uintptr_t key = (uintptr_t)name.p * 31 + (uintptr_t)ns.p + (uintptr_t)prefix.p * 7;
	struct name_entry *slot = &c->slots[(key ^ key >> 7) % (sizeof(c->slots) / sizeof(c->slots[0]))];

	if (slot->name != name.p || slot->ns != ns.p || slot->prefix != prefix.p || name.p == NULL) {
		enum space space = space_of(ns, prefix);

		*slot = (struct name_entry){ name.p, ns.p, prefix.p, element_of(name, space), space };
	}
	*ret_space = slot->space;
	return slot->element;
}
