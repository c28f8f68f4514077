-- SPDX-License-Identifier: ISC
-- Subscriptions at hubs (WebSub).  token: the last segment of the callback's path, which nobody can guess; allow: private
-- networks that the source may lead to, as it was set when it was asked, because a source may be gone before it is
-- unsubscribed; doubt: 0 while all that is published is pushed, so that polls are rare.
CREATE TABLE websub (
  token TEXT PRIMARY KEY, source TEXT NOT NULL, identity INTEGER NOT NULL, hub TEXT NOT NULL, topic TEXT NOT NULL,
  base TEXT NOT NULL, callback TEXT NOT NULL, secret TEXT NOT NULL, allow TEXT NOT NULL, state INTEGER NOT NULL,
  signed INTEGER NOT NULL, doubt INTEGER NOT NULL, asked INTEGER, next INTEGER NOT NULL, lease_end INTEGER,
  tries INTEGER NOT NULL, pushed INTEGER, error TEXT) STRICT, WITHOUT ROWID;
