-- SPDX-License-Identifier: ISC
-- How often the last document wants to be fetched: an answer of "not modified" repeats none of that.
ALTER TABLE source ADD COLUMN ttl INTEGER NOT NULL DEFAULT 0;
ALTER TABLE source ADD COLUMN skip_hours INTEGER NOT NULL DEFAULT 0;
ALTER TABLE source ADD COLUMN skip_days INTEGER NOT NULL DEFAULT 0;
