-- CreateIndex
CREATE INDEX "backup_runs_source_id_queued_at_idx" ON "backup_runs"("source_id", "queued_at" DESC);
