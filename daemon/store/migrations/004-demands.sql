-- SPDX-License-Identifier: ISC
-- Until when a server wants no request, whatever interval the user wants.
ALTER TABLE source ADD COLUMN not_before INTEGER NOT NULL DEFAULT 0;
