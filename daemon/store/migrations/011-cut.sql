-- SPDX-License-Identifier: ISC
-- The last whole post of a first document that was cut off: what stands behind it is as old as the rest, and comes later.
ALTER TABLE source ADD COLUMN cut_after TEXT;
