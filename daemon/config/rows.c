/* SPDX-License-Identifier: ISC */
/* The rows of the daemon and of every source, channel, person and watch, with the words that explain them. */
#include "object.h"

#define SECOND_MS 1000
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24LL * HOUR_MS)
#define EVERY_MIN_MS SECOND_MS
#define EVERY_MAX_MS (364 * DAY_MS)

static const char *const log_levels[] = { "err", "warning", "notice", "info", "debug", NULL };
static const char *const all_word[] = { "all", NULL };
static const char *const never_word[] = { "never", NULL };
static const char *const events[] = { "new", "edit", "delete", NULL };

#define IN(member) .offset = offsetof(struct config_daemon, member)
const struct field config_daemon_rows[] = {
	{ "contact", FIELD_TEXT, IN(contact), .otherwise = "",
	  .help = "E-mail address or URL of whoever runs this monitord; publishers see it in the User-Agent." },
	{ "every", FIELD_DURATION, IN(every_ms), .min = EVERY_MIN_MS, .max = EVERY_MAX_MS, .otherwise = "60m",
	  .help = "How often a source without its own interval is asked at most; every_max, and what it says itself, may make it"
	          " rarer." },
	{ "every_max", FIELD_DURATION, IN(every_max_ms), .min = EVERY_MIN_MS, .max = EVERY_MAX_MS,
	  .help = "How rarely at most: a source that brings nothing new is asked less and less often up to this, but never so"
	          " rarely that it costs more than a quarter of its usual silence; four times every if not given." },
	{ "time_zone", FIELD_TEXT, IN(time_zone), .otherwise = "",
	  .help = "Time zone of the times in alerts, such as Europe/Paris; empty: the system's." },
	{ "log_level", FIELD_CHOICE, IN(log_level), .otherwise = "info", .choices = log_levels,
	  .help = "The least important lines that are still logged." },
	{ "state", FIELD_TEXT, IN(state), .help = "Folder of the database; --state goes before it." },
	{ "socket", FIELD_TEXT, IN(socket), .help = "Path of the control socket; --socket goes before it." },
	{ "socket_group", FIELD_TEXT, IN(socket_group),
	  .help = "Group that may use the control socket beside the daemon's own user." },
	{ "max_transfers", FIELD_INT, IN(max_transfers), .min = 1, .max = 1000, .otherwise = "32",
	  .help = "Transfers under way at one time, in all." },
	{ "max_per_host", FIELD_INT, IN(max_per_host), .min = 1, .max = 32, .otherwise = "1",
	  .help = "Transfers under way at one time to one host." },
	{ "body_max", FIELD_SIZE, IN(body_max), .min = 64 << 10, .max = 256 << 20, .otherwise = "16MiB",
	  .help = "Largest reply that is read, counted after decompression." },
	{ "connect_timeout", FIELD_DURATION, IN(connect_timeout_ms), .min = 100, .max = 5 * MINUTE_MS, .otherwise = "15s",
	  .help = "Time to reach a server, name look-up and TLS included." },
	{ "total_timeout", FIELD_DURATION, IN(total_timeout_ms), .min = SECOND_MS, .max = HOUR_MS, .otherwise = "2m",
	  .help = "Time for one whole transfer." },
	{ "context_wait", FIELD_DURATION, IN(context_wait_ms), .max = HOUR_MS, .otherwise = "2m",
	  .help = "How long a post waits for those it answers or quotes where a watch needs them; 0: they are not fetched." },
	{ "keep_posts", FIELD_DURATION, IN(keep_posts_ms), .min = HOUR_MS, .max = 3640 * DAY_MS, .otherwise = "90d",
	  .help = "How long posts stay in the searchable archive." },
	{ "alarm_after", FIELD_INT, IN(alarm_after), .min = 1, .max = 100, .otherwise = "3",
	  .help = "Failures in a row after which channels with operator: true are told of a source or channel." },
	{ "websub_callback", FIELD_URL, IN(websub_callback),
	  .help = "Public URL under which hubs reach this monitord; feeds that name a hub are then pushed (WebSub)." },
	{ "websub_listen", FIELD_TEXT, IN(websub_listen), .otherwise = "127.0.0.1:8380",
	  .help = "Address and port that serve it, behind a web server that speaks TLS; only hubs' calls are answered there." },
	{ "websub_lease", FIELD_DURATION, IN(websub_lease_ms), .min = 5 * MINUTE_MS, .max = 90 * DAY_MS, .otherwise = "10d",
	  .help = "How long a subscription shall last before it is renewed; the hub decides." },
	{ "websub_every", FIELD_DURATION, IN(websub_every_ms), .min = MINUTE_MS, .max = 7 * DAY_MS, .otherwise = "6h",
	  .help = "How often a source is polled all the same while its hub pushes what is published." },
	{ "proxy", FIELD_URL, IN(proxy), .schemes = "http https socks5 socks5h",
	  .help = "Proxy for all transfers; the environment is not asked." },
	{ "ca_file", FIELD_TEXT, IN(ca_file), .help = "File of certificate authorities, PEM; the system's if not given." },
	FIELD_END,
};
#undef IN

#define IN(member) .offset = offsetof(struct config_account, member)
const struct field config_account_rows[] = {
	{ "name", FIELD_TEXT, IN(name),
	  .help = "Its name in sources and for monitorctl login: 1 to 64 letters, digits, -, _ and dots." },
	{ "type", FIELD_TEXT, IN(type), .required = true, .help = "The type of the sources that read as this account." },
	{ "api", FIELD_URL, IN(api), .help = "Address of the server's API; the network's own if not given." },
	{ "username", FIELD_TEXT, IN(username), .help = "Name to log in with, where the token alone does not say it." },
	{ "token", FIELD_SECRET, IN(token),
	  .help = "Access token, or app password where the network has these; monitorctl login can give it too." },
	{ "posts_per_day", FIELD_INT, IN(posts_per_day), .max = INT64_MAX, .otherwise = "0",
	  .help = "Posts that its sources may read in a UTC day, where the network counts them; 0: no limit." },
	{ "posts_per_month", FIELD_INT, IN(posts_per_month), .max = INT64_MAX, .otherwise = "0",
	  .help = "The same for a month." },
	{ "price", FIELD_TEXT, IN(price),
	  .help = "What one post costs, such as 0.005, for the forecast that list-accounts shows." },
	FIELD_END,
};
#undef IN

#define IN(member) .offset = offsetof(struct config_source, member)
const struct field config_source_rows[] = {
	{ "name", FIELD_TEXT, IN(name),
	  .help = "Its name in watches, alerts and logs: 1 to 64 letters, digits, -, _ and dots." },
	{ "type", FIELD_TEXT, IN(type), .help = "The type of the source; detected from the document if not given." },
	{ "url", FIELD_URL, IN(url), .required = true, .schemes = CONFIG_SCHEMES_SOURCE,
	  .help = "Where it is; file:NAME is relative to the folder of the configuration." },
	{ "account", FIELD_TEXT, IN(account), .help = "Name of the account that it reads as, for types that have accounts." },
	{ "every", FIELD_DURATION, IN(every_ms), .min = EVERY_MIN_MS, .max = EVERY_MAX_MS,
	  .help = "How often it is asked; goes before its rhythm and the hints of the source itself." },
	{ "every_max", FIELD_DURATION, IN(every_max_ms), .min = EVERY_MIN_MS, .max = EVERY_MAX_MS,
	  .help = "How rarely at most its rhythm lets it be asked; if every is given and this is not, it has no say." },
	{ "silence", FIELD_DURATION, IN(silence_ms), .min = EVERY_MIN_MS, .max = INT64_MAX, .choices = never_word,
	  .help = "How long without a new post is an alarm, or never; if not given: three times its longest silence, two days at"
	          " least." },
	{ "backfill", FIELD_DURATION, IN(backfill_ms), .max = INT64_MAX, .otherwise = "0s", .choices = all_word,
	  .help = "What the first poll holds or a new watch finds there alerts only if it is younger; all: everything." },
	{ "posts_per_day", FIELD_INT, IN(posts_per_day), .max = INT64_MAX, .otherwise = "0",
	  .help = "Posts that it may read in a UTC day, where the network counts them (x); 0: no limit of its own." },
	{ "posts_per_month", FIELD_INT, IN(posts_per_month), .max = INT64_MAX, .otherwise = "0",
	  .help = "The same for a month." },
	{ "allow_private", FIELD_NETWORKS, IN(allow_private), .otherwise = "false",
	  .help = "Private and local addresses that it may lead to: true for all, or a list of networks." },
	{ "tags", FIELD_TEXTS, IN(tags), .help = "Words to group it by; a watch may name #TAG among its sources." },
	{ "username", FIELD_TEXT, IN(username), .help = "User name for HTTP Basic authentication." },
	{ "password", FIELD_SECRET, IN(password), .help = "Password for HTTP Basic authentication." },
	{ "paused", FIELD_BOOL, IN(paused), .otherwise = "false", .help = "Known, but not asked." },
	FIELD_END,
};
#undef IN

#define IN(member) .offset = offsetof(struct config_channel, member)
const struct field config_channel_rows[] = {
	{ "name", FIELD_TEXT, IN(name), .help = "Its name in watches and logs: 1 to 64 letters, digits, -, _ and dots." },
	{ "type", FIELD_TEXT, IN(type), .required = true, .help = "The type of the channel." },
	{ "url", FIELD_URL, IN(url), .schemes = CONFIG_SCHEMES_CHANNEL, .help = "Where alerts go." },
	{ "secret", FIELD_SECRET, IN(secret), .help = "Signing key or password." },
	{ "default", FIELD_BOOL, IN(is_default), .otherwise = "false", .help = "Serves watches that name no channel." },
	{ "operator", FIELD_BOOL, IN(is_operator), .otherwise = "false",
	  .help = "Hears when a source goes blind or a channel mute, and when that is over." },
	{ "spacing", FIELD_DURATION, IN(spacing_ms), .max = HOUR_MS,
	  .help = "Least time between two deliveries; the type knows a good one." },
	{ "allow_private", FIELD_BOOL, IN(allow_private),
	  .help = "It may lead to private and local addresses; true in the configuration, false through the API." },
	{ "paused", FIELD_BOOL, IN(paused), .otherwise = "false", .help = "Deliveries wait until it goes on." },
	FIELD_END,
};
#undef IN

#define IN(member) .offset = offsetof(struct config_person, member)
const struct field config_person_rows[] = {
	{ "name", FIELD_TEXT, IN(name), .required = true,
	  .help = "As it is written in texts, such as Elon Musk; a query says from:@@elon-musk or about:\"Elon Musk\"." },
	{ "accounts", FIELD_TEXTS, IN(accounts),
	  .help = "Where they post: platform:handle such as x:elonmusk, a full Mastodon address, a DID, a profile's address." },
	{ "aliases", FIELD_TEXTS, IN(aliases),
	  .help = "Other names that texts use, in any script; about: finds all of them in the forms that languages give them." },
	FIELD_END,
};
#undef IN

#define IN(member) .offset = offsetof(struct config_watch, member)
const struct field config_watch_rows[] = {
	{ "name", FIELD_TEXT, IN(name), .help = "Its name in alerts and logs: 1 to 64 letters, digits, -, _ and dots." },
	{ "query", FIELD_TEXT, IN(query), .required = true, .help = "What to look for, see monitord-query(7)." },
	{ "channels", FIELD_TEXTS, IN(channels), .help = "Names of the channels that tell; none: the default ones." },
	{ "sources", FIELD_TEXTS, IN(sources), .help = "Names of the sources to look at, or #TAG for those tagged so; none: all." },
	{ "on", FIELD_TEXTS, IN(on), .choices = events, .otherwise = "new",
	  .help = "What it tells: new, a post that matches; edit and delete, what became of a post that it told." },
	{ "paused", FIELD_BOOL, IN(paused), .otherwise = "false", .help = "Known, but matches nothing." },
	FIELD_END,
};
#undef IN
