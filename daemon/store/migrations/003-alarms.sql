-- What the operator was told to be blind (a source) or mute (a channel), and since when.  kind: enum store_kind.
CREATE TABLE alarm (kind INTEGER NOT NULL, name TEXT NOT NULL, since INTEGER NOT NULL, PRIMARY KEY (kind, name)) STRICT, WITHOUT ROWID;
