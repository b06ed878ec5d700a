-- AlterTable
ALTER TABLE "backup_runs" ADD COLUMN     "expired_at" TIMESTAMPTZ(3),
ADD COLUMN     "pin_reason" TEXT NOT NULL DEFAULT '',
ADD COLUMN     "pinned_at" TIMESTAMPTZ(3),
ADD COLUMN     "pinned_by" TEXT,
ADD COLUMN     "pinned_until" TIMESTAMPTZ(3),
ADD COLUMN     "removed_at" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "plans" ADD COLUMN     "retention" JSONB NOT NULL DEFAULT '{}';

-- CreateTable
CREATE TABLE "retention_holds" (
    "id" UUID NOT NULL,
    "source_id" UUID NOT NULL,
    "part" TEXT NOT NULL DEFAULT '',
    "run_id" UUID NOT NULL,
    "reason" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "released_at" TIMESTAMPTZ(3),
    "released_by" TEXT,

    CONSTRAINT "retention_holds_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "retention_holds_run_id_key" ON "retention_holds"("run_id");

-- CreateIndex
CREATE INDEX "retention_holds_source_id_part_idx" ON "retention_holds"("source_id", "part");

-- AddForeignKey
ALTER TABLE "retention_holds" ADD CONSTRAINT "retention_holds_source_id_fkey" FOREIGN KEY ("source_id") REFERENCES "sources"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "retention_holds" ADD CONSTRAINT "retention_holds_run_id_fkey" FOREIGN KEY ("run_id") REFERENCES "backup_runs"("id") ON DELETE CASCADE ON UPDATE CASCADE;
