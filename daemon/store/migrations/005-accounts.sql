-- SPDX-License-Identifier: ISC
-- What a login brought, so that no poll and no start logs in anew; hash is of the account's settings.
CREATE TABLE account (name TEXT PRIMARY KEY, hash INTEGER NOT NULL, session TEXT) STRICT, WITHOUT ROWID;
