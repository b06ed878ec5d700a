-- AlterTable
ALTER TABLE "repositories" ADD COLUMN     "restic_id" TEXT;
