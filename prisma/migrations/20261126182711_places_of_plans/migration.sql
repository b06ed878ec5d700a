-- AlterTable
ALTER TABLE "backups" ADD COLUMN     "copy_to_id" UUID,
ADD COLUMN     "runs_at_once" INTEGER,
ADD COLUMN     "upload_kib_per_second" INTEGER;

-- AlterTable
ALTER TABLE "plans" ADD COLUMN     "copy_repository_id" UUID,
ADD COLUMN     "repository_id" UUID,
ADD COLUMN     "runs_at_once" INTEGER,
ADD COLUMN     "upload_kib_per_second" INTEGER;

-- CreateIndex
CREATE INDEX "backups_copy_to_id_idx" ON "backups"("copy_to_id");

-- AddForeignKey
ALTER TABLE "plans" ADD CONSTRAINT "plans_repository_id_fkey" FOREIGN KEY ("repository_id") REFERENCES "repositories"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "plans" ADD CONSTRAINT "plans_copy_repository_id_fkey" FOREIGN KEY ("copy_repository_id") REFERENCES "repositories"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "backups" ADD CONSTRAINT "backups_copy_to_id_fkey" FOREIGN KEY ("copy_to_id") REFERENCES "repositories"("id") ON DELETE SET NULL ON UPDATE CASCADE;
