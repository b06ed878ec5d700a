-- CreateEnum
CREATE TYPE "RestoreOverwrite" AS ENUM ('ALWAYS', 'IF_CHANGED', 'IF_NEWER', 'NEVER');

-- AlterTable
ALTER TABLE "restores" ADD COLUMN     "changes" JSONB,
ADD COLUMN     "dry_run" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "overwrite" "RestoreOverwrite",
ADD COLUMN     "targets" TEXT[] DEFAULT ARRAY[]::TEXT[];

-- What Prisma's schema language cannot say: at most one active restore into a folder. Restores to where the files were have none.
DROP INDEX "restores_one_active_into_a_folder";
CREATE UNIQUE INDEX "restores_one_active_into_a_folder" ON "restores"("folder") WHERE "state" IN ('QUEUED', 'RUNNING') AND "purpose" = 'FOLDER' AND "folder" <> '';
