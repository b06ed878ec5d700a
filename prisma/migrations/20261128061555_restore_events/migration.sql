-- CreateTable
CREATE TABLE "restore_events" (
    "restore_id" UUID NOT NULL,
    "seq" INTEGER NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "kind" "EventKind" NOT NULL,
    "state" "RunState",
    "level" "LogLevel",
    "message" TEXT,

    CONSTRAINT "restore_events_pkey" PRIMARY KEY ("restore_id","seq")
);

-- AddForeignKey
ALTER TABLE "restore_events" ADD CONSTRAINT "restore_events_restore_id_fkey" FOREIGN KEY ("restore_id") REFERENCES "restores"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AlterTable
ALTER TABLE "restores" ADD COLUMN "last_seq" INTEGER NOT NULL DEFAULT 0;

-- The lines that were kept of each so far, with the time at which it ended.
INSERT INTO "restore_events" ("restore_id", "seq", "at", "kind", "level", "message")
SELECT r."id", line."number", coalesce(r."finished_at", r."queued_at"), 'LOG', 'INFO', line."text"
FROM "restores" r, regexp_split_to_table(r."output", '\n') WITH ORDINALITY AS line("text", "number")
WHERE r."output" <> '';
UPDATE "restores" r SET "last_seq" = (SELECT count(*) FROM "restore_events" e WHERE e."restore_id" = r."id");

ALTER TABLE "restores" DROP COLUMN "output";
