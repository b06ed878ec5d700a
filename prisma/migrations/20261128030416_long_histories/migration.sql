-- DropIndex
DROP INDEX "backups_state_idx";

-- CreateIndex
CREATE INDEX "backup_runs_source_id_queued_at_idx" ON "backup_runs"("source_id", "queued_at" DESC);

-- CreateIndex
CREATE INDEX "backup_runs_finished_at_idx" ON "backup_runs"("finished_at");

-- CreateIndex
CREATE INDEX "backups_state_created_at_id_idx" ON "backups"("state", "created_at" DESC, "id" DESC);
