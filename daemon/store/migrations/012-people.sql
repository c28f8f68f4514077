-- SPDX-License-Identifier: ISC
-- What posts told of the accounts of people: the platform's id, the handle of today and the one before it.
CREATE TABLE person_account (person TEXT NOT NULL, account TEXT NOT NULL, id TEXT NOT NULL, handle TEXT, before TEXT,
  changed INTEGER, PRIMARY KEY (person, account)) STRICT, WITHOUT ROWID;
