-- SPDX-License-Identifier: ISC
-- When a source last gave a new post, and its longest silence so far.
ALTER TABLE source ADD COLUMN news INTEGER;
ALTER TABLE source ADD COLUMN longest INTEGER NOT NULL DEFAULT 0;
