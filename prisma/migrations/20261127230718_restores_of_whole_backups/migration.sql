-- AlterTable
ALTER TABLE "restores" ADD COLUMN     "batch_id" UUID,
ADD COLUMN     "position" INTEGER NOT NULL DEFAULT 0;

-- CreateIndex
CREATE INDEX "restores_batch_id_idx" ON "restores"("batch_id");
