-- CreateEnum
CREATE TYPE "RestorePurpose" AS ENUM ('FOLDER', 'VERIFICATION');

-- AlterTable
ALTER TABLE "backup_runs" ADD COLUMN     "tables" JSONB;

-- AlterTable
ALTER TABLE "plans" ADD COLUMN     "verify_every_days" INTEGER NOT NULL DEFAULT 7;

-- AlterTable
ALTER TABLE "restores" ADD COLUMN     "findings" JSONB,
ADD COLUMN     "purpose" "RestorePurpose" NOT NULL DEFAULT 'FOLDER',
ADD COLUMN     "restore_seconds" DOUBLE PRECISION;

-- AlterTable
ALTER TABLE "sources" ADD COLUMN     "assertions" JSONB NOT NULL DEFAULT '[]';

-- CreateTable
CREATE TABLE "verification_evidence" (
    "id" UUID NOT NULL,
    "restore_id" UUID NOT NULL,
    "sequence" INTEGER NOT NULL,
    "document" TEXT NOT NULL,
    "hash" TEXT NOT NULL,
    "signature" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "verification_evidence_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "verification_evidence_restore_id_key" ON "verification_evidence"("restore_id");

-- CreateIndex
CREATE UNIQUE INDEX "verification_evidence_sequence_key" ON "verification_evidence"("sequence");

-- What Prisma's schema language cannot say: at most one active restore into a folder, and one active verification of a run.
DROP INDEX "restores_one_active_into_a_folder";
CREATE UNIQUE INDEX "restores_one_active_into_a_folder" ON "restores"("folder") WHERE "state" IN ('QUEUED', 'RUNNING') AND "purpose" = 'FOLDER';
CREATE UNIQUE INDEX "restores_one_active_verification_of_a_run" ON "restores"("run_id") WHERE "state" IN ('QUEUED', 'RUNNING') AND "purpose" = 'VERIFICATION';
