-- SPDX-License-Identifier: ISC
-- Posts read a day where the network counts them.  kind: enum store_kind (a source or an account); day: since 1970, UTC.
CREATE TABLE spent (kind INTEGER NOT NULL, name TEXT NOT NULL, day INTEGER NOT NULL, posts INTEGER NOT NULL,
  PRIMARY KEY (kind, name, day)) STRICT, WITHOUT ROWID;
