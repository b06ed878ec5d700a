-- A run is about one part of its source: a database of a server, say. Until now only a trigger could ask for one, by name.
ALTER TABLE "backup_runs" ADD COLUMN "part" TEXT NOT NULL DEFAULT '';
UPDATE "backup_runs" SET "part" = 'database:' || "database_name" WHERE "database_name" IS NOT NULL;
ALTER TABLE "backup_runs" DROP COLUMN "database_name";

-- DropIndex
DROP INDEX "backup_runs_backup_id_source_id_attempt_key";

-- CreateIndex
CREATE UNIQUE INDEX "backup_runs_backup_id_source_id_part_attempt_key" ON "backup_runs"("backup_id", "source_id", "part", "attempt");

-- One active run per part of a source. Admission refuses a source of which any part is at work.
DROP INDEX "backup_runs_one_active_per_source";
CREATE UNIQUE INDEX "backup_runs_one_active_per_part" ON "backup_runs" ("source_id", "part") WHERE "state" IN ('QUEUED', 'RUNNING');
