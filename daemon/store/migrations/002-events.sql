-- What became of posts that were told: edits and deletions can alert too, and an alert keeps the text that it told.
ALTER TABLE post ADD COLUMN deleted INTEGER;
ALTER TABLE alert ADD COLUMN event INTEGER NOT NULL DEFAULT 0;
ALTER TABLE alert ADD COLUMN edition INTEGER NOT NULL DEFAULT 0;
ALTER TABLE alert ADD COLUMN evidence TEXT;
DROP INDEX alert_once;
CREATE UNIQUE INDEX alert_once ON alert (watch, post, event, edition);
