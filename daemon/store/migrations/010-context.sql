-- SPDX-License-Identifier: ISC
-- Posts that others refer to and that were asked for by themselves, of each server; json NULL: it has none of that id.
CREATE TABLE context (place TEXT NOT NULL, id TEXT NOT NULL, came INTEGER NOT NULL, json TEXT, PRIMARY KEY (place, id)) STRICT, WITHOUT ROWID;
CREATE INDEX context_came ON context (came);
-- Posts that are told or not when their context is known, at the latest at that time.
CREATE TABLE waiting (post INTEGER PRIMARY KEY REFERENCES post, source TEXT NOT NULL, until INTEGER NOT NULL) STRICT;
CREATE INDEX waiting_source ON waiting (source, post);
