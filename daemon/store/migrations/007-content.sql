-- SPDX-License-Identifier: ISC
-- What a post says, whatever its id and address: a feed that names all its items anew is seen through.
ALTER TABLE post ADD COLUMN content INTEGER;
