-- The words of log lines, paths and names split at every sign, and the lines by their time: for lib/backups/search-log.ts, whose query says the same.
CREATE INDEX "backup_events_words" ON "backup_events" USING gin (to_tsvector('simple', regexp_replace("message", '[^[:alnum:]]+', ' ', 'g'))) WHERE "message" IS NOT NULL;
CREATE INDEX "backup_events_lines" ON "backup_events" ("at" DESC) WHERE "message" IS NOT NULL;
