-- AlterTable
ALTER TABLE "backup_runs" ADD COLUMN     "row_count" BIGINT;
