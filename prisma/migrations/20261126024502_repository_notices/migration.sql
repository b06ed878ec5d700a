-- AlterTable
ALTER TABLE "deliveries" ADD COLUMN     "event" TEXT,
ADD COLUMN     "notice" JSONB,
ADD COLUMN     "repository_id" UUID;

-- AlterTable
ALTER TABLE "repositories" ADD COLUMN     "failed_looks" INTEGER NOT NULL DEFAULT 0;

-- CreateIndex
CREATE INDEX "backup_runs_repository_id_finished_at_idx" ON "backup_runs"("repository_id", "finished_at" DESC);

-- CreateIndex
CREATE UNIQUE INDEX "deliveries_repository_id_event_channel_recipient_key" ON "deliveries"("repository_id", "event", "channel", "recipient");

-- AddForeignKey
ALTER TABLE "deliveries" ADD CONSTRAINT "deliveries_repository_id_fkey" FOREIGN KEY ("repository_id") REFERENCES "repositories"("id") ON DELETE CASCADE ON UPDATE CASCADE;
