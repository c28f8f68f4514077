-- SPDX-License-Identifier: ISC
-- The first schema.  Times are ms since 1970 UTC.  A migration is never changed once released: add the next one.
CREATE TABLE meta (key TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE object (
  kind INTEGER NOT NULL, name TEXT NOT NULL, json TEXT NOT NULL,
  PRIMARY KEY (kind, name)) STRICT, WITHOUT ROWID;
CREATE TABLE source (
  name TEXT PRIMARY KEY, hash INTEGER NOT NULL, etag TEXT, last_modified TEXT, moved_to TEXT, moved_seen INTEGER NOT NULL,
  url TEXT, state TEXT, last_error TEXT, stopped TEXT, next INTEGER NOT NULL, success INTEGER, failures INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE post (
  row INTEGER PRIMARY KEY, source TEXT NOT NULL, id TEXT NOT NULL, fingerprint INTEGER NOT NULL, came INTEGER NOT NULL,
  published INTEGER, edited INTEGER, json TEXT) STRICT;
CREATE UNIQUE INDEX post_identity ON post (source, id);
CREATE INDEX post_came ON post (came) WHERE json IS NOT NULL;
CREATE VIRTUAL TABLE post_words USING fts5 (words, content='', tokenize="unicode61 remove_diacritics 0", detail=full);
CREATE TABLE alert (
  row INTEGER PRIMARY KEY AUTOINCREMENT, watch TEXT NOT NULL, query TEXT NOT NULL, post INTEGER NOT NULL REFERENCES post,
  spans TEXT NOT NULL, created INTEGER NOT NULL) STRICT;
CREATE UNIQUE INDEX alert_once ON alert (watch, post);
CREATE INDEX alert_post ON alert (post);
CREATE TABLE delivery (
  row INTEGER PRIMARY KEY AUTOINCREMENT, alert INTEGER NOT NULL REFERENCES alert, channel TEXT NOT NULL,
  state INTEGER NOT NULL, attempts INTEGER NOT NULL, next INTEGER NOT NULL, created INTEGER NOT NULL,
  changed INTEGER NOT NULL, error TEXT) STRICT;
CREATE UNIQUE INDEX delivery_once ON delivery (alert, channel);
CREATE INDEX delivery_state ON delivery (state, channel, row);
